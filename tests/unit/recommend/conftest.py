"""One small run that the tests of a module share and must not change; `tampered` copies it."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import duckdb
import pytest
from tests.once import once
from tests.unit.recommend.planning_database import make_planning

from mutasi.recommend.account import RunSummary
from mutasi.recommend.weekly import run_week
from mutasi.settings import Settings


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return replace(Settings.from_environment(), home=tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def made(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A planning database and its run; what the search needs compiled is compiled with it, and not by every worker."""

    def make(folder: Path) -> None:
        summary = run_week(replace(settings, home=folder), make_planning(folder / "planning.duckdb"), "2026-W47")
        (folder / "summary.json").write_text(json.dumps(asdict(summary)), encoding="utf-8")

    return once(tmp_path_factory, "recommended", make)


@pytest.fixture(scope="session")
def planning(made: Path) -> Path:
    return made / "planning.duckdb"


@pytest.fixture(scope="session")
def found(made: Path) -> RunSummary:
    return RunSummary(**json.loads((made / "summary.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def run(found: RunSummary) -> Path:
    return Path(found.folder)


class Copy:
    """A copy of a run whose tables can be changed."""

    def __init__(self, run: Path) -> None:
        self.run = run

    def change(self, table: str, query: str, folder: str = "tables") -> None:
        """Replace a table by a query over `it`."""
        file = self.run / folder / f"{table}.parquet"
        with duckdb.connect() as con:
            con.execute(f"create table it as from read_parquet('{file}')")
            con.execute(f"copy ({query}) to '{file}' (format parquet)")


@pytest.fixture
def tampered(run: Path, tmp_path: Path) -> Copy:
    return Copy(Path(shutil.copytree(run, tmp_path / "run")))
