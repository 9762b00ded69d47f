"""MariaDB and MySQL by ConnectorX: rows and their count from one statement.

ConnectorX opens connections of its own, so count and rows cannot share a transaction. They share a statement instead: every row
carries `(select count(*) …)` over the same relation, which the server works out once. One statement reads one snapshot (InnoDB),
or holds off writers to the end (MyISAM), so the count is the server's own and of the same moment. `count(*) over ()` would copy
the whole result on the server first, and a `union all` with the count costs twice the time of the rows.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from mutasi.sources.sql_archive import archive_batches
from mutasi.sources.sql_selection import DELETED, Counted, Selection, Source

BATCH_ROWS = 32_768
SETTINGS = [
    "set session transaction isolation level repeatable read",
    "set session transaction read only",
    # ConnectorX first asks for one row to learn the types, before these settings: no count is wanted then.
    "set @is_read = 1",
]
# Numbers of the wire protocol. Dates are not among the kept ones: ConnectorX breaks on `0000-00-00`, and prints it.
INTEGERS, FLOATS, TEXTS, BIT = {1, 2, 3, 8, 9}, {4, 5}, {249, 250, 251, 252, 253, 254}, 16
SAME_NAME, AS_TEXT = 1060, "cast({} as char)"
BINARY, UNSIGNED, ENUM_OR_SET = 63, 32, 256 | 2048


class NotReadable(Exception):
    """ConnectorX cannot run this statement; another driver may."""


@dataclass(frozen=True)
class Field:
    """A column as the server describes it."""

    name: str
    kind: int
    charset: int
    flags: int

    def read(self, is_mapped: bool) -> str:
        """The column for a select list: numbers and text as they are, all else as text written by the server."""
        column = f"source.{quote(self.name)}"
        if self.kind in FLOATS or (self.kind in INTEGERS and not self.flags & UNSIGNED):
            return column
        if self.kind == BIT:
            return f"cast({column} + 0 as char)"
        if self.kind in TEXTS and self.charset == BINARY:
            # Photographs and scans are no data of ours.
            return f"convert({column} using utf8mb4)" if is_mapped else "cast(null as char)"
        if self.kind in TEXTS and not self.flags & ENUM_OR_SET:
            return column
        return f"cast({column} as char)"


def quote(name: str) -> str:
    """A name as an identifier of MariaDB."""
    return "`" + name.replace("`", "``") + "`"


def is_plain_address(url: sa.URL) -> bool:
    """Whether ConnectorX understands all of the address; it would drop options for encryption without a word."""
    return bool(url.host) and not set(url.query) - {"charset"}


class MariaReading:
    """A relation of a MariaDB whose columns are known."""

    def __init__(self, source: Source, url: sa.URL, session: sa.Connection) -> None:
        self.source, self.session = source, session
        self.address = url.set(drivername="mysql", query={}).render_as_string(hide_password=False)
        self.buffered = "" if self._has_snapshots() else "sql_buffer_result "

    def fetch(self, selection: Selection, target: Path) -> Counted:
        """Write the selected rows to `target`; returns the count that came behind them.

        Raises:
            NotReadable: ConnectorX cannot run the statement; nothing was read.
            SourceError: the database breaks off.
        """
        fields = self._fields(selection)
        names = [field.name for field in fields] + ([DELETED] if selection.since is not None else [])
        reader = self._reader(self._statement(selection, fields))
        facts = len(reader.schema) - len(names)
        schema = pa.schema([(name, kind.type) for name, kind in zip(names, list(reader.schema)[facts:], strict=True)])
        counts: set[tuple[int, str | None]] = set()
        archive_batches(self._rows(reader, schema, facts, counts), schema, target)
        return Counted(*counts.pop()) if counts else self._counted(selection)

    def _statement(self, selection: Selection, fields: list[Field]) -> str:
        mapped = self.source.request.mapped
        count = f"{self.buffered}case when @is_read = 1 then ({selection.count()}) end as rows_counted"
        newest = [f"case when @is_read = 1 then ({selection.newest(AS_TEXT)}) end as newest"] if selection.cursor else []
        columns = [f"{field.read(field.name in mapped)} as c{n}" for n, field in enumerate(fields)]
        return selection.rows([count, *newest, *columns])

    def _counted(self, selection: Selection) -> Counted:
        """Count and newest value where no row came that could carry them: an empty table, or no change."""
        rows = self.session.exec_driver_sql(selection.facts(as_text=AS_TEXT)).one()
        self.session.rollback()
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
        self, reader: pa.RecordBatchReader, schema: pa.Schema, facts: int, counts: set[tuple[int, str | None]]
    ) -> Iterator[pa.RecordBatch]:
        """The batches without the columns of the count, which goes to `counts`."""
        for batch in self._whole(reader):
            if len(batch):
                counts.add((batch.column(0)[0].as_py(), batch.column(1)[0].as_py() if facts > 1 else None))
            yield pa.RecordBatch.from_arrays(batch.columns[facts:], schema=schema)

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
            found = [Field(f.name, f.type_code, f.charsetnr, f.flags) for f in wire._result.fields]
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


def say_slower(reason: NotReadable) -> None:
    """Leave a trace when the slower driver takes over."""
    logging.getLogger(__name__).info("ConnectorX cannot run the statement (%s); SQLAlchemy reads it.", reason)
