"""What an agency file maps must exist: datasets, columns, words, connections.

All of it can be known without the source, so none of it need wait for the first night.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mutasi.sources.datasets import EXCEL, Column, Dataset, datasets
from mutasi.sources.sentences import one_of

if TYPE_CHECKING:
    from mutasi.sources.agency import Agency, ColumnMap, DatasetSource


def misfits(agency: Agency) -> list[str]:
    """One line for everything that does not fit, each starting with the dotted key."""
    found: list[str] = []
    for name, source in agency.datasets.items():
        where = f"datasets.{name}"
        found += [f"{where}.{line}" for line in _of_connections(agency, source)]
        dataset = datasets().get(name)
        if dataset is None:
            found.append(f"{where}: is not a dataset; {one_of(name, datasets())}")
        else:
            found += [f"{where}.{line}" for line in _of_columns(dataset, source)]
    return found


def _of_connections(agency: Agency, source: DatasetSource) -> Iterator[str]:
    """That of the dataset is known by now: what may stand under `read` follows from it."""
    name = getattr(source.read, "nips_connection", None)
    reference = agency.connections.get(name) if name else None
    if name and reference is None:
        yield f"read.nips_connection: {one_of(name, agency.connections)}"
    elif reference is not None and reference.type != "files":
        yield f"read.nips_connection: the list of NIPs is a file, and `{name}` is a connection of type {reference.type}"


def _of_columns(dataset: Dataset, source: DatasetSource) -> Iterator[str]:
    if "%" not in source.date_format:
        yield _no_format("date_format", source.date_format)
    for given in source.more_date_formats:
        if "%" not in given and given != EXCEL:
            yield _no_format("more_date_formats", given)
    for name, mapping in source.columns.items():
        column = dataset.columns.get(name)
        if column is None:
            yield f"columns.{name}: is not a column of {dataset.name}; {one_of(name, dataset.columns)}"
        else:
            yield from (f"columns.{name}{line}" for line in _of_column(column, mapping, source.date_format))
    for name, column in dataset.columns.items():
        if column.required and name not in source.columns:
            yield f"columns.{name}: is required; map it to a source column"


def _of_column(column: Column, mapping: ColumnMap, date_format: str) -> Iterator[str]:
    if mapping.factor is not None and column.type not in ("integer", "decimal"):
        yield f".factor: is for numbers, and this column is of type {column.type}"
    if mapping.format is not None and "%" not in mapping.format:
        yield _no_format(".format", mapping.format)
    given = [*mapping.codes.values(), *([] if mapping.value is None else [str(mapping.value)])]
    if words := column.words:
        folded = [word.lower() if column.type == "boolean" else word for word in given]
        yield from (f": {one_of(word, words)}" for word in folded if word not in words)
    elif mapping.value is not None and not _is_readable(column, str(mapping.value), mapping.format or date_format):
        yield f".value: `{mapping.value}` is no {'whole number' if column.type == 'integer' else column.type}"


def _is_readable(column: Column, value: str, date_format: str) -> bool:
    """Whether a fixed value is one of the column's type; dates may always be written as 2026-11-22."""
    try:
        if column.type == "integer":
            int(value)
        elif column.type == "decimal":
            float(value.replace(",", "."))
        elif column.type == "date" and value:
            _date(value, date_format)
    except ValueError:
        return False
    return True


def _date(value: str, date_format: str) -> dt.date:
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        return dt.datetime.strptime(value, date_format).date()


def _no_format(key: str, given: str) -> str:
    return f'{key}: `{given}` names no part of a date; write it as in "%d-%m-%Y"'
