"""Homes that many tests read: a small demo refreshed once through real Airflow, and two invented agencies built once."""

from __future__ import annotations

import datetime as dt
import json
import os
import pickle
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import duckdb
import pytest
from tests.integration import synthetic_inputs
from tests.once import once

from mutasi.demo import generate
from mutasi.demo.session import demo_connections, demo_key, siasn_service
from mutasi.settings import PROJECT, Settings
from mutasi.warehouse.build import BuildResult, build
from mutasi.warehouse.publish import publish

FIRST = dt.date(2026, 11, 2)
EMPLOYEES = 1_500


class Home:
    """One home and the runs on it."""

    def __init__(self, path: Path, dagbag: object) -> None:
        self.path, self.dagbag, self.day = path, dagbag, FIRST
        self.settings = Settings(home=path, project=PROJECT, agencies=Path(os.environ["MUTASI_AGENCIES"]))

    @contextmanager
    def environment(self) -> Iterator[None]:
        """The connections and the key of this home, and its SIASN service."""
        with pytest.MonkeyPatch.context() as patch, siasn_service(self.settings) as service:
            patch.setenv("MUTASI_HOME", str(self.path))
            patch.setenv("MUTASI_PSEUDONYM_KEY_FILE", str(demo_key(self.settings)))
            for name, value in {**demo_connections(self.settings), **service}.items():
                patch.setenv(name, value)
            yield

    def generate(self, night: int) -> dt.date:
        """Make the sources of a night; returns its day."""
        day = FIRST + dt.timedelta(days=night)
        generate(self.path, employees=EMPLOYEES, as_of=day, night=night)
        return day

    def refresh(self, day: dt.date, agencies: list[str] | None = None) -> tuple[str, dict[tuple[str, str], str]]:
        """Run the whole DAG; returns its state and the state of every task by (task, map label)."""
        with self.environment():
            run = self.dagbag.dags["nightly_refresh"].test(run_conf={"date": day.isoformat(), "agencies": agencies or []})
        states = {(ti.task_id, ti.rendered_map_index or str(ti.map_index)): str(ti.state) for ti in run.get_task_instances()}
        return str(run.state), states

    def rows(self, query: str, database: str = "reporting") -> list[tuple]:
        """Query a published database; its file and its schema share a name in the case of planning, so the file gets another."""
        with duckdb.connect() as con:
            con.execute(f"attach '{self.path}/warehouse/{database}.duckdb' as published (read_only)")
            con.execute("use published")
            return con.execute(query).fetchall()

    def marts(self) -> dict[str, list[str]]:
        """Every row of every mart as text, for comparison."""
        with duckdb.connect(str(self.path / "warehouse" / "reporting.duckdb"), read_only=True) as con:
            tables = con.execute("select table_name from duckdb_tables() where schema_name = 'marts' order by 1").fetchall()
            texts = "select mart::varchar as text from marts.{} as mart order by text"
            return {t: [text for (text,) in con.execute(texts.format(t)).fetchall()] for (t,) in tables if not t.startswith("_")}

    def copy(self, target: Path, bare: bool = False) -> Home:
        """A copy that can be ruined; a bare one has the sources and no run behind it."""
        shutil.copytree(
            self.path,
            target,
            ignore=lambda path, names: set(names) - {"demo", "state"} if bare and Path(path) == self.path else set(),
        )
        for file in (target / "demo").glob("connections.env"):
            file.write_text(file.read_text(encoding="utf-8").replace(str(self.path), str(target)), encoding="utf-8")
        return Home(target, self.dagbag)


@pytest.fixture(scope="session")
def first_night(tmp_path_factory: pytest.TempPathFactory, dagbag: object, airflow_home: Path) -> Home:
    """A home after one good night; read it, do not change it."""

    def make(folder: Path) -> None:
        home = Home(folder / "home", dagbag)
        state, states = home.refresh(home.generate(0))
        (folder / "states.json").write_text(json.dumps([state, [[*task, told] for task, told in states.items()]]))
        for file in airflow_home.glob("airflow.db*"):
            shutil.copy(file, folder)

    folder = once(tmp_path_factory, "first-night", make)
    home = Home(folder / "home", dagbag)
    home.state, states = json.loads((folder / "states.json").read_text())
    home.states = {(task, label): told for task, label, told in states}
    return home


@pytest.fixture
def after_first_night(first_night: Home, tmp_path: Path) -> Iterator[Home]:
    """A copy of that home for a scenario to change."""
    home = first_night.copy(tmp_path / "home")
    yield home
    shutil.rmtree(home.path)


@pytest.fixture
def before_first_night(first_night: Home, tmp_path: Path) -> Iterator[Home]:
    """The sources of that home, and no run behind it."""
    home = first_night.copy(tmp_path / "home", bare=True)
    yield home
    shutil.rmtree(home.path)


@pytest.fixture(scope="session")
def two_agencies(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, BuildResult]:
    """Two small invented agencies, built with dbt's unit tests and published; read it, do not change it."""

    def settings(folder: Path) -> Settings:
        return Settings(home=folder / "home", project=PROJECT, agencies=Path(os.environ["MUTASI_AGENCIES"]))

    def make(folder: Path) -> None:
        settings(folder).folder("tmp")
        synthetic_inputs.write_inputs(settings(folder))
        # To put the rows of a unit test before a model's query, dbt looks for its first word, and has sqlparse find clauses and
        # brackets in all of it, which takes a third of the time.
        with patch("sqlparse.engine.grouping.group", lambda statement: statement):
            result = build(settings(folder), run_id="first", unit_tests=True)
        publish(settings(folder), run_id="first")
        (folder / "result.pickle").write_bytes(pickle.dumps(result))

    folder = once(tmp_path_factory, "two-agencies", make)
    return settings(folder), pickle.loads((folder / "result.pickle").read_bytes())


os.environ.setdefault("MUTASI_MEMORY_LIMIT", "2GB")
