import json

from .quick import finish, put, read_input

job = read_input()
window, split = job["window"], job["holdoutStart"]


def part(name, start, end, rows):
    data = f"{name} {start} {end}".encode()
    return {"part": name, "digest": put(data), "bytes": len(data), "rows": rows, "window": {"start": start, "end": end}}


dataset = {
    "files": [part("train", window["start"], split, 1000), part("holdout", split, window["end"], 2800)],
    "rows": 3800,
    "columns": [{"name": "distance", "type": "double"}],
    "window": window,
    "timeRange": {"min": window["start"], "max": window["end"]},
}
finish({"datasetDigest": put(json.dumps(dataset, sort_keys=True).encode()), "dataset": dataset})
