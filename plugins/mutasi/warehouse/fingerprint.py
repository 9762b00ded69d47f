"""What was published on a day, in a form that can be compared years later: hashes of every table and column, and of what made them.

Their hashes tell whether a rebuild of that day gives the same, and if not, in which columns; the hashes of inputs, rules and code
tell why. The file that BI opened is kept beside them for a shorter time, so that rows can be told; tables with people are not kept.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

import duckdb
from pydantic import BaseModel, ConfigDict

from mutasi.engine import named, quoted
from mutasi.landing.snapshots import data_path, in_use, link, scratch, write_text
from mutasi.settings import Settings
from mutasi.sources.datasets import datasets
from mutasi.warehouse.built import opened

SCHEMAS = ("marts", "planning")
# A change of any of these may change a figure; tests and descriptions may not.
CODE = ("models/**/*.sql", "macros/**/*.sql", "dbt_project.yml")
# What runs that code: dbt types the seeds and writes the statements, DuckDB computes and keeps them.
ENGINES = ("dbt-core", "dbt-duckdb", "duckdb")


class TableMark(BaseModel):
    """Rows and hashes of one table; the order of rows plays no part, the place of a value in its row does."""

    model_config = ConfigDict(frozen=True)

    rows: int
    content: str
    columns: Mapping[str, str]


class Fingerprint(BaseModel):
    """All tables of one build and what they were made of."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    as_of: dt.date
    code: str
    rules: str
    inputs: str
    tables: Mapping[str, TableMark]


def fingerprint(settings: Settings, run_id: str) -> Fingerprint:
    """Mark the tables of a build and what they were made of.

    Args:
        settings: the home with the build, its inputs and its project.
        run_id: the run that built it.
    """
    with opened(settings) as con:
        row = con.execute("select as_of from intermediate.int_as_of").fetchone()
        as_of = row[0] if row else dt.date.min
        tables = {f"{schema}.{table}": _mark(con, schema, table, columns) for schema, table, columns in _tables(con)}
    project = settings.dbt_project
    return Fingerprint(
        run_id=run_id,
        as_of=as_of,
        code=digest([*engines(), *contents(project, CODE)]),
        rules=digest(contents(project, ("seeds/*.csv",))),
        inputs=digest(_inputs(settings, as_of)),
        tables=tables,
    )


def keep(settings: Settings, mark: Fingerprint, reporting: Path | None = None) -> Path:
    """Write what was published; a later publication of the same day takes its place.

    Args:
        settings: the home that is written to.
        mark: what was published.
        reporting: the file for BI; it is linked, not copied, and replaced as a whole by the next publication.
    """
    file = record_file(settings, mark.as_of)
    if reporting:
        fresh = scratch(file.parent)
        link(reporting, fresh)
        fresh.replace(rows_file(settings, mark.as_of))
    write_text(file, mark.model_dump_json(indent=1))
    return file


def kept(settings: Settings, day: dt.date) -> Fingerprint | None:
    """What was published for a day, or None where nothing was recorded."""
    file = record_file(settings, day)
    return Fingerprint.model_validate_json(file.read_bytes()) if file.exists() else None


def record_file(settings: Settings, day: dt.date) -> Path:
    """Where the record of a day stands."""
    return settings.folder("published") / f"{day.isoformat()}.json"


def rows_file(settings: Settings, day: dt.date) -> Path:
    """Where the file stands that BI opened for a day; it goes sooner than the record."""
    return settings.folder("published") / f"{day.isoformat()}.duckdb"


def _tables(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str, list[str]]]:
    schemas = ", ".join(quoted(schema) for schema in SCHEMAS)
    found = con.execute(
        "select schema_name, table_name, list(column_name order by column_index) from duckdb_columns() "
        f"where schema_name in ({schemas}) group by all order by all"
    ).fetchall()
    return [(schema, table, columns) for schema, table, columns in found]


def _mark(con: duckdb.DuckDBPyConnection, schema: str, table: str, columns: list[str]) -> TableMark:
    source = f"{named(schema)}.{named(table)}"
    # Each value is hashed with the row's first columns, its key, so that two rows that change places are seen. DuckDB joins the
    # hashes of several values by shifts and XOR, which a XOR over rows would undo: the outer hash keeps it from that.
    key = ", ".join(named(column) for column in columns[:4])
    marks = ", ".join(f"bit_xor(hash(hash(row_key, {named(column)})))" for column in columns)
    row = con.execute(
        f"select count(*), bit_xor(hash(hash(t))), {marks} from (select *, hash({key}) as row_key from {source}) as t"
    )
    found = row.fetchone() or ()
    told = [str(value or 0) for value in found[1:]]
    return TableMark(rows=int(found[0]), content=told[0], columns=dict(zip(columns, told[1:], strict=True)))


def _inputs(settings: Settings, as_of: dt.date) -> Iterable[str]:
    """Snapshots in use by content, change files by name and size: they are written once."""
    for name in datasets():
        for agency_id, snapshot in in_use(settings, name, as_of).items():
            yield f"{name} {agency_id} {snapshot.data_sha256} {data_path(settings, 'promoted', snapshot).name}"
        for file in sorted((settings.home / "history" / name).glob("????-??-??.parquet")):
            if file.stem <= as_of.isoformat():
                yield f"{name} {file.name} {file.stat().st_size}"


def engines() -> list[str]:
    """A line with name and installed version of each engine."""
    return [f"{engine} {version(engine)}" for engine in ENGINES]


def contents(folder: Path, patterns: Iterable[str]) -> Iterable[str]:
    """A line with name and hash of each file of a folder that fits a pattern."""
    for pattern in patterns:
        for file in sorted(folder.glob(pattern)):
            yield f"{file.relative_to(folder)} {hashlib.sha256(file.read_bytes()).hexdigest()}"


def digest(parts: Iterable[str]) -> str:
    """Sixteen hex digits that stand for all parts."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
