"""How long a dashboard waits at national size: its own queries, on both reporting stores, over synthetic marts.

The queries are those of the export in `docs/bi/superset`, in the form that Superset sends them: without a filter, for
agencies of several sizes, and for kinds of unit. The marts are written straight into a build database, so that it is the real
publishing that makes both stores.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import numpy as np
import psycopg2
import yaml
from tests.build_databases import build_databases
from tests.integration.servers import running_postgres

from mutasi.engine import named
from mutasi.settings import PROJECT, Settings
from mutasi.warehouse.dictionary import ModelTable, model_tables
from mutasi.warehouse.publish import publish, reporting_file

AGENCIES, UNITS, POSTS_OF_A_UNIT = 640, 700_000, 5
TARGET_MS, REPEATS = 200.0, 5
EXPORT = PROJECT / "docs" / "bi" / "superset"
TYPES = (
    "root",
    "secretariat",
    "office",
    "division",
    "section",
    "district",
    "village",
    "hospital",
    "health_centre",
    "school_primary",
)
# A few large agencies and many small ones, as in reality.
NATION = f"""
create temp table agency as
with weighed as (
    select n, exp(1.1 * sqrt(-2 * ln(1 - (n - 0.5) / {AGENCIES})) * cos(n)) as weight from range(1, {AGENCIES + 1}) as t(n)
)
select n, greatest(5, round({UNITS} * weight / sum(weight) over ()))::bigint as units from weighed;
create macro share(x) as (hash(x) % 1000003) / 1000003.0;
create temp table unit as
select
    n, u, 'agency_' || n as agency_id, 'U' || u as unit_id, {list(TYPES)}[1 + (hash(n * 7 + u) % {len(TYPES)})::int] as unit_type,
    'Pemerintah Contoh ' || n || ' / Dinas ' || u // 40 || ' / Unit ' || u as unit_path,
    1 + 60 * share(n * 1000003 + u) ** 4 as need_fte, 0.6 + 0.8 * share(n + u * 31) as held
from agency, range(1, 300000) as t(u) where u <= agency.units;
create temp table post as
select unit.*, p, share(n * 17 + u * 5 + p) as luck from unit, range(1, {POSTS_OF_A_UNIT + 1}) as t(p);
"""
KNOWN = {
    "agency_name": "'Pemerintah Contoh ' || n",
    "staff_fte": "need_fte * held",
    "staff_of_known_need_fte": "need_fte * held",
    "pressure": "1 / held",
    "shortage_fte": "greatest(0, need_fte - need_fte * held)",
    "surplus_fte": "greatest(0, need_fte * held - need_fte)",
    "is_ranked": "need_fte >= 5",
    "has_final_abk": "true",
    "year": "2026",
    "position_id": "'P' || p",
    "vacancy_id": "agency_id || '|' || unit_id || '|P' || p",
    "scope": "'post'",
    "job_name": "'Jabatan ' || (u + p) % 150",
    "job_kind": "'jf'",
    "status": "case when luck < 0.25 then 'OPEN' when luck < 0.6 then 'UNKNOWN' else 'FILLED' end",
    "open_seats": "case when luck < 0.25 then 1 + (luck * 40)::integer when luck >= 0.6 then 0 end",
}
SUMMARY = """
create table marts.unit_type_summary as
select
    agency_id, unit_type, count(*)::integer as units, 0 as units_without_abk, 0 as units_under_review, sum(need_fte) as need_fte,
    sum(staff_fte) as staff_fte, sum(need_fte) as need_of_known_staff_fte, sum(staff_of_known_need_fte) as staff_of_known_need_fte,
    sum(need_fte) / sum(staff_fte) as pressure, sum(shortage_fte) as shortage_fte, sum(surplus_fte) as surplus_fte,
    any_value(seats.open_seats) as open_seats, 0 as critical_open_seats, current_date as as_of
