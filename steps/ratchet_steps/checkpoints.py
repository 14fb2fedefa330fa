"""Checkpoints that survive: each complete or not there, the last complete one is where the next attempt goes on.

for epoch in range(start, epochs):
    ...
    training.checkpoints.offer(step, lambda folder: np.savez(folder / "state.npz", **state))

A checkpoint is a folder of files and a manifest that names them with their digests and is written last. What was cut off
while it was written, or changed since, is passed over. Every one has a name of its own: two attempts may write at once.
"""

import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from . import contract
from .digest import digest_of_file
from .sync_folder import sync_folder

MANIFEST = "manifest.json"
KEEP = 2
ABANDONED_SECONDS = 24 * 3600
RETRY_SECONDS = 60.0
Write = Callable[[Path], object]


class Checkpoint(NamedTuple):
    """The files that `write` left, in `folder`, after `step`."""

    step: int
    folder: Path


class Place(Protocol):
    """Where checkpoints lie."""

    def names(self) -> list[str]: ...
    def fetch(self, name: str) -> Path: ...
    def publish(self, name: str, folder: Path) -> None: ...
    def remove(self, name: str) -> None: ...
    def staged(self) -> Path: ...


class Checkpoints:
    """At RATCHET_CHECKPOINTS, a folder or an s3:// prefix; without one nothing is kept, and the calls cost nothing."""

    def __init__(self, uri: str | None = None) -> None:
        uri = uri or os.environ.get("RATCHET_CHECKPOINTS")
        self._place = _open(uri) if uri else None
        self._passed_over: set[str] = set()
        self._saved_at = time.monotonic()

    def latest(self) -> Checkpoint | None:
        """The last complete one; None: begin at the beginning. From here on SIGTERM waits for the next `offer`."""
        contract.defer_stop()
        if self._place is None:
            return None
        for name in sorted(self._place.names(), reverse=True):
            try:
                folder = self._place.fetch(name)
                manifest = _verified(folder)
            except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError) as fault:
                print(f"checkpoint {name} is not complete, so it is passed over: {fault}", flush=True)
                self._passed_over.add(name)
                continue
            except OSError as fault:  # a disk that cannot be read now says nothing of what it holds
                raise contract.StepFailure("StoreUnavailable", f"checkpoint {name} cannot be read: {fault}") from fault
            print(f"going on from the checkpoint after step {manifest['step']}", flush=True)
            return Checkpoint(manifest["step"], folder)
        return None

    def offer(self, step: int, write: Write, every_seconds: float = 300) -> None:
        """After each step: makes a checkpoint where it is time for one; after a SIGTERM makes one and leaves.

        `every_seconds`: how much work a node that vanishes may cost.
        """
        contract.defer_stop()
        if contract.is_asked_to_go():
            self._try(step, write)
            raise contract.Stopped
        if time.monotonic() - self._saved_at >= every_seconds and not self._try(step, write):
            self._saved_at = time.monotonic() - every_seconds + min(every_seconds, RETRY_SECONDS)

    def _try(self, step: int, write: Write) -> bool:
        """Weeks of work are not thrown away because a bucket is away or credentials are being renewed: the last one stands."""
        try:
            self.save(step, write)
        except contract.StepFailure as failure:
            if failure.type not in ("StoreUnavailable", "AccessDenied"):
                raise
            print(f"no checkpoint after step {step}, it is tried again soon: {failure}", flush=True)
            return False
        return True

    def save(self, step: int, write: Write) -> None:
        """Makes one now. `write(folder)` leaves its files there. It stays, and one beside it: the last of those that are complete."""
        if self._place is None:
            return
        staged = self._place.staged()
        try:
            write(staged)
            _seal(staged, step)
            name = f"step-{step:012d}-{secrets.token_hex(4)}"
            self._place.publish(name, staged)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
        self._saved_at = time.monotonic()
        print(f"checkpoint after step {step}", flush=True)
        # What was passed over may be of a later step than an attempt that began again: it must not drive this one out.
        others = sorted(set(self._place.names()) - {name}, key=lambda other: (other not in self._passed_over, other))
        for old in others[: -(KEEP - 1)]:
            self._place.remove(old)


