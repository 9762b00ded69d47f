"""What every engine reads is said in one way."""

from __future__ import annotations

from pathlib import Path

import duckdb

from mutasi.engine import parquet

COLUMNS = {"agency_id": "VARCHAR", "count of posts": "BIGINT", "since": "DATE"}


def test_files_of_other_columns_are_read_as_the_same_ones(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("newer.parquet", "older's.parquet")]
    written = (
        "select 'x' as more, 7::integer as \"count of posts\", 'baru' as agency_id, date '2026-01-01' as since",
        "select 'lama' as agency_id",
    )
    for file, query in zip(files, written, strict=True):
        duckdb.sql(query).write_parquet(str(file))
    for order in (files, files[::-1]):
        rows = duckdb.sql(f"from {parquet(order, COLUMNS, is_alike=False)} order by agency_id")
        assert dict(zip(rows.columns, map(str, rows.types), strict=True)) == COLUMNS
        assert [row[:2] for row in rows.fetchall()] == [("baru", 7), ("lama", None)]


def test_of_no_file_there_are_the_columns_and_no_row() -> None:
    rows = duckdb.sql(f"from {parquet([], COLUMNS, is_alike=True)}")
    assert dict(zip(rows.columns, map(str, rows.types), strict=True)) == COLUMNS
    assert rows.fetchall() == []
