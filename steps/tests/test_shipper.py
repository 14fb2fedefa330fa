import json

import pyarrow.parquet as pq
import pytest

from ratchet_serve.shipper import Shipper


def entry(id, **features):
    time = "2024-01-01T10:00:00.000Z"
    return {"id": id, "row": 0, "time": time, "version": "m-1", "instance": "i", "arm": "champion", "key": None, "output": 0.5, "latencyMs": 1.0, "features": features}


@pytest.fixture
def shipped(tmp_path):
    """shipped(*segments) -> the rows in the store, how many were given up. A segment is a list of entries."""

    def ship(*segments):
        folder, store, dropped = tmp_path / "log", tmp_path / "store", []
        folder.mkdir()
        for number, entries in enumerate(segments):
            (folder / f"{number}.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in entries))
        Shipper(str(folder), f"file://{store}", "m", "i", dropped.append).close()
        assert list(folder.iterdir()) == []
        rows = [row for file in sorted(store.glob("predictions/m/*/*/*.parquet")) for row in pq.read_table(file).to_pylist()]
        return rows, sum(dropped)

    return ship


def test_numbers_of_any_size_and_half_a_surrogate_are_logged(shipped):
    rows, dropped = shipped([entry("a", size=10**20), entry("b", size=2**53 + 1), entry("c", size=0.5), entry("\ud83d", kind="\udc00x")])
    assert [row["feature_size"] for row in rows] == [1e20, 2.0**53, 0.5, None]
    assert (rows[3]["id"], rows[3]["feature_kind"], dropped) == ("?", "?x", 0)


def test_what_has_no_place_in_a_file_holds_up_nothing_else(shipped):
    rows, dropped = shipped([entry("a", size=1), entry("b", size=10**400), entry("c", size=2)], [entry("d", size=3)])
    assert [row["id"] for row in rows] == ["a", "c", "d"]
    assert dropped == 1


def test_what_does_not_go_together_is_given_up_and_the_next_segment_shipped(shipped):
    rows, dropped = shipped([entry("a", size=1), entry("b", size="text")], [entry("c", size=3)])
    assert ([row["id"] for row in rows], dropped) == (["c"], 2)
