"""One function decides which day a run is about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from mutasi.errors import NeedsAPerson
from mutasi.settings import JAKARTA


class DateError(NeedsAPerson):
    """A run carries a date that is not one."""


def today() -> dt.date:
    """The day in Jakarta."""
    return dt.datetime.now(JAKARTA).date()


def snapshot_date(partition_key: str | None, params: Mapping[str, Any], run_after: dt.datetime) -> dt.date:
    """The day of a run, in Jakarta: the form's date, else the partition, else the day on which the run was due.

    Raises:
        DateError: the date or the key is not of the form YYYY-MM-DD, or has not come yet.
    """
    given = params.get("date") or partition_key
    if not given:
        return run_after.astimezone(JAKARTA).date()
    try:
        day = dt.date.fromisoformat(given)
    except ValueError:
        raise DateError(f"The run's date `{given}` is not a day; write it as YYYY-MM-DD.") from None
    if day > today():  # everybody's data would be years old on it, and no later night could take its place
        raise DateError(f"The run's date {day} has not come yet; in Jakarta it is {today()}.")
    return day


def iso_week(partition_key: str | None, params: Mapping[str, Any], run_after: dt.datetime) -> str:
    """The ISO week of a run, `2026-W47`: the form's, else the partition, else the week in Jakarta in which the run was due.

    Raises:
        DateError: the form or the key names no week.
    """
    given = params.get("week") or partition_key
    if not given:
        return f"{run_after.astimezone(JAKARTA).date():%G-W%V}"
    try:
        return f"{dt.datetime.strptime(f'{given}-1', '%G-W%V-%u'):%G-W%V}"
    except ValueError:
        raise DateError(f"The run's week `{given}` is not a week; write it as 2026-W47.") from None


def first_of_month(partition_key: str | None, params: Mapping[str, Any], run_after: dt.datetime) -> dt.date:
    """The first day of a run's month: the form's, else the partition's, else that of the day in Jakarta on which the run was due.

    Raises:
        DateError: the form or the key names no month.
    """
    given = params.get("month") or partition_key
    if not given:
        return run_after.astimezone(JAKARTA).date().replace(day=1)
    try:
        return dt.datetime.strptime(given, "%Y-%m").date()
    except ValueError:
        raise DateError(f"The run's month `{given}` is not a month; write it as 2026-11.") from None
