import json
import os
import sys
from urllib.parse import urlsplit


def main():
    root = urlsplit(os.environ["RATCHET_STORE_URI"]).path
    digest = os.environ["RATCHET_SERVE_ORDER"].removeprefix("sha256:")
    with open(f"{root}/objects/sha256/{digest[:2]}/{digest}", encoding="utf-8") as file:
        order = json.load(file)
    config = os.path.abspath("config.json")
    with open(config, "w", encoding="utf-8") as file:
        json.dump({**order, "host": "127.0.0.1", "port": int(os.environ["SAGEMAKER_BIND_TO_PORT"])}, file)
    os.environ["RATCHET_SERVE_CONFIG"] = config
    from . import __main__  # noqa: F401


if __name__ == "__main__":
    sys.exit(main())
