"""A month is its first and its last published day, as they were published."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from mutasi.publish import MonthError, write_month_page
from mutasi.settings import Settings
from mutasi.warehouse.fingerprint import rows_file


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, project=tmp_path, agencies=tmp_path)


def published(settings: Settings, day: dt.date, agencies: dict[str, tuple[float, int]]) -> None:
    """A day as BI could open it: shortage and empty posts per agency."""
    with duckdb.connect(str(rows_file(settings, day))) as con:
        con.execute("create schema marts")
        con.execute("create table marts.dim_agency (agency_id text, agency_name text, data_as_of date)")
        con.execute(
            "create table marts.place_summary (scope text, scope_id text, method text, shortage_fte double, surplus_fte double, open_seats bigint)"
        )
        con.execute(
            "create table marts.agency_data_quality (agency_id text, index_pct double, rows_quarantined bigint, is_latest boolean)"
        )
        for agency, (shortage, seats) in agencies.items():
            con.execute("insert into marts.dim_agency values (?, ?, ?)", [agency, f"Kota {agency.title()} <Rekaan>", day])
            con.execute("insert into marts.place_summary values ('agency', ?, 'all', ?, 1.5, ?)", [agency, shortage, seats])
            # Neither another method nor an earlier night may be taken for the day itself.
            con.execute("insert into marts.place_summary values ('agency', ?, 'abk', 999, 999, 999)", [agency])
            con.execute("insert into marts.agency_data_quality values (?, 97.5, 3, true), (?, 11, 888, false)", [agency, agency])


def test_the_first_and_the_last_night_stand_side_by_side(settings: Settings) -> None:
    published(settings, dt.date(2026, 10, 31), {"satu": (555, 555)})
    published(settings, dt.date(2026, 11, 2), {"satu": (1234.5, 40), "pergi": (7, 1)})
    published(settings, dt.date(2026, 11, 15), {"satu": (555, 555)})
    published(settings, dt.date(2026, 11, 29), {"satu": (1200, 31), "baru": (8, 2)})
    page = write_month_page(settings, dt.date(2026, 11, 17))
    rows = duckdb.sql(
        f"select agency_id, shortage_fte_first, shortage_fte_last, open_seats_first, open_seats_last, index_pct_last, rows_quarantined "
        f"from '{page.with_name('outcome.parquet')}' order by 1"
    ).fetchall()
    assert rows == [
        ("baru", None, 8, None, 2, 97.5, 3),
        ("pergi", 7, None, 1, None, None, None),
        ("satu", 1234.5, 1200, 40, 31, 97.5, 3),
    ]
    text = page.read_text(encoding="utf-8")
    assert "Evaluasi bulan November 2026" in text and "terbit 3 dari 30 malam" in text
    assert "1.234,5" in text and "Kota Satu &lt;Rekaan&gt;" in text and "999" not in text and "555" not in text


def test_one_published_night_is_its_own_first_and_last(settings: Settings) -> None:
    published(settings, dt.date(2026, 2, 28), {"satu": (5, 4)})
    assert "terbit 1 dari 28 malam" in write_month_page(settings, dt.date(2026, 2, 1)).read_text(encoding="utf-8")


def test_a_month_of_which_nothing_is_kept_is_a_sentence(settings: Settings) -> None:
    with pytest.raises(MonthError, match=r"2026-11.*retention_marts_days"):
        write_month_page(settings, dt.date(2026, 11, 1))
