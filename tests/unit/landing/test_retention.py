"""Retention: old files go when asked, what is in use stays, and history never loses a day to a late night."""

from __future__ import annotations

import datetime as dt

import pytest
from click.testing import CliRunner

from mutasi.cli import main
from mutasi.landing.history import HistoryError
from mutasi.landing.retention import RetentionError, expired, prune, retention_days
from mutasi.landing.snapshots import data_path, in_use, landed

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


def test_an_unchanged_day_is_kept_once_on_disk(two_nights):
    home = two_nights.settings
    files = [data_path(home, "landing", landed(home, "employees", day)["contoh"]) for day in (OLD, LATER)]
    assert files[0].samefile(files[1])
    raw = [next((home.home / "raw" / "contoh" / "employees" / str(day)).glob("*/employees.csv")) for day in (OLD, LATER)]
    assert raw[0].samefile(raw[1])


def test_every_kind_needs_a_rule_in_force(settings):
    assert retention_days(settings, TODAY)["raw"] > 0
    with pytest.raises(RetentionError, match="No rule in force"):
        retention_days(settings, dt.date(2001, 1, 1))
