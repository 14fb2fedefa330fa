"""`python -m ratchet_serve.container [serve]`: a model server in a container, told by its environment what to serve.

RATCHET_STORE_URI and RATCHET_SERVE_ORDER (the digest of the instance's spec, a document in the store). It fetches the model
from there, and answers on SAGEMAKER_BIND_TO_PORT, or on 8080.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from ratchet_steps.contract import StepFailure
from ratchet_steps.object_store import open_store

from .__main__ import main as serve
from .config import VARIABLE

PORT = 8080


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="ratchet-serve-"))
    try:
        config = _config(folder)
    except StepFailure as failure:
        print(f"{failure.type}: {failure}", file=sys.stderr)
        return 75 if failure.type == "StoreUnavailable" else 64
    path = folder / "config.json"
    path.write_text(json.dumps(config))
    os.environ[VARIABLE] = str(path)
    return serve()


def _config(folder: Path) -> dict[str, Any]:
    uri = os.environ.get("RATCHET_STORE_URI", "")
    order = json.loads(open_store(uri).get(os.environ.get("RATCHET_SERVE_ORDER", "")))
    return {
        **{name: order[name] for name in ("name", "model", "version", "artifact", "features", "rowsMax", "keyHeader")},
        "host": "0.0.0.0",
        "port": int(os.environ.get("SAGEMAKER_BIND_TO_PORT") or PORT),
        "artifactPath": str(folder / "artifact"),
        # The folder is part of the names of what is shipped: two machines never write the same one.
        "logFolder": str(folder / f"log-{os.urandom(6).hex()}"),
        "storeUri": uri,
    }


if __name__ == "__main__":
    sys.exit(main())
