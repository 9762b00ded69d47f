"""Raw columns laid down once as Parquet and read back in batches, so that memory stays flat and errors come early.

A reader that fails half-way through a stream fails inside whoever consumes it, with the library's own words and values.
Here the whole source is read before the first batch is handed on, and only then is it known to be sound.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from mutasi.engine import bounded, quoted

if TYPE_CHECKING:
    import duckdb

BATCH_ROWS = 65_536
STAGED = ".staged.parquet"


def engine(folder: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB of its own that keeps the source's order and spills into `folder` and nowhere else."""
    import duckdb

    # Not the working directory: what is spilled are rows of persons.
    return duckdb.connect(config={**bounded(), "temp_directory": str(folder / ".spill")})


def stage(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[Any], names: Sequence[str], folder: Path
) -> pa.RecordBatchReader:
    """Run a query to its end and hand back its rows, in order, under `names`.

    The staged file has no name any more when this returns; the operating system frees it with the last batch.

    Raises:
        duckdb.Error: the query failed; its text may hold values and must not be shown.
    """
    staged = folder / STAGED
    try:
        # lz4: the file lives for seconds, so writing speed counts and size does not.
        connection.execute(f"copy ({query}) to {quoted(str(staged))} (format parquet, compression lz4)", list(parameters))
        opened = open_parquet(staged)
    finally:
        staged.unlink(missing_ok=True)
    return parquet_batches(opened, names)


def open_parquet(file: Path) -> pq.ParquetFile:
    """A Parquet file whose texts are handed on as the dictionaries that it holds, so that each is looked at once.

    Its name is not needed any more when this returns.
    """
    opened = pa.OSFile(str(file))
    footer = pq.read_metadata(opened)
    texts = {field.name for field in footer.schema.to_arrow_schema() if pa.types.is_string(field.type)}
    first = footer.row_group(0) if footer.num_row_groups else None
    columns = [first.column(number) for number in range(first.num_columns)] if first else []
    repeated = [column.path_in_schema for column in columns if column.has_dictionary_page and column.path_in_schema in texts]
    return pq.ParquetFile(opened, metadata=footer, read_dictionary=repeated)


def parquet_batches(file: pq.ParquetFile, names: Sequence[str] | None = None) -> pa.RecordBatchReader:
    """The rows of a Parquet file, renamed if `names` are given; the file is held open until the last batch."""
    schema = file.schema_arrow.remove_metadata()
    if names is not None:
        schema = pa.schema([field.with_name(name) for field, name in zip(schema, names, strict=True)])

    def rows() -> Iterator[pa.RecordBatch]:
        with file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
                yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)

    return pa.RecordBatchReader.from_batches(schema, rows())


def column_names(header: Iterable[str | None]) -> list[str]:
    """Names as the source writes them, trimmed; a column without a name is called by its position, from 1."""
    return [(name or "").strip() or f"column_{position}" for position, name in enumerate(header, start=1)]


def joined_header(rows: Sequence[Sequence[str | None]]) -> list[str]:
    """One header of one or more rows: the texts of a column from top to bottom, joined with a blank, on one line.

    A cell merged over several columns holds its text in the first of them, so in all rows but the last a text holds for the
    empty cells on its right.
    """
    width = max(len(row) for row in rows)
    cells = [[re.sub(r"[^\S\t]+", " ", text or "").strip() for text in row] + [""] * (width - len(row)) for row in rows]
    for row in cells[:-1]:
        for place in range(1, width):
            # A column that has nothing below is no part of the merged cell on its left.
            row[place] = row[place] or (row[place - 1] if cells[-1][place] else "")
    return [" ".join(dict.fromkeys(row[place] for row in cells if row[place])) for place in range(width)]
