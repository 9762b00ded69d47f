"""Loose files are bound into one per run, and nothing is counted twice or lost."""

from __future__ import annotations

import datetime as dt
import os
import time
from pathlib import Path

import duckdb
import pytest

from mutasi.engine import quoted
from mutasi.ledger import Entry, record
from mutasi.settings import PROJECT, Settings
from mutasi.warehouse.leaves import BOUND, bind_leaves

DAY = dt.date(2026, 11, 20)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", project=PROJECT, agencies=tmp_path)


def test_a_run_that_is_over_becomes_one_file_and_one_that_goes_on_does_not(settings: Settings) -> None:
    for run, hours in (("over", 30), ("going-on", 1)):
        for agency in ("satu", "dua"):
            record(settings, [Entry(run, "promote", DAY, agency, "units")])
        for file in (settings.home / "quality" / "runs" / run).iterdir():
            os.utime(file, (time.time() - hours * 3600,) * 2)
    bind_leaves(settings)
    runs = settings.home / "quality" / "runs"
    assert [f.name for f in (runs / "over").iterdir()] == [BOUND] and len(list((runs / "going-on").iterdir())) == 2
    rows = duckdb.sql(f"select agency_id from read_parquet({quoted(str(runs / 'over' / BOUND))})").fetchall()
    assert sorted(rows) == [("dua",), ("satu",)]
