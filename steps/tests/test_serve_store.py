"""The model server and the object store: where its model comes from, and what happens while that is away."""

import shutil
import signal

from model_server import GOOD, Server, a_model

from ratchet_steps.object_store import open_store


def test_a_model_that_is_not_there_is_fetched_by_its_digest_and_kept(tmp_path):
    store = tmp_path / "store"
    here = {"artifactPath": str(tmp_path / "scratch" / "artifact"), "storeUri": f"file://{store}", "shipSecondsMax": 60}
    open_store(here["storeUri"]).put(a_model())
    server = Server(tmp_path / "server", None, {"RATCHET_SERVE_LOG_FOLDER": str(tmp_path / "replica-7")}, **here).until_ready()
    assert server.infer(GOOD)[0] == 200
    assert server.end() == 0
    (file,) = (store / "predictions" / "m").glob("*/*/*.parquet")
    assert "-replica-7-" in file.name, "one configuration, a name of its own for each server"
    shutil.rmtree(store / "objects")
    server.start()
    server.until_ready()  # from its own copy
    server.end(signal.SIGKILL)
    (tmp_path / "scratch" / "artifact").unlink()
    server.start()
    assert server.process.wait(180) == 64
    assert "EvidenceMissing: the object store has no sha256:" in server.process.stderr.read()


def test_told_to_end_while_the_store_is_away_it_waits_for_it(tmp_path):
    store = tmp_path / "store"
    store.write_text("a file where a folder should be")
    server = Server(tmp_path / "server", storeUri=f"file://{store}", shipSecondsMax=60).until_ready()
    server.infer(GOOD)
    server.process.send_signal(signal.SIGTERM)
    assert "was not shipped" in server.process.stderr.readline()
    store.unlink()
    assert server.process.wait(90) == 0
    assert len(list((store / "predictions" / "m").glob("*/*/*.parquet"))) == 1
