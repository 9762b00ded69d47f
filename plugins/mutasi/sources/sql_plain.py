"""Any other database, by SQLAlchemy: one table or query, counted and read in the same transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from mutasi.sources.sql_selection import Counted, Selection, Source
from mutasi.sources.staging import column_names

CHUNK_ROWS = 50_000
# Snapshot of the whole transaction where the database has one; SQLite has it as soon as a transaction is begun.
ISOLATION: dict[str, dict[str, Any]] = {
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
    "mysql": {"isolation_level": "REPEATABLE READ"},
    "mssql": {"isolation_level": "SNAPSHOT"},
    "oracle": {"isolation_level": "SERIALIZABLE"},
}
KEPT_TYPES = (pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.date32(), pa.timestamp("us"), pa.null())


class PlainReading:
    """One transaction of one connection."""

    def __init__(self, source: Source, session: sa.Connection) -> None:
        self.source, self.session = source, session

    def fetch(self, selection: Selection, target: Path) -> Counted:
        """Count the living rows and write the selected ones to `target`.

        Raises:
            SourceError: the database refuses or breaks off.
        """
        try:
            facts: Any = self.session.exec_driver_sql(selection.facts()).one()
            rows, newest = facts
            parts = []
            for number, chunk in enumerate(_rows(self.session, selection.rows(), self.source.request.unread)):
                parts.append(target.with_name(f".{target.name}-{number:05d}.part"))
                pq.write_table(chunk, parts[-1], compression="lz4")
        except sa.exc.SQLAlchemyError as error:
            lost = isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated
            raise (self.source.broken_off() if lost else self.source.refused()) from None
        _settle(parts, target)
        return Counted(int(rows), newest if newest is None or isinstance(newest, int) else _as_text(newest))


@contextmanager
def plain_reading(source: Source, session: sa.Connection) -> Iterator[PlainReading]:
    """Begin the one transaction of a session."""
    dialect = session.dialect.name
    session = session.execution_options(**ISOLATION.get(dialect, {}), no_parameters=True)
    if dialect == "sqlite":
        session.exec_driver_sql("begin")
    yield PlainReading(source, session)
    session.rollback()


def _rows(session: sa.Connection, query: str, unread: frozenset[str]) -> Iterator[pa.Table]:
    """The rows in chunks, at least one, without the values of `unread`; a server-side cursor keeps memory flat."""
    result = session.execution_options(stream_results=True, max_row_buffer=CHUNK_ROWS).exec_driver_sql(query)
    names = column_names(result.keys())
    rows: Sequence[Any] = result.fetchmany(CHUNK_ROWS)
    yield _table(rows, names, unread)
    while rows := result.fetchmany(CHUNK_ROWS):
        yield _table(rows, names, unread)


def _table(rows: Sequence[Any], names: list[str], unread: frozenset[str]) -> pa.Table:
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    cells = [pa.nulls(len(rows)) if n in unread else _column(values) for n, values in zip(names, columns, strict=True)]
    return pa.Table.from_arrays(cells, names=names)


def _column(values: Sequence[Any]) -> pa.Array:
    """Integers, numbers, truth values, dates and text as they are; all else as text."""
    try:
        column = pa.array(values, from_pandas=False)
        if column.type in KEPT_TYPES:
            return column
        if pa.types.is_decimal(column.type) or pa.types.is_timestamp(column.type):
            return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        pass
    # Only for what Arrow cannot hold in one type: SQLite's columns of mixed types, UUIDs, bytes.
    return pa.array([None if value is None else _as_text(value) for value in values], pa.string())


def _as_text(value: Any) -> str:
    return bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | bytearray | memoryview) else str(value)


def _settle(parts: list[Path], target: Path) -> None:
    """Join the parts into one file with one type per column: the one that all parts share, else text."""
    schemas = [pq.read_schema(part) for part in parts]
    names = schemas[0].names
    schema = pa.schema([(name, _shared({schema.types[i] for schema in schemas})) for i, name in enumerate(names)])
    unfinished = target.with_name(f".{target.name}.part")
    with pq.ParquetWriter(unfinished, schema, compression="zstd") as writer:
        for part in parts:
            chunk = pq.read_table(part)
            columns = [column.cast(field.type) for column, field in zip(chunk.columns, schema, strict=True)]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
            part.unlink()
    unfinished.chmod(0o600)
    unfinished.replace(target)


def _shared(types: set[pa.DataType]) -> pa.DataType:
    known = types - {pa.null()}
    return known.pop() if len(known) == 1 else pa.string()
