"""The HTTP side: the Open Inference Protocol V2, SageMaker's /ping and /invocations, /metrics, and what a prediction leaves behind."""

import asyncio
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from .config import Config
from .faults import Faults
from .metrics import Metrics
from .model import OUTPUT, Model
from .prediction_log import PredictionLog
from .protocol import Refused, parse_request

ARM_HEADER = "x-ratchet-arm"
KEY_HEADER = "x-ratchet-key"
# SageMaker passes it through both ways.
ATTRIBUTES_HEADER = "x-amzn-sagemaker-custom-attributes"
PROOF = "ratchet-proof"
BODY_BYTES_MAX = 32 * 1024 * 1024


def _utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(config: Config, model: Model, metrics: Metrics, log: PredictionLog, now: Callable[[], datetime] = _utc_now) -> FastAPI:
    """Scores on the event loop: a row takes less than handing it to a thread. A pyfunc and planted faults get threads.

    @param now the time of a prediction in the log, UTC
    """
    app = FastAPI(title="ratchet-serve", docs_url=None, redoc_url=None, openapi_url=None)
    headers = {"x-ratchet-version": config.version, "x-ratchet-instance": config.name}
    process = uuid.uuid4().hex
    faults = Faults(model.metadata)
    pool = ThreadPoolExecutor(32) if faults.are_planted or config.artifact.get("format") == "pyfunc" else None

    @app.get("/v2/health/live")
    async def live() -> Response:
        return JSONResponse({"live": True})

    @app.get("/v2/health/ready")
    async def ready() -> Response:
        return JSONResponse({"ready": metrics.ready}, 200 if metrics.ready else 503)

    @app.get("/v2")
    async def server() -> Response:
        return JSONResponse({"name": "ratchet-serve", "version": "1", "extensions": []})

    @app.get("/v2/models/{name}")
    async def describe(name: str) -> Response:
        if name != config.model:
            return _unknown(name, config)
        tensors = [{"name": f.name, "datatype": "BYTES" if f.type == "category" else "FP64", "shape": [-1]} for f in config.features]
        outputs = [{"name": OUTPUT, "datatype": "FP64", "shape": [-1]}]
        platform = "mlflow_pyfunc" if config.artifact.get("format") == "pyfunc" else "onnx_onnxruntime"
        document = {"name": name, "versions": [config.version], "platform": platform, "inputs": tensors, "outputs": outputs}
        return JSONResponse(document, headers=headers)

    @app.get("/v2/models/{name}/ready")
    async def model_ready(name: str) -> Response:
        return JSONResponse({"ready": metrics.ready}, 200 if metrics.ready else 503) if name == config.model else _unknown(name, config)

    @app.get("/metrics")
    async def prometheus() -> Response:
        return PlainTextResponse(metrics.text(), media_type="text/plain; version=0.0.4")

    @app.post("/v2/models/{name}/infer")
    @app.post("/v2/models/{name}/versions/{version}/infer")
    async def infer(request: Request, name: str, version: str | None = None) -> Response:
        return await _counted(request, name, version, request.headers.get(ARM_HEADER) is not None)

    @app.get("/ping")
    async def ping() -> Response:
        return await ready()

    @app.post("/invocations")
    async def invocations(request: Request) -> Response:
        """As SageMaker asks: it names neither model nor arm. Whoever proves a version says so, and learns which process answers."""
        response = await _counted(request, config.model, None, request.headers.get(ATTRIBUTES_HEADER) != PROOF)
        response.headers[ATTRIBUTES_HEADER] = process
        return response

    async def _counted(request: Request, name: str, version: str | None, is_routed: bool) -> Response:
        started = time.perf_counter()
        faults.arrived()
        try:
            return await _infer(request, name, version, is_routed, started)
        finally:
            faults.left()

    async def _infer(request: Request, name: str, version: str | None, is_routed: bool, started: float) -> Response:
        arm = request.headers.get(ARM_HEADER)
        # The router says who asks: it knows of callers who stay with a version, however long before that this server was started.
        key = request.headers.get(KEY_HEADER) or (request.headers.get(config.key_header) if config.key_header else None)
        status, document, scores, parsed = 200, {}, [], None
        try:
            if name != config.model or version not in (None, config.version):
                raise Refused(404, f"model {name}: expected {config.model} {config.version}, found another")
            if int(request.headers.get("content-length") or 0) > BODY_BYTES_MAX:
                raise Refused(413, f"body: expected at most {BODY_BYTES_MAX} bytes")
            parsed = parse_request(await request.body(), config.features, model.inputs, config.rows_max)
            scores = await _score(parsed.columns, is_routed)
            request_id = parsed.id or request.headers.get("x-request-id") or uuid.uuid4().hex
            document = _answer(config, request_id, scores)
        except Refused as error:
            status, document = error.status, {"error": str(error)}
        except Exception as error:
            status, document = 500, {"error": f"the model failed: {type(error).__name__}: {' '.join(str(error).split())[:500]}"}
        latency_ms = (time.perf_counter() - started) * 1000
        metrics.observe(ok=status == 200, latency_ms=latency_ms, scores=scores, key=key)
        if status == 200 and parsed is not None:
            _keep(document["id"], parsed.columns, scores, arm, key, latency_ms)
        return JSONResponse(document, status, headers)

    async def _score(columns: dict[str, list[Any]], is_routed: bool) -> list[float]:
        def run() -> list[float]:
            if is_routed:
                faults.before()
            found = [float(score) for score in model.score(columns)]
            return [faults.shifted(score) for score in found] if is_routed else found

        return run() if pool is None else await asyncio.get_running_loop().run_in_executor(pool, run)

    def _keep(request_id: str, columns: dict[str, list[Any]], scores: list[float], arm: str | None, key: str | None, latency_ms: float) -> None:
        time_text = now().isoformat(timespec="milliseconds")
        shared = {"id": request_id, "time": time_text, "version": config.version, "instance": config.name, "arm": arm, "key": key}
        for row, output in enumerate(scores):
            features = {name: values[row] for name, values in columns.items()}
            log.append({**shared, "row": row, "features": features, "output": output, "latencyMs": round(latency_ms, 3)})

    return app


def _answer(config: Config, request_id: str, scores: list[float]) -> dict[str, Any]:
    output = {"name": OUTPUT, "datatype": "FP64", "shape": [len(scores)], "data": scores}
    return {"model_name": config.model, "model_version": config.version, "id": request_id, "outputs": [output]}


def _unknown(name: str, config: Config) -> Response:
    return JSONResponse({"error": f"model {name}: expected {config.model}, found another"}, 404)
