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

from mutasi.landing.data_files import coded
from mutasi.landing.typed import GOLONGAN, LIKE_VALUES, NIP, TO_FOLD, TO_TRIM
from mutasi.sources.agency import ColumnMap, DatasetSource
from mutasi.sources.datasets import Column, Dataset

# Of a NIP with too few digits or a letter among them nothing is made; without dots and strokes it is no spoilt one either.
PLAIN_NIP, PLAIN_ID = r"^[0-9A-Za-z]+$", r"^[0-9A-Za-z._/-]+$"
# What reading would change or empty.
AMISS = {"text": rf"^$|{TO_TRIM}|{TO_FOLD}", "code": rf"^$|{TO_TRIM}"}
# The name of a golongan, of which BKN's code is made, has one of these; a code and the Roman number of a PPPK have none.
IN_A_GOLONGAN = "[a-eA-E]"


def plain_columns(dataset: Dataset, source: DatasetSource, rows: pa.Table) -> frozenset[str]:
    """The mapped columns of `dataset` that `rows`, with the source's names and texts as in `coded`, hold as they are to be landed."""
    return frozenset(
        name
        for name, mapping in source.columns.items()
        if name in dataset.columns and _is_plain(name, dataset.columns[name], mapping, source, rows)
    )


def unmapped_codes(dataset: Dataset, source: DatasetSource, rows: pa.Table, amiss: Collection[str]) -> pa.Table | None:
    """The columns that are not plain, without codes that nobody mapped, and `_unmapped`; None where anything else is amiss in them.

    They are what most often keeps a column from being passed on.
    """
    codes, lists = {}, []
    for name, mapping in source.columns.items():
        if name not in amiss:
            continue
        column = dataset.columns[name]
        if not column.allowed or not _is_plain(name, column.model_copy(update={"allowed": ()}), mapping, source, rows):
            return None
        texts = rows.column(str(mapping.source)).cast(pa.string())
        codes[name] = pc.if_else(pc.is_in(texts, value_set=pa.array(column.allowed)), texts, pa.scalar(None, pa.string()))
        is_unmapped = pc.and_(pc.is_valid(texts), pc.is_null(codes[name]))
        lists.append(pc.if_else(is_unmapped, f"{name} ", ""))
    if lists:
        names = pc.binary_join_element_wise(*lists, "")
        codes["_unmapped"] = pc.if_else(pc.equal(names, ""), "", pc.binary_join_element_wise(" ", names, ""))
    return coded(pa.table(codes))


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
    amiss = f"{AMISS[column.type]}|{IN_A_GOLONGAN}" if name in GOLONGAN else AMISS[column.type]
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
