"""One small run that the tests of a module share and must not change; `tampered` copies it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from tests.unit.recommend.planning_database import make_planning

from mutasi.recommend.account import RunSummary
from mutasi.recommend.weekly import run_week
from mutasi.settings import Settings


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return replace(Settings.from_environment(), home=tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def planning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_planning(tmp_path_factory.mktemp("planning") / "planning.duckdb")


@pytest.fixture(scope="session")
def found(settings: Settings, planning: Path) -> RunSummary:
    return run_week(settings, planning, "2026-W47")


@pytest.fixture(scope="session")
def run(found: RunSummary) -> Path:
    return Path(found.folder)


class Copy:
    """A copy of a run whose tables can be changed."""

    def __init__(self, run: Path) -> None:
        self.run = run

    def change(self, table: str, query: str) -> None:
        """Replace a table by a query over `it`."""
        file = self.run / "tables" / f"{table}.parquet"
        with duckdb.connect() as con:
            con.execute(f"create table it as from read_parquet('{file}')")
            con.execute(f"copy ({query}) to '{file}' (format parquet)")


@pytest.fixture
def tampered(run: Path, tmp_path: Path) -> Copy:
    return Copy(Path(shutil.copytree(run, tmp_path / "run")))
