"""A trainer that takes a moment and leaves a line for every time it really ran."""

import os

from ratchet_steps.quick import finish, put, read_input

with open(os.environ["TRAININGS_FILE"], "a", encoding="utf-8") as file:
    file.write(os.environ["RATCHET_JOB_NAME"] + "\n")
job = read_input()
model = f"model of {job['datasetDigest']}".encode()
finish(
    {
        "model": {"format": "onnx", "digest": put(model), "bytes": len(model), "inputs": [{"name": "distance", "type": "number"}]},
        "rows": 1000,
        "trainWindow": {"start": job["files"][0]["window"]["start"], "end": job["files"][-1]["window"]["end"]},
        "metrics": {"auc": 0.75},
        "mlflowRunId": None,
    }
)
