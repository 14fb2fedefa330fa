"""Names of bytes and documents: `sha256:<64 hex>`."""

import hashlib
from typing import Any

import rfc8785


def digest_of_bytes(content: bytes) -> str:
    """The digest of bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def canonical_json(document: Any) -> bytes:
    """RFC 8785 canonical JSON, as src/domain/digest.ts writes it. @throws ValueError where there is no JSON form (NaN)."""
    return rfc8785.dumps(document)
