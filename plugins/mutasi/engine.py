"""One way to open DuckDB: in memory, spilling below the home, silent."""

from __future__ import annotations

import os

import duckdb

from mutasi.settings import Settings


def connect(settings: Settings) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB whose temporary files stay inside the home, with `MUTASI_MEMORY_LIMIT` (default 6GB)."""
    return duckdb.connect(
        config={
            "memory_limit": os.environ.get("MUTASI_MEMORY_LIMIT", "6GB"),
            "temp_directory": str(settings.folder("tmp")),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "enable_progress_bar": "false",
        }
    )


def quoted(text: str) -> str:
    """A text as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def named(identifier: str) -> str:
    """A name as an SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'
