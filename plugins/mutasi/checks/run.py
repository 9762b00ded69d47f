"""The check step of the nightly run: a day's datasets, each over all agencies at once, a verdict for each pair.

One run over all agencies costs about what one agency would: 640 agencies times nine datasets as single suites would take
half an hour of computing. For the same reason the rules on what arrived judge all datasets in one go, and one process
checks them all: Great Expectations takes longer to start than a city's rows take to check.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb

from mutasi.checks.arrivals import Arrival, arrivals
from mutasi.checks.day import open_arrivals, open_day
from mutasi.checks.judge import CheckError, judge
from mutasi.checks.policies import exceptions, require_known
from mutasi.checks.suites import VOLUME, SuiteError, read_suite
from mutasi.checks.verdicts import DatasetVerdicts, conclude, withdraw
from mutasi.collector import seldom_collected
from mutasi.engine import connect
from mutasi.ledger import Entry, size_of, stepped
from mutasi.settings import Settings

log = logging.getLogger(__name__)
Misfits = Mapping[str, Sequence[tuple[str, str]]]


def check_dataset(settings: Settings, dataset: str, day: dt.date, run_id: str) -> DatasetVerdicts:
    """`check_datasets` for one."""
    return check_datasets(settings, [dataset], day, run_id)[dataset]


@seldom_collected()
def check_datasets(settings: Settings, names: Sequence[str], day: dt.date, run_id: str) -> dict[str, DatasetVerdicts]:
    """Judge what all agencies landed of some datasets on a day.

    An agency that delivered a dataset before and others today, but not this one, gets the verdict "stop"; so does one
    whose file is damaged or empty. Agencies that never delivered it have no verdict. A dataset that cannot be judged has no
    verdicts and keeps no other from being judged.

    Raises:
        CheckError: nothing at all landed that day, or the rules of a dataset could not be run.
        SuiteError: a suite cannot be used.
    """
    for name in names:
        withdraw(settings, name, day)
    if not any((settings.home / "landing").glob(f"*/{day.isoformat()}/*.json")):
        raise CheckError(f"{', '.join(names)}: no agency landed anything on {day}; run the landing first.")
    require_known(settings)
    arrived = arrivals(settings, day)
    misfits = _judge_arrivals(settings, {name: arrived(name) for name in names})
    found: dict[str, DatasetVerdicts] = {}
    errors: list[CheckError | SuiteError] = []
    for name in names:
        if not arrived(name):  # nobody ever sent it
            found[name] = DatasetVerdicts(name, day, run_id, {})
            continue
        try:
            with stepped(settings, Entry(run_id, "check", day, dataset=name)) as entry:
                found[name] = _check(settings, name, day, run_id, arrived, misfits[name])
                entry.rows_received = sum(verdict.rows for verdict in found[name].agencies.values())
                entry.bytes = sum(size_of(Path(a.file)) for a in arrived(name) if a.file)
        except (CheckError, SuiteError) as error:
            log.error("%s", error)
            errors.append(error)
    if errors:
        raise type(errors[0])(" ".join(str(error) for error in errors))
    return found


def _judge_arrivals(settings: Settings, arrived: Mapping[str, Sequence[Arrival]]) -> Misfits:
    """Per dataset, agency and code of each rule on what arrived that it fails."""
    with _workspace(settings, VOLUME) as (con, url):
        open_arrivals(con, VOLUME, arrived)
        judge(con, url, VOLUME, read_suite(settings.suites, VOLUME))
        rows = con.execute("select _row_id, agency_id, rule_code from failing").fetchall()
    return {name: [(agency, code) for n, agency, code in rows if n == number] for number, name in enumerate(arrived)}


def _check(
    settings: Settings,
    dataset: str,
    day: dt.date,
    run_id: str,
    arrived: Callable[[str], list[Arrival]],
    misfits: Sequence[tuple[str, str]],
) -> DatasetVerdicts:
    started = time.perf_counter()
    volume, rows = read_suite(settings.suites, VOLUME), read_suite(settings.suites, dataset)
    excepted = exceptions(settings, dataset, day, [*volume, *rows])
    with _workspace(settings, dataset) as (con, url):
        parts = open_day(con, settings, dataset, day, arrived, rows)
        judge(con, url, dataset, rows, parts)
        if misfits:
            con.executemany("insert into failing values (?, null, ?)", misfits)
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
            # Each rule opens the files anew; they never change, for their names carry their hash.
            con.execute("set parquet_metadata_cache = true")
            with lent(name, con) as url:
                yield con, url
        finally:
            con.execute("use memory")
            con.execute(f"detach {name}")
