import socket

import pytest

from ratchet_steps.contract import StepFailure
from ratchet_steps.digest import canonical_json
from ratchet_steps.object_store import open_store, put_document

HELLO = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


def test_bytes_lie_under_their_digest_in_the_layout_that_the_control_plane_reads(store, tmp_path):
    assert store.put(b"hello") == HELLO
    assert (tmp_path / "store/objects/sha256/2c" / HELLO.removeprefix("sha256:")).read_bytes() == b"hello"
    assert store.get(HELLO) == b"hello"


def test_putting_twice_changes_nothing_and_leaves_nothing_behind(store, tmp_path):
    store.put(b"hello")
    store.put(b"hello")
    assert [path.name for path in (tmp_path / "store/objects/sha256/2c").iterdir()] == [HELLO.removeprefix("sha256:")]


def test_bytes_that_do_not_match_their_name_are_refused(store, tmp_path):
    store.put(b"hello")
    (tmp_path / "store/objects/sha256/2c" / HELLO.removeprefix("sha256:")).write_bytes(b"hellO")
    with pytest.raises(StepFailure, match="other bytes") as caught:
        store.get(HELLO)
    assert caught.value.type == "EvidenceCorrupt"


@pytest.mark.parametrize("found", [b"hel", b"hellO"])
def test_what_a_crash_left_cut_off_or_a_disk_spoiled_is_written_again(store, tmp_path, found):
    store.put(b"hello")
    (tmp_path / "store/objects/sha256/2c" / HELLO.removeprefix("sha256:")).write_bytes(found)
    store.put(b"hello")
    assert store.get(HELLO) == b"hello"


@pytest.mark.parametrize(
    ("digest", "type"),
    [(HELLO, "EvidenceMissing"), ("sha256:../../etc", "InputInvalid"), ("2cf24d", "InputInvalid")],
)
def test_a_digest_that_is_not_there_is_named(store, digest, type):
    with pytest.raises(StepFailure) as caught:
        store.get(digest)
    assert caught.value.type == type


@pytest.mark.parametrize("uri", ["", "/tmp/store", "http://x", "file:relative", "s3://"])
def test_a_uri_of_another_kind_is_refused(uri, monkeypatch):
    monkeypatch.delenv("RATCHET_STORE_URI", raising=False)
    with pytest.raises(StepFailure, match="RATCHET_STORE_URI"):
        open_store(uri)


def test_documents_are_digested_over_their_canonical_form(store):
    assert canonical_json({"b": 1.0, "a": [1e21, "é", None]}) == '{"a":[1e+21,"é",null],"b":1}'.encode()
    assert put_document(store, {"b": 1, "a": 2}) == put_document(store, {"a": 2, "b": 1.0})
    with pytest.raises(ValueError):
        canonical_json({"a": float("nan")})


def test_the_same_layout_on_a_real_s3_server(s3, tmp_path):
    store = open_store(s3)
    assert store.put(b"hello") == HELLO
    assert store.put(b"hello") == HELLO
    assert store.get(HELLO) == b"hello"
    path = tmp_path / "s3/bucket/some/prefix/objects/sha256/2c" / HELLO.removeprefix("sha256:")
    assert path.read_bytes() == b"hello"
    with pytest.raises(StepFailure) as caught:
        store.get(HELLO.replace("2cf", "2ce"))
    assert caught.value.type == "EvidenceMissing"


@pytest.mark.parametrize("place", ["folder", "bucket"])
def test_what_has_a_name_is_listed_read_and_removed(place, request, tmp_path):
    store = open_store(request.getfixturevalue("s3") if place == "bucket" else f"file://{tmp_path / 'named'}")
    assert (store.list_named("log/m/"), store.get_named("log/m/a")) == ([], None)
    for key in ("log/m/b", "log/m/a/1", "log/mm/c"):
        store.put_named(key, key.encode())
    assert store.list_named("log/m/") == ["log/m/a/1", "log/m/b"]
    assert store.get_named("log/m/b") == b"log/m/b"
    for _ in range(2):
        store.remove_named("log/m/b")
    store.remove_named("nowhere/at/all")
    assert store.list_named("log/m") == ["log/m/a/1", "log/mm/c"]


def test_a_bucket_that_is_not_there_is_named(s3):
    with pytest.raises(StepFailure, match="bucket other") as caught:
        open_store("s3://other/prefix").put(b"hello")
    assert caught.value.type == "InputInvalid"


def test_a_server_that_is_not_there_is_temporary(monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{closed.getsockname()[1]}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test-only")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        with pytest.raises(StepFailure) as caught:
            open_store("s3://bucket").put(b"hello")
    assert caught.value.type == "StoreUnavailable"
