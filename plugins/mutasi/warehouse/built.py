"""The databases of a build: what readers will get is written into files of its own, so that publication copies files.

Views and tables know each other by dbt's names of the databases, so whoever opens one of them attaches all.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import duckdb

from mutasi.engine import named, options, quoted
from mutasi.settings import Settings

# dbt's names. None is that of a schema, for `planning.employees` could then be a table of either.
INNER, REPORTING, PLANNING = "build", "reporting_file", "planning_file"
PUBLISHED: Mapping[str, tuple[str, ...]] = {REPORTING: ("marts", "quality"), PLANNING: ("planning",)}
# Dashboards lag behind: the oldest DuckDB that still opens what they read. What planners read Mutasi itself opens.
STORAGE_VERSIONS = {INNER: "latest", REPORTING: "v1.2.0", PLANNING: "latest"}


def build_folder(settings: Settings) -> Path:
    """Where dbt builds; nobody but the publishing step reads there."""
    return settings.warehouse / "build"


def build_file(settings: Settings, database: str = INNER) -> Path:
    """The file of one of the databases."""
    return file_in(build_folder(settings), database)


def file_in(folder: Path, database: str) -> Path:
    """The file of one of the databases in a folder that holds all."""
    return folder / f"{database.removesuffix('_file')}.duckdb"


def clear(settings: Settings) -> None:
    """Make room for a build: the log of a killed one goes too, which would be replayed on the next."""
    with suppress(FileNotFoundError):
        shutil.rmtree(build_folder(settings))
    settings.folder("warehouse", "build")


def attach(
    con: duckdb.DuckDBPyConnection, file: Path, database: str, name: str | None = None, *, read_only: bool = False
) -> None:
    """Attach the file of a database under its name, or another; it is made where it is missing."""
    how = "read_only" if read_only else f"storage_version {quoted(STORAGE_VERSIONS[database])}"
    con.execute(f"attach if not exists {quoted(str(file))} as {named(name or database)} ({how})")


def opened(settings: Settings) -> duckdb.DuckDBPyConnection:
    """All that was built, for reading; `marts.vacancies` is found without the name of its database."""
    con = duckdb.connect(config={**options(settings)})
    for database in STORAGE_VERSIONS:
        attach(con, build_file(settings, database), database, read_only=True)
    schemas = con.execute(
        "select database_name || '.' || schema_name from duckdb_schemas() where list_contains(?, database_name) order by 1",
        [list(STORAGE_VERSIONS)],
    ).fetchall()
    con.execute(f"set search_path = {quoted(','.join(schema for (schema,) in schemas))}")
    return con
