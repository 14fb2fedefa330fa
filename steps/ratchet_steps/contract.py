"""The job contract: read RATCHET_INPUT, write RATCHET_OUTPUT, leave with an exit code that has a meaning.

Exit 0: done. 64: the input is wrong, never retry. 75: temporary, retry. Anything else: failed. The last line on stderr
is always `<failure type>: <one sentence>`, with the types of src/domain/failure.ts. SIGTERM ends the job at once, or at its next
checkpoint (checkpoints.py).
"""

import errno
import json
import math
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

EXIT_INPUT_INVALID = 64
EXIT_TEMPORARY = 75
EXIT_STOPPED = 128 + signal.SIGTERM

TEMPORARY_TYPES = {"JobTemporary", "StoreUnavailable", "StoreFull"}


class StepFailure(Exception):
    """A failure with a type of src/domain/failure.ts; decides the exit code. Data sources and trainers may raise it too."""

    def __init__(self, type: str, message: str) -> None:
        super().__init__(message)
        self.type = type


class Stopped(BaseException):
    """SIGTERM came. No Exception, so that no `except` of a library swallows it."""


def run_job(stages: tuple[str, ...], required: tuple[str, ...], work: Callable[[dict[str, Any]], dict[str, Any]]) -> NoReturn:
    """Runs `work(input)` under the contract and leaves the process.

    `stages`: what `input.stage` may say. `required`: the fields that must be there.
    """
    signal.signal(signal.SIGTERM, _stop)
    sys.unraisablehook = _stop_again
    try:
        code = _run(stages, required, work)
    except Stopped:
        print("JobStopped: ended by SIGTERM", file=sys.stderr, flush=True)
        # Die of the signal itself: whoever waits must see that the job did not fail but was ended.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)
        code = EXIT_STOPPED  # process 1 of a container cannot die of its own signal
    sys.exit(code)


def _run(stages: tuple[str, ...], required: tuple[str, ...], work: Callable[[dict[str, Any]], dict[str, Any]]) -> int:
    try:
        write_output(work(read_input(stages, required)))
        return 0
    except StepFailure as failure:
        code = EXIT_TEMPORARY if failure.type in TEMPORARY_TYPES else EXIT_INPUT_INVALID
        return _leave(code, failure.type, str(failure))
    except MemoryError:
        traceback.print_exc()
        return _leave(1, "JobOutOfMemory", "MemoryError: the job asked for more memory than it may have")
    except OSError as error:
        traceback.print_exc()
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return _leave(EXIT_TEMPORARY, "StoreFull", f"no space left to write {error.filename or 'a file'}")
        return _leave(1, "JobFailed", _one_line(error))
    except Exception as error:
        traceback.print_exc()
        return _leave(1, "JobFailed", _one_line(error))


def read_input(stages: tuple[str, ...], required: tuple[str, ...]) -> dict[str, Any]:
    """The document in RATCHET_INPUT. @throws StepFailure InputInvalid."""
    path = os.environ.get("RATCHET_INPUT")
    if not path:
        raise StepFailure("InputInvalid", "RATCHET_INPUT is not set: expected the path of the job's input file")
    try:
        document = json.loads(Path(path).read_bytes())
    except FileNotFoundError:
        raise StepFailure("InputInvalid", "RATCHET_INPUT: expected a file, found none") from None
    except ValueError as error:
        raise StepFailure("InputInvalid", f"RATCHET_INPUT: expected JSON, found {error}") from None
    if not isinstance(document, dict) or document.get("stage") not in stages:
        found = document.get("stage") if isinstance(document, dict) else type(document).__name__
        raise StepFailure("InputInvalid", f"stage: expected {' or '.join(stages)}, found {found!r}")
    for field in required:
        if field not in document:
            raise StepFailure("InputInvalid", f"{field}: expected a value, found none")
    return document


def write_output(document: dict[str, Any]) -> None:
    """Writes the result whole or not at all. NaN has no JSON form and is refused. @throws StepFailure InputInvalid."""
    path = os.environ.get("RATCHET_OUTPUT")
    if not path:
        raise StepFailure("InputInvalid", "RATCHET_OUTPUT is not set: expected the path of the job's result file")
    write_atomically(Path(path), json.dumps(document, allow_nan=False, ensure_ascii=False).encode())


def report_progress(step: int, total: int, message: str) -> None:
    """Tells who watches how far the job is. Never fails a job."""
    print(f"[{step}/{total}] {message}", flush=True)
    tell_progress({"step": step, "total": total, "message": message[:500]})


def tell_progress(document: dict[str, Any]) -> None:
    """Any fields of the contract's progress, in the file named by RATCHET_PROGRESS or as a line. Never fails a job."""
    path = os.environ.get("RATCHET_PROGRESS")
    if not path:
        return
    if path == "-":
        print(f"RATCHET_PROGRESS {json.dumps(document)}", flush=True)
        return
    try:
        write_atomically(Path(path), json.dumps(document).encode())
    except OSError as error:
        print(f"progress was not written: {error}", file=sys.stderr)


TOLD_EVERY_SECONDS = 1.0
_told_at = -math.inf


def report_training(
    step: int,
    total: int,
    *,
    loss: float | None = None,
    epoch: int | None = None,
    epochs: int | None = None,
    examples_per_second: float | None = None,
) -> None:
    """As often as you like: it is told once a second. @throws StepFailure JobDiverged: the loss is no finite number."""
    global _told_at
    diverged = loss is not None and not math.isfinite(loss)
    if not diverged and 0 < step < total and time.monotonic() - _told_at < TOLD_EVERY_SECONDS:
        return
    _told_at = time.monotonic()
    word = {"loss": _word(loss)} if diverged else {"loss": loss}
    fields = {"step": step, "total": total, "epoch": epoch, "epochs": epochs, "examplesPerSecond": examples_per_second, **word}
    tell_progress({name: value for name, value in fields.items() if value is not None})
    if diverged:
        raise StepFailure("JobDiverged", f"loss: expected a finite number after step {step} of {total}, found {loss}")


def _word(loss: float) -> str:
    return "NaN" if math.isnan(loss) else "Infinity" if loss > 0 else "-Infinity"


def write_atomically(path: Path, content: bytes) -> None:
    """Replaces `path` by `content`, durable before it returns."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _leave(code: int, type: str, message: str) -> int:
    print(f"{type}: {message}", file=sys.stderr, flush=True)
    return code


def _one_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:2000]


_is_deferred = False
_is_asked_to_go = False


def defer_stop() -> None:
    """From now on SIGTERM only leaves a note, until `end_deferral`: who calls this looks for it (`is_asked_to_go`)."""
    global _is_deferred
    _is_deferred = True


def end_deferral() -> None:
    """SIGTERM ends the job at once again; one that came meanwhile does not: the end is near anyhow."""
    global _is_deferred
    _is_deferred = False


def is_asked_to_go() -> bool:
    """Whether SIGTERM came."""
    return _is_asked_to_go


def _stop(_number: int, _frame: object) -> None:
    global _is_asked_to_go
    _is_asked_to_go = True
    if not _is_deferred:
        raise Stopped


def _stop_again(lost: Any) -> None:
    """What is raised in a callback of the interpreter (a weak reference's, as imports have) is lost: then once more, outside of it."""
    if lost.exc_type is not Stopped:
        return sys.__unraisablehook__(lost)
    signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
