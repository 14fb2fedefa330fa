import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ratchet_steps import contract
from ratchet_steps.checkpoints import Checkpoints
from ratchet_steps.contract import StepFailure

ROOT = Path(__file__).resolve().parent.parent.parent
TRAINER = ROOT / "examples" / "flight-lateness" / "network.py"


@pytest.fixture(autouse=True)
def nobody_asks(monkeypatch):
    monkeypatch.setattr(contract, "_is_deferred", False)
    monkeypatch.setattr(contract, "_is_asked_to_go", False)


@pytest.fixture(params=["folder", "bucket"])
def place(request, tmp_path):
    """Where checkpoints lie."""
    return str(tmp_path / "checkpoints") if request.param == "folder" else request.getfixturevalue("s3") + "/checkpoints/m/train"


def leaves(text: str):
    def write(folder: Path) -> None:
        (folder / "deep").mkdir()
        (folder / "deep" / "state").write_text(text)

    return write


def found(place: str) -> tuple[int, str] | None:
    last = Checkpoints(place).latest()
    return None if last is None else (last.step, (last.folder / "deep" / "state").read_text())


def test_the_last_checkpoint_is_found_and_older_ones_go(place):
    assert found(place) is None
    for step in (9, 10, 200):
        Checkpoints(place).save(step, leaves(f"after {step}"))
    assert found(place) == (200, "after 200")
    assert len(Checkpoints(place)._place.names()) == 2


def test_a_write_that_fails_leaves_no_checkpoint(place):
    Checkpoints(place).save(1, leaves("one"))

    def half(folder: Path) -> None:
        leaves("half")(folder)
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        Checkpoints(place).save(2, half)
    assert found(place) == (1, "one")


def torn_file(folder: Path) -> None:
    (folder / "deep" / "state").write_bytes(b"aft")


def other_bytes(folder: Path) -> None:
    (folder / "deep" / "state").write_text("after 3")


def no_file(folder: Path) -> None:
    (folder / "deep" / "state").unlink()


def no_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def torn_manifest(folder: Path) -> None:
    manifest = folder / "manifest.json"
    manifest.write_bytes(manifest.read_bytes()[:-9])


@pytest.mark.parametrize("tear", [torn_file, other_bytes, no_file, no_manifest, torn_manifest])
def test_a_torn_checkpoint_is_never_resumed(tmp_path, tear):
    for step in (1, 2):
        Checkpoints(str(tmp_path)).save(step, leaves(f"after {step}"))
    tear(next(tmp_path.glob("step-*2-*")))
    assert found(str(tmp_path)) == (1, "after 1")


def test_an_attempt_that_begins_again_goes_on_from_its_own_checkpoints_not_from_torn_ones_of_later_steps(tmp_path):
    for step in (100, 110):
        Checkpoints(str(tmp_path)).save(step, leaves(f"after {step}"))
    for folder in tmp_path.glob("step-*"):
        torn_file(folder)
    attempt = Checkpoints(str(tmp_path))
    assert attempt.latest() is None
    attempt.save(10, leaves("after 10"))
    assert found(str(tmp_path)) == (10, "after 10")
    attempt.save(20, leaves("after 20"))
    assert sorted(folder.name[5:17] for folder in tmp_path.glob("step-*")) == ["000000000010", "000000000020"]


def test_a_checkpoint_stays_however_many_of_later_steps_there_are(place):
    for step in (100, 110, 10):
        Checkpoints(place).save(step, leaves(f"after {step}"))
    assert sorted(name[5:17] for name in Checkpoints(place)._place.names()) == ["000000000010", "000000000110"]


def test_a_disk_that_cannot_be_read_now_is_no_reason_to_begin_again(tmp_path, monkeypatch):
    Checkpoints(str(tmp_path)).save(1, leaves("one"))

    def stale(_):
        raise OSError(116, "Stale file handle")

    monkeypatch.setattr("ratchet_steps.checkpoints._verified", stale)
    with pytest.raises(StepFailure, match="cannot be read.*Stale file handle") as failure:
        Checkpoints(str(tmp_path)).latest()
    assert failure.value.type == "StoreUnavailable"


