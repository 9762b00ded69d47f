"""Texts that repeat are kept as dictionaries, those that differ are not, and what is written is what was given."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mutasi.landing import data_files
from mutasi.landing.data_files import DataFile, coded, joined, repeated

WORDS = [f"P{number % 7}" for number in range(3000)]
DIFFERENT = [f"N{number}" for number in range(3000)]


def test_texts_that_repeat_become_dictionaries_wherever_they_come_from() -> None:
    """Also when each chunk brings a dictionary of its own; a dictionary of different texts is given up, as is one without any."""
    rows = pa.table(
        {
            "words": pa.chunked_array([WORDS[:10], WORDS[10:]]),
            "chunks": pa.chunked_array([pa.array(WORDS[:10]).dictionary_encode(), pa.array(WORDS[10:]).dictionary_encode()]),
            "different": DIFFERENT,
            "given_up": pa.array(DIFFERENT).dictionary_encode(),
            "nothing": pa.nulls(3000, pa.string()),
            "number": list(range(3000)),
        }
    )
    found = coded(rows)
    assert [field.name for field in found.schema if pa.types.is_dictionary(field.type)] == ["words", "chunks"]
    assert found["chunks"].chunk(0).dictionary == found["chunks"].chunk(1).dictionary
    assert found.to_pylist() == rows.to_pylist()
    for empty in (rows.slice(0, 0), rows.schema.empty_table()):
        assert coded(empty).schema.field("words").type == pa.string()


def test_tables_are_joined_though_a_text_is_a_dictionary_in_some_of_them() -> None:
    """What repeats in all of them together is one dictionary; what does in one alone is none."""
    few, many = pa.table({"words": WORDS[:2], "seldom": WORDS[:2]}), pa.table({"words": WORDS[:900], "seldom": DIFFERENT[:900]})
    parts = [
        coded(many),
        few,
        coded(many),
        pa.table({"words": coded(many)["words"][:9], "seldom": pa.array(["x"] * 9).dictionary_encode()}),
    ]
    found = joined(parts)
    assert [pa.types.is_dictionary(kind) for kind in found.schema.types] == [True, False]
    assert found["words"].num_chunks and all(
        chunk.dictionary == found["words"].chunk(0).dictionary for chunk in found["words"].chunks
    )
    assert found.to_pylist() == [row for part in parts for row in part.to_pylist()]


def test_what_is_written_is_read_by_others_as_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over several row groups; dictionaries stand in the file for what repeats alone."""
    rows = coded(pa.table({"_row_id": range(1, 3001), "words": WORDS, "different": DIFFERENT}))
    rows = rows.append_column("agency_id", repeated("contoh", len(rows)))
    file = tmp_path / "rows.parquet"
    monkeypatch.setattr(data_files, "ROW_GROUP", 1000)
    with DataFile(file, rows.schema) as written:
        written.write(rows)
    assert duckdb.sql(f"from '{file}'").fetchall() == list(zip(range(1, 3001), WORDS, DIFFERENT, ["contoh"] * 3000, strict=True))
    group = pq.read_metadata(file).row_group(2)
    kept = {group.column(n).path_in_schema for n in range(4) if group.column(n).has_dictionary_page}
    assert (group.num_rows, kept) == (1000, {"words", "agency_id"})


def test_packed_columns_hold_any_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers at both ends, days before and after the epoch, texts that are empty or long; NULLs anywhere, also whole groups of them."""
    numbers, days = [2**63 - 1, -(2**63), None, 0, -1], [dt.date(1, 1, 1), None, dt.date(9999, 12, 31), dt.date(1969, 12, 31)]
    texts = ["", None, "x" * 70_000, "ékaé"]
    rows = pa.table(
        {
            "number": pa.array([numbers[n % 5] for n in range(300)] + [None] * 200, pa.int64()),
            "day": pa.array([None] * 200 + [days[n % 4] for n in range(300)], pa.date32()),
            "text": pa.array([texts[n % 4] for n in range(300)] + [None] * 200, pa.string()),
        }
    )
    file = tmp_path / "rows.parquet"
    monkeypatch.setattr(data_files, "ROW_GROUP", 100)
    with DataFile(file, rows.schema) as written:
        written.write(rows)
    assert pq.read_table(file) == rows
    assert duckdb.sql(f"from '{file}'").fetchall() == [tuple(row.values()) for row in rows.to_pylist()]


def test_the_footer_tells_which_columns_are_empty(tmp_path: Path) -> None:
    """Also of texts that nobody is left to use, as when all of them were blanked."""
    unused = pa.DictionaryArray.from_arrays(pa.nulls(60, pa.int32()), ["x"])
    rows = pa.table({"words": coded(pa.table({"w": WORDS[:60]}))["w"], "unused": unused, "nothing": pa.nulls(60, pa.string())})
    file = tmp_path / "rows.parquet"
    with DataFile(file, rows.schema) as written:
        written.write(rows[:40])
        written.write(rows[40:])
    assert pq.read_table(file).to_pylist() == rows.to_pylist()
    metadata = pq.read_metadata(file)
    for group in (metadata.row_group(0), metadata.row_group(1)):
        assert {group.column(n).path_in_schema for n in range(3) if _nulls(group.column(n)) == group.num_rows} == {
            "unused",
            "nothing",
        }


def test_a_file_without_rows_has_its_columns(tmp_path: Path) -> None:
    schema = pa.schema([("_row_id", pa.int64()), ("words", pa.dictionary(pa.int32(), pa.string()))])
    with DataFile(tmp_path / "none.parquet", schema):
        pass
    assert duckdb.sql(f"from '{tmp_path / 'none.parquet'}'").dtypes == ["BIGINT", "VARCHAR"]


def _nulls(column: pq.ColumnChunkMetaData) -> int | None:
    return column.statistics.null_count if column.is_stats_set else None


def test_a_dictionary_holds_no_more_than_a_row_group_repeats(monkeypatch) -> None:
    monkeypatch.setattr(data_files, "ROW_GROUP", 30)
    assert pa.types.is_dictionary(coded(pa.table({"a": ["x", "y"] * 60})).schema.field("a").type)
    assert coded(pa.table({"a": [*"abcdefg"] * 60})).schema.field("a").type == pa.string()
