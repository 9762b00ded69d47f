"""Extraction of a big table: ours beside pandas in chunks and beside the bare driver, each doing the same work in the same run.

The work is the same for all: every row of a table of 15 columns from the server into one Parquet file. Ours also has the
database count the rows in the same snapshot. Each measured run is a process of its own, ours and the driver take turns, and the
median of the turns' ratios counts, so that a busy machine slows both. Pandas, slower by far, runs once.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa
from tests.bench.line import Meter
from tests.integration.servers import Server, mariadb_server, postgres_server

from mutasi.settings import PROJECT
from mutasi.sources.agency import Agency
from mutasi.sources.connection import Connection
from mutasi.sources.extract import extract
from mutasi.sources.sql import database_url

ROWS, FEWER, TURNS, CHUNK_ROWS = 2_000_000, 500_000, 5, 50_000
TARGETS = {"pandas": 3.5, "driver": 1 / 1.2, "memory": 1.2}
COLUMNS = """nip, concat('Pegawai Rekaan ', n) as nama, {born} as tgl_lahir, case mod(n, 2) when 0 then 'L' else 'P' end as jk,
  'PNS' as status, lpad({n}, 2, '0') as gol, {since} as tmt_gol, concat('U', {n}) as unit_id, concat('J', mod(n, 900)) as jab,
  mod(n, 30) as mk_tahun, mod(n, 12) as mk_bulan, cast(mod(n, 10000) / 100.0 as decimal(6,2)) as skp, mod(n, 50) as hapus,
  {changed} as updated_at, '3579' as wilayah"""
# What a table of employees has: a key, and an index on what it is joined by.
INDEXES = ("create unique index nip_once on pegawai (nip)", "create index by_unit on pegawai (unit_id)")
FILL = {
    "postgres": (
        "create table pegawai as select "
        + COLUMNS.format(
            n="mod(n, 17)::text",
            born="date '1960-01-01' + mod(n, 15000)",
            since="date '2000-01-01' + mod(n, 9000)",
            changed="timestamp '2024-01-01' + n * interval '1 second'",
        )
        + " from (select n, (198001010000000000 + n)::text as nip from generate_series(1, {rows}) n) s"
    ),
    "mariadb": (
        "create table pegawai as select "
        + COLUMNS.format(
            n="mod(n, 17)",
            born="date '1960-01-01' + interval mod(n, 15000) day",
            since="date '2000-01-01' + interval mod(n, 9000) day",
            changed="timestamp '2024-01-01 00:00:00' + interval n second",
        )
        + " from (select seq as n, cast(198001010000000000 + seq as char(18)) as nip from seq_1_to_{rows}) s"
    ),
}


def figures() -> list[tuple[str, float, str, float | None, str | None]]:
    """Name, value, unit, target and peer of each figure."""
    found: list[tuple[str, float, str, float | None, str | None]] = []
    for start in (postgres_server, mariadb_server):
        with start() as server, tempfile.TemporaryDirectory() as folder:
            tidy = "analyze table pegawai" if server.kind == "mariadb" else "vacuum analyze pegawai"
            server.run(FILL[server.kind].format(rows=ROWS), *INDEXES, tidy)
            turns = [{how: _measured(server, how, ROWS, Path(folder)) for how in ("driver", "mutasi")} for _ in range(TURNS)]
            turns[0]["pandas"] = _measured(server, "pandas", ROWS, Path(folder))
            small = [_measured(server, "mutasi", FEWER, Path(folder)) for _ in range(TURNS)]
            found += _figures(server.kind, turns, small)
    return found


def _figures(
    kind: str, turns: list[dict[str, dict[str, float]]], small: list[dict[str, float]]
) -> Iterator[tuple[str, float, str, float | None, str | None]]:
    seconds = {how: statistics.median(turn[how]["seconds"] for turn in turns if how in turn) for how in METHODS}
    beside = statistics.median(turn["driver"]["seconds"] / turn["mutasi"]["seconds"] for turn in turns)
    for how in METHODS:
        yield f"extract_{kind}_{how}", round(ROWS / seconds[how]), "rows/s", None, None
    yield f"extract_{kind}_to_pandas", round(seconds["pandas"] / seconds["mutasi"], 2), "ratio", TARGETS["pandas"], "pandas"
    yield (
        f"extract_{kind}_to_driver",
        round(beside, 2),
        "ratio",
        round(TARGETS["driver"], 2),
        "bare driver",
    )
    many, few = (statistics.median(run["peak_mb"] for run in runs) for runs in ([turn["mutasi"] for turn in turns], small))
    yield f"extract_{kind}_memory", round(many), "MB", None, None
    yield f"extract_{kind}_memory_4x", round(many / few, 2), "ratio", TARGETS["memory"], "a quarter of the rows"


def _measured(server: Server, how: str, rows: int, folder: Path) -> dict[str, float]:
    reader = vars(server.reader) | {"extra": dict(server.reader.extra)}
    given = json.dumps([how, reader, rows, str(folder)])
    ran = subprocess.run(
        [sys.executable, "-m", "tests.bench.extraction", given], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise SystemExit(f"{how} on {server.kind} failed:\n{ran.stderr[-3000:]}")
    result: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    return result


def mutasi(reader: Connection, query: str, target: Path) -> None:
    """The connector as a night uses it."""
    agency = Agency.model_validate(
        {
            "agency_id": "contoh",
            "agency_name": "Kota Rekaan",
            "agency_kind": "city",
            "codes": {"bkn": "0000", "kemendagri": "00.00"},
            "owner": {"unit": "BKPSDM", "email": "bkpsdm@example.invalid"},
            "connections": {"simpeg": {"type": "sql", "name": "simpeg"}},
            "datasets": {
                "employees": {
                    "connection": "simpeg",
                    "read": {"query": query} if " limit " in query else {"table": "pegawai"},
                    "columns": {"nip": "nip", "employee_name": "nama", "employment_status": "status"},
                    "ignore": "*",
                }
            },
        }
    )
    found = extract(agency, "employees", lambda _: reader, target.parent / "archive")
    found.archive[0].replace(target)


def driver(reader: Connection, query: str, target: Path) -> None:
    """ADBC or ConnectorX, straight into Parquet."""
    url = database_url(reader)
    with ExitStack() as opened:
        if reader.conn_type == "postgres":
            from adbc_driver_postgresql import dbapi

            address = url.set(drivername="postgresql", host="").update_query_dict({"host": reader.host or ""})
            connection = opened.enter_context(dbapi.connect(address.render_as_string(hide_password=False)))
            cursor = opened.enter_context(connection.cursor())
            cursor.execute(query)
            batches = cursor.fetch_record_batch()
        else:
            import connectorx

            address = url.set(drivername="mysql").render_as_string(hide_password=False)
            batches = connectorx.read_sql(address, query, return_type="arrow_stream", protocol="binary", batch_size=65_536)
        _write(batches, batches.schema, target)


def pandas(reader: Connection, query: str, target: Path) -> None:
    """`pandas.read_sql` in chunks through a server-side cursor."""
    import pandas as pd

    url = database_url(reader)
    if reader.conn_type == "postgres":
        url = url.set(host="").update_query_dict({"host": reader.host or ""})
    with sa.create_engine(url).connect() as session:
        chunks = pd.read_sql(sa.text(query), session.execution_options(stream_results=True), chunksize=CHUNK_ROWS)
        tables = (pa.Table.from_pandas(chunk, preserve_index=False) for chunk in chunks)
        first = next(tables)
        with pq.ParquetWriter(target, first.schema, compression="zstd") as writer:
            writer.write_table(first)
            for table in tables:
                writer.write_table(table.cast(first.schema))


def _write(batches: Any, schema: pa.Schema, target: Path) -> None:
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)


METHODS: dict[str, Callable[[Connection, str, Path], None]] = {"mutasi": mutasi, "driver": driver, "pandas": pandas}


def main() -> None:
    """Run one method once; prints seconds and peak memory as JSON."""
    how, reader, rows, folder = json.loads(sys.argv[1])
    target, meter = Path(folder) / f"{how}.parquet", Meter()
    query = "select * from pegawai" if rows == ROWS else f"select * from pegawai limit {rows}"
    # Drivers are loaded by a worker once, whatever the number of rows.
    import pandas as pd  # noqa: F401

    METHODS[how](Connection(**reader), "select * from pegawai limit 1", target)
    begin = time.perf_counter()
    with meter.step(how):
        METHODS[how](Connection(**reader), query, target)
    seconds = time.perf_counter() - begin
    assert pq.read_metadata(target).num_rows == rows, (how, rows)
    print(json.dumps({"seconds": seconds, "peak_mb": meter.peak_mb[how]}))  # noqa: T201


if __name__ == "__main__":
    main()
