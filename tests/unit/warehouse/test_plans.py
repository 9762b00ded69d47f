"""Which plan a day's build reads, and what it finds where none is published."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from mutasi.settings import Settings
from mutasi.warehouse.plans import PLANS, published_run, write_plans

MONDAY = dt.date(2026, 11, 16)  # of 2026-W47


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = Settings(home=tmp_path, project=tmp_path, agencies=tmp_path)
    for week, run in (("2026-W46", "aaa"), ("2026-W47", "bbb"), ("2026-W47", "newer")):
        out = tmp_path / "runs" / week / run / "out"
        out.mkdir(parents=True)
        for table, columns in PLANS.values():
            selected = ", ".join(
                f"null::{kind} as {name}" for name, kind in (c.strip().rsplit(" ", 1) for c in columns.split(","))
            )
            duckdb.sql(f"select {selected}, 'more' as a_column_of_a_later_version").write_parquet(str(out / f"{table}.parquet"))
    for week, run in (("2026-W46", "aaa"), ("2026-W47", "bbb")):
        (tmp_path / "extracts" / week / run).mkdir(parents=True)
        (tmp_path / "extracts" / week / "current").symlink_to(run)
    return found


@pytest.mark.parametrize(
    ("day", "run"),
    [
        (MONDAY - dt.timedelta(days=7), None),  # the Monday of the first week: its plan is made after the night's build
        (MONDAY, "aaa"),
        (MONDAY + dt.timedelta(days=1), "bbb"),
        (MONDAY + dt.timedelta(days=60), "bbb"),
    ],
)
def test_a_week_counts_from_the_day_after_its_monday(settings: Settings, day: dt.date, run: str | None) -> None:
    found = published_run(settings, day)
    assert (found.name if found else None) == run


def test_a_run_that_is_gone_leaves_the_week_before(settings: Settings) -> None:
    (settings.home / "runs" / "2026-W47" / "bbb" / "out" / "units.parquet").unlink()
    found = published_run(settings, MONDAY + dt.timedelta(days=1))
    assert found and found.name == "aaa"


@pytest.mark.parametrize(("day", "rows"), [(MONDAY - dt.timedelta(days=7), 0), (MONDAY + dt.timedelta(days=1), 1)])
def test_the_tables_have_their_columns_with_and_without_a_plan(settings: Settings, day: dt.date, rows: int) -> None:
    inputs = settings.home / "inputs"
    write_plans(settings, inputs, day)
    for name, (_, columns) in PLANS.items():
        found = duckdb.sql(f"from read_parquet('{inputs}/{name}/*.parquet', union_by_name = true)")
        assert found.columns == ["week", "run_id", *(c.strip().split(" ")[0] for c in columns.split(","))]
        assert found.fetchall()[0][:2] == ("2026-W47", "bbb") if rows else not found.fetchall()
