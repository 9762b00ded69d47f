"""Hand the built marts to readers: two files, each replaced in one rename, so nobody ever opens half a night.

Where `MUTASI_REPORTING_URL` names a PostgreSQL it gets the same tables: both stores show the same night, or the one before.

`reporting.duckdb` holds marts and aggregate quality and is refused when anything in it could name a person;
`planning.duckdb` holds the people and is closed to other users. Both carry the run that made them, so a reader of both
can tell whether they belong together.
"""

from __future__ import annotations

import datetime as dt
import os
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import duckdb

from mutasi.durable import put_for_good
from mutasi.engine import bounded, named, quoted
from mutasi.errors import NeedsAPerson
from mutasi.settings import Settings
from mutasi.sources.datasets import datasets
from mutasi.warehouse.build import build_file
from mutasi.warehouse.groundwork import remove_database
from mutasi.warehouse.publish_postgres import Run, publication, publication_comments

# Dashboards lag behind: the oldest DuckDB that still opens what we write.
STORAGE_VERSION = "v1.2.0"
REPORTING_SCHEMAS = ("marts", "quality")
PLANNING_SCHEMAS = ("planning",)
DERIVED_PERSONAL = ("person_id", "pseudonym", "record_key")
# Birth date, first month of service, sex and number, also with the blanks of the printed form.
NIP_PATTERN = (
    r"(^|[^0-9A-Za-z])(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[ .]?(19|20)[0-9]{4}"
    r"[ .]?[12][ .]?[0-9]{3}([^0-9A-Za-z]|$)"
)


class PublishError(NeedsAPerson):
    """Nothing was published; the message names table and column and what to do."""


@dataclass(frozen=True)
class Table:
    """A table of the build database with its columns and their DuckDB types."""

    schema: str
    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]

    @property
    def text_columns(self) -> tuple[str, ...]:
        """The columns that hold text, by itself or in lists."""
        return tuple(name for name, kind in zip(self.columns, self.types, strict=True) if "VARCHAR" in kind)

    @property
    def sql(self) -> str:
        """Schema and name as SQL."""
        return f"{named(self.schema)}.{named(self.name)}"


@dataclass(frozen=True)
class Published:
    """What readers got: rows of all tables, and the size of both files in bytes."""

    rows: int
    bytes: int


def forbidden_columns() -> frozenset[str]:
    """Names of columns that say something about a person and may not stand where BI reads."""
    personal = {name for d in datasets().values() for name, column in d.columns.items() if column.privacy != "none"}
    return frozenset(personal | set(DERIVED_PERSONAL))


def reporting_file(settings: Settings) -> Path:
    """The database for BI."""
    return settings.warehouse / "reporting.duckdb"


def planning_file(settings: Settings) -> Path:
    """The restricted database with identities."""
    return settings.warehouse / "planning.duckdb"


def publish(settings: Settings, *, run_id: str) -> Published:
    """Replace `planning.duckdb`, `reporting.duckdb` and PostgreSQL's schemas by what stands in `build.duckdb`.

    Everything is written before anything is replaced, and PostgreSQL, which can still refuse then, comes first.

    Raises:
        PublishError: nothing is built, or a table for BI holds a personal column or what looks like an employee number.
        ReportingDatabaseError: PostgreSQL is configured and could not be reached.
        ReportingRefused: PostgreSQL is configured and lacks a right, or holds schemas of others.
    """
    source = build_file(settings)
    if not source.exists():
        raise PublishError(f"{source} does not exist: build the warehouse first. What was published before stays.")
    fresh = {target: target.with_name(f".{target.stem}-{os.getpid()}.duckdb") for target in _targets(settings)}
    server = publication(settings.reporting_url, settings.dbt_project / "models") if settings.reporting_url else nullcontext()
    try:
        with server as postgres:
            with _engine(settings) as con:
                con.execute(f"attach {quoted(str(source))} as build (read_only)")
                tables, run = _tables(con), _run(con, run_id)
                refuse_personal(con, [t for t in tables if t.schema in REPORTING_SCHEMAS])
                rows = sum(
                    _write(con, fresh[target], [t for t in tables if t.schema in schemas], run)
                    for target, schemas in _targets(settings).items()
                )
                if postgres:
                    postgres.load(con, tables, forbidden_columns(), run)
            fresh[planning_file(settings)].chmod(0o600)
            size = sum(file.stat().st_size for file in fresh.values())
            if postgres:
                postgres.swap()
        for target, file in fresh.items():
            _replace(file, target)
    finally:
        for file in fresh.values():
            remove_database(file)
    return Published(rows, size)


