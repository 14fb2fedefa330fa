"""Runs one job in a container of a cluster: `python -m ratchet_steps.runner`.

The cluster starts it with RATCHET_STORE_URI and RATCHET_JOB_ORDER (the digest of the job's order, a document in the store).
It fetches the job's files, gives the command the job contract, keeps its limits, and leaves what it saw of the end beside
the order: `jobs/<name>/<first 16 hex digits of the order>/`. `progress.json` and `log` are written while the job runs,
`end.json` once it is over. Whoever watches judges the end; nothing is judged here.
"""

import json
import os
import signal
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .command import Command, Ending
from .contract import StepFailure
from .log_tail import LogTail, hide_secrets
from .object_store import ObjectStore, open_store

TICK_SECONDS = 0.1
GRACE_SECONDS = 100.0  # SageMaker kills two minutes after SIGTERM, Kubernetes as the pod says
PATIENCE_SECONDS = 1800.0  # a store that is away, credentials that are being renewed
RESULT_BYTES_MAX = 32 * 2**20
END_TAIL_BYTES = 4096


def main() -> int:
    try:
        store = open_store()
        digest = os.environ.get("RATCHET_JOB_ORDER", "")
        order = json.loads(_patiently(lambda: store.get(digest)))
        place = f"jobs/{order['name']}/{digest.removeprefix('sha256:')[:16]}"
        with tempfile.TemporaryDirectory(prefix="ratchet-job-") as folder:
            return _run(store, place, order, Path(folder))
    except StepFailure as failure:
        return _leave(75 if failure.type == "StoreUnavailable" else 64, f"{failure.type}: {failure}")


def _run(store: ObjectStore, place: str, order: dict[str, Any], folder: Path) -> int:
    work = folder / "work"
    work.mkdir()
    for file in order["files"]:
        _fetch(store, work, file)
    (folder / "input.json").write_text(json.dumps(order["input"]))
    environment = _environment(order, folder)
    stdout, stderr = LogTail(), LogTail(END_TAIL_BYTES)
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda seen, _frame: stopped.append(seen))
    started_at = _now()
    try:
        command = Command(order["command"], work, environment, order["resources"]["memoryMiB"], stdout, stderr)
    except OSError as error:
        fault = f"command {json.dumps(order['command'][0])}: expected a program in PATH, found {error.strerror}"
        return _end(store, place, folder, Ending(spawn_fault=fault), started_at, order, environment, stdout, stderr)
    told = _Told(store, place, folder, stdout, environment)
    start, grace = time.monotonic(), min(GRACE_SECONDS, float(os.environ.get("RATCHET_GRACE_SECONDS", GRACE_SECONDS)))
    while not command.wait(TICK_SECONDS):
        if stopped:
            command.end_for("shutdown", grace)
        elif time.monotonic() - start > order["timeLimitSeconds"]:
            command.end_for("timeLimit", grace)
        told.tell()
    return _end(store, place, folder, command.ending(), started_at, order, environment, stdout, stderr)


def _end(
    store: ObjectStore,
    place: str,
    folder: Path,
    ending: Ending,
    started_at: str,
    order: dict[str, Any],
    environment: dict[str, str],
    output: LogTail,
    errors: LogTail,
) -> int:
    log = hide_secrets(output.text(), environment)
    last = hide_secrets(errors.text(), environment)
    result, result_bytes = _result(store, folder / "output.json") if ending.exit_code == 0 else (None, None)
    end = {
        "startedAt": started_at,
        "endedAt": _now(),
        "exitCode": ending.exit_code,
        "signal": ending.signal,
        "endedFor": ending.ended_for,
        "spawnFault": ending.spawn_fault,
        "kernelOom": ending.kernel_oom,
        "memoryMiBMax": ending.memory_mib_max,
        "memoryMiBLimit": order["resources"]["memoryMiB"],
        "timeLimitSeconds": order["timeLimitSeconds"],
        "outputDigest": result,
        "outputBytes": result_bytes,
        "logTail": log[-END_TAIL_BYTES:],
        "errorTail": last,
    }
    progress = _read(folder / "progress.json")
    if progress is not None:
        _patiently(lambda: store.put_named(f"{place}/progress.json", progress))
    _patiently(lambda: store.put_named(f"{place}/log", log.encode()))
    _patiently(lambda: store.put_named(f"{place}/end.json", json.dumps(end).encode()))
    if ending.exit_code == 0 and ending.ended_for is None:
        return 0
    words = last.strip().splitlines()[-1:] or log.strip().splitlines()[-1:] or [ending.spawn_fault or "ended without a word"]
    return _leave(ending.exit_code or 1, words[0])


