import hashlib
import json
import os
import sys
import time
import urllib.parse

SECONDS = float(os.environ.get("QUICK_SECONDS", "0.4"))


def read_input():
    time.sleep(SECONDS)
    with open(os.environ["RATCHET_INPUT"], encoding="utf-8") as file:
        return json.load(file)


def finish(output):
    partial = os.environ["RATCHET_OUTPUT"] + ".partial"
    with open(partial, "w", encoding="utf-8") as file:
        json.dump(output, file)
    os.replace(partial, os.environ["RATCHET_OUTPUT"])
    sys.exit(0)


def put(data: bytes) -> str:
    uri = urllib.parse.urlparse(os.environ["RATCHET_STORE_URI"])
    if uri.scheme == "s3":
        from .object_store import open_store  # of the real steps, which such a stack has beside these

        return open_store().put(data)
    hex_digest = hashlib.sha256(data).hexdigest()
    root = urllib.parse.unquote(uri.path)
    folder = os.path.join(root, "objects", "sha256", hex_digest[:2])
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, hex_digest)
    if not os.path.exists(path):
        partial = f"{path}.{os.getpid()}"
        with open(partial, "wb") as file:
            file.write(data)
        os.replace(partial, path)
    return f"sha256:{hex_digest}"