from marts.unit_workload join marts.dim_unit using (agency_id, unit_id)
join (
    select agency_id, unit_type, sum(open_seats)::integer as open_seats
    from marts.vacancies join marts.dim_unit using (agency_id, unit_id) group by all
) as seats using (agency_id, unit_type)
group by agency_id, unit_type
"""
FORECAST = """
create or replace table marts.vacancy_forecast as
select * replace (
    'agency_' || n as agency_id, ['jpt', 'administrator', 'pengawas', 'jf', 'pelaksana'][1 + j % 5] as job_kind, 'Jabatan ' || j as job_name,
    y::integer as "year", 10 as leaving_by_age, 1 as leaving_as_planned, 20 as holders_definitive
)
from marts.vacancy_forecast cross join agency cross join range(60) as s(j) cross join range(2026, 2032) as t(y)
"""
SOURCES = {
    "dim_agency": "agency", "dim_unit": "unit", "unit_workload": "unit", "dim_position": "post", "position_workload": "post",
    "vacancies": "post",
}  # fmt: skip


def figures() -> Iterator[tuple[str, float, str, float | None, str | None]]:
    """Rows published, seconds to publish, and the 95th percentile of the waits per store; `target` holds for the percentile."""
    with tempfile.TemporaryDirectory(prefix="mutasi-latency-") as folder, running_postgres() as (_, address):
        settings = Settings(home=Path(folder) / "home", project=PROJECT, agencies=PROJECT / "dags" / "agencies")
        _write_build(settings)
        url = f"postgresql://postgres@/postgres?host={address.query['host']}"
        yield from _published(settings, url)
        session = psycopg2.connect(url.replace("postgres@", "bi@"))
        session.autocommit = True
        stores = {"postgres": _on_postgres(session), "duckdb": _on_duckdb(reporting_file(settings))}
        for store, ask in stores.items():
            waits = {name: [ask(query) for query in queries for _ in range(REPEATS)] for name, queries in _questions().items()}
            for name, times in waits.items():
                yield f"latency_{store}_{name}_p95", round(float(np.percentile(times, 95)), 1), "ms", None, None
            every = [t for times in waits.values() for t in times]
            yield f"latency_{store}_p50", round(float(np.percentile(every, 50)), 1), "ms", None, None
            yield f"latency_{store}_p95", round(float(np.percentile(every, 95)), 1), "ms", TARGET_MS, None
        # Who else used the machine: waits are wall time, and grow with it.
        yield "latency_load_average", round(os.getloadavg()[0], 1), "tasks", None, None


def _published(settings: Settings, url: str) -> Iterator[tuple[str, float, str, float | None, str | None]]:
    """Publish to the files alone, then to both: the difference is PostgreSQL's."""
    os.environ.pop("MUTASI_REPORTING_URL", None)
    start = time.perf_counter()
    publish(settings, run_id="files")
    files = time.perf_counter() - start
    start = time.perf_counter()
    with patch.dict(os.environ, {"MUTASI_REPORTING_URL": url}):  # the nights that are measured after this publish files alone
        publish(Settings(settings.home, settings.project, settings.agencies), run_id="both")
    both = time.perf_counter() - start
    session = psycopg2.connect(url)
    with session, session.cursor() as cursor:
        cursor.execute("create role bi login in role bi_reader")
        cursor.execute("select sum(reltuples)::bigint from pg_class where relnamespace = 'marts'::regnamespace and relkind = 'r'")
        rows = float(cursor.fetchall()[0][0])
    session.close()
    yield "latency_rows", rows, "rows", None, None
    yield "latency_publish_files", round(files, 1), "s", None, None
    yield "latency_publish_postgres", round(both - files, 1), "s", None, None


def _write_build(settings: Settings) -> None:
    """Fill every table that the dashboard reads; the others are there and empty."""
    settings.folder("warehouse")
    with build_databases(settings) as con:
        con.execute(NATION)
        con.execute("create table intermediate.int_as_of as select current_date as as_of")
        for schema in ("marts", "quality", "planning"):
            for table in model_tables(PROJECT / "dbt_project" / "models", schema):
                if table.name != "unit_type_summary":
                    con.execute(_filled(schema, table))
        con.execute(FORECAST)
        con.execute(SUMMARY)


