"""Columns in which every value already is what it would be typed as: they are passed on, and nothing is read in them.

Most columns of most sources are so. One look at the different values tells it, which is far less than reading each of them, and
of a small agency less than DuckDB needs to plan how it would.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mutasi.landing.data_files import coded
from mutasi.landing.typed import GOLONGAN, LIKE_VALUES, NIP, TO_FOLD, TO_TRIM
from mutasi.sources.agency import ColumnMap, DatasetSource
from mutasi.sources.datasets import Column, Dataset

# What reading would change or empty. Dots and strokes part a NIP or show a spoilt one; what else has not 18 digits stays as it is. The name
# of a golongan, of which BKN's code is made, has a letter that neither the code nor a PPPK's Roman number has.
AMISS = {
    "text": rf"^$|{TO_TRIM}|{TO_FOLD}",
    "code": rf"^$|{TO_TRIM}",
    "id": r"^$|[^0-9A-Za-z._/-]",
    NIP: r"^$|[^0-9A-Za-z]",
    **dict.fromkeys(GOLONGAN, rf"^$|{TO_TRIM}|[a-eA-E]"),
}


def plain_columns(dataset: Dataset, source: DatasetSource, rows: pa.Table) -> frozenset[str]:
    """The mapped columns of `dataset` that `rows`, with the source's names and texts as in `coded`, hold as they are to be landed.

    Codes that nobody mapped may stand in them; see `with_unmapped`.
    """
    plain: set[str] = set()
    texts: dict[str, dict[str, pa.Array]] = defaultdict(dict)
    for name, mapping in source.columns.items():
        if name not in dataset.columns or mapping.source is None or _is_made(mapping, source):
            continue
        column, values = dataset.columns[name], rows.column(mapping.source)
        if not (pa.types.is_string(values.type) or pa.types.is_dictionary(values.type)):
            plain |= {name} if _is_plain_value(column, source.nulls, values) else set()
        elif amiss := AMISS.get(name, AMISS.get(column.type)):
            texts[amiss][name] = _different(values)
    words = pa.array(source.nulls, pa.string())
    for amiss, columns in texts.items():
        # To prepare a look takes longer than to take it, and mostly nothing is amiss: so first at all columns together.
        if _is_free_of(amiss, words, columns.values()):
            plain |= columns.keys()
        else:
            plain |= {name for name, different in columns.items() if _is_free_of(amiss, words, [different])}
    return frozenset(plain)


def with_unmapped(dataset: Dataset, source: DatasetSource, rows: pa.Table, plain: Collection[str]) -> list[str]:
    """The plain columns in which codes stand that nobody mapped."""
    return [
        name
        for name, mapping in source.columns.items()
        if name in plain and (allowed := dataset.columns[name].allowed)
        if not _all(pc.is_in(_different(rows.column(str(mapping.source))), value_set=pa.array(allowed)))
    ]


def without_unmapped(dataset: Dataset, source: DatasetSource, rows: pa.Table, columns: Iterable[str]) -> pa.Table:
    """These columns without the codes that nobody mapped, and `_unmapped`."""
    found: dict[str, pa.Array] = {}
    amiss = np.zeros(len(rows), np.int64)  # a bit for each of the columns
    for number, name in enumerate(columns):
        texts = rows.column(str(source.columns[name].source)).combine_chunks().dictionary_encode()
        is_ours = pc.is_in(texts.dictionary, value_set=pa.array(dataset.columns[name].allowed))
        ours = pc.if_else(is_ours, texts.dictionary, pa.scalar(None, pa.string())).dictionary_encode()
        found[name] = ours.take(texts.indices)
        amiss |= np.append(~is_ours.to_numpy(zero_copy_only=False), False)[texts.indices.fill_null(-1)].astype(np.int64) << number
    if found:
        seen = pa.array(amiss).dictionary_encode()
        lists = [
            "".join(f"{name} " for number, name in enumerate(found) if bits >> number & 1) for bits in seen.dictionary.to_pylist()
        ]
        found["_unmapped"] = pa.DictionaryArray.from_arrays(seen.indices, [names and f" {names}" for names in lists])
    return coded(pa.table(found))


def _is_made(mapping: ColumnMap, source: DatasetSource) -> bool:
    """By the agency file, of what the source has."""
    return bool(mapping.strip_prefix or mapping.codes or mapping.factor is not None or mapping.source in source.fill_down)


def _different(texts: pa.ChunkedArray) -> pa.Array:
    """Of a dictionary the texts in it; what is not one differs in most rows anyway."""
    return texts.chunk(0).dictionary if pa.types.is_dictionary(texts.type) else texts.drop_null().combine_chunks()


def _is_free_of(amiss: str, words: pa.Array, texts: Iterable[pa.Array]) -> bool:
    together = pa.concat_arrays(texts)
    more = together.filter(pc.invert(pc.ascii_is_decimal(together)))  # in digits nothing is amiss, and to look for them is fast
    return not (_any(pc.is_in(together, value_set=words)) or _any(pc.match_substring_regex(more, amiss)))


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


def _all(found: pa.Array | pa.ChunkedArray) -> bool:
    return bool(pc.all(found, min_count=0).as_py())


def _any(found: pa.Array) -> bool:
    return bool(pc.any(found, min_count=0).as_py())
