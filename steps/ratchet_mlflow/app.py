"""MLflow's application over a database whose tables are there before anybody asks (for uvicorn).

MLflow makes them at the first question to its tracking store and again at the first to its registry. Where both come at once, each
changes what the other is about to change, and no later start mends what they leave.
"""

import os

from ratchet_mlflow.tables import ensure_tables

ensure_tables(os.environ["_MLFLOW_SERVER_FILE_STORE"])

from mlflow.server.fastapi_app import app  # noqa: E402

__all__ = ["app"]
