"""Bytes under their digest, in the same layout as src/adapters: `objects/sha256/<aa>/<64 hex>`.

`file:///abs` is a folder, `s3://bucket/prefix` a bucket (AWS_* variables, AWS_ENDPOINT_URL_S3 for other S3 servers).
"""

import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from .contract import StepFailure
from .digest import canonical_json, digest_of_bytes
from .sync_folder import sync_folder


class ObjectStore(NamedTuple):
    """put(bytes) -> digest; get(digest) -> bytes, checked. For what has no digest as its name: put_named(key, bytes);
    get_named(key) -> bytes or None; list_named(prefix) -> keys in order; remove_named(key), gone already or not;
    path_of(key) -> where a folder has it, None in a bucket.

    @throws StepFailure EvidenceMissing, EvidenceCorrupt, StoreUnavailable.
    """

    put: Callable[[bytes], str]
    get: Callable[[str], bytes]
    put_named: Callable[[str, bytes], None]
    get_named: Callable[[str], bytes | None]
    list_named: Callable[[str], list[str]]
    remove_named: Callable[[str], None]
    path_of: Callable[[str], Path | None]


def open_store(uri: str | None = None) -> ObjectStore:
    """The store at `uri`; without one, at RATCHET_STORE_URI. @throws StepFailure InputInvalid."""
    uri = uri or os.environ.get("RATCHET_STORE_URI", "")
    parts = urlsplit(uri)
    if parts.scheme == "file" and parts.path.startswith("/"):
        return _checked(_folder(Path(unquote(parts.path))))
    if parts.scheme == "s3" and parts.netloc:
        from .s3 import s3_bucket  # boto3 takes a second, and a folder needs none of it

        return _checked(Keys(*s3_bucket(parts.netloc, parts.path.strip("/")), path_of=lambda _key: None))
    raise StepFailure("InputInvalid", f"RATCHET_STORE_URI: expected file:///… or s3://bucket/prefix, found {uri!r}")


def put_document(store: ObjectStore, document: Any) -> str:
    """Stores a JSON document; its digest is over its canonical form."""
    return store.put(canonical_json(document))


class Keys(NamedTuple):
    """A place of bytes under names."""

    put: Callable[[str, bytes], None]
    get: Callable[[str], bytes | None]
    list: Callable[[str], list[str]]
    remove: Callable[[str], None]
    path_of: Callable[[str], Path | None]


def _checked(keys: Keys) -> ObjectStore:
    def put(content: bytes) -> str:
        digest = digest_of_bytes(content)
        keys.put(_key(digest), content)
        return digest

    def get(digest: str) -> bytes:
        content = keys.get(_key(digest))
        if content is None:
            raise StepFailure("EvidenceMissing", f"the object store has no {digest}")
        found = digest_of_bytes(content)
        if found != digest:
            raise StepFailure("EvidenceCorrupt", f"the object store holds other bytes under {digest}: {found}")
        return content

    return ObjectStore(put, get, keys.put, keys.get, keys.list, keys.remove, keys.path_of)


def _key(digest: str) -> str:
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        raise StepFailure("InputInvalid", f"expected a digest sha256:<64 hex digits>, found {digest!r}")
    name = digest.removeprefix("sha256:")
    return f"objects/sha256/{name[:2]}/{name}"


def _folder(root: Path) -> Keys:
    def put(key: str, content: bytes) -> None:
        path = root / key
        if get(key) == content:
            sync_folder(path.parent)  # whoever made it may not have come so far
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".put-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)  # same name, same bytes: whoever comes last changes nothing
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        sync_folder(path.parent)

    def get(key: str) -> bytes | None:
        try:
            return (root / key).read_bytes()
        except FileNotFoundError:
            return None

    def list_keys(prefix: str) -> list[str]:
        parent = root / prefix.rpartition("/")[0]
        found = (path for path in parent.rglob("*") if path.is_file() and not path.name.startswith("."))
        return sorted(key for key in (path.relative_to(root).as_posix() for path in found) if key.startswith(prefix))

    def remove(key: str) -> None:
        path = root / key
        try:
            path.unlink(missing_ok=True)
            sync_folder(path.parent)
        except (FileNotFoundError, NotADirectoryError):
            pass  # nor is its folder there

    def path_of(key: str) -> Path | None:
        return root / key

    return Keys(put, get, list_keys, remove, path_of)
