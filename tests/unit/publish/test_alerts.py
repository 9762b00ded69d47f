"""Alerts come when data grow stale or quarantine jumps, and not before."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from mutasi.ledger import Entry, record
from mutasi.publish import alerts
from mutasi.rules import RuleError
from mutasi.settings import PROJECT, Settings
from mutasi.sources.registry import read_agency

DAY = dt.date(2026, 11, 20)
BEFORE = DAY - dt.timedelta(days=1)


@pytest.fixture
def dumai() -> Any:
    return {"dumai": read_agency(PROJECT / "dags" / "agencies" / "dumai.yml")}


def delivered(settings: Settings, dataset: str, day: dt.date, quarantined: int, run: str) -> None:
    counts = {"rows_received": 1000, "rows_promoted": 1000 - quarantined, "rows_quarantined": quarantined}
    record(settings, [Entry(run, "promote", day, "dumai", dataset, **counts)])


def jumps(settings: Settings, dumai: Any, day: dt.date = DAY) -> list[str]:
    return [alert.line() for alert in alerts(settings, dumai, day) if alert.kind == "quarantine"]


@pytest.mark.parametrize(
    ("before", "now", "is_told"), [(30, 60, True), (30, 59, False), (5, 24, False), (5, 25, True), (0, 20, True), (0, 19, False)]
)
def test_quarantine_that_doubles_by_twenty_rows_is_told(
    settings: Settings, dumai: Any, before: int, now: int, is_told: bool
) -> None:
    delivered(settings, "units", BEFORE, before, "one")
    delivered(settings, "units", DAY, now, "two")
    told = jumps(settings, dumai)
    assert bool(told) == is_told
    if is_told:
        assert f"dumai, units: {now} rows went to quarantine, {before} the time before." in told[0]
        assert dumai["dumai"].owner.email in told[0] and "docs/runbooks/failed-check.md" in told[0]


def test_the_first_delivery_and_a_repeated_run_are_no_jump(settings: Settings, dumai: Any) -> None:
    delivered(settings, "units", DAY, 90, "one")
    delivered(settings, "units", DAY, 90, "again")
    assert jumps(settings, dumai) == []


def test_data_that_never_came_and_data_past_their_age_are_told_by_name(landing: Any, dumai: Any) -> None:
    landing.land("units", [{}], agency="dumai", stage="promoted", day=DAY)
    told = {a.text for a in alerts(landing.settings, dumai, DAY) if a.kind == "stale"}
    assert "dumai, employees: nothing usable ever came." in told and not any("dumai, units" in text for text in told)
    late = {a.text for a in alerts(landing.settings, dumai, DAY + dt.timedelta(days=400)) if a.kind == "stale"}
    assert any(text.startswith("dumai, units: the data in use are 400 days old,") for text in late)


def test_a_file_that_nobody_replaces_grows_old_however_often_it_is_read(landing: Any, dumai: Any) -> None:
    landing.land("units", [{}], agency="dumai", stage="promoted", day=DAY, delivered_on=DAY - dt.timedelta(days=8))
    told = {a.text for a in alerts(landing.settings, dumai, DAY) if a.kind == "stale"}
    assert "dumai, units: the data in use are 8 days old, 7 are allowed." in told


def test_a_missing_threshold_is_an_error_that_names_it(landing: Any, dumai: Any, tmp_path: Path) -> None:
    seeds = tmp_path / "bare" / "dbt_project" / "seeds"
    seeds.mkdir(parents=True)
    for name in ("rules", "freshness"):
        lines = (PROJECT / "dbt_project" / "seeds" / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        (seeds / f"{name}.csv").write_text("\n".join(line for line in lines if "alert_" not in line), encoding="utf-8")
    bare = Settings(home=landing.settings.home, project=tmp_path / "bare", agencies=PROJECT / "dags" / "agencies")
    delivered(bare, "units", DAY, 1, "one")
    with pytest.raises(RuleError, match="alert_quarantine_factor"):
        jumps(bare, dumai)
