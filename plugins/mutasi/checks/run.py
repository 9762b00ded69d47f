"""The check step of the nightly run: one dataset, one day, all agencies at once, a verdict for each.

One run over all agencies costs about what one agency would: 640 agencies times nine datasets as single suites would take
half an hour of computing.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import duckdb

from mutasi.checks.arrivals import arrivals
from mutasi.checks.day import open_day
from mutasi.checks.judge import CheckError, judge
from mutasi.checks.policies import exceptions
from mutasi.checks.suites import VOLUME, read_suite
from mutasi.checks.verdicts import DatasetVerdicts, conclude, withdraw
from mutasi.engine import connect
from mutasi.settings import Settings

log = logging.getLogger(__name__)


def check_dataset(settings: Settings, dataset: str, day: dt.date, run_id: str) -> DatasetVerdicts:
    """Judge what all agencies landed of a dataset on a day.

    An agency that delivered this dataset before and others today, but not this one, gets the verdict "stop"; so does one
    whose file is damaged or empty. Agencies that never delivered it have no verdict.

    Raises:
        CheckError: nothing at all landed that day, or a rule could not be run.
        SuiteError: a suite cannot be used.
    """
    started = time.perf_counter()
    withdraw(settings, dataset, day)
    volume, rows = read_suite(settings.suites, VOLUME), read_suite(settings.suites, dataset)
    excepted = exceptions(settings, dataset, day, [*volume, *rows])
    if not any((settings.home / "landing").glob(f"*/{day.isoformat()}/*.json")):
        raise CheckError(f"{dataset}: no agency landed anything on {day}; run the landing first.")
    arrived = arrivals(settings, dataset, day)
    with _workspace(settings, dataset) as (con, url):
        open_day(con, settings, dataset, day, arrived, rows)
        judge(con, url, f"{dataset}_volume", volume)
        judge(con, url, dataset, rows)
        found = conclude(con, settings, dataset, day, run_id, [*volume, *rows], excepted)
    log.info(
        "%s of %s: %d rows of %d agencies checked in %.1f s; %d rows to quarantine, %d agencies stopped.",
        dataset,
        day,
        sum(v.rows for v in found.agencies.values()),
        len(found.agencies),
        time.perf_counter() - started,
        sum(v.drop_rows for v in found.agencies.values()),
        len(found.stopped),
    )
    return found


@contextmanager
def _workspace(settings: Settings, dataset: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """A database in memory for one check, and its URL; it is gone afterwards."""
    from mutasi.checks.dialect import lent

    name = f"check_{dataset}"
    with closing(connect(settings)) as con:
        con.execute(f"attach ':memory:' as {name}")
        try:
            con.execute(f"use {name}")
            with lent(name, con) as url:
                yield con, url
        finally:
            con.execute("use memory")
            con.execute(f"detach {name}")
