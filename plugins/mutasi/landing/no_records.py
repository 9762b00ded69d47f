"""Rows of files that are no records: what a spreadsheet leaves below its table, and totals."""

from __future__ import annotations

import duckdb

from mutasi.engine import named, quoted
from mutasi.landing.typed import BLANKS
from mutasi.sources.agency import DatasetSource, FilesRead
from mutasi.sources.datasets import Dataset

TOTALS = " If they are totals or notes and no records, name them under `skip_where`."


def blank_rows(con: duckdb.DuckDBPyConnection, source: DatasetSource) -> int:
    """How many rows of a file hold nothing in any mapped column.

    Args:
        con: has the tables `raw` and `typed`; `raw._place` is `typed._row_id`.
        source: its columns stand in `raw`.
    """
    sources = dict.fromkeys(mapping.source for mapping in source.columns.values() if mapping.source)
    if not sources or not isinstance(source.read, FilesRead):
        return 0
    cells = ", ".join(f"trim(cast({named(name)} as varchar), {quoted(BLANKS)})" for name in sources)
    [(rows,)] = con.execute(
        f"select count(*) from raw where _place in (select _row_id from typed) and concat({cells}) = ''"
    ).fetchall()
    return int(rows)


def blank_sentence(dataset: Dataset, source: DatasetSource, blank: int, rows: int) -> str:
    """How the agency file leaves such rows out."""
    keys = (source.columns[column].source for column in dataset.key if column in source.columns)
    words = ", ".join(f'"{name}": [""]' for name in keys if name)
    return f"{blank:,} of {rows:,} rows are empty in every mapped column; `skip_where: {{{words}}}` leaves them out."
