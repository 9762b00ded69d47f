"""The page of runs tells of failed nights too, newest first, and nothing in it is read as markup."""

from __future__ import annotations

import datetime as dt

from mutasi.ledger import Entry, record
from mutasi.publish import write_runs_page
from mutasi.settings import Settings

DAY = dt.date(2026, 11, 20)
BEGAN = dt.datetime(2026, 11, 20, 19, 0)


def entry(run: str, step: str, hour: int = 0, **told: object) -> Entry:
    began = BEGAN + dt.timedelta(hours=hour)
    return Entry(run, step, DAY, seconds=2.0, peak_mb=312.4, started_at=began, **told)  # type: ignore[arg-type]


def test_each_step_shows_what_went_through_it(settings: Settings) -> None:
    counts = {"rows_received": 12_345, "rows_promoted": 12_340, "rows_quarantined": 5, "bytes": 2_500_000}
    record(settings, [entry("malam", "promote", agency_id="dumai", dataset="units", **counts)])
    page = write_runs_page(settings).read_text(encoding="utf-8")
    for shown in ("promote", "12.345", "12.340", "2,5", "2,0", "312", "20 November 2026"):
        assert f">{shown}<" in page or shown in page, shown


def test_a_failed_night_stands_there_with_its_reason_and_no_markup(settings: Settings) -> None:
    record(settings, [entry("pertama", "publish")])
    record(settings, [entry("kedua", "build", hour=24, status="failed", message="<b>dbt</b>")])
    page = write_runs_page(settings).read_text(encoding="utf-8")
    assert page.index("kedua") < page.index("pertama")
    assert "gagal" in page and "&lt;b&gt;dbt&lt;/b&gt;" in page and "<b>dbt" not in page


def test_a_step_that_ran_again_counts_once_and_old_runs_leave_the_page(settings: Settings) -> None:
    for number in range(20):
        record(settings, [entry(f"run-{number:02}", "land", hour=number, agency_id="dumai", dataset="units", rows_received=7)])
    record(settings, [entry("run-19", "again", hour=20, agency_id="dumai", dataset="units", rows_received=7)])
    page = write_runs_page(settings).read_text(encoding="utf-8")
    assert "run-06" in page and "run-05" not in page


def test_times_are_those_of_jakarta(settings: Settings) -> None:
    record(settings, [entry("malam", "land")])
    page = write_runs_page(settings).read_text(encoding="utf-8")
    assert "waktu WIB" in page and "mulai 21-11-2026 02.00" in page


def test_before_the_first_run_it_says_so(settings: Settings) -> None:
    assert "Belum ada pelaksanaan" in write_runs_page(settings).read_text(encoding="utf-8")
