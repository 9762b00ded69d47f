"""Every rule of every suite finds as many rows on DuckDB, through our dialect, as on a real PostgreSQL.

Great Expectations believes that DuckDB is PostgreSQL. This test is what that belief rests on: it goes red when a new
version of DuckDB, duckdb-engine, SQLAlchemy or Great Expectations makes a rule mean something else.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
import psycopg2.extras
import pytest
from tests.integration.servers import running_postgres

from mutasi.checks.arrivals import Arrival
from mutasi.checks.day import _delivered, _drift, _repeats, _rows, elsewhere, open_arrivals
from mutasi.checks.dialect import lent
from mutasi.checks.judge import judge
from mutasi.checks.suites import read_suite, rules
from mutasi.settings import PROJECT
from mutasi.sources.datasets import Dataset, datasets

pytestmark = pytest.mark.takes(15)

SUITES = PROJECT / "expectations" / "suites"
DAY = dt.date(2026, 11, 20)
ROWS = 600
REFERRED = 20
POSTGRES_TYPES = {
    "VARCHAR": "text",
    "BIGINT": "bigint",
    "INTEGER": "integer",
    "DOUBLE": "double precision",
    "DATE": "date",
    "BOOLEAN": "boolean",
}

# Good, bad and missing values by column, else by type; few enough that rows meet, repeat and refer to each other.
POOLS: dict[str, list[Any]] = {
    "nip": [
        None,
        "198503152010011001",
        "199001012023212002",
        "199002302015022002",
        "1.985E+17",
        *(f"196001011985031{n:03}" for n in range(1, 13)),
    ],
    "unit_id": ["A", "A", "A", "B", "B", "C", None, "0" * 32, "0" * 36],
    "parent_unit_id": [None, "A", "A", "B", "C", "Z"],
    "position_id": ["P1", "P2", "P3", None],
    "job_id": [None, *(f"J{n}" for n in range(40))],
    "sub_job_id": [None, "8ae483a640", "8ae483a641", "8ae483a642"],
    "sex": ["M", "F", None],
    "golongan_code": ["33", "IX", "99", None],
    "home_district_code": ["14.71.01", "14.71.01.1001", "Jalan", None],
    "email": [None, "tokoh@example.invalid", "bukan"],
    "nik": [None, "0" * 16, "0"],
    "birth_date": [None, dt.date(1985, 3, 15), dt.date(1960, 1, 1), dt.date(1900, 1, 1)],
    "tmt_cpns": [None, dt.date(2010, 1, 1), dt.date(2023, 1, 1), dt.date(2026, 6, 1)],
    "id": ["1", "2", None],
    "text": ["Nama", "nama", "Lain", None],
    "code": ["1", "2", None],
    "integer": [None, -1, 0, 2, 18, 58, 6000],
    "year": [None, 1999, 2019, 2025, 2025, 2026, 2026, 2099],
    "decimal": [None, -1.0, 0.0, 0.5, 10.0, 14.0, 101.5, 80000.0],
    "date": [None, dt.date(1950, 1, 1), dt.date(2020, 1, 1), dt.date(2099, 1, 1)],
    "boolean": [None, True, False],
}
VOLUME = [
    Arrival("baik", True, True, 3, 3, 0, 3, 3, 0, None, 0, 3, 0),
    Arrival("hilang", False, False, None, None, None, None, 5, None, None, 4, 3),
    Arrival("kosong_kolom", True, True, 3, 3, 0, 3, 3, 0, None, 0, 3, 2),
    Arrival("rusak", True, False, 3, 3, 0, 3, None, 0, None),
    Arrival("kurang", True, True, 4, 3, 0, 3, None, 1, None),
    Arrival("kosong", True, True, 0, 0, 0, 0, 90, 0, None),
    Arrival("susut", True, True, 60, 60, 1, None, 100, 0, None),
    Arrival("tumbuh", True, True, 200, 200, 40, 200, 100, 0, None),
]


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL of our own."""
    with running_postgres() as (_, address):
        yield address.set(drivername="postgresql").render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def dirty() -> Iterator[duckdb.DuckDBPyConnection]:
    """All datasets filled with values from the pools, as Parquet-shaped tables `raw_<dataset>`."""
    with closing(duckdb.connect()) as con:
        for dataset in datasets().values():
            columns = ", ".join(f"{_picked(dataset, name)} as {name}" for name in dataset.columns)
            marks = ", ".join(
                f"case when hash(n || '{mark}') % 9 = 0 then ' {next(iter(dataset.columns))} ' else '' end as {mark}"
                for mark in ("_unreadable", "_unmapped", "_repaired")
            )
            agency = "case when n % 2 = 0 then 'satu' else 'dua' end as agency_id"
            body = f"select {agency}, n as _row_id, {columns}, {marks} from range(1, {ROWS + 1}) as r(n)"
            # the last rows are copies, so that exact duplicates exist
            con.execute(f"create table raw_{dataset.name} as {body}")
            con.execute(
                f"insert into raw_{dataset.name} select * replace (_row_id + {ROWS} as _row_id) from raw_{dataset.name} limit 40"
            )
        novice = "date '2026-06-01' as tmt_cpns, '15' as education_level_code, '33' as golongan_code, 'PNS' as employment_status"
        held = "'A' as unit_id, 'D' as assignment_type, null as valid_to"
        post = "'A' as unit_id, null as job_level"
        planted = [
            ("employees", "9001 as _row_id, 'P-1' as nip, date '1960-01-01' as birth_date"),
            ("employees", f"9002 as _row_id, 'P-2' as nip, {novice}"),
            ("employees", f"9003 as _row_id, 'P-4' as nip, {novice}"),
            ("unit_bridge", "9001 as _row_id, 'Z-1' as old_unit_id, 'Z-2' as new_unit_id"),
            ("employees", "9004 as _row_id, '199001012018212002' as nip, 'PPPK' as employment_status"),
            ("assignments", f"0 as _row_id, 'P-1' as nip, 'P-1' as position_id, {held}"),
            ("assignments", f"0 as _row_id, 'P-2' as nip, 'P-2' as position_id, {held}"),
            ("assignments", f"9003 as _row_id, 'P-3' as nip, 'P-3' as position_id, {held}"),
            ("assignments", f"0 as _row_id, 'P-4' as nip, 'P-4' as position_id, {held}"),
            ("positions", "0 as _row_id, 'A' as unit_id, 'P-1' as position_id, 58 as bup_age"),
            (
                "positions",
                f"0 as _row_id, 'P-2' as position_id, {post}, 'administrator' as job_kind, '41' as golongan_min, '40' as min_education_code",
            ),
            ("positions", f"0 as _row_id, 'P-3' as position_id, {post}, 'pelaksana' as job_kind, 'Pranata Terampil' as job_name"),
            ("positions", f"0 as _row_id, 'P-4' as position_id, {post}, 'jf' as job_kind, '40' as min_education_code"),
        ]
        for dataset, cells in planted:
            con.execute(f"insert into raw_{dataset} select * replace ({cells}) from raw_{dataset} where _row_id = 2")
        for year, volume in ((2025, 10.0), (2026, 14.0)):
            cells = f"{year} as year, {volume} as volume, 'final' as status, 'year' as volume_period, 'T-1' as task_id"
            key = "'A' as unit_id, 'P-1' as position_id"
            con.execute(
                f"insert into raw_workloads select * replace ({9000 + year} as _row_id, {cells}, {key}) from raw_workloads where _row_id = 2"
            )
        for row, unit, parent in ((9001, "K1", "K2"), (9002, "K2", "K1")):
            circle = f"{row} as _row_id, '{unit}' as unit_id, '{parent}' as parent_unit_id"
            con.execute(f"insert into raw_units select * replace ({circle}) from raw_units where _row_id = 2")
        yield con


