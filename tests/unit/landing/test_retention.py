"""Retention: old files go when asked, what is in use stays, and history never loses a day to a late night."""

from __future__ import annotations

import datetime as dt
import os
import re

import pytest
from click.testing import CliRunner

from mutasi.cli import main
from mutasi.landing.history import HistoryError
from mutasi.landing.retention import KINDS, RetentionError, expired, prune, retention_days
from mutasi.landing.snapshots import data_path, in_use, landed
from mutasi.settings import PROJECT

OLD, LATER, TODAY = dt.date(2026, 1, 10), dt.date(2026, 1, 20), dt.date(2026, 12, 1)
ADI = "199001012015031001,Adi Rekaan,01-01-1990,PNS,"


@pytest.fixture
def two_nights(nights):
    for day in (OLD, LATER):
        nights.write(employees=[ADI])
        nights.night(day)
    return nights


def test_only_what_is_past_its_time_and_out_of_use_goes(two_nights):
    home = two_nights.settings
    found = expired(home, TODAY)
    assert {e.kind for e in found} == {"landing", "promoted"}
    assert prune(found) > 0
    assert expired(home, TODAY) == []
    used = in_use(home, "employees", TODAY)["contoh"]
    assert used.snapshot_date == LATER and data_path(home, "promoted", used).exists()
    assert (home.home / "history" / "employees" / f"{OLD}.parquet").exists()


def test_a_dry_run_touches_nothing(two_nights, monkeypatch):
    monkeypatch.setenv("MUTASI_HOME", str(two_nights.settings.home))
    before = sorted(two_nights.settings.home.rglob("*.parquet"))
    result = CliRunner().invoke(main, ["prune"])
    assert result.exit_code == 0 and ("Dry run" in result.output or "Nothing is past" in result.output)
    assert sorted(two_nights.settings.home.rglob("*.parquet")) == before


def test_a_night_older_than_what_was_pruned_is_refused_and_history_stays(two_nights):
    home = two_nights.settings
    middle = dt.date(2026, 2, 1)
    two_nights.write(employees=[ADI])
    two_nights.night(middle)
    prune([e for e in expired(home, TODAY) if e.kind == "promoted"])
    files = sorted((home.home / "history" / "employees").glob("*"))
    with pytest.raises(HistoryError, match="were pruned"):
        two_nights.night(dt.date(2026, 1, 5))
    assert sorted((home.home / "history" / "employees").glob("*")) == files


def test_an_agency_that_fell_silent_keeps_neither_history_nor_the_nights_from_going_on(nights, agency):
    """Its last snapshot is in use and stays, in a day whose other snapshots go."""
    nights.write("contoh", employees=[ADI])
    nights.write("lain", employees=[ADI.replace("1990", "1985")])
    nights.night(OLD, agency("contoh"), agency("lain"))
    for day in (OLD + dt.timedelta(days=1), LATER):
        nights.night(day, agency("lain"))
    home = nights.settings
    before = {file: file.read_bytes() for file in (home.home / "history").rglob("*.parquet")}
    prune([e for e in expired(home, TODAY) if e.kind == "promoted"])
    assert [f.name for f in (home.home / "promoted" / "employees" / str(OLD)).glob("*.json")] == ["contoh.json"]
    nights.night(TODAY, agency("lain"))
    assert {file: file.read_bytes() for file in before} == before
    assert in_use(home, "employees", TODAY)["contoh"].snapshot_date == OLD
    with pytest.raises(HistoryError, match=r"were pruned.*\(contoh\)"):
        nights.write("contoh", employees=[ADI.replace("Adi", "Ari")])
        nights.night(OLD, agency("contoh"))


def test_an_unchanged_day_is_kept_once_on_disk(two_nights):
    home = two_nights.settings
    files = [data_path(home, "landing", landed(home, "employees", day)["contoh"]) for day in (OLD, LATER)]
    assert files[0].samefile(files[1])
    raw = [next((home.home / "raw" / "contoh" / "employees" / str(day)).glob("*/employees.csv")) for day in (OLD, LATER)]
    assert raw[0].samefile(raw[1])


def test_what_is_unchanged_is_kept_once_over_nights_in_which_the_agency_failed(nights, agency):
    nights.write("contoh", employees=[ADI])
    nights.write("lain", employees=[ADI.replace("1990", "1985")])
    nights.land(OLD, agency("contoh"))
    nights.land(OLD + dt.timedelta(days=1), agency("lain"))
    nights.land(LATER, agency("contoh"))
    files = [data_path(nights.settings, "landing", landed(nights.settings, "employees", day)["contoh"]) for day in (OLD, LATER)]
    assert files[0].samefile(files[1])


def test_reports_and_weeks_go_but_not_the_plan_in_force_nor_one_that_a_decision_names(settings):
    for name in ("2025-W10", "2025-W11", "2025-W12", "2026-W44"):
        for kind in ("runs", "extracts"):
            settings.folder(kind, name, f"run-{name}")
    (settings.home / "extracts" / "2025-W12" / "current").symlink_to("run-2025-W12")
    (settings.folder("decisions") / "dumai.csv").write_text("run_id,candidate_id\nrun-2025-W11,c1\n", encoding="utf-8")
    for day in ("2025-03-03", "2026-11-30"):
        settings.folder("reports", "defects", day, "dumai")
    (settings.folder("reports", "checks") / "index.html").touch()
    gone = {str(e.path.relative_to(settings.home)) for e in expired(settings, TODAY)}
    assert gone == {"runs/2025-W10", "extracts/2025-W10", "reports/defects/2025-03-03"}


def test_records_of_publications_results_of_builds_and_scratch_go_on_their_day(settings):
    limits = retention_days(settings, TODAY)
    last = {kind: TODAY - dt.timedelta(days=limits[kind]) for kind in ("published", "marts", "logs")}
    for when in (last["marts"], last["marts"] - dt.timedelta(days=1)):
        (settings.folder("published") / f"{when.isoformat()}.duckdb").touch()
    places = ("published", "warehouse/dbt/results", "tmp/weeks", "airflow/logs/dag_id=nightly_refresh")
    for place in places:
        day = last["published" if place == "published" else "logs"]
        for file in (settings.folder(place) / f"{when.isoformat()}.json" for when in (day, day - dt.timedelta(days=1))):
            file.touch()
            moment = dt.datetime.fromisoformat(f"{file.stem}T12:00+00:00").timestamp()
            os.utime(file, (moment, moment))
    gone = [str(e.path.relative_to(settings.home)) for e in expired(settings, TODAY)]
    assert sorted(name.rpartition("/")[0] for name in gone) == sorted([*places, "published"])
    assert sum(name.endswith(".duckdb") for name in gone) == 1


def test_whatever_runs_write_by_day_or_week_has_a_retention(settings):
    """A folder that no rule names grows for ever, with persons in it."""
    kept_for_good = {"history", "decisions", "state", "warehouse", "airflow", "cache", "demo", "tmp"}
    source = "\n".join(file.read_text(encoding="utf-8") for file in (PROJECT / "plugins" / "mutasi").rglob("*.py"))
    written = set(re.findall(r'settings\.folder\("(\w+)"', source)) | set(re.findall(r'settings\.home / "(\w+)"', source))
    assert written - kept_for_good <= {*KINDS, "runs", "extracts"}, "kinds `plans` covers runs and extracts"


def test_every_kind_needs_a_rule_in_force(settings):
    assert retention_days(settings, TODAY)["raw"] > 0
    with pytest.raises(RetentionError, match="No rule in force"):
        retention_days(settings, dt.date(2001, 1, 1))
