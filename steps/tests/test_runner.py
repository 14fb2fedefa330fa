"""The runner of a container: what it hands to the command, and what it leaves of its end."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ratchet_steps.command import Command
from ratchet_steps.log_tail import LogTail, hide_secrets
from ratchet_steps.object_store import open_store

WRITE = "import json, os; inp = json.load(open(os.environ['RATCHET_INPUT'])); "
OUTPUT = "open(os.environ['RATCHET_OUTPUT'], 'w')"


class Box:
    """A store in a folder, and a container over it."""

    def __init__(self, folder: Path) -> None:
        self.uri, self.ml = (folder / "store").as_uri(), folder / "ml"
        (self.ml / "output").mkdir(parents=True)
        self.store = open_store(self.uri)

    def start(self, code: str, **changes: Any) -> subprocess.Popen[bytes]:
        order = {
            "name": "m-c1-train-a1",
            "model": "m",
            "cycle": 1,
            "command": [sys.executable, "-c", code],
            "files": [],
            "input": {"stage": "train", "rows": 3},
            "environment": {},
            "resources": {"cpus": 1, "memoryMiB": 2048, "gpus": 0},
            "timeLimitSeconds": 60,
            **changes,
        }
        self.digest = self.store.put(json.dumps(order).encode())
        environment = {
            **os.environ,
            "RATCHET_STORE_URI": self.uri,
            "RATCHET_JOB_ORDER": self.digest,
            "RATCHET_ML_ROOT": str(self.ml),
            "RATCHET_GRACE_SECONDS": "5",
            "RATCHET_TELL_SECONDS": "0.1",
        }
        return subprocess.Popen([sys.executable, "-m", "ratchet_steps.runner"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def run(self, code: str, **changes: Any) -> dict[str, Any]:
        self.exit_code = self.start(code, **changes).wait(60)
        return self.left("end.json")

    def left(self, name: str) -> Any:
        content = self.store.get_named(f"jobs/m-c1-train-a1/{self.digest.removeprefix('sha256:')[:16]}/{name}")
        return None if content is None else json.loads(content) if name.endswith(".json") else content.decode()


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_gives_the_input_and_keeps_the_result(box: Box) -> None:
    end = box.run(WRITE + f"json.dump({{'doubled': inp['rows'] * 2}}, {OUTPUT})")
    assert (box.exit_code, end["exitCode"], end["signal"], end["endedFor"]) == (0, 0, None, None)
    assert json.loads(box.store.get(end["outputDigest"])) == {"doubled": 6}


def test_leaves_the_exit_code_and_the_last_words_where_sagemaker_looks_too(box: Box) -> None:
    end = box.run("import sys; print('noise', file=sys.stderr); print('WindowEmpty: no rows', file=sys.stderr); sys.exit(64)")
    assert (box.exit_code, end["exitCode"]) == (64, 64)
    assert end["errorTail"].splitlines()[-1] == "WindowEmpty: no rows"
    assert (box.ml / "output" / "failure").read_text() == "WindowEmpty: no rows"


def test_hands_sigterm_on_and_waits_for_the_checkpoint(box: Box) -> None:
    code = """import os, signal, sys, time
def leave(*_):
    open(os.environ['RATCHET_CHECKPOINTS'] + '/step', 'w').write('7'); print('checkpointed', flush=True); sys.exit(143)
signal.signal(signal.SIGTERM, leave); print('at work', flush=True)
while True: time.sleep(0.1)"""
    running = box.start(code, checkpoints="m/train-1")
    until = time.monotonic() + 60
    while "at work" not in (box.left("log") or "") and time.monotonic() < until:
        time.sleep(0.05)
    running.send_signal(signal.SIGTERM)
    assert running.wait(60) == 143
    assert (box.ml / "checkpoints" / "step").read_text() == "7"
    end = box.left("end.json")
    assert (end["endedFor"], end["exitCode"]) == ("shutdown", 143)
    assert "checkpointed" in end["logTail"]


def test_ends_what_takes_too_long_and_what_takes_too_much(box: Box) -> None:
    assert box.run("import time; time.sleep(60)", timeLimitSeconds=1)["endedFor"] == "timeLimit"
    hungry = "import time; held = bytearray(300 * 2**20); time.sleep(60)"
    end = box.run(hungry, resources={"cpus": 1, "memoryMiB": 128, "gpus": 0})
    assert (end["endedFor"], end["signal"]) == ("memoryLimit", "SIGKILL")
    assert end["memoryMiBMax"] > 128


def test_memory_just_above_the_limit_is_not_reported_as_the_limit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("ratchet_steps.command._session_memory", lambda _: 128 * 2**20 + 4096)
    command = Command(["sleep", "60"], tmp_path, {**os.environ}, 128, LogTail(80), LogTail(80))
    while not command.wait(0.01):
        pass
    ending = command.ending()
    assert (ending.ended_for, ending.signal, ending.memory_mib_max) == ("memoryLimit", "SIGKILL", 129)


def test_says_which_program_there_is_not(box: Box) -> None:
    end = box.run("", command=["no-such-program-anywhere"])
    assert "expected a program in PATH" in end["spawnFault"]
    assert box.exit_code == 1


def test_fetches_files_below_its_folder_and_nowhere_else(box: Box) -> None:
    digest = box.store.put(b"#!/bin/sh\necho hello\n")
    end = box.run(f"import json, os, subprocess; json.dump(subprocess.check_output(['./bin/x']).decode(), {OUTPUT})", files=[{"path": "bin/x", "digest": digest}])
    assert json.loads(box.store.get(end["outputDigest"])) == "hello\n"
    assert box.start("", files=[{"path": "../x", "digest": digest}]).wait(60) == 64


def test_hides_the_secrets_of_its_environment() -> None:
    environment = {"AWS_SESSION_TOKEN": "tok-123456", "DB": "postgres://u:pass-word@h/d", "KEY_FILE": "/run/secret"}
    assert hide_secrets("tok-123456 pass-word /run/secret", environment) == "*** *** /run/secret"


def test_a_tail_begins_with_a_whole_line() -> None:
    tail = LogTail(20)
    for number in range(100):
        tail.add(b"line %d\n" % number)
    assert tail.text() == "line 98\nline 99\n"
