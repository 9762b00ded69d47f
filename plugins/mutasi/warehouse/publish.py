"""Hand the built marts to readers: two files, each replaced in one rename, so nobody ever opens half a night.

Where `MUTASI_REPORTING_URL` names a PostgreSQL it gets the same tables: both stores show the same night, or the one before.

`reporting.duckdb` holds marts and aggregate quality and is refused when anything in it could name a person;
`planning.duckdb` holds the people and is closed to other users. Both carry the run that made them, so a reader of both
can tell whether they belong together.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import duckdb

from mutasi.durable import put_for_good
from mutasi.engine import bounded, named, quoted
from mutasi.errors import NeedsAPerson
from mutasi.settings import Settings
from mutasi.sources.datasets import datasets
from mutasi.warehouse.built import PLANNING, PUBLISHED, REPORTING, attach, build_file, build_folder, opened
from mutasi.warehouse.publish_postgres import Run, publication, publication_comments

DERIVED_PERSONAL = ("person_id", "pseudonym", "record_key")
# Birth date, first month of service, sex and number, also with the blanks of the printed form.
NIP_PATTERN = (
    r"(^|[^0-9A-Za-z])(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[ .]?(19|20)[0-9]{4}"
    r"[ .]?[12][ .]?[0-9]{3}([^0-9A-Za-z]|$)"
)
NIP_DIGITS = 18  # of the pattern


class PublishError(NeedsAPerson):
    """Nothing was published; the message names table and column and what to do."""


@dataclass(frozen=True)
class Table:
    """A table of the build with its columns and their DuckDB types."""

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
    """Replace `planning.duckdb`, `reporting.duckdb` and PostgreSQL's schemas by what is built.

    Everything is written before anything is replaced, and PostgreSQL, which can still refuse then, comes first.

    Raises:
        PublishError: nothing is built, or a table for BI holds a personal column or what looks like an employee number.
        ReportingDatabaseError: PostgreSQL is configured and could not be reached.
        ReportingRefused: PostgreSQL is configured and lacks a right, or holds schemas of others.
    """
    if not build_file(settings).exists():
        raise PublishError(
            f"{build_folder(settings)} does not exist: build the warehouse first. What was published before stays."
        )
    targets = {PLANNING: planning_file(settings), REPORTING: reporting_file(settings)}
    fresh = {database: target.with_name(f".{target.stem}-{os.getpid()}.duckdb") for database, target in targets.items()}
    server = publication(settings.reporting_url, settings.dbt_project / "models") if settings.reporting_url else nullcontext()
    try:
        with server as postgres:
            with opened(settings) as con:
                tables, run = _tables(con), _run(con, run_id)
                refuse_personal(con, [t for t in tables if t.schema in PUBLISHED[REPORTING]])
                rows = sum(_rows(con, table) for table in tables)
                for database, file in fresh.items():
                    _write(build_file(settings, database), file, database, run)
                if postgres:
                    postgres.load(con, tables, forbidden_columns(), run)
            size = sum(file.stat().st_size for file in fresh.values())
            if postgres:
                postgres.swap()
        for database, file in fresh.items():
            _replace(file, targets[database])
    finally:
        for file in fresh.values():
            remove_database(file)
    return Published(rows, size)


def _run(con: duckdb.DuckDBPyConnection, run_id: str) -> Run:
    described = con.execute("select as_of from intermediate.int_as_of").fetchone()
    assert described is not None
    return Run(run_id, described[0], dt.datetime.now(dt.UTC).replace(tzinfo=None))


def _tables(con: duckdb.DuckDBPyConnection) -> list[Table]:
    rows = con.execute(
        """
        select schema_name, table_name, list(column_name order by column_index), list(data_type order by column_index)
        from duckdb_columns()
        where list_contains(?, database_name)
        group by all order by all
        """,
        [list(PUBLISHED)],
    ).fetchall()
    return [Table(schema, name, tuple(columns), tuple(types)) for schema, name, columns, types in rows]


def refuse_personal(con: duckdb.DuckDBPyConnection, tables: list[Table]) -> None:
    """Refuse tables of a build that could name a person.

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
    """Text columns with a value that has the form of an employee number or is one; each value as long as one is looked at once."""
    [(shortest,)] = con.execute("select least(?, min(strlen(nip))) from planning.employees", [NIP_DIGITS]).fetchall()
    con.execute("create or replace temp table seen (place varchar, value varchar)")
    for table in tables:
        columns = (
            f"select distinct {quoted(f'{table.schema}.{table.name}.{c}')}, {named(c)}::varchar from {table.sql} "
            f"where strlen({named(c)}::varchar) >= {shortest}"
            for c in table.text_columns
        )
        con.execute(f"insert into seen {' union all '.join(columns)}")
    rows = con.execute(
        f"""
        select place, count(*) from seen
        where regexp_matches(value, {quoted(NIP_PATTERN)}) or value in (select nip from planning.employees)
        group by place order by place
        """
    ).fetchall()
    return [f"{place} has {count} values that look like an employee number" for place, count in rows]


def _rows(con: duckdb.DuckDBPyConnection, table: Table) -> int:
    [(rows,)] = con.execute(f"select count(*) from {table.sql}").fetchall()
    return int(rows)


def _write(built: Path, file: Path, database: str, run: Run) -> None:
    """Copy what is built and tell in one row which run a reader is looking at; people are for the owner alone."""
    remove_database(file)
    file.touch(mode=0o600 if database == PLANNING else 0o666)
    shutil.copyfile(built, file)
    schema = PUBLISHED[database][-1]
    target = f"target.{named(schema)}.publication"
    with duckdb.connect(config={**bounded(), "fsync_mode": "NONE"}) as con:  # flushed once, before it is given its name
        attach(con, file, database, "target")
        con.execute(
            f"create table {target} as select ?::varchar as run_id, ?::date as as_of, ?::timestamp as published_at",
            [run.run_id, run.as_of, run.published_at],
        )
        for statement in publication_comments(target):
            con.execute(statement)


def remove_database(file: Path) -> None:
    """Remove a DuckDB file with its write-ahead log: a log without its file would be replayed on the next one."""
    file.unlink(missing_ok=True)
    file.with_name(f"{file.name}.wal").unlink(missing_ok=True)


def _replace(file: Path, target: Path) -> None:
    """Put `file` in place of `target` for good, without a log left by an earlier writer."""
    target.with_name(f"{target.name}.wal").unlink(missing_ok=True)
    put_for_good(file, target)
