"""Databases: one table, view or query, whole or by what changed, counted by the database itself.

Three drivers stand behind one interface: ADBC for PostgreSQL, ConnectorX for MariaDB and MySQL, SQLAlchemy for all others and
for what ConnectorX cannot run. Each writes the rows once to `raw.parquet`, and what is landed is read from there, so that the
archive is what is landed. A user that may only `select` is enough for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from mutasi.sources.agency import SqlRead
from mutasi.sources.connection import Connection, Earlier, Extract
from mutasi.sources.request import Request
from mutasi.sources.sql_changes import key_columns, merge
from mutasi.sources.sql_mariadb import MariaReading, NotReadable, is_plain_address, say_slower
from mutasi.sources.sql_plain import plain_reading
from mutasi.sources.sql_postgres import postgres_reading
from mutasi.sources.sql_selection import Counted, Selection, Source
from mutasi.sources.staging import open_parquet, parquet_batches

RAW = "raw.parquet"
CHANGES = "changes.parquet"

DRIVERS = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg2",
    "postgresql": "postgresql+psycopg2",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mssql": "mssql+pyodbc",
    "oracle": "oracle+oracledb",
}


class Reading(Protocol):
    """An open database, in one snapshot where it has them."""

    def fetch(self, selection: Selection, target: Path) -> Counted:
        """Write the selected rows to a Parquet file; returns what the database counts."""


def database_url(connection: Connection) -> sa.URL:
    """The SQLAlchemy address of a connection; `extra` goes along as the driver's options.

    Raises:
        ValueError: the connection's type is none of `DRIVERS`.
    """
    driver = DRIVERS.get(connection.conn_type)
    if driver is None:
        raise ValueError(connection.conn_type)
    if driver == "sqlite":
        # Read-only, and never made anew: an empty database in place of a mistyped path would be an agency without rows.
        path = Path(connection.host or connection.schema or "").absolute().as_uri().removeprefix("file://")
        return sa.URL.create(driver, database=f"file:{path}", query={"mode": "ro", "uri": "true"})
    return sa.URL.create(
        driver,
        username=connection.login,
        password=connection.password,
        host=connection.host,
        port=connection.port,
        database=connection.schema,
        query={key: str(value) for key, value in connection.extra.items()},
    )


def read_sql(request: Request, read: SqlRead, earlier: Earlier | None = None) -> Extract:
    """Read a table, view or query; `rows_received` is the database's `count(*)` of the same snapshot.

    Args:
        request: dataset, connection and archive.
        read: what to read.
        earlier: the archived rows and the cursor value to go on from; without it everything is read.

    Raises:
        SourceError: the database cannot be reached, refuses the statement, or breaks off.
    """
    source = Source(request, read)
    raw = request.archive / RAW
    try:
        with _opened(source) as (reading, selection):
            merged = None if earlier is None else _changed(reading, selection, earlier, request)
            counted = merged or reading.fetch(selection, raw)
    except (pa.ArrowException, OSError):
        raise request.error(
            "the rows cannot be written to the archive; check free space, and the types of the columns."
        ) from None
    return Extract(
        batches=parquet_batches(open_parquet(raw)),
        rows_received=counted.rows,
        archive=(raw,) if merged is None else (raw, request.archive / CHANGES),
        newest=counted.newest,
        is_whole=merged is None,
    )


def _changed(reading: Reading, selection: Selection, earlier: Earlier, request: Request) -> Counted | None:
    """Bring the earlier rows up to date; None when the result is not what the database counts, so that all must be read."""
    changes = request.archive / CHANGES
    counted = reading.fetch(selection.after(earlier.newest), changes)
    # Fewer or more: a row was removed, its key was written another way, or a late row carries an old date.
    if merge(earlier.raw, changes, key_columns(request), request.archive / RAW) == counted.rows:
        return counted
    changes.unlink()
    return None


@contextmanager
def _opened(source: Source) -> Iterator[tuple[Reading, Selection]]:
    """The fastest reading that the database offers."""
    url = _address(source)
    if url.get_backend_name() == "postgresql":
        with postgres_reading(source, url) as reading:
            yield reading, source.selection(_quote_for_postgres)
        return
    engine = _engine(source, url)
    quote = engine.dialect.identifier_preparer.quote
    with ExitStack() as open_things:
        open_things.callback(engine.dispose)
        try:
            session = open_things.enter_context(engine.connect())
        except sa.exc.SQLAlchemyError:
            raise source.unreachable() from None
        plain = open_things.enter_context(plain_reading(source, session))
        if engine.dialect.name == "mysql" and is_plain_address(url):
            yield _FastOrPlain(MariaReading(source, url, session), plain), source.selection(quote)
        else:
            yield plain, source.selection(quote)


_quote_for_postgres: Callable[[str], str] = postgresql.dialect().identifier_preparer.quote  # type: ignore[no-untyped-call]


class _FastOrPlain:
    """ConnectorX, and SQLAlchemy for what it cannot run; nothing is read twice, since the first refuses before the first row."""

    def __init__(self, fast: Reading, plain: Reading) -> None:
        self.fast, self.plain = fast, plain

    def fetch(self, selection: Selection, target: Path) -> Counted:
        try:
            return self.fast.fetch(selection, target)
        except NotReadable as reason:
            say_slower(reason)
            return self.plain.fetch(selection, target)


def _address(source: Source) -> sa.URL:
    kind = source.request.connection.conn_type
    try:
        return database_url(source.request.connection)
    except ValueError:
        raise source.request.error(
            f"`{kind}` is no type of database; a connection of type sql is one of {', '.join(DRIVERS)}."
        ) from None


def _engine(source: Source, url: sa.URL) -> sa.Engine:
    try:
        return sa.create_engine(url, hide_parameters=True, poolclass=sa.NullPool)
    except (sa.exc.SQLAlchemyError, ImportError):
        raise source.request.error(
            f"the driver for {source.request.connection.conn_type} is missing or misconfigured; install `{url.drivername}`."
        ) from None