def _run(con: duckdb.DuckDBPyConnection, run_id: str) -> Run:
    described = con.execute("select as_of from build.intermediate.int_as_of").fetchone()
    assert described is not None
    return Run(run_id, described[0], dt.datetime.now(dt.UTC).replace(tzinfo=None))


def _engine(settings: Settings) -> duckdb.DuckDBPyConnection:
    """An engine for this one step: the files it attaches are let go when it closes, which a shared engine would not do."""
    return duckdb.connect(
        config={
            **bounded(),
            "temp_directory": str(settings.folder("tmp")),
            "fsync_mode": "NONE",  # files are flushed once, before they are given their names
        }
    )


def _targets(settings: Settings) -> dict[Path, tuple[str, ...]]:
    return {planning_file(settings): PLANNING_SCHEMAS, reporting_file(settings): REPORTING_SCHEMAS}


def _tables(con: duckdb.DuckDBPyConnection) -> list[Table]:
    rows = con.execute(
        """
        select schema_name, table_name, list(column_name order by column_index), list(data_type order by column_index)
        from duckdb_columns()
        where database_name = 'build' and schema_name in ('marts', 'quality', 'planning')
        group by all order by all
        """
    ).fetchall()
    return [Table(schema, name, tuple(columns), tuple(types)) for schema, name, columns, types in rows]


def refuse_personal(con: duckdb.DuckDBPyConnection, tables: list[Table]) -> None:
    """Refuse tables of the attached database `build` that could name a person.

    Raises:
        PublishError: names every offending table and column; no value is quoted.
    """
    forbidden = forbidden_columns()
    found = [f"{t.schema}.{t.name}.{c} is a personal column" for t in tables for c in t.columns if c in forbidden]
    found += _nips_in(con, [table for table in tables if table.text_columns])
    if found:
        raise PublishError(
            f"Nothing was published, for BI would see people: {'; '.join(found)}. Remove the column from the model, or have the "
            "agency correct the field; what was published before stays."
        )


def _nips_in(con: duckdb.DuckDBPyConnection, tables: list[Table]) -> list[str]:
    """Text columns with a value that has the form of an employee number or is one; each value is looked at once."""
    con.execute("create or replace temp table seen (place varchar, value varchar)")
    for table in tables:
        columns = (
            f"select distinct {quoted(f'{table.schema}.{table.name}.{c}')}, {named(c)}::varchar from build.{table.sql}"
            for c in table.text_columns
        )
        con.execute(f"insert into seen {' union all '.join(columns)}")
    rows = con.execute(
        f"""
        select place, count(*) from seen
        where regexp_matches(value, {quoted(NIP_PATTERN)}) or value in (select nip from build.planning.employees)
        group by place order by place
        """
    ).fetchall()
    return [f"{place} has {count} values that look like an employee number" for place, count in rows]


def _write(con: duckdb.DuckDBPyConnection, file: Path, tables: list[Table], run: Run) -> int:
    """Write one file; returns its rows."""
    remove_database(file)
    con.execute(f"attach {quoted(str(file))} as target (storage_version {quoted(STORAGE_VERSION)})")
    # Columns, constraints and descriptions come along, which would otherwise be a statement for each column.
    con.execute("copy from database build to target (schema)")
    schemas = {t.schema for t in tables}
    for (schema,) in con.execute(
        "select schema_name from duckdb_schemas() where database_name = 'target' and not internal"
    ).fetchall():
        if schema not in schemas:
            con.execute(f"drop schema target.{named(schema)} cascade")
    con.execute("begin transaction")
    rows = 0
    for table in tables:
        # Keys stand first; rows in their order compress well and are the same on every build.
        order = ", ".join(str(n) for n in range(1, min(len(table.columns), 5) + 1))
        [(inserted,)] = con.execute(f"insert into target.{table.sql} from build.{table.sql} order by {order}").fetchall()
        rows += inserted
    _write_publication(con, tables[0].schema if tables[0].schema == "planning" else "quality", run)
    con.execute("commit")
    con.execute("checkpoint target")
    con.execute("detach target")
    return rows


def _write_publication(con: duckdb.DuckDBPyConnection, schema: str, run: Run) -> None:
    """One row that tells a reader which run it is looking at."""
    target = f"target.{named(schema)}.publication"
    con.execute(
        f"create table {target} as select ?::varchar as run_id, ?::date as as_of, ?::timestamp as published_at",
        [run.run_id, run.as_of, run.published_at],
    )
    for statement in publication_comments(target):
        con.execute(statement)


def _replace(file: Path, target: Path) -> None:
    """Put `file` in place of `target` for good, without a log left by an earlier writer."""
    target.with_name(f"{target.name}.wal").unlink(missing_ok=True)
    put_for_good(file, target)
