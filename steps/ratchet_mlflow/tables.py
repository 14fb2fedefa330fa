"""The tables of MLflow's SQLite database, made and brought up to date as a whole or not at all."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from mlflow.store.db import utils
from ratchet_steps.sync_folder import sync_folder
from sqlalchemy import Engine, create_engine

# Private names of MLflow, whose version is pinned for them: src/adapters/local/servers/mlflow-server.ts.


def ensure_tables(uri: str) -> None:
    """Makes the tables of `sqlite:///<file>`, or brings them up to this MLflow, beside the file, which is then replaced.

    SQLite keeps each step of a change of tables: who is killed between two of them leaves what no later start understands.
    """
    file = Path(uri.removeprefix("sqlite:///"))
    if file.exists() and _is_current(file):
        return
    staged = file.with_name(f"{file.name}.new")
    for left in (staged, Path(f"{staged}-journal")):
        left.unlink(missing_ok=True)
    if file.exists():
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(staged)) as target:
            source.backup(target)
    try:
        _make(staged)
    except Exception as error:
        if _holds_anything(file):
            raise SystemExit(
                f"{file}: MLflow cannot bring its tables up to date: {str(error).splitlines()[0]}. Put back a copy of this file, or move it "
                "away: versions and aliases come back from the ledger (docs/how-to/back-up.md), runs do not"
            ) from error
        staged.unlink(missing_ok=True)
        _make(staged)  # nobody has used what is there: half made by a start that was killed
    with staged.open("rb") as written:
        os.fsync(written.fileno())
    if file.exists():
        before = file.with_name(f"{file.name}.before")  # who goes back to the MLflow before needs it
        before.unlink(missing_ok=True)
        os.link(file, before)  # so that there is a database at every moment
    os.replace(staged, file)
    sync_folder(file.parent)


def _is_current(file: Path) -> bool:
    engine = _engine(file)
    try:
        return utils._all_tables_exist(engine) and utils._get_schema_version(engine) == utils._get_latest_schema_revision()
    finally:
        engine.dispose()


def _holds_anything(file: Path) -> bool:
    """Whether it has runs or models: what was made by a question alone may be made again."""
    if not file.exists():
        return False
    with closing(sqlite3.connect(file)) as database:
        there = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        used = [table for table in ("runs", "registered_models") if table in there]
        return any(database.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is not None for table in used)


def _make(file: Path) -> None:
    engine = _engine(file)
    try:
        utils._initialize_tables(engine)
    finally:
        engine.dispose()


def _engine(file: Path) -> Engine:
    return create_engine(f"sqlite:///{file}")
