"""One function decides the day of a run."""

from __future__ import annotations

import datetime as dt

import pytest

from mutasi.orchestration.dates import DateError, first_of_month, snapshot_date, today

LATE = dt.datetime(2026, 3, 1, 19, 0, tzinfo=dt.UTC)  # 02:00 on the second in Jakarta


def test_the_partition_is_the_day():
    assert snapshot_date("2026-02-03", {}, LATE) == dt.date(2026, 2, 3)


def test_the_form_wins_over_the_partition():
    assert snapshot_date("2026-02-03", {"date": "2026-01-01"}, LATE) == dt.date(2026, 1, 1)


def test_without_either_it_is_the_day_in_jakarta():
    assert snapshot_date(None, {"date": None}, LATE) == dt.date(2026, 3, 2)


def test_a_wrong_date_is_a_sentence():
    with pytest.raises(DateError, match="YYYY-MM-DD"):
        snapshot_date("03-02-2026", {}, LATE)


def test_a_day_that_has_not_come_is_refused():
    assert snapshot_date(None, {"date": today().isoformat()}, LATE) == today()
    tomorrow = today() + dt.timedelta(days=1)
    with pytest.raises(DateError, match=f"{tomorrow} has not come yet"):
        snapshot_date(None, {"date": tomorrow.isoformat()}, LATE)


@pytest.mark.parametrize(
    ("key", "form", "first"),
    [("2026-02", {}, (2026, 2, 1)), ("2026-02", {"month": "2026-01"}, (2026, 1, 1)), (None, {"month": None}, (2026, 3, 1))],
)
def test_the_month_is_that_of_the_form_or_the_partition_or_of_jakarta(key, form, first):
    assert first_of_month(key, form, dt.datetime(2026, 2, 28, 19, 0, tzinfo=dt.UTC)) == dt.date(*first)


def test_a_wrong_month_is_a_sentence():
    with pytest.raises(DateError, match="2026-11"):
        first_of_month("2026-13", {}, LATE)
