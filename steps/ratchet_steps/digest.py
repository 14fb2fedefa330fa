"""Names of bytes and documents: `sha256:<64 hex>`."""

import hashlib
from pathlib import Path
from typing import Any

import rfc8785


def digest_of_bytes(content: bytes) -> str:
    """The digest of bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def digest_of_file(path: Path) -> str:
    """The digest of a file, however large."""
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def canonical_json(document: Any) -> bytes:
    """RFC 8785 canonical JSON, as src/domain/digest.ts writes it. @throws ValueError where there is no JSON form (NaN)."""
    return rfc8785.dumps(document)