def _result(store: ObjectStore, path: Path) -> tuple[str | None, int | None]:
    if not path.is_file():
        return None, None
    size = path.stat().st_size
    return (_patiently(lambda: store.put(path.read_bytes())) if size <= RESULT_BYTES_MAX else None), size


def _fetch(store: ObjectStore, work: Path, file: dict[str, str]) -> None:
    content = _patiently(lambda: store.get(file["digest"]))
    target = (work / file["path"]).resolve()
    if not target.is_relative_to(work.resolve()):
        raise StepFailure("InputInvalid", f"job file: expected a path below the job's folder, found {file['path']!r}")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    target.chmod(0o755 if content[:2] == b"#!" else 0o644)  # a script is meant to be run; its mode did not travel


def _environment(order: dict[str, Any], folder: Path) -> dict[str, str]:
    """What the container has, what the job asks for, and the job contract, which nothing overrides."""
    threads = str(max(1, int(order["resources"]["cpus"])))
    asked = order["environment"]
    checkpoints = _ml_root() / "checkpoints" if "checkpoints" in order else None
    if checkpoints is not None:
        checkpoints.mkdir(parents=True, exist_ok=True)
    path = {"PYTHONPATH": os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), asked["PYTHONPATH"]]))} if "PYTHONPATH" in asked else {}
    found = {
        **os.environ,
        "OMP_NUM_THREADS": threads,  # more threads than processors make small fits many times slower
        "OPENBLAS_NUM_THREADS": threads,
        "PYTHONUNBUFFERED": "1",
        "PYTHONHASHSEED": "0",
        **asked,
        **path,
        "RATCHET_INPUT": str(folder / "input.json"),
        "RATCHET_OUTPUT": str(folder / "output.json"),
        "RATCHET_PROGRESS": str(folder / "progress.json"),
        "RATCHET_STORE_URI": os.environ["RATCHET_STORE_URI"],
        "RATCHET_JOB_NAME": order["name"],
        "RATCHET_MODEL": order["model"],
        "RATCHET_CYCLE": str(order["cycle"]),
    }
    found.pop("RATCHET_CHECKPOINTS", None)
    return found if checkpoints is None else {**found, "RATCHET_CHECKPOINTS": str(checkpoints)}


class _Told:
    """Uploads progress and log while the job runs, where they changed. What cannot be told now is told next time."""

    def __init__(self, store: ObjectStore, place: str, folder: Path, log: LogTail, environment: dict[str, str]) -> None:
        self._store, self._place, self._folder, self._log, self._environment = store, place, folder, log, environment
        self._every = float(os.environ.get("RATCHET_TELL_SECONDS", "10"))
        self._next = 0.0
        self._told: dict[str, bytes] = {}

    def tell(self) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._every
        progress = _read(self._folder / "progress.json")
        log = hide_secrets(self._log.text(), self._environment).encode()
        for name, content in (("progress.json", progress), ("log", log)):
            if not content or self._told.get(name) == content:
                continue
            try:
                self._store.put_named(f"{self._place}/{name}", content)
                self._told[name] = content
            except StepFailure as failure:
                print(f"{name} was not told: {failure}", file=sys.stderr, flush=True)


def _patiently(ask: Any) -> Any:
    """Work that is done is not thrown away because the store is away for a while or credentials are just being renewed."""
    until, wait = time.monotonic() + PATIENCE_SECONDS, 0.5
    while True:
        try:
            return ask()
        except StepFailure as failure:
            if failure.type not in ("StoreUnavailable", "AccessDenied") or time.monotonic() > until:
                raise
            print(f"asked again in {wait:.0f} s: {failure}", file=sys.stderr, flush=True)
            time.sleep(wait)
            wait = min(wait * 2, 60.0)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes() or None
    except OSError:
        return None


def _leave(code: int, words: str) -> int:
    """The words go where SageMaker looks for them, too."""
    print(words, file=sys.stderr, flush=True)
    try:
        (_ml_root() / "output" / "failure").write_text(words[:1000])
    except OSError:
        pass  # it is no such cluster
    return code


def _ml_root() -> Path:
    return Path(os.environ.get("RATCHET_ML_ROOT", "/opt/ml"))


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


if __name__ == "__main__":
    sys.exit(main())
