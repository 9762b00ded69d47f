"""The Parquet files of snapshots. A text that repeats stands in them once, in a dictionary, and from the source to the promoted
file is handed on as such: it is neither read nor looked up again in every row.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow.fs import LocalFileSystem

from mutasi.engine import ROW_GROUP, ZSTD_LEVEL

ARROW_TYPES = {
    "VARCHAR": pa.string(), "BIGINT": pa.int64(), "DOUBLE": pa.float64(), "DATE": pa.date32(), "BOOLEAN": pa.bool_()
}  # fmt: skip
# Lengths stand apart from texts, and of numbers and days the differences: smaller, and much sooner read.
PACKED = {
    pa.string(): "DELTA_LENGTH_BYTE_ARRAY", pa.int64(): "DELTA_BINARY_PACKED", pa.date32(): "DELTA_BINARY_PACKED"
}  # fmt: skip
DISK = LocalFileSystem()  # a path alone would be looked up, and tried as an address where nothing stands there
REPEATS = 5  # on average, where a dictionary is smaller and faster than the texts
FEW_ROWS = 2_000  # up to so many it takes longer to begin to compress well than to compress
FIRST_ROWS, DIFFERENT = 2_000, 0.95  # a column that begins with so many different texts is not searched for repeated ones


def repeated(text: str, rows: int) -> pa.DictionaryArray:
    """One text in every row."""
    return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), rows), pa.array([text]))


def coded(rows: pa.Table) -> pa.Table:
    """The rows with texts that repeat as dictionaries, one for each column, and all others as they are."""
    return pa.table([_coded(column) for column in rows.columns], rows.column_names)


def joined(parts: Sequence[pa.Table]) -> pa.Table:
    """The rows of tables of the same columns; a text may be a dictionary in some of them and none in others."""
    texts = {field.name for part in parts for field in part.schema if pa.types.is_string(field.type)}
    schema = pa.schema([field.with_type(pa.string()) if field.name in texts else field for field in parts[0].schema])
    return coded(pa.concat_tables([part.cast(schema) for part in parts]))


def _coded(values: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(values.type) and pa.types.is_string(values.type.value_type):
        found = values.unify_dictionaries()
    elif pa.types.is_string(values.type) and not _begins_with_different(values):
        found = values.dictionary_encode()
    else:
        return values
    texts = len(found.chunk(0).dictionary) if found.num_chunks else 0
    return found if 0 < texts * REPEATS <= min(len(found), ROW_GROUP) else found.cast(pa.string())


def _begins_with_different(values: pa.ChunkedArray) -> bool:
    first = values.slice(0, FIRST_ROWS)
    return len(first) > 0 and int(pc.count_distinct(first).as_py()) > DIFFERENT * len(first)


class DataFile:
    """A Parquet file of these columns, written table by table.

    Texts that come as dictionaries are written as such, and others without. Of a dictionary nobody asks for the smallest and the largest
    text, whose search is half the work of writing it; and what is a number of few bits hardly gets smaller, so the fastest compression
    does, as it does for few rows. A dictionary that no row of the first table uses is written as texts: their footer says that the
    column is empty.
    """

    def __init__(self, file: Path, schema: pa.Schema) -> None:
        self._file, self._schema = file, schema
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> DataFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._begun(self._schema.empty_table()).close()

    def write(self, rows: pa.Table) -> None:
        """Add rows."""
        writer = self._begun(rows)
        as_begun = rows if rows.schema == writer.schema else rows.cast(writer.schema)
        writer.write_table(as_begun, row_group_size=ROW_GROUP)

    def _begun(self, rows: pa.Table) -> pq.ParquetWriter:
        if self._writer is None:
            fields = [field.with_type(pa.string()) if _is_unused(rows[field.name]) else field for field in self._schema]
            texts = [field.name for field in fields if pa.types.is_dictionary(field.type)]
            others = [name for name in self._schema.names if name not in texts]
            smaller = others if len(rows) > FEW_ROWS else []
            self._writer = pq.ParquetWriter(
                self._file,
                pa.schema(fields),
                filesystem=DISK,
                compression=dict.fromkeys(self._schema.names, "lz4") | dict.fromkeys(smaller, "zstd"),
                compression_level=dict.fromkeys(smaller, ZSTD_LEVEL),
                write_statistics=others,
                store_schema=False,
                use_dictionary=texts,
                column_encoding={field.name: PACKED[field.type] for field in fields if field.type in PACKED},
            )
        return self._writer


def _is_unused(values: pa.ChunkedArray) -> bool:
    return bool(pa.types.is_dictionary(values.type) and values.null_count == len(values))
