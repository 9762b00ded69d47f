"""Columns in which every value already is what it would be typed as: they are passed on, and nothing is read in them.

Most columns of most sources are so. One look at the different values tells it, which is far less than reading each of them, and
of a small agency less than DuckDB needs to plan how it would.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mutasi.landing.typed import GOLONGAN, LIKE_VALUES, NIP, TO_FOLD, TO_TRIM
from mutasi.sources.agency import ColumnMap, DatasetSource
from mutasi.sources.datasets import Column, Dataset

PLAIN_NIP, PLAIN_ID = r"^[0-9]{18}$", r"^[0-9A-Za-z._/-]+$"
# What reading would change or empty.
AMISS = {"text": rf"^$|{TO_TRIM}|{TO_FOLD}", "code": rf"^$|{TO_TRIM}"}
# A longer one may be the name of a golongan, of which BKN's code is made.
LONGER_THAN_A_CODE = r"(?s)^..."


def plain_columns(dataset: Dataset, source: DatasetSource, rows: pa.Table) -> frozenset[str]:
    """The mapped columns of `dataset` that `rows`, with the source's names and texts as in `coded`, hold as they are to be landed."""
    return frozenset(
        name
        for name, mapping in source.columns.items()
        if name in dataset.columns and _is_plain(name, dataset.columns[name], mapping, source, rows)
    )


def _is_plain(name: str, column: Column, mapping: ColumnMap, source: DatasetSource, rows: pa.Table) -> bool:
    if mapping.source is None or mapping.strip_prefix or mapping.codes or mapping.factor is not None:
        return False
    if mapping.source in source.fill_down:
        return False
    values = rows.column(mapping.source)
    if pa.types.is_string(values.type) or pa.types.is_dictionary(values.type):
        return column.type in ("id", "text", "code") and _is_plain_text(name, column, source.nulls, values)
    return _is_plain_value(column, source.nulls, values)


def _is_plain_text(name: str, column: Column, nulls: Collection[str], values: pa.ChunkedArray) -> bool:
    # Of a dictionary the texts in it alone are looked at; what is not one differs in most rows anyway.
    different = values.chunk(0).dictionary if pa.types.is_dictionary(values.type) else values.drop_null()
    if _any(pc.is_in(different, value_set=pa.array(nulls, pa.string()))):
        return False
    if column.type == "id":
        return _all(pc.match_substring_regex(different, PLAIN_NIP if name == NIP else PLAIN_ID))
    if column.type == "code" and column.allowed:
        return _all(pc.is_in(different, value_set=pa.array(column.allowed)))
    amiss = f"{AMISS[column.type]}|{LONGER_THAN_A_CODE}" if name in GOLONGAN else AMISS[column.type]
    return not _any(pc.match_substring_regex(different, amiss))


def _is_plain_value(column: Column, nulls: Collection[str], values: pa.ChunkedArray) -> bool:
    """What the source typed as we do, and no word for nothing could be one of its values."""
    if any(re.search(LIKE_VALUES, word) for word in nulls):
        return False
    kind = values.type
    if column.type == "decimal" and pa.types.is_float64(kind):
        return _all(pc.is_finite(values))
    return (
        (column.type == "date" and pa.types.is_date32(kind))
        or (column.type in ("integer", "decimal") and pa.types.is_int64(kind))
        or (column.type == "boolean" and pa.types.is_boolean(kind))
    )


def _all(found: Any) -> bool:
    return bool(pc.all(found, min_count=0).as_py())


def _any(found: Any) -> bool:
    return bool(pc.any(found, min_count=0).as_py())
