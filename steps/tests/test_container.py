"""The model server in a container, as SageMaker starts and asks it."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

from model_server import FEATURES, STEPS, a_model, tensors

from ratchet_steps.object_store import open_store, put_document


def test_a_container_fetches_its_model_by_the_digest_of_its_order_and_answers_as_sagemaker_asks(tmp_path):
    store = open_store(tmp_path.as_uri())
    digest = store.put(a_model())
    artifact = {"format": "onnx", "digest": digest, "bytes": 1, "inputs": []}
    order = {"name": "m-1", "model": "m", "version": "m-1+x", "artifact": artifact, "features": FEATURES, "rowsMax": 5, "keyHeader": None}
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    told = {"RATCHET_STORE_URI": tmp_path.as_uri(), "RATCHET_SERVE_ORDER": put_document(store, order), "SAGEMAKER_BIND_TO_PORT": str(port)}
    environment = {**os.environ, "PYTHONPATH": str(STEPS), **told}
    process = subprocess.Popen([sys.executable, "-m", "ratchet_serve.container", "serve"], env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(1500):
            try:
                assert urllib.request.urlopen(f"{url}/ping", timeout=120).status == 200
                break
            except OSError:
                assert process.poll() is None
                time.sleep(0.02)
        body = json.dumps(tensors(size=[0.0, 100.0], wind=[1.0, None], kind=["a", "b"])).encode()
        asked = urllib.request.Request(f"{url}/invocations", body, {"x-amzn-sagemaker-custom-attributes": "ratchet-proof"}, method="POST")
        with urllib.request.urlopen(asked, timeout=120) as response:
            assert json.load(response)["outputs"][0]["data"] == [0.5, 0.5]
            assert len(response.headers["x-amzn-sagemaker-custom-attributes"]) == 32
    finally:
        process.terminate()
        assert process.wait(20) == 0


def test_a_container_without_its_order_says_what_it_misses(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(STEPS), "RATCHET_STORE_URI": tmp_path.as_uri(), "RATCHET_SERVE_ORDER": "sha256:" + "0" * 64}
    ended = subprocess.run([sys.executable, "-m", "ratchet_serve.container"], env=environment, stderr=subprocess.PIPE, text=True)
    assert (ended.returncode, "EvidenceMissing: the object store has no sha256:000" in ended.stderr) == (64, True)
