import pytest
from logged import DAY, HOUR, START, joined, label, prediction

from ratchet_steps.tend_logs import compact_hour, tend_logs


def everything(log):
    select = 'id, "row", time, output, feature_wind, label, receivedAtMs'
    return joined(log, end=START + 3 * HOUR, select=select, with_features=True)


@pytest.fixture
def busy_hour(log):
    """Two hours of predictions in five files, and labels of one hour in three."""
    log.predictions(prediction("a", wind=None), prediction("b", START + 1, wind=None))
    log.predictions(prediction("c", START + 2, wind=1.5))
    log.predictions(prediction("d", START + 3, wind=2))
    log.predictions(prediction("e", START + HOUR, wind=2), prediction("f", START + HOUR + 1, wind=0.5))
    log.predictions(prediction("g", START + HOUR + 2, wind=0.5))
    log.labels(label("a", 1, source="x"))
    log.labels(label("a", 0, source="y"), label("c", 1, source="y", position=1))
    log.labels(label("e", None, source="z", revenue=2.5))
    return log


def tend(log, now_ms=START + 3 * DAY, days=400, answers=0, is_deleting=True):
    return tend_logs(log.store, "m", now_ms, {"predictions": days, "labels": days, "answers": answers}, is_deleting)


@pytest.mark.parametrize("log", ["folder", "bucket"], indirect=True)
def test_compaction_leaves_one_file_an_hour_and_changes_no_answer(busy_hour):
    before = everything(busy_hour)
    assert tend(busy_hour, is_deleting=False)["predictions"] == {"expiredHours": 0, "expiredFiles": 0, "compactedHours": 2, "compactedFiles": 5}
    assert len(busy_hour.store.list_named("predictions/m/")) == 5
    assert tend(busy_hour)["labels"]["compactedFiles"] == 3
    assert [len(busy_hour.store.list_named(f"{kind}/m/")) for kind in ("predictions", "labels")] == [2, 1]
    assert everything(busy_hour) == before
    assert tend(busy_hour)["predictions"]["compactedHours"] == 0


def test_an_hour_in_which_a_feature_became_another_holds_up_no_other(log):
    log.predictions(prediction("a", wind=1.5))
    log.predictions(prediction("b", START + 1, wind="north"))
    log.predictions(prediction("c", START + HOUR, wind="north"))
    log.predictions(prediction("d", START + HOUR + 1, wind="south"))
    log.labels(label("a", 1, source="x"))
    log.labels(label("a", 0, source="y"))
    tend(log)
    assert [len(log.store.list_named(f"{kind}/m/")) for kind in ("predictions", "labels")] == [3, 1]


class Died(Exception):
    pass


@pytest.mark.parametrize("removals", range(6))
def test_whoever_dies_while_compacting_loses_nothing_and_leaves_nothing_twice(busy_hour, removals):
    before = everything(busy_hour)
    store = busy_hour.store
    left = [removals]

    def remove(key):
        if left[0] == 0:
            raise Died
        left[0] -= 1
        store.remove_named(key)

    with pytest.raises(Died):
        tend_logs(store._replace(remove_named=remove), "m", START + 3 * DAY, {"predictions": 400, "labels": 400, "answers": 0}, True)
    assert everything(busy_hour) == before
    tend(busy_hour)
    assert everything(busy_hour) == before
    assert [len(store.list_named(f"{kind}/m/")) for kind in ("predictions", "labels")] == [2, 1]


def test_a_part_that_comes_late_or_again_is_taken_in_once(busy_hour):
    first = busy_hour.store.list_named("predictions/m/")[0]
    content = busy_hour.store.get_named(first)
    tend(busy_hour)
    busy_hour.store.put_named(first, content)  # its server died between shipping it and forgetting it
    busy_hour.predictions(prediction("late", START + 9, wind=3))
    rows, counts, _ = everything(busy_hour)
    assert (len(rows), counts["repeated"]) == (8, 0)
    tend(busy_hour)
    assert everything(busy_hour)[0] == rows
    assert len(busy_hour.store.list_named("predictions/m/2024-05-01/00/")) == 1


def test_two_who_compact_the_same_hour_lose_nothing(busy_hour):
    """The one saw a part less than the other, and both wrote before either removed."""
    before = everything(busy_hour)
    store = busy_hour.store._replace(remove_named=lambda key: None)
    keys = store.list_named("predictions/m/2024-05-01/00/")
    compact_hour(store, keys[:2])
    compact_hour(store, keys)
    assert everything(busy_hour) == before
    tend(busy_hour)
    assert everything(busy_hour) == before


def test_what_is_past_its_retention_goes_and_a_running_hour_is_left_alone(busy_hour):
    now_ms = START + 10 * DAY
    busy_hour.predictions(prediction("now", now_ms, wind=1))
    busy_hour.predictions(prediction("now too", now_ms + 1, wind=1))
    told = tend(busy_hour, now_ms=now_ms, days=5, is_deleting=False)
    assert told["predictions"] == {"expiredHours": 2, "expiredFiles": 5, "compactedHours": 0, "compactedFiles": 0}
    tend(busy_hour, now_ms=now_ms, days=5)
    assert [len(busy_hour.store.list_named(f"{kind}/m/")) for kind in ("predictions", "labels")] == [2, 0]


def test_a_torn_file_is_left_where_it_lies_and_the_others_become_one(busy_hour):
    before = everything(busy_hour)
    torn = ["predictions/m/2024-05-01/00/all-torn.parquet", "predictions/m/2024-05-01/00/torn.parquet"]
    for key in torn:
        busy_hour.store.put_named(key, b"PAR1 torn")
    tend(busy_hour)
    left = busy_hour.store.list_named("predictions/m/2024-05-01/00/")
    assert len(left) == 3 and set(torn) < set(left)
    assert everything(busy_hour) == before


def test_monitored_windows_go_with_their_predictions_but_none_that_is_still_looked_at(busy_hour):
    store, names = busy_hour.store, ["20240301T000000Z-24h-c3.html", "20240301T000000Z-24h-c3.json", "20240420T000000Z-24h-c3.json"]
    for name in names:
        store.put_named(f"monitoring/m/{name}", b"{}")
    assert tend(busy_hour, is_deleting=False)["monitoring"] == {"expiredFiles": 0}
    assert tend(busy_hour, days=1, is_deleting=False)["monitoring"] == {"expiredFiles": 2}
    assert tend(busy_hour, days=1, answers=400, is_deleting=False)["monitoring"] == {"expiredFiles": 0}
    assert tend(busy_hour, days=1)["monitoring"] == {"expiredFiles": 2}
    assert store.list_named("monitoring/m/") == [f"monitoring/m/{names[2]}"]


def test_counts_of_requests_go_when_no_window_reaches_back_to_them_however_long_predictions_are_kept(busy_hour):
    for name in ("20240301T000000Z.json", "20240420T000000Z.json"):
        busy_hour.store.put_named(f"requests/m/{name}", b"{}")
    assert tend(busy_hour, days=400)["monitoring"] == {"expiredFiles": 1}
    assert busy_hour.store.list_named("requests/m/") == ["requests/m/20240420T000000Z.json"]
