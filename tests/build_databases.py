"""The databases of a build, opened to be filled or changed as another night would."""

from __future__ import annotations

import duckdb

from mutasi.settings import Settings
from mutasi.warehouse.built import INNER, PUBLISHED, attach, build_file, build_folder


def build_databases(settings: Settings) -> duckdb.DuckDBPyConnection:
    """All of them, made where missing, with the schemas that publication reads; `marts.vacancies` needs no other name."""
    build_folder(settings).mkdir(parents=True, exist_ok=True)
    con = duckdb.connect()
    schemas = []
    for database, names in {INNER: ("intermediate",), **PUBLISHED}.items():
        attach(con, build_file(settings, database), database)
        for name in names:
            con.execute(f"create schema if not exists {database}.{name}")
            schemas.append(f"{database}.{name}")
    con.execute(f"set search_path = '{','.join(schemas)}'")
    return con
