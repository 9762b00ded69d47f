"""The SQLAlchemy dialect `duckdb+gx` lets Great Expectations judge Parquet files inside DuckDB.

Great Expectations has no DuckDB engine of its own and speaks to this one as if it were PostgreSQL. Three things differ:
it reads results after it gave the connection back (DuckDB throws pending rows away then, so rows are fetched at once);
it asks PostgreSQL's catalogue for columns (here: DuckDB's); and `~` means "contains a match" for it (here:
`regexp_matches`). Great Expectations and duckdb-engine are pinned, and a test compares every expectation in use with a
real PostgreSQL.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import duckdb_engine
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.engine import Connection

TYPES: dict[str, type[sa.types.TypeEngine[Any]]] = {
    "BIGINT": sa.BIGINT,
    "INTEGER": sa.INTEGER,
    "SMALLINT": sa.SMALLINT,
    "HUGEINT": sa.NUMERIC,
    "VARCHAR": sa.VARCHAR,
    "DATE": sa.DATE,
    "TIMESTAMP": pg.TIMESTAMP,
    "BOOLEAN": sa.BOOLEAN,
    "DOUBLE": pg.DOUBLE_PRECISION,
    "FLOAT": sa.REAL,
}


LENT: dict[str, duckdb.DuckDBPyConnection] = {}


@contextmanager
def lent(name: str, connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Lend a database that is attached as `name`; inside the block the URL that is given reaches it."""
    LENT[name] = connection
    try:
        yield f"duckdb+gx:///{name}"
    finally:
        del LENT[name]


class EagerCursor(duckdb_engine.CursorWrapper):
    """A cursor whose rows survive the end of its transaction."""

    def __init__(self, cursor: Any, connection: EagerConnection) -> None:
        super().__init__(cursor, connection)
        self._cursor = cursor
        self._rows: Iterator[Any] = iter(())
        self._columns: Any = None

    def execute(self, statement: str, parameters: Any = None, context: Any = None) -> None:
        """Run a statement and take its rows."""
        super().execute(statement, parameters, context)
        self._columns = self._cursor.description
        self._rows = iter(self._cursor.fetchall() if self._columns else ())

    @property
    def description(self) -> Any:
        """Columns of the last result, as in the DB-API."""
        return self._columns

    def fetchone(self) -> Any:
        """The next row, or None."""
        return next(self._rows, None)

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        return list(self._rows)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows, one if `size` is not given."""
        return list(itertools.islice(self._rows, size or 1))


class EagerConnection(duckdb_engine.ConnectionWrapper):
    """A connection that hands out eager cursors."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self._connection = connection

    def cursor(self) -> EagerCursor:
        """A new cursor."""
        return EagerCursor(self._connection, self)


class Compiler(duckdb_engine.Dialect.statement_compiler):  # type: ignore[misc, valid-type]
    """Writes PostgreSQL's regular expression operators as a function that means the same in every DuckDB."""

    def visit_custom_op_binary(self, element: Any, operator: Any, **kw: Any) -> str:
        """`~` and `!~`: DuckDB before 2.0 took `~` as a match of the whole string."""
        if operator.opstring not in ("~", "!~"):
            return str(super().visit_custom_op_binary(element, operator, **kw))
        match = f"regexp_matches({self.process(element.left, **kw)}, {self.process(element.right, **kw)})"
        return match if operator.opstring == "~" else f"(NOT {match})"


class Dialect(duckdb_engine.Dialect):
    """`duckdb+gx://`; it calls itself postgresql because Great Expectations chooses its SQL by that name."""

    name = "postgresql"
    driver = "gx"
    statement_compiler = Compiler
    supports_statement_cache = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # With numbered parameters Great Expectations takes the `1` of `$1` for the value 1 and leaves it unbound.
        super().__init__(*args, **{**kwargs, "paramstyle": "qmark"})

    def connect(self, *args: Any, **kwargs: Any) -> Any:
        """A further connection to a lent database.

        Raises:
            KeyError: no database of that name is lent.
        """
        name = kwargs["database"]
        connection = LENT[name].cursor()
        connection.execute(f"use {name}")
        return EagerConnection(connection)

    def get_columns(self, connection: Connection, table_name: str, schema: str | None = None, **kw: Any) -> list[Any]:
        """Columns of a table or view.

        Raises:
            NoSuchTableError: there is none of that name.
        """
        rows = connection.exec_driver_sql(
            "select column_name, data_type, is_nullable, column_default from duckdb_columns() "
            "where table_name = ? and (? is null or schema_name = ?) and database_name = current_database() "
            "order by column_index",
            (str(table_name), schema, schema),
        ).fetchall()
        if not rows:
            raise sa.exc.NoSuchTableError(str(table_name))
        return [{"name": n, "type": _type(str(t)), "nullable": bool(null), "default": d} for n, t, null, d in rows]

    def get_pk_constraint(self, connection: Connection, table_name: str, schema: str | None = None, **kw: Any) -> Any:
        """Views over Parquet have no primary key."""
        return {"constrained_columns": [], "name": None}

    def get_multi_columns(self, *args: Any, **kwargs: Any) -> Any:
        """Not given, so that SQLAlchemy asks table by table."""
        raise NotImplementedError


def _type(name: str) -> sa.types.TypeEngine[Any]:
    if name.upper().startswith("DECIMAL("):
        precision, scale = name[8:-1].split(",")
        return sa.NUMERIC(int(precision), int(scale))
    return TYPES.get(name.upper(), sa.VARCHAR)()