def _picked(dataset: Dataset, name: str) -> str:
    column = dataset.columns[name]
    pool = POOLS.get(name) or ([*column.allowed, None] if column.allowed else POOLS[column.type])
    values = ", ".join("null" if v is None else f"'{v}'" for v in pool)
    return f"cast(list_extract([{values}], 1 + cast(hash(n || '{dataset.name}.{name}') % {len(pool)} as bigint)) as {column.sql_type})"


def _workspace(dirty: duckdb.DuckDBPyConnection, dataset: str, folder: Path) -> duckdb.DuckDBPyConnection:
    """What the check step sees for one dataset: the view, `repeats`, `<dataset>_volume` and the other datasets."""
    con = dirty.cursor()
    name = f"check_{dataset}"
    file = folder / f"{dataset}.parquet"
    con.execute(f"copy raw_{dataset} to '{file}' (format parquet)")
    con.execute(f"attach ':memory:' as {name}")
    con.execute(f"use {name}")
    con.execute(f"create view {dataset} as {_rows(datasets()[dataset], [str(file)], DAY)}")
    _repeats(con, datasets()[dataset])
    open_arrivals(con, f"{dataset}_volume", {dataset: VOLUME})
    _drift(con, VOLUME)
    for other in datasets():
        if other != dataset:
            # few rows, so that references without their row exist
            con.execute(
                f"create view {other} as select *, date '{DAY}' as _day from memory.raw_{other} where _row_id <= {REFERRED}"
            )
    both = [Arrival(a, True, True, *[None] * 7, filled_names=tuple(datasets()[dataset].columns)) for a in ("satu", "dua")]
    _delivered(con, both, {other: {"satu": 1, "dua": 1} for other in datasets()})
    con.execute(
        "create table elsewhere as select * from (" + (elsewhere(DAY) if dataset == "employees" else "select 0 as none") + ")"
    )
    return con