def _filled(schema: str, table: ModelTable) -> str:
    source = SOURCES.get(table.name)
    present = {"agency": {"agency_id"}, "unit": {"agency_id", "unit_id", "unit_type", "unit_path", "need_fte"}}
    columns = {"agency": present["agency"], "unit": present["unit"], "post": present["unit"]}.get(source or "", set())
    values = []
    for column in table.columns:
        value = "null"
        if column.name in columns:
            value = column.name if source != "agency" else "'agency_' || n"
        elif column.name in KNOWN and source and not (source != "post" and " p" in KNOWN[column.name]):
            value = KNOWN[column.name] if source != "agency" or column.name == "agency_name" else "null"
        if value == "null" and column.is_filled:
            value = {"boolean": "false", "date": "current_date", "varchar": "''"}.get(column.type, "0")
        values.append(f"cast({value} as {column.type}) as {named(column.name)}")
    rows = source or ("range(1)" if table.name == "vacancy_forecast" else "range(0)")
    return f"create table {schema}.{named(table.name)} as select {', '.join(values)} from {rows}"


def _questions() -> dict[str, list[str]]:
    """By chart, its query without a filter and with each of the filters."""
    datasets = {d["uuid"]: d for d in map(_read, (EXPORT / "datasets").rglob("*.yaml"))}
    agencies = [f"agency_name in ('Pemerintah Contoh {n}')" for n in (6, 88, 333, 600)]  # among the largest, and others
    kinds = ["unit_type in ('RSUD')", "unit_type in ('SD')"]
    found: dict[str, list[str]] = {}
    for chart in map(_read, sorted((EXPORT / "charts").glob("*.yaml"))):
        dataset = datasets[chart["dataset_uuid"]]
        names = {c["column_name"] for c in dataset["columns"]}
        filters = [None, *agencies, *(kinds if "unit_type" in names else [])]
        found[chart["viz_type"] + "_" + dataset["table_name"]] = found.get(
            chart["viz_type"] + "_" + dataset["table_name"], []
        ) + [_query(chart["params"], dataset, given) for given in filters]
    return found


def _query(params: dict[str, Any], dataset: dict[str, Any], given: str | None) -> str:
    """The statement that Superset makes of a chart."""
    metrics = {m["metric_name"]: m["expression"] for m in dataset["metrics"]}
    groups = params.get("groupby") or []
    keys = [k for k in [params.get("x_axis"), *([groups] if isinstance(groups, str) else groups)] if k]
    shown = params.get("all_columns") or keys
    wanted = [m for m in [params.get("metric"), *params.get("metrics", [])] if m]
    select = [named(c) for c in shown] + [f"{metrics[m]} as {named(m)}" for m in wanted]
    conditions = [f["sqlExpression"] for f in params["adhoc_filters"]] + ([given] if given else [])
    order = [f"{named(c)} {'asc' if up else 'desc'}" for c, up in map(json.loads, params.get("order_by_cols", []))]
    return " ".join(
        [
            f"select {', '.join(select)} from ({dataset['sql']}) as virtual_table",
            f"where {' and '.join(f'({c})' for c in conditions)}" if conditions else "",
            f"group by {', '.join(map(named, keys))}" if keys and wanted else "",
            f"order by {', '.join(order)}" if order else "",
            f"limit {params.get('row_limit', 50_000)}",
        ]
    )


def _read(file: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return document


def _on_postgres(session: Any) -> Callable[[str], float]:
    def ask(query: str) -> float:
        start = time.perf_counter()
        with session.cursor() as cursor:
            cursor.execute(query)
            cursor.fetchall()
        return (time.perf_counter() - start) * 1000

    return ask


def _on_duckdb(file: Path) -> Callable[[str], float]:
    """The file is opened for each query, as Superset does."""

    def ask(query: str) -> float:
        start = time.perf_counter()
        with duckdb.connect(str(file), read_only=True) as con:
            con.execute(query).fetchall()
        return (time.perf_counter() - start) * 1000

    return ask


def main(lines: Iterable[tuple[str, float, str, float | None, str | None]]) -> None:
    """Print the figures as they come."""
    for name, value, unit, target, _ in lines:
        print(f"{name:<52}{value:>14,.1f} {unit:<5}{'' if target is None else target}", file=sys.stdout)  # noqa: T201


if __name__ == "__main__":
    main(figures())