class FolderPlace:
    """A folder: a checkpoint comes with one rename."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True)
        for staged in root.glob(".new-*"):
            if time.time() - staged.stat().st_mtime > ABANDONED_SECONDS:
                shutil.rmtree(staged, ignore_errors=True)

    def names(self) -> list[str]:
        return [entry.name for entry in self._root.iterdir() if entry.name.startswith("step-")]

    def fetch(self, name: str) -> Path:
        return self._root / name

    def staged(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self._root, prefix=".new-"))

    def publish(self, name: str, folder: Path) -> None:
        os.replace(folder, self._root / name)
        sync_folder(self._root)

    def remove(self, name: str) -> None:
        (self._root / name / MANIFEST).unlink(missing_ok=True)  # half removed it is not complete
        shutil.rmtree(self._root / name, ignore_errors=True)


class BucketPlace:
    """A prefix in a bucket: the manifest goes up last."""

    def __init__(self, bucket: str, prefix: str) -> None:
        from .s3 import S3

        self._s3 = S3()
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""

    def names(self) -> list[str]:
        return self._asked(self._names)

    def fetch(self, name: str) -> Path:
        return self._asked(self._fetch, name)

    def publish(self, name: str, folder: Path) -> None:
        self._asked(self._publish, name, folder)

    def remove(self, name: str) -> None:
        self._asked(self._remove, name)

    def _asked(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """A bucket that is away says nothing of what it holds: that is temporary, and never a reason to begin again."""
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        from .s3 import s3_failure

        try:
            return self._s3.ask(lambda client: call(client, *arguments))
        except (Boto3Error, BotoCoreError, ClientError) as error:
            raise s3_failure(self._bucket, error) from error

    def _names(self, client: Any) -> list[str]:
        return [key.split("/")[0] for key in self._keys(client, "step-") if key.endswith(f"/{MANIFEST}")]

    def _fetch(self, client: Any, name: str) -> Path:
        folder = self.staged()
        for key in self._keys(client, f"{name}/"):
            target = folder / key.removeprefix(f"{name}/")
            target.parent.mkdir(parents=True, exist_ok=True)
            client.download_file(self._bucket, self._prefix + key, str(target))
        return folder

    def staged(self) -> Path:
        return Path(tempfile.mkdtemp(prefix="ratchet-checkpoint-"))

    def _publish(self, client: Any, name: str, folder: Path) -> None:
        for path in [*_files(folder), MANIFEST]:
            client.upload_file(str(folder / path), self._bucket, f"{self._prefix}{name}/{path}")

    def _remove(self, client: Any, name: str) -> None:
        keys = self._keys(client, f"{name}/")
        for key in sorted(keys, key=lambda key: not key.endswith(f"/{MANIFEST}")):
            client.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    def _keys(self, client: Any, start: str) -> list[str]:
        from .s3 import keys_in

        return [key.removeprefix(self._prefix) for key in keys_in(client, self._bucket, self._prefix + start) if key[-1] != "/"]


def _open(uri: str) -> Place:
    parts = urlsplit(uri)
    if parts.scheme == "s3" and parts.netloc:
        return BucketPlace(parts.netloc, parts.path.strip("/"))
    if uri.startswith("/"):
        return FolderPlace(Path(uri))
    raise contract.StepFailure("InputInvalid", f"RATCHET_CHECKPOINTS: expected /folder or s3://bucket/prefix, found {uri!r}")


def _seal(folder: Path, step: int) -> None:
    """Makes the files durable, and then the manifest that says they are all there."""
    files = []
    for path in _files(folder):
        _sync(folder / path)
        files.append({"path": path, "bytes": (folder / path).stat().st_size, "digest": digest_of_file(folder / path)})
    if not files:
        raise ValueError("a checkpoint without files")
    contract.write_atomically(folder / MANIFEST, json.dumps({"step": step, "files": files}).encode())
    sync_folder(folder)


def _verified(folder: Path) -> dict[str, Any]:
    """Its manifest. Raises ValueError, OSError, KeyError or TypeError where it does not hold."""
    manifest = json.loads((folder / MANIFEST).read_bytes())
    for file in manifest["files"]:
        path = folder / file["path"]
        if not path.is_file():
            raise ValueError(f"{file['path']}: expected a file, found none")
        if path.stat().st_size != file["bytes"] or digest_of_file(path) != file["digest"]:
            raise ValueError(f"{file['path']}: expected {file['digest']}, found other bytes")
    if not isinstance(manifest["step"], int):
        raise TypeError("step: expected a whole number")
    return manifest


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
