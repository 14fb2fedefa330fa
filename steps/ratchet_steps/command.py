"""A command as a process group of its own: watched for memory, ended with everything that it started."""

import os
import signal
import subprocess
import sys
import threading
import time
from math import ceil
from pathlib import Path
from typing import IO, NamedTuple

from .log_tail import LogTail

MEBIBYTE = 2**20


class Ending(NamedTuple):
    exit_code: int | None = None
    signal: str | None = None
    """Why we ended it: timeLimit, memoryLimit, shutdown; None where it ended by itself."""
    ended_for: str | None = None
    spawn_fault: str | None = None
    kernel_oom: bool = False
    memory_mib_max: int = 0


class Command:
    """Starts at once. @throws OSError there is no such program."""

    def __init__(self, command: list[str], cwd: Path, environment: dict[str, str], memory_mib: int, log: LogTail, errors: LogTail) -> None:
        self._ooms = _oom_kills()
        self._memory_max, self._memory_limit = 0, memory_mib * MEBIBYTE
        self._ended_for: str | None = None
        self._kill_at = float("inf")
        self._process = subprocess.Popen(
            command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
        self._pumps = [
            threading.Thread(target=_pump, args=arguments, daemon=True)
            for arguments in (
                (self._process.stdout, sys.stdout.buffer, [log]),
                (self._process.stderr, sys.stderr.buffer, [log, errors]),
            )
        ]
        for pump in self._pumps:
            pump.start()

    def wait(self, seconds: float) -> bool:
        """Whether it is over after so long."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._memory_max = max(self._memory_max, _session_memory(self._process.pid))
            if self._memory_max > self._memory_limit:
                self.end_for("memoryLimit", 0)
            if time.monotonic() >= self._kill_at:
                self._signal(signal.SIGKILL)
            return False
        self._signal(signal.SIGKILL)  # what it left behind
        for pump in self._pumps:
            pump.join(2)  # its last words; a process that left the session may still hold the pipe
        return True

    def end_for(self, reason: str, grace_seconds: float) -> None:
        if self._ended_for is None:
            self._ended_for = reason
            self._signal(signal.SIGTERM if grace_seconds > 0 else signal.SIGKILL)
            self._kill_at = time.monotonic() + grace_seconds

    def ending(self) -> Ending:
        code = self._process.returncode
        return Ending(
            exit_code=code if code >= 0 else None,
            signal=signal.Signals(-code).name if code < 0 else None,
            ended_for=self._ended_for,
            kernel_oom=_oom_kills() > self._ooms,
            memory_mib_max=ceil(self._memory_max / MEBIBYTE),  # up: what went beyond a limit must not read as equal to it
        )

    def _signal(self, number: int) -> None:
        try:
            os.killpg(self._process.pid, number)
        except (ProcessLookupError, PermissionError):
            pass


def _pump(pipe: IO[bytes], out: IO[bytes], tails: list[LogTail]) -> None:
    while chunk := pipe.read1(65536):  # type: ignore[attr-defined]
        for tail in tails:
            tail.add(chunk)
        try:
            out.write(chunk)  # the cluster's own log (CloudWatch, kubectl logs)
            out.flush()
        except OSError:
            pass


def _session_memory(session: int) -> int:
    """Resident bytes of all processes of the session; 0 where there is no /proc."""
    pages = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                pages += int(fields[21])
        except (OSError, IndexError, ValueError):
            continue  # it ended meanwhile
    return pages * os.sysconf("SC_PAGE_SIZE")


def _oom_kills() -> int:
    """How often the kernel ended a process of this container for lack of memory."""
    try:
        lines = Path("/sys/fs/cgroup/memory.events").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
    except (OSError, ValueError, IndexError):
        return 0
