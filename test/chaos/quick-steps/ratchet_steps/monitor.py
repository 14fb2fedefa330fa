from .quick import finish, read_input

job = read_input()
log = {"rows": 1000, "files": 1, "filesUnreadable": 0, "duplicates": 0, "hours": 1, "hoursWithRows": 1, "sampledOneIn": 1}
finish(
    {
        "window": job["window"],
        "log": log,
        "versions": [{"version": job["version"], "rows": 1000}],
        "trafficRows": 1000,
        "servedRows": 1000,
        "drift": {"columns": [], "thin": []},
        "predictions": None,
        "quality": [],
        "skew": {"answers": None, "features": None},
        "latencyMs": None,
        "cohort": None,
        "labels": None,
        "kpis": [],
        "early": None,
    }
)
