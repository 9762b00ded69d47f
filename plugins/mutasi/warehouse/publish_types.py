"""DuckDB's types in PostgreSQL: each has one counterpart, and what has none is refused by name."""

from __future__ import annotations

import re
from typing import NamedTuple

from mutasi.errors import NeedsAPerson


class ColumnType(NamedTuple):
    """PostgreSQL's type, and the DuckDB type that is cast to before the copy, for COPY converts nothing."""

    postgres: str
    duckdb: str


TYPES = {
    "VARCHAR": ColumnType("text", "varchar"),
    "BOOLEAN": ColumnType("boolean", "boolean"),
    "TINYINT": ColumnType("smallint", "smallint"),
    "UTINYINT": ColumnType("smallint", "smallint"),
    "SMALLINT": ColumnType("smallint", "smallint"),
    "USMALLINT": ColumnType("integer", "integer"),
    "INTEGER": ColumnType("integer", "integer"),
    "UINTEGER": ColumnType("bigint", "bigint"),
    "BIGINT": ColumnType("bigint", "bigint"),
    "UBIGINT": ColumnType("bigint", "bigint"),
    "HUGEINT": ColumnType("bigint", "bigint"),
    "FLOAT": ColumnType("real", "real"),
    "DOUBLE": ColumnType("double precision", "double"),
    "DATE": ColumnType("date", "date"),
    "TIMESTAMP": ColumnType("timestamp", "timestamp"),
    "TIMESTAMP WITH TIME ZONE": ColumnType("timestamptz", "timestamptz"),
}
DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


class UnknownType(NeedsAPerson):
    """A column has a type without a counterpart in PostgreSQL."""


def column_type(where: str, name: str) -> ColumnType:
    """The counterpart of a DuckDB type.

    Raises:
        UnknownType: names the column `where` it stands.
    """
    if name.endswith("[]"):
        inner = column_type(where, name[:-2])
        return ColumnType(f"{inner.postgres}[]", f"{inner.duckdb}[]")
    if match := DECIMAL.fullmatch(name):
        exact = f"({match[1]}, {match[2]})"
        return ColumnType(f"numeric{exact}", f"decimal{exact}")
    if name not in TYPES:
        raise UnknownType(f"{where} has the type {name}, which PostgreSQL has not: cast it in the model. Nothing was published.")
    return TYPES[name]
