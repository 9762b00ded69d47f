"""PostgreSQL by ADBC: binary COPY straight into Arrow, counted and read in one read-only snapshot.

ADBC was chosen over ConnectorX, whose speed is the same, because count and rows can share one transaction of one connection.
A `repeatable read, read only` transaction takes no lock that a writer would wait for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import sqlalchemy as sa

from mutasi.engine import named
from mutasi.sources.connection import SourceError
from mutasi.sources.sql_archive import archive_batches
from mutasi.sources.sql_selection import Counted, Selection, Source

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Connection, Cursor

# Kept as they come; all else is turned into text by the server, exactly as it would show it.
KEPT = {"bool", "int2", "int4", "int8", "float4", "float8", "text", "varchar", "bpchar", "name"}
MOMENTS = {"date", "timestamp"}
SESSION = (
    "set transaction isolation level repeatable read, read only",
    "set local datestyle to iso",
    # A reader has nobody to wait for; if a migration locks the table, say so rather than hang all night.
    "set local lock_timeout to '5min'",
)
CONNECTION_LOST = ("08", "57P")


class PostgresReading:
    """One transaction of one connection."""

    def __init__(self, source: Source, connection: Connection) -> None:
        self.source, self.connection = source, connection

    def fetch(self, selection: Selection, target: Path) -> Counted:
        """Count the living rows and write the selected ones to `target`.

        Raises:
            SourceError: the database refuses or breaks off.
        """
        with self._worded(), self.connection.cursor() as cursor:
            types = self._types(cursor, selection)
            counted, endless = self._facts(cursor, selection, [n for n, kind in types.items() if kind in MOMENTS])
            cursor.execute(selection.rows([self._read(name, kind, name in endless) for name, kind in types.items()]))
            reader = cursor.fetch_record_batch()
            schema = pa.schema([field.remove_metadata() for field in reader.schema])
            archive_batches((pa.RecordBatch.from_arrays(b.columns, schema=schema) for b in reader), schema, target)
            return counted

    def _types(self, cursor: Cursor, selection: Selection) -> dict[str, str]:
        """PostgreSQL's type of each column, from a query that gives no row."""
        cursor.execute(f"select source.* from {selection.relation} limit 0")
        schema = cursor.fetch_record_batch().schema
        if len(set(schema.names)) < len(schema.names):
            raise self.source.named_twice() from None
        return {field.name: (field.metadata or {}).get(b"POSTGRESQL:type", b"").decode() for field in schema}

    def _facts(self, cursor: Cursor, selection: Selection, moments: list[str]) -> tuple[Counted, set[str]]:
        """Count and newest value, and the date columns that hold `infinity`, for which Arrow has no value."""
        asked = [f"bool_or(not isfinite({named(name)}))" for name in moments]
        cursor.execute(selection.facts(asked, as_text="{}::text"))
        facts = cursor.fetchone()
        assert facts is not None
        return Counted(int(facts[0]), facts[1]), {name for name, found in zip(moments, facts[2:], strict=True) if found}

    def _read(self, name: str, kind: str, is_endless: bool) -> str:
        column = f"source.{named(name)}"
        request = self.source.request
        if name in request.unread or (kind == "bytea" and name not in request.mapped):
            return f"null::text as {named(name)}"  # religion, photographs and scans are no data of ours
        if kind == "timestamptz":
            # As the agency's own server shows it: in its time zone, or a birth date would move to the day before.
            return f"date_trunc('second', {column}::timestamp)::text as {named(name)}"
        if kind in KEPT or (kind in MOMENTS and not is_endless):
            return column
        return f"{column}::text as {named(name)}"

    @contextmanager
    def _worded(self) -> Iterator[None]:
        import adbc_driver_manager as adbc

        try:
            yield
        except SourceError:
            raise
        except adbc.Error as error:
            lost = (error.sqlstate or "").startswith(CONNECTION_LOST) or error.status_code == adbc.AdbcStatusCode.IO
            raise (self.source.broken_off() if lost else self.source.refused()) from None


@contextmanager
def postgres_reading(source: Source, url: sa.URL) -> Iterator[PostgresReading]:
    """Open a connection and its one transaction.

    Raises:
        SourceError: the database cannot be reached.
    """
    import adbc_driver_manager as adbc
    from adbc_driver_postgresql import dbapi

    if url.host and url.host.startswith("/"):  # the folder of a local socket
        url = url.set(host="").update_query_dict({"host": url.host})
    try:
        connection = dbapi.connect(url.set(drivername="postgresql").render_as_string(hide_password=False))
    except adbc.Error:
        raise source.unreachable() from None
    try:
        with connection.cursor() as cursor:
            for setting in SESSION:
                cursor.execute(setting)
        yield PostgresReading(source, connection)
    finally:
        with suppress(adbc.Error, RuntimeError):  # a connection that broke off is closed already
            connection.close()
