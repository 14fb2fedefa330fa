import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

STEPS = Path(__file__).resolve().parent.parent
FAILS = "from ratchet_steps.contract import StepFailure, run_job\ndef work(job): {body}\nrun_job(('train',), ('seed',), work)"


@pytest.fixture
def run(tmp_path):
    """run(code, input): a process under the contract -> (exit code, last line of stderr, output or null)."""

    def start(code: str, document: object = None) -> tuple[int, str, object]:
        output = tmp_path / "output.json"
        (tmp_path / "input.json").write_text(json.dumps({"stage": "train", "seed": 1} if document is None else document))
        environment = {**os.environ, "PYTHONPATH": str(STEPS), "RATCHET_INPUT": str(tmp_path / "input.json"), "RATCHET_OUTPUT": str(output)}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, cwd=tmp_path)
        lines = done.stderr.strip().splitlines()
        return done.returncode, lines[-1] if lines else "", json.loads(output.read_text()) if output.exists() else None

    return start


@pytest.mark.parametrize(
    ("body", "code", "last_line"),
    [
        ("return {'rows': 1}", 0, ""),
        ("raise StepFailure('WindowEmpty', 'no rows')", 64, "WindowEmpty: no rows"),
        ("raise StepFailure('JobTemporary', 'try again')", 75, "JobTemporary: try again"),
        ("raise StepFailure('StoreUnavailable', 'gone')", 75, "StoreUnavailable: gone"),
        ("raise OSError(28, 'No space left on device', 'a.bin')", 75, "StoreFull: no space left to write a.bin"),
        ("raise MemoryError", 1, "JobOutOfMemory: MemoryError: the job asked for more memory than it may have"),
        ("raise ValueError('a\\nb')", 1, "JobFailed: ValueError: a b"),
        ("return {'rows': float('nan')}", 1, "JobFailed: ValueError: Out of range float values are not JSON compliant"),
    ],
)
def test_a_job_leaves_with_the_exit_code_and_the_last_line_of_its_fate(run, body, code, last_line):
    found, line, output = run(FAILS.format(body=body))
    assert found == code
    assert line.startswith(last_line)
    assert (output is not None) == (code == 0)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"stage": "evaluate", "seed": 1}, "stage: expected train, found 'evaluate'"),
        ([1], "stage: expected train, found 'list'"),
        ({"stage": "train"}, "seed: expected a value, found none"),
    ],
)
def test_a_wrong_input_is_never_retried_and_named(run, document, words):
    code, line, _ = run(FAILS.format(body="return {}"), document)
    assert (code, line) == (64, f"InputInvalid: {words}")


@pytest.mark.parametrize(
    "body",
    [
        "import time; print('working', flush=True); time.sleep(60)",
        # As where it comes while a module is imported: what is raised in such a callback, the interpreter throws away.
        "import time, weakref; thing = type('Thing', (), {})(); kept = weakref.ref(thing, lambda _: (print('working', flush=True), time.sleep(5))); "
        "del thing; time.sleep(60)",
    ],
)
def test_sigterm_ends_the_job_without_a_result(tmp_path, body):
    code = FAILS.replace("{body}", body)
    (tmp_path / "input.json").write_text('{"stage": "train", "seed": 1}')
    environment = {
        **os.environ,
        "PYTHONPATH": str(STEPS),
        "RATCHET_INPUT": str(tmp_path / "input.json"),
        "RATCHET_OUTPUT": str(tmp_path / "output.json"),
    }
    process = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "working\n"
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGTERM
    assert stderr.splitlines()[-1] == "JobStopped: ended by SIGTERM"
    assert os.listdir(tmp_path) == ["input.json"]


def test_progress_is_a_whole_file_and_never_fails_the_job(tmp_path, monkeypatch):
    from ratchet_steps.contract import report_progress

    monkeypatch.setenv("RATCHET_PROGRESS", str(tmp_path / "progress.json"))
    report_progress(2, 5, "x" * 900)
    assert json.loads((tmp_path / "progress.json").read_text()) == {"step": 2, "total": 5, "message": "x" * 500}
    monkeypatch.setenv("RATCHET_PROGRESS", str(tmp_path / "no" / "such" / "folder.json"))
    report_progress(3, 5, "goes on")


def test_a_snapshot_runs_as_a_program_of_its_own(store, source, make_rows, snapshot_job, tmp_path):
    folder = source(make_rows())
    (tmp_path / "input.json").write_text(json.dumps(snapshot_job))
    environment = {
        **os.environ,
        "PYTHONPATH": str(STEPS),
        "RATCHET_INPUT": str(tmp_path / "input.json"),
        "RATCHET_OUTPUT": str(tmp_path / "output.json"),
    }
    done = subprocess.run([sys.executable, "-m", "ratchet_steps.snapshot"], env=environment, cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads((tmp_path / "output.json").read_text())["dataset"]["rows"] == 1000
