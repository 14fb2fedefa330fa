import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from mlflow.store.db import utils
from ratchet_mlflow import tables


def tables_of(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as database:
        return {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def revision_of(file: Path) -> str:
    with closing(sqlite3.connect(file)) as database:
        return database.execute("SELECT version_num FROM alembic_version").fetchone()[0]


def test_makes_all_tables_once(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    tables.ensure_tables(f"sqlite:///{file}")
    assert {"experiments", "model_versions", "spans"} <= tables_of(file)
    assert revision_of(file) == utils._get_latest_schema_revision()
    made = file.stat().st_ino
    tables.ensure_tables(f"sqlite:///{file}")
    assert file.stat().st_ino == made
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow.db"]


def test_who_died_on_the_way_left_nothing_that_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "mlflow.db"
    upgrade = utils._upgrade_db

    def die(engine: object) -> None:  # the first tables are there, and none of the changes since
        raise KeyboardInterrupt

    monkeypatch.setattr(utils, "_upgrade_db", die)
    with pytest.raises(KeyboardInterrupt):
        tables.ensure_tables(f"sqlite:///{file}")
    assert not file.exists()
    monkeypatch.setattr(utils, "_upgrade_db", upgrade)
    tables.ensure_tables(f"sqlite:///{file}")
    assert revision_of(file) == utils._get_latest_schema_revision()


def test_there_is_a_database_at_every_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "mlflow.db"
    half_made(file)

    def die(*_paths: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tables.os, "replace", die)
    with pytest.raises(KeyboardInterrupt):
        tables.ensure_tables(f"sqlite:///{file}")
    assert "experiments" in tables_of(file)


def half_made(file: Path) -> None:
    """As two changes at once left it: a step's index is gone, and the step is not known to be done."""
    tables.ensure_tables(f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as database:
        database.execute("UPDATE alembic_version SET version_num = '451aebb31d03'")  # the first of all steps
        database.commit()


def test_what_was_left_half_made_and_never_used_is_made_anew(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    half_made(file)
    tables.ensure_tables(f"sqlite:///{file}")
    assert revision_of(file) == utils._get_latest_schema_revision()


def test_what_holds_models_is_left_as_it_is_and_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    half_made(file)
    with closing(sqlite3.connect(file)) as database:
        database.execute("INSERT INTO registered_models (name) VALUES ('m')")
        database.commit()
    before = file.read_bytes()
    with pytest.raises(SystemExit, match=r"mlflow\.db: MLflow cannot bring its tables up to date: .*back-up\.md"):
        tables.ensure_tables(f"sqlite:///{file}")
    assert file.read_bytes() == before


def test_a_database_of_an_older_mlflow_keeps_what_it_holds(tmp_path: Path) -> None:
    from alembic import command

    file = tmp_path / "mlflow.db"
    engine = tables._engine(file)
    utils.InitialBase.metadata.create_all(engine)
    with engine.begin() as connection:
        config = utils._get_alembic_config(f"sqlite:///{file}")
        config.attributes["connection"] = connection
        command.upgrade(config, "97727af70f4d")  # before experiments had creation times
    engine.dispose()
    with closing(sqlite3.connect(file)) as database:
        database.execute("INSERT INTO experiments (name, artifact_location, lifecycle_stage) VALUES ('kept', '', 'active')")
        database.commit()
    assert revision_of(file) != utils._get_latest_schema_revision()
    tables.ensure_tables(f"sqlite:///{file}")
    assert revision_of(file) == utils._get_latest_schema_revision()
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT count(*) FROM experiments WHERE name = 'kept'").fetchone() == (1,)
    assert revision_of(tmp_path / "mlflow.db.before") == "97727af70f4d"
