"""Loose files are bound into one per day and run, and nothing is counted twice or lost."""

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


def leaf(settings: Settings, dataset: str, agency: str, rows: int) -> None:
    file = settings.folder("quality", "quarantine") / f"{DAY}-{dataset}-{agency}.parquet"
    columns = f"date '{DAY}' as snapshot_date, '{agency}' as agency_id, '{dataset}' as dataset, 'X-1' as rule_code, null::varchar as column_name"
    duckdb.sql(f"copy (select {columns}, {rows} as rows_affected where {rows} > 0) to {quoted(str(file))} (format parquet)")


def counts(settings: Settings) -> set[tuple[str, str, int]]:
    files = quoted(str(settings.home / "quality" / "quarantine" / "*.parquet"))
    return set(duckdb.sql(f"select dataset, agency_id, rows_affected from read_parquet({files})").fetchall())


def test_a_day_becomes_one_file_and_a_repeated_delivery_takes_the_place_of_the_earlier(settings: Settings) -> None:
    leaf(settings, "units", "satu", 3)
    leaf(settings, "units", "dua", 4)
    leaf(settings, "unit_bridge", "dua", 5)
    assert bind_leaves(settings) == 3
    assert [f.name for f in (settings.home / "quality" / "quarantine").glob("*.parquet")] == [f"{DAY}.parquet"]
    leaf(settings, "units", "satu", 1)
    leaf(settings, "units", "dua", 0)
    assert bind_leaves(settings) == 2
    assert counts(settings) == {("units", "satu", 1), ("unit_bridge", "dua", 5)}


def test_an_interrupted_bind_is_taken_up(settings: Settings) -> None:
    leaf(settings, "units", "satu", 3)
    taken = settings.folder("quality", "quarantine", ".taken")
    for file in (settings.home / "quality" / "quarantine").glob("*.parquet"):
        file.replace(taken / file.name)
    bind_leaves(settings)
    assert counts(settings) == {("units", "satu", 3)}


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
