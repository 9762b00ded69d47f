"""One way to open DuckDB: in memory, spilling below the home.

Starting an engine costs 20 ms and a pool of threads, a connection to a running one costs nothing; a night of many small
agencies opens thousands. So a process keeps one engine per home and hands out connections with temporary tables of their own.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import duckdb

from mutasi.settings import Settings

ROW_GROUP = 122_880  # as DuckDB has it: it reads a file's row groups side by side
ZSTD_LEVEL = 1  # a seventh faster than the default and, on columns of codes and names, no larger


def connect(settings: Settings) -> duckdb.DuckDBPyConnection:
    """A connection of its own to the process's engine."""
    return _engine(tuple(options(settings).items()), os.getpid()).cursor()


def bounded() -> dict[str, str]:
    """How every engine is opened: memory by `MUTASI_MEMORY_LIMIT` (default 6GB), and nothing is downloaded."""
    return {
        "memory_limit": os.environ.get("MUTASI_MEMORY_LIMIT", "6GB"),
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }


def options(settings: Settings) -> dict[str, str]:
    """How every engine of a home is opened.

    A path that does not begin at the root is one below the home: the views that dbt builds name their files so.
    """
    return {**bounded(), "temp_directory": str(settings.folder("tmp")), "file_search_path": str(settings.home)}


@cache
def _engine(opened_with: tuple[tuple[str, str], ...], _process: int) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config=dict(opened_with))


def write(con: duckdb.DuckDBPyConnection, query: str, file: Path, row_group: int = ROW_GROUP) -> int:
    """Write a query's result as Parquet, in groups of so many rows; returns the number of rows."""
    options = f"format parquet, compression zstd, compression_level {ZSTD_LEVEL}, row_group_size {row_group}"
    [(rows,)] = con.execute(f"copy ({query}) to {quoted(str(file))} ({options})").fetchall()
    return int(rows)


def copy(con: duckdb.DuckDBPyConnection, query: str, target: Path) -> None:
    """Write a query's result as Parquet in one rename."""
    temporary = target.parent / f".{uuid.uuid4().hex}"
    write(con, query, temporary)
    temporary.replace(target)


def parquet(files: Iterable[Path | str], columns: Mapping[str, str], *, is_alike: bool) -> str:
    """SQL for the rows of Parquet files, with columns of these names and types; a column that a file lacks is NULL there.

    Args:
        is_alike: every file has all the columns, so the first one speaks for all. Of files that may differ DuckDB guesses that they are
            small, and joins them the wrong way round; to learn it would open them all, one after the other, for each query.
    """
    listed = ", ".join(quoted(str(file)) for file in files)
    if not listed:
        return f"(select {', '.join(f'null::{kind} as {named(name)}' for name, kind in columns.items())} where false)"
    if is_alike:
        return f"(select {', '.join(map(named, columns))} from read_parquet([{listed}]))"
    schema = ", ".join(
        f"{quoted(name)}: {{name: {quoted(name)}, type: {quoted(kind)}, default_value: null}}" for name, kind in columns.items()
    )
    return f"read_parquet([{listed}], schema = map {{{schema}}})"


def quoted(text: str) -> str:
    """A text as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def named(identifier: str) -> str:
    """A name as an SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'
