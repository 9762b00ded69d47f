"""One function decides the day of a run."""

from __future__ import annotations

import datetime as dt

import pytest

from mutasi.orchestration.dates import DateError, snapshot_date

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
