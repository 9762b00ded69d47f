"""Databases: one table or query, counted and read in the same read-only transaction.

The count is the database's own `count(*)`, taken before a row is fetched. The rows are written once to `raw.parquet` and read
back from there, so that the archive is what is landed. `_rows` is the one place that a faster driver for one kind of database
has to replace.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from mutasi.sources.agency import SqlRead
from mutasi.sources.connection import Connection, Extract
from mutasi.sources.request import Request
from mutasi.sources.staging import column_names, parquet_batches

CHUNK_ROWS = 50_000
RAW = "raw.parquet"

DRIVERS = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg2",
    "postgresql": "postgresql+psycopg2",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mssql": "mssql+pyodbc",
    "oracle": "oracle+oracledb",
}
# Snapshot of the whole transaction where the database has one; SQLite has it as soon as a transaction is begun.
ISOLATION: dict[str, dict[str, Any]] = {
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
    "mysql": {"isolation_level": "REPEATABLE READ"},
    "mssql": {"isolation_level": "SNAPSHOT"},
    "oracle": {"isolation_level": "SERIALIZABLE"},
}
KEPT_TYPES = (pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.date32(), pa.timestamp("us"), pa.null())


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


def statement(read: SqlRead, dialect: sa.Dialect) -> str:
    """The query to run; a table's name is quoted part by part, so it may be `schema.table` and hold capitals."""
    if read.table is not None:
        quote = dialect.identifier_preparer.quote
        return f"select * from {'.'.join(quote(part) for part in read.table.split('.'))}"
    return (read.query or "").strip().rstrip(";")


def read_sql(request: Request, read: SqlRead) -> Extract:
    """Read a table or query; `rows_received` is the database's `count(*)` of the same snapshot.

    Raises:
        SourceError: the database cannot be reached, or refuses the statement.
    """
    connection = request.connection
    try:
        engine = sa.create_engine(database_url(connection), hide_parameters=True, poolclass=sa.NullPool)
    except ValueError:
        raise request.error(
            f"`{connection.conn_type}` is no type of database; a connection of type sql is one of {', '.join(DRIVERS)}."
        ) from None
    except (sa.exc.SQLAlchemyError, ImportError):
        raise request.error(
            f"the driver for {connection.conn_type} is missing or misconfigured; install `{DRIVERS[connection.conn_type]}`."
        ) from None
    try:
        session = engine.connect()
    except sa.exc.SQLAlchemyError:
        raise request.error(
            f"the database of connection `{request.connection_name}` cannot be opened; check address, password and that it runs."
        ) from None
    try:
        with session:
            received, parts = _spool(session, statement(read, engine.dialect), engine.dialect.name, request.archive)
        raw = _settle(parts, request.archive)
    except sa.exc.SQLAlchemyError as error:
        raise request.error(_sentence(error, read)) from None
    except (pa.ArrowException, OSError):
        raise request.error(
            "the rows cannot be written to the archive; check free space, and the types of the columns."
        ) from None
    finally:
        engine.dispose()
    return Extract(batches=parquet_batches(pq.ParquetFile(raw)), rows_received=received, archive=(raw,))


def _sentence(error: sa.exc.SQLAlchemyError, read: SqlRead) -> str:
    """What went wrong by kind; the database's own words may hold values."""
    what = f"the table `{read.table}`" if read.table else "the query of the agency file"
    if isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated:
        return f"the database broke off while {what} was read; nothing of it was taken. Try again later."
    return f"the database refuses to read {what}; check its name, its columns and the right to read it."


def _spool(session: sa.Connection, query: str, dialect: str, archive: Path) -> tuple[int, list[Path]]:
    """(`count(*)`, one Parquet part per chunk, each with the types that its own values have)."""
    session = session.execution_options(**ISOLATION.get(dialect, {}), no_parameters=True)
    if dialect == "sqlite":
        session.exec_driver_sql("begin")
    received = int(session.exec_driver_sql(f"select count(*) from ({query}) counted").scalar_one())
    parts = []
    for number, chunk in enumerate(_rows(session, query)):
        part = archive / f".raw-{number:05d}.part"
        pq.write_table(chunk, part, compression="lz4")
        parts.append(part)
    session.rollback()
    return received, parts


def _rows(session: sa.Connection, query: str) -> Iterator[pa.Table]:
    """The rows in chunks, at least one; a server-side cursor keeps memory flat."""
    result = session.execution_options(stream_results=True, max_row_buffer=CHUNK_ROWS).exec_driver_sql(query)
    names = column_names(result.keys())
    rows: Sequence[Any] = result.fetchmany(CHUNK_ROWS)
    yield _table(rows, names)
    while rows := result.fetchmany(CHUNK_ROWS):
        yield _table(rows, names)


def _table(rows: Sequence[Any], names: list[str]) -> pa.Table:
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pa.Table.from_arrays([_column(values) for values in columns], names=names)


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


def _settle(parts: list[Path], archive: Path) -> Path:
    """Join the parts into one file with one type per column: the one that all parts share, else text."""
    schemas = [pq.read_schema(part) for part in parts]
    names = schemas[0].names
    schema = pa.schema([(name, _shared({schema.types[i] for schema in schemas})) for i, name in enumerate(names)])
    raw, unfinished = archive / RAW, archive / f".{RAW}.part"
    with pq.ParquetWriter(unfinished, schema, compression="zstd") as writer:
        for part in parts:
            chunk = pq.read_table(part)
            columns = [column.cast(field.type) for column, field in zip(chunk.columns, schema, strict=True)]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
            part.unlink()
    unfinished.chmod(0o600)
    return unfinished.replace(raw)


def _shared(types: set[pa.DataType]) -> pa.DataType:
    known = types - {pa.null()}
    return known.pop() if len(known) == 1 else pa.string()
