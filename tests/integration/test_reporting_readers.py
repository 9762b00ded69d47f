"""Readers at work during ten refreshes: no error, no mixture of two nights, in either store."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
import pytest
from tests.integration.reporting_store import Store, published_store

from mutasi.settings import Settings
from mutasi.warehouse.build import BuildResult
from mutasi.warehouse.built import opened
from mutasi.warehouse.publish import reporting_file

pytestmark = [pytest.mark.needs("postgres"), pytest.mark.takes(45)]
REFRESHES = 10
MARTS = ("dim_agency", "dim_date", "dim_unit", "dim_position", "unit_workload", "position_workload", "vacancies")
OTHERS = {"quality": "quality.runs", "planning": "planning.quarantined_posts"}
# Each reader prints every answer that it saw, once, with the number of questions and the errors.
READER = """
import json, select, sys
import duckdb, psycopg2
store, place, *queries = sys.argv[1:]
session = None
if store == "postgres":
    session = psycopg2.connect(place)
    session.autocommit = True
def ask():
    if store == "duckdb":  # as a dashboard that opens the file for each page, with several questions on it
        with duckdb.connect(place, read_only=True) as con:
            return [str(v) for query in queries for v in con.execute(query).fetchone()]
    with session.cursor() as cursor:
        answer = []
        for query in queries:
            cursor.execute(query)
            answer += [str(v) for v in cursor.fetchone()]
        return answer
def answer():  # DuckDB reads a file's header, closes it and opens it anew: a night that comes between is an IO error, once
    try:
        return ask()
    except duckdb.IOException:
        return ask()
seen, errors, asked = set(), [], 0
print("ready", flush=True)
while not select.select([sys.stdin], [], [], 0.03)[0]:  # no more, or readers take the processor from the refresh
    try:
        seen.add(tuple(answer()))
        asked += 1
    except Exception as error:
        errors.append(repr(error)[:300])
print(json.dumps({"seen": sorted(seen), "errors": errors, "asked": asked}))
"""


@pytest.fixture(scope="module")
def store(two_agencies: tuple[Settings, BuildResult], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with published_store(two_agencies[0], tmp_path_factory.mktemp("readers")) as opened:
        yield opened


def question(schemas: tuple[str, ...]) -> str:
    """Run ids and counts of many tables in one statement, which takes the server a while to look up."""
    counts = [f"(select count(*) from marts.{table})" for table in MARTS]
    counts += [f"(select count(*) from {OTHERS[schema]})" for schema in schemas if schema in OTHERS]
    ids = [f"(select run_id from {schema}.publication)" for schema in schemas]
    return f"select {', '.join(ids + counts)}"


def expected(store: Store, schemas: tuple[str, ...]) -> list[str]:
    """The counts of the night that is built."""
    tables = [f"marts.{t}" for t in MARTS]
    tables += [OTHERS[schema] for schema in schemas if schema in OTHERS]
    with opened(store.settings) as con:
        return [str(con.execute(f"select count(*) from {t}").fetchone()[0]) for t in tables]


@contextmanager
def reading(store: str, place: str, *queries: str) -> Iterator[dict[str, object]]:
    command = [sys.executable, "-c", READER, store, place, *queries]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        found: dict[str, object] = {}
        yield found
        found.update(json.loads(process.communicate("stop\n")[0]))


def test_ten_refreshes_under_readers_of_both_stores(store: Store) -> None:
    every, bi = ("marts", "planning", "quality"), ("marts", "quality")
    nights = {}

    def remember(run_id: str) -> None:
        nights[run_id] = {kind: expected(store, kind) for kind in (every, bi, ("marts",))}

    remember(f"run-{store.publishes}")
    file_query = question(bi).replace("(select run_id from marts.publication), ", "")
    with (
        reading("postgres", store.url(), question(every)) as owner,
        reading("postgres", store.url("dashboard"), question(("marts",))) as dashboard,
        reading("duckdb", str(reporting_file(store.settings)), file_query, "select run_id from quality.publication") as file,
    ):
        for night in range(REFRESHES):
            store.change(
                f"delete from marts.dim_date where date_day in (select date_day from marts.dim_date order by 1 limit {night + 1})",
                "insert into quality.runs from quality.runs limit 1",
                "insert into planning.quarantined_posts from planning.quarantined_posts limit 1",
            )
            remember(store.publish())

    for found, kind, ids in ((owner, every, 3), (dashboard, ("marts",), 1)):
        assert found["errors"] == [] and found["asked"] > 10 * REFRESHES
        assert len(found["seen"]) > REFRESHES // 2
        for answer in found["seen"]:
            assert answer == [answer[0]] * ids + nights[answer[0]][kind]
    assert file["errors"] == [] and file["asked"] > REFRESHES and len(file["seen"]) > REFRESHES // 2
    for answer in file["seen"]:
        assert answer == [answer[0], *nights[answer[0]][bi], answer[0]]


def test_names_do_not_change_while_a_statement_has_some_of_its_tables(store: Store) -> None:
    before = f"run-{store.publishes}"
    reader = psycopg2.connect(store.url())
    with reader.cursor() as cursor:
        cursor.execute("select run_id from marts.publication")
        publishing = threading.Thread(target=store.publish)
        publishing.start()
        waits = "select count(*) > 0 from pg_locks where mode = 'AccessExclusiveLock' and not granted"
        until = time.monotonic() + 60
        while store.rows(waits) != [(True,)]:
            assert publishing.is_alive() and time.monotonic() < until, "the change of names did not wait for the reader"
        cursor.execute("select run_id from quality.publication")
        assert cursor.fetchall() == [(before,)]
    reader.rollback()
    publishing.join(60)
    assert store.rows("select run_id from marts.publication") == [(f"run-{store.publishes}",)]
    reader.close()
