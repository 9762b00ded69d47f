"""A connection to the reporting database whose errors are sentences: the driver's own text quotes rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from mutasi.errors import NeedsAPerson

if TYPE_CHECKING:
    import pyarrow as pa
    from adbc_driver_postgresql.dbapi import Connection

# Classes of SQLSTATE: connection lost, rolled back by the server, out of resources, locked, shut down.
TRANSIENT = ("08", "40", "53", "55", "57")
OCCUPIED = ("55P03", "40P01")
HINTS = {
    "42501": "its login needs CREATE on the database and must own what it published before, see docs/bi/postgres.md",
    "23": "rows break what the model's contract promises",
}


class ReportingDatabaseError(RuntimeError):
    """PostgreSQL could not be reached or was busy; trying again may help."""


class ReportingRefused(NeedsAPerson):
    """PostgreSQL refuses what publishing needs; the message says what to do."""


class Occupied(Exception):
    """A lock was not to be had in time, because somebody reads."""


class Session:
    """One connection, outside a transaction unless `transaction()` opens one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextmanager
    def transaction(self, what: str) -> Iterator[None]:
        """Commit at the end, or nothing.

        Raises:
            Occupied: a lock was not to be had within the transaction's `lock_timeout`.
            ReportingDatabaseError: the connection broke off or the server is short of something.
            ReportingRefused: the server refuses a statement.
        """
        with worded(what):
            self._connection.adbc_connection.set_autocommit(False)
            try:
                yield
                self._connection.commit()
            except BaseException:
                with suppress(Exception):
                    self._connection.rollback()
                raise
            finally:
                with suppress(Exception):
                    self._connection.adbc_connection.set_autocommit(True)

    def run(self, *statements: str, what: str = "a statement") -> None:
        """Run statements one by one; `what` stands in the sentence when one is refused."""
        with worded(what), self._connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with worded("a question"), self._connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def one(self, query: str) -> Any:
        """The first value of a query."""
        return self.rows(query)[0][0]

    def append(self, schema: str, table: str, reader: pa.RecordBatchReader) -> None:
        """Stream Arrow batches into a table by COPY in the binary format."""
        with worded(f"{schema}.{table}"), self._connection.cursor() as cursor:
            cursor.adbc_ingest(table, reader, mode="append", db_schema_name=schema)


@contextmanager
def session(url: str) -> Iterator[Session]:
    """Connect to `url`, with or without the name of a Python driver in its scheme.

    Raises:
        ReportingDatabaseError: nobody answers there, or the login is refused.
    """
    import adbc_driver_postgresql.dbapi as postgres
    from adbc_driver_manager import Error

    scheme, _, rest = url.partition("://")
    try:
        connection = postgres.connect(f"{scheme.partition('+')[0]}://{rest}", autocommit=True)
    except Error:  # libpq gives no code here, whether the network, the password or the name of the database is wrong
        raise ReportingDatabaseError(
            "The reporting database cannot be reached or refuses the login: check MUTASI_REPORTING_URL and the server. Readers "
            "keep the night before."
        ) from None
    with connection:
        yield Session(connection)


@contextmanager
def worded(what: str) -> Iterator[None]:
    """Turn the driver's errors into our own, with code and place alone."""
    from adbc_driver_manager import Error

    try:
        yield
    except Error as error:
        code = str(error.sqlstate or "")
        if code in OCCUPIED:
            raise Occupied from None
        said = f"The reporting database stopped at {what} (SQLSTATE {code or 'none'})"
        hint = next((hint for start, hint in HINTS.items() if code.startswith(start)), None)
        if hint is None and (not code or code.startswith(TRANSIENT)):
            raise ReportingDatabaseError(f"{said}; readers keep the night before. It is worth another try.") from None
        raise ReportingRefused(f"{said}: {hint or 'see docs/bi/postgres.md'}. Readers keep the night before.") from None
