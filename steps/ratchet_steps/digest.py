"""Names of bytes and documents: `sha256:<64 hex>`."""

import hashlib
from pathlib import Path
from typing import Any

import rfc8785

INTEGER_MAX = 2**53 - 1


def digest_of_bytes(content: bytes) -> str:
    """The digest of bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def digest_of_file(path: Path) -> str:
    """The digest of a file, however large."""
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def canonical_json(document: Any) -> bytes:
    """RFC 8785 canonical JSON, as src/domain/digest.ts writes it. @throws ValueError where there is no JSON form (NaN)."""
    return rfc8785.dumps(_with_doubles(document))


def _with_doubles(document: Any) -> Any:
    """JSON has doubles alone: 1e18, which JavaScript writes without a point, is read as an integer that no double need be."""
    if isinstance(document, dict):
        return {key: _with_doubles(value) for key, value in document.items()}
    if isinstance(document, (list, tuple)):
        return [_with_doubles(value) for value in document]
    if isinstance(document, int) and not isinstance(document, bool) and abs(document) > INTEGER_MAX:
        return float(document)
    return document
