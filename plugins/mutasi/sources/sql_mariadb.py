"""MariaDB and MySQL by ConnectorX: rows, and the server's own count of the same moment.

ConnectorX opens connections of its own, so count and rows cannot share a transaction. The server counts in a snapshot taken
just before, beside the rows that cross the network; as many rows as counted is the proof that nobody wrote in between. Else,
and where a table has no snapshots or only changes are read, they share a statement: every row carries `(select count(*) …)` over
the same relation, which the server works out once before the first row. One statement reads one snapshot (InnoDB), or holds off
writers to the end (MyISAM). `count(*) over ()` would copy the whole result on the server first, and a `union all` with the count
costs twice the time of the rows.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from mutasi.sources.mariadb_columns import Field
from mutasi.sources.sql_archive import archive_batches
from mutasi.sources.sql_selection import DELETED, Counted, Selection, Source

BATCH_ROWS = 32_768
SETTINGS = [
    "set session transaction isolation level repeatable read",
    "set session transaction read only",
    # ConnectorX first asks for one row to learn the types, before these settings: no count is wanted then.
    "set @is_read = 1",
]
SAME_NAME, AS_TEXT = 1060, "cast({} as char)"


class NotReadable(Exception):
    """ConnectorX cannot run this statement; another driver may."""


def is_plain_address(url: sa.URL) -> bool:
    """Whether ConnectorX understands all of the address; it would drop options for encryption without a word."""
    return bool(url.host) and not set(url.query) - {"charset"}


class MariaReading:
    """A relation of a MariaDB whose columns are known."""

    def __init__(self, source: Source, url: sa.URL, session: sa.Connection) -> None:
        self.source, self.session = source, session
        self.address = url.set(drivername="mysql", query={}).render_as_string(hide_password=False)
        self.has_snapshots = self._has_snapshots()

    def fetch(self, selection: Selection, target: Path) -> Counted:
        """Write the selected rows to `target`; returns the server's count of them.

        Raises:
            NotReadable: ConnectorX cannot run the statement; nothing was read.
            SourceError: the database breaks off.
        """
        fields = self._fields(selection)
        if self.has_snapshots and selection.since is None:
            counted, rows = self._beside(selection, fields, target)
            if counted.rows == rows:
                return counted
        return self._together(selection, fields, target)

    def _beside(self, selection: Selection, fields: list[Field], target: Path) -> tuple[Counted, int]:
        """Rows and count at once, each in a snapshot of its own; that of the count is the older one, so that a cursor
        value found there is no newer than what is read."""
        for begin in (SETTINGS[0], "start transaction with consistent snapshot, read only"):
            self.session.exec_driver_sql(begin)
        with ThreadPoolExecutor(1, "count") as counter:
            counting = counter.submit(self._counted, selection)
            reader = self._reader(selection.rows(self._columns(fields)))
            schema = _archived(fields, reader.schema)
            rows = archive_batches(self._rows(reader, fields, schema), schema, target)
            return counting.result(), rows

    def _together(self, selection: Selection, fields: list[Field], target: Path) -> Counted:
        """Rows that carry their count, in one statement."""
        buffered = "" if self.has_snapshots else "sql_buffer_result "
        facts = [f"{buffered}case when @is_read = 1 then ({selection.count()}) end as rows_counted"]
        facts += [f"case when @is_read = 1 then ({selection.newest(AS_TEXT)}) end as newest"] if selection.cursor else []
        reader = self._reader(selection.rows([*facts, *self._columns(fields)]))
        marked = [DELETED] if selection.since is not None else []
        schema = _archived(fields, list(reader.schema)[len(facts) :], marked)
        counts: set[tuple[int, str | None]] = set()
        archive_batches(self._rows(reader, fields, schema, len(facts), counts), schema, target)
        return Counted(*counts.pop()) if counts else self._counted(selection)

    def _columns(self, fields: list[Field]) -> list[str]:
        mapped, unread = self.source.request.mapped, self.source.request.unread
        return [
            f"{field.nothing() if field.name in unread else field.read(field.name in mapped)} as c{n}"
            for n, field in enumerate(fields)
        ]

    def _counted(self, selection: Selection) -> Counted:
        """Count and newest value by themselves."""
        try:
            rows = self.session.exec_driver_sql(selection.facts(as_text=AS_TEXT)).one()
            self.session.rollback()
        except sa.exc.DBAPIError as error:
            raise (self.source.broken_off() if error.connection_invalidated else self.source.refused()) from None
        return Counted(int(rows[0]), rows[1])

    def _reader(self, statement: str) -> pa.RecordBatchReader:
        import connectorx

        try:
            return connectorx.read_sql(
                self.address,
                statement,
                return_type="arrow_stream",
                protocol="binary",
                batch_size=BATCH_ROWS,
                pre_execution_query=SETTINGS,
            )
        except Exception as error:
            # Its own words hold the statement and parts of the address.
            raise NotReadable(type(error).__name__) from None

    def _rows(
        self,
        reader: pa.RecordBatchReader,
        fields: list[Field],
        schema: pa.Schema,
        facts: int = 0,
        counts: set[tuple[int, str | None]] | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """The batches as archived, without the first columns, which carry count and newest value and go to `counts`."""
        for batch in self._whole(reader):
            if len(batch) and counts is not None:
                counts.add((batch.column(0)[0].as_py(), batch.column(1)[0].as_py() if facts > 1 else None))
            columns = batch.columns[facts:]
            columns[: len(fields)] = [field.archived(column) for field, column in zip(fields, columns, strict=False)]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    def _whole(self, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        try:
            yield from reader
        except GeneratorExit:
            raise
        except BaseException as error:
            # A panic of the driver is no Exception; an interrupt by the user is none of its doing.
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            raise self.source.broken_off() from None

    def _fields(self, selection: Selection) -> list[Field]:
        try:
            result = self.session.exec_driver_sql(f"select source.* from {selection.relation} limit 0")
            wire: Any = result.cursor
            found = [Field(f.name, f.type_code, f.charsetnr, f.flags, f.scale) for f in wire._result.fields]
            self.session.rollback()  # hold no old snapshot open while ConnectorX reads
        except sa.exc.DBAPIError as error:
            is_twice = error.orig is not None and error.orig.args[:1] == (SAME_NAME,)
            raise (self.source.named_twice() if is_twice else self.source.refused()) from None
        return found

    def _has_snapshots(self) -> bool:
        """Whether the table is of an engine whose readers hold off nobody; of a query it is assumed.

        A table of another engine (MyISAM, Aria) is copied aside by the server first, so that its writers wait for that
        only and not until the last row has crossed the network.
        """
        table = self.source.read.table
        if table is None:
            return True
        *schema, name = table.split(".")
        engine = self.session.execute(
            sa.text(
                "select engine from information_schema.tables where table_schema = coalesce(:s, database()) and table_name = :t"
            ),
            {"s": schema[0] if schema else None, "t": name},
        ).scalar()
        return engine is None or str(engine).lower() == "innodb"


def _archived(fields: list[Field], columns: Iterable[pa.Field], more: Sequence[str] = ()) -> pa.Schema:
    """The columns of the archive under the names that they have in the table; `more` stand behind and keep their types."""
    arrived = [column.type for column in columns]
    types = [field.archived_type(kind) for field, kind in zip(fields, arrived, strict=False)] + arrived[len(fields) :]
    return pa.schema(list(zip([*(field.name for field in fields), *more], types, strict=True)))


def say_slower(reason: NotReadable) -> None:
    """Leave a trace when the slower driver takes over."""
    logging.getLogger(__name__).info("ConnectorX cannot run the statement (%s); SQLAlchemy reads it.", reason)
