"""The least that FastAPI, uvicorn and ONNX Runtime take for a row: nothing is checked, counted or written down."""

import os

import numpy as np
import onnxruntime
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(os.environ["BARE_MODEL"], options, providers=["CPUExecutionProvider"])
kinds = {given.name: object if given.type == "tensor(string)" else np.float32 for given in session.get_inputs()}
app = FastAPI()


@app.post("/v2/models/flights/infer")
async def infer(request: Request) -> JSONResponse:
    columns = {tensor["name"]: tensor["data"] for tensor in (await request.json())["inputs"]}
    feeds = {name: np.array(columns[name], dtype=kind).reshape(-1, 1) for name, kind in kinds.items()}
    scores = session.run(["probability"], feeds)[0].reshape(-1).tolist()
    return JSONResponse({"outputs": [{"name": "probability", "shape": [len(scores)], "datatype": "FP64", "data": scores}]})
