"""What the steps make of an S3 server that is slow, breaks off, or knows the credentials no more."""

import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pandas as pd
import pytest

from ratchet_steps import contract, runner
from ratchet_steps import s3 as s3_module
from ratchet_steps.checkpoints import Checkpoints
from ratchet_steps.contract import StepFailure
from ratchet_steps.digest import digest_of_bytes
from ratchet_steps.object_store import open_store
from ratchet_steps.source import load_rows

START, END = datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 2, 1, tzinfo=UTC)


@pytest.fixture
def answering(monkeypatch):
    """answering((status, code or body, bytes sent of it), ...): a store whose server gives these in turn, the last for ever."""
    servers = []

    def start(*answers):
        asked = []

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, content, sent = answers[min(len(asked), len(answers) - 1)]
                asked.append((self.command, dict(self.headers)))
                body = content if status == 200 else f"<Error><Code>{content}</Code></Error>".encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[:sent])
                self.close_connection = True

            do_GET = do_PUT = answer

            def log_message(self, *_arguments):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{server.server_address[1]}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test-only")
        return open_store("s3://bucket"), asked

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


HELLO = digest_of_bytes(b"hello")
WHOLE = (200, b"hello", None)


@pytest.mark.parametrize("faults", [[(200, b"hello", 3)], [(200, b"hello", 0)] * 4, [(503, "SlowDown", None)] * 2])
def test_a_body_that_is_cut_off_and_a_server_that_slows_down_are_asked_again(answering, faults):
    store, asked = answering(*faults, WHOLE)
    assert store.get(HELLO) == b"hello"
    assert len(asked) == len(faults) + 1


def test_a_body_that_is_never_whole_is_temporary(answering):
    store, asked = answering((200, b"hello", 3))
    with pytest.raises(StepFailure) as caught:
        store.get(HELLO)
    assert (caught.value.type, len(asked)) == ("StoreUnavailable", 5)


@pytest.mark.parametrize("ask", [lambda store: store.get(HELLO), lambda store: store.put(b"hello")])
def test_credentials_that_have_run_out_are_told_in_words(answering, ask):
    store, _asked = answering((400, "ExpiredToken", None))
    with pytest.raises(StepFailure, match="credentials have run out.*renew them") as caught:
        ask(store)
    assert caught.value.type == "AccessDenied"


def test_objects_are_encrypted_with_the_key_that_is_named(answering, monkeypatch):
    monkeypatch.setenv("RATCHET_STORE_KMS_KEY_ID", "alias/ratchet")
    store, asked = answering((200, b"", None))
    store.put(b"hello")
    [(method, headers)] = asked
    assert (method, headers["x-amz-server-side-encryption"]) == ("PUT", "aws:kms")
    assert headers["x-amz-server-side-encryption-aws-kms-key-id"] == "alias/ratchet"


def test_what_is_large_goes_up_in_parts(s3, monkeypatch):
    monkeypatch.setattr(s3_module, "SINGLE_BYTES_MAX", 2**20)
    store = open_store(s3)
    content = bytes(range(251)) * 70_000
    assert store.get(store.put(content)) == content


def test_what_is_large_is_denied_in_the_same_words(answering, monkeypatch):
    monkeypatch.setattr(s3_module, "SINGLE_BYTES_MAX", 4)
    store, _asked = answering((403, "AccessDenied", None))
    with pytest.raises(StepFailure, match="bucket bucket: AccessDenied") as caught:
        store.put(b"hello")
    assert caught.value.type == "AccessDenied"


def test_rows_in_a_bucket_are_read_on_with_newer_credentials_and_a_refusal_is_told(answering):
    parquet = pd.DataFrame({"distance": [1.0, 2.0]}).to_parquet()
    # What has the prefix lies not always in the folder.
    keys = "".join(f"<Contents><Key>{key}</Key></Contents>" for key in ("rows/a.parquet", "rows/readme", "rows_backup/b.parquet"))
    listing = f"<ListBucketResult>{keys}</ListBucketResult>".encode()
    _store, asked = answering((200, listing, None), (400, "ExpiredToken", None), (200, parquet, None))
    source = {"kind": "parquet", "uri": "s3://bucket/rows/"}
    assert load_rows(source, START, END)["distance"].tolist() == [1.0, 2.0]
    assert len(asked) == 3
    answering((403, "AccessDenied", None))
    with pytest.raises(StepFailure, match="bucket bucket: AccessDenied") as caught:
        load_rows(source, START, END)
    assert caught.value.type == "AccessDenied"


@pytest.fixture
def profile(monkeypatch, tmp_path):
    """profile(key): the credentials file that a tool keeps fresh now holds this one."""
    file = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))

    def renew(key):
        file.write_text(f"[default]\naws_access_key_id = {key}\naws_secret_access_key = test-only\n")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)

    return renew


def keys_of(asked):
    return [headers["Authorization"].split("Credential=")[1].split("/")[0] for _method, headers in asked]


@pytest.mark.parametrize("single_bytes_max", [2**20, 4])  # at once; as an upload in parts does it
def test_credentials_that_run_out_in_an_upload_are_read_anew(answering, profile, monkeypatch, single_bytes_max):
    monkeypatch.setattr(s3_module, "SINGLE_BYTES_MAX", single_bytes_max)
    _store, asked = answering((200, b"", None), (400, "ExpiredToken", None), (200, b"", None))
    profile("OLD")
    store = open_store("s3://bucket")
    store.put(b"first")
    profile("NEW")
    store.put(b"hello")
    assert keys_of(asked) == ["OLD", "OLD", "NEW"]


def test_a_checkpoint_that_cannot_be_kept_ends_no_training(answering, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(contract, "_is_deferred", False)
    monkeypatch.setattr(contract, "_is_asked_to_go", False)
    nothing = (200, b"<ListBucketResult></ListBucketResult>", None)
    _store, asked = answering((400, "ExpiredToken", None), (400, "ExpiredToken", None), nothing)
    checkpoints = Checkpoints("s3://bucket/checkpoints/m/train")

    def write(folder):
        (folder / "state").write_text("weights")

    checkpoints.offer(7, write, every_seconds=0)
    assert "no checkpoint after step 7" in (told := capsys.readouterr().out) and "credentials have run out" in told
    checkpoints.offer(8, write, every_seconds=0)
    assert "checkpoint after step 8" in capsys.readouterr().out
    assert [method for method, _headers in asked] == ["PUT", "PUT", "PUT", "PUT", "GET"]


def test_a_training_that_must_go_goes_also_where_its_last_checkpoint_cannot_be_kept(answering, monkeypatch):
    monkeypatch.setattr(contract, "_is_deferred", False)
    monkeypatch.setattr(contract, "_is_asked_to_go", True)
    answering((403, "AccessDenied", None))
    with pytest.raises(contract.Stopped):
        Checkpoints("s3://bucket/checkpoints/m/train").offer(7, lambda folder: (folder / "state").write_text("weights"))


def test_a_runner_waits_until_credentials_are_renewed_and_bodies_are_whole(answering, monkeypatch):
    waits = []
    monkeypatch.setattr(runner.time, "sleep", waits.append)
    expired = (400, "ExpiredToken", None)
    store, asked = answering(expired, expired, expired, expired, (200, b"hello", 3), WHOLE)
    assert runner._patiently(lambda: store.get(HELLO)) == b"hello"
    assert len(asked) == 6