def test_without_a_place_nothing_is_kept(monkeypatch):
    monkeypatch.delenv("RATCHET_CHECKPOINTS", raising=False)
    checkpoints = Checkpoints()
    assert checkpoints.latest() is None
    checkpoints.offer(1, leaves("one"), every_seconds=0)


def test_a_bucket_that_is_away_is_no_reason_to_begin_again(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    with pytest.raises(StepFailure) as failure:
        Checkpoints("s3://bucket/checkpoints").latest()
    assert failure.value.type == "StoreUnavailable"


def test_a_loss_that_is_no_number_ends_the_training(tmp_path, monkeypatch):
    monkeypatch.setenv("RATCHET_PROGRESS", str(tmp_path / "progress.json"))
    with pytest.raises(StepFailure, match="after step 7 of 9, found nan"):
        contract.report_training(7, 9, loss=float("nan"), epoch=2)
    assert json.loads((tmp_path / "progress.json").read_text()) == {"step": 7, "total": 9, "epoch": 2, "loss": "NaN"}


def test_progress_as_lines(capsys, monkeypatch):
    monkeypatch.setenv("RATCHET_PROGRESS", "-")
    contract.report_training(9, 9, loss=0.5)
    assert capsys.readouterr().out == 'RATCHET_PROGRESS {"step": 9, "total": 9, "loss": 0.5}\n'


class Run:
    """The example trainer as a process under the contract."""

    def __init__(self, folder: Path, job: dict, checkpoints: str | None) -> None:
        folder.mkdir()
        (folder / "input.json").write_text(json.dumps(job))
        self.output = folder / "output.json"
        self.log = folder / "log"
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT / "steps"),
            "RATCHET_INPUT": str(folder / "input.json"),
            "RATCHET_OUTPUT": str(self.output),
            **({} if checkpoints is None else {"RATCHET_CHECKPOINTS": checkpoints}),
        }
        with self.log.open("w") as log:
            self.process = subprocess.Popen([sys.executable, str(TRAINER)], env=environment, stdout=log, stderr=log, cwd=folder)

    def until(self, words: str) -> None:
        ends = time.monotonic() + 120
        while words not in self.log.read_text():
            assert self.process.poll() is None and time.monotonic() < ends, self.log.read_text()
            time.sleep(0.01)

    def digest(self) -> str:
        assert self.process.wait(240) == 0, self.log.read_text()
        return json.loads(self.output.read_text())["model"]["digest"]


def test_a_training_that_is_killed_and_one_that_is_told_to_go_give_the_model_of_one_that_was_not(store, train_input, tmp_path):
    job = train_input({"epochs": 300, "batchRows": 100, "hidden": 4, "checkpointSeconds": 0}, seed=3)
    undisturbed = Run(tmp_path / "undisturbed", job, None).digest()

    place = tmp_path / "checkpoints"
    killed = Run(tmp_path / "first", job, str(place))
    killed.until("checkpoint after step 7\n")  # five batches are an epoch: in the middle of the second
    killed.process.send_signal(signal.SIGKILL)
    assert killed.process.wait(60) == -signal.SIGKILL
    newest = max(place.glob("step-*"))
    (newest / "state.npz").write_bytes((newest / "state.npz").read_bytes()[:-100])

    told = Run(tmp_path / "second", job, str(place))
    told.until("going on from the checkpoint after step")
    told.process.send_signal(signal.SIGTERM)
    assert told.process.wait(60) == -signal.SIGTERM
    assert f"{newest.name} is not complete, so it is passed over" in told.log.read_text()
    assert told.log.read_text().splitlines()[-1] == "JobStopped: ended by SIGTERM"

    last = Run(tmp_path / "third", job, str(place))
    assert last.digest() == undisturbed
    assert "going on from the checkpoint after step" in last.log.read_text()