def _copy(con: duckdb.DuckDBPyConnection, address: str, tables: list[str]) -> None:
    """The same tables in PostgreSQL."""
    with closing(psycopg2.connect(address)) as postgres, postgres, postgres.cursor() as cursor:
        cursor.execute("drop schema public cascade; create schema public")
        for table in tables:
            described = con.execute(f"describe {table}").fetchall()
            columns = ", ".join(f"{name} {POSTGRES_TYPES[kind]}" for name, kind, *_ in described)
            cursor.execute(f"create table {table} ({columns})")
            rows = con.execute(f"select * from {table}").fetchall()
            psycopg2.extras.execute_values(cursor, f"insert into {table} values %s", rows, page_size=1000)


def _counted_by_postgres(address: str, suite: str, table: str) -> dict[str, int]:
    """Failing rows by rule, from the suite as it stands in the repository and Great Expectations' own PostgreSQL."""
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    source = context.data_sources.add_sql("pg", connection_string=address.replace("postgresql://", "postgresql+psycopg2://"))
    batch = source.add_table_asset(table, table_name=table).add_batch_definition_whole_table("all").get_batch()
    document = json.loads((SUITES / f"{suite}.json").read_text())
    results = batch.validate(gx.ExpectationSuite(**document), result_format="BASIC").results
    assert [r.expectation_config.meta["rule"] for r in results if r.exception_info.get("raised_exception")] == []
    source.get_engine().dispose()
    counted = {}
    for result in results:
        found = result.result
        counted[result.expectation_config.meta["rule"]] = int(found.get("unexpected_count", found.get("observed_value")) or 0)
    return counted


def _counted_by_duckdb(con: duckdb.DuckDBPyConnection, name: str, suite: str, table: str) -> dict[str, int]:
    found = read_suite(SUITES, suite)
    with lent(name, con) as url:
        judge(con, url, table, found)
    counts = dict(con.execute("select rule_code, count(*) from failing group by all").fetchall())
    return {rule.code: counts.get(rule.code, 0) for rule in found}


@pytest.fixture(scope="module")
def counted(
    postgres: str, dirty: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[int, int]]:
    """Failing rows of every rule, on DuckDB and on PostgreSQL."""
    folder = tmp_path_factory.mktemp("dirty")
    both: dict[str, tuple[int, int]] = {}
    for dataset in datasets():
        con = _workspace(dirty, dataset, folder)
        volume = [("volume", f"{dataset}_volume")] if dataset == "units" else []
        _copy(con, postgres, [*datasets(), "repeats", "delivered", "elsewhere", f"{dataset}_volume"])
        for suite, table in [*volume, (dataset, dataset)]:
            ours = _counted_by_duckdb(con, f"check_{dataset}", suite, table)
            theirs = _counted_by_postgres(postgres, suite, table)
            both |= {code: (ours[code], theirs[code]) for code in ours}
    return both


@pytest.mark.needs("postgres")
def test_both_engines_find_the_same_number_of_rows(counted: dict[str, tuple[int, int]]) -> None:
    assert set(counted) == {rule.code for rule in rules(SUITES)}
    assert {code: counts for code, counts in counted.items() if counts[0] != counts[1]} == {}


@pytest.mark.needs("postgres")
def test_the_comparison_is_not_of_zeros(counted: dict[str, tuple[int, int]]) -> None:
    types = {rule.type for rule in rules(SUITES)}
    assert types == {rule.type for rule in rules(SUITES) if counted[rule.code][0] > 0}
    assert [code for code, counts in counted.items() if counts[0] == 0] == ["UNT-007"]
