"""Step `labels`: what became known of the predictions of a time, day by day."""

from typing import Any

from .contract import StepFailure, run_job
from .label_join import JoinRequest, open_join
from .labelled_days import Comparison, labelled_days
from .object_store import open_store


def work(input: dict[str, Any]) -> dict[str, Any]:
    """@returns {counts, conflicts, kpis, days}, as LabelJoin and labelled_days have them"""
    start_ms, end_ms = input["startMs"], input["endMs"]
    if not start_ms < end_ms:
        raise StepFailure("InputInvalid", f"startMs: expected a time before endMs ({end_ms}), found {start_ms}")
    compare = input.get("compare")
    comparison = None
    if compare is not None:
        bounds = {name: (float(kpi["min"]), float(kpi["max"])) for name, kpi in compare["kpis"].items()}
        comparison = Comparison(compare["arms"], bounds, compare.get("callerGroups"))
    with open_join(open_store(), JoinRequest(input["model"], start_ms, end_ms, input["asOfMs"])) as join:
        if join.torn:
            # Who is compared by the labels of an hour must not win because those of another got lost.
            raise StepFailure("EvidenceCorrupt", f"expected Parquet, found files that cannot be read: {', '.join(join.torn[:5])}; put them back or move them away")
        days = labelled_days(join, start_ms, end_ms, input["timeZone"], comparison)
        return {"counts": join.counts, "conflicts": join.conflicts, "kpis": join.kpis, "days": days}


if __name__ == "__main__":
    run_job(("labels",), ("model", "startMs", "endMs", "asOfMs", "timeZone"), work)
