"""What is said of a day that was built again: which tables differ, in which columns, and why."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb

from mutasi.settings import Settings
from mutasi.warehouse.fingerprint import Fingerprint, TableMark, fingerprint, keep, kept
from mutasi.warehouse.rebuild import compare

DAY = dt.date(2026, 11, 20)
UNITS = TableMark(rows=3, content="1", columns={"unit_id": "a", "need_fte": "b"})


def marked(code: str = "c", rules: str = "r", inputs: str = "i", **tables: TableMark) -> Fingerprint:
    return Fingerprint(run_id="night", as_of=DAY, code=code, rules=rules, inputs=inputs, tables=tables)


def test_equal_tables_are_equal_whatever_made_them() -> None:
    found = compare(marked(units=UNITS), marked(code="newer", units=UNITS), DAY)
    assert found.is_equal and found.causes == ("code",)


def test_columns_that_differ_came_or_went_are_named() -> None:
    now = TableMark(rows=4, content="2", columns={"unit_id": "a", "need_fte": "x", "method": "m"})
    found = compare(marked(units=UNITS, gone=UNITS), marked(rules="newer", units=now, new=UNITS), DAY)
    assert found.differing == {"units": ("need_fte", "method"), "gone": (), "new": ()}
    lines = "\n".join(found.lines())
    assert "dated rules" in lines and "units: 3 -> 4 rows; need_fte, method" in lines and "new: absent -> 3 rows" in lines


def test_a_difference_without_a_cause_is_called_a_defect() -> None:
    found = compare(marked(units=UNITS), marked(units=UNITS.model_copy(update={"content": "2"})), DAY)
    assert not found.is_equal and "this is a defect" in "\n".join(found.lines())


def test_a_day_without_a_record_says_so() -> None:
    found = compare(None, marked(units=UNITS), DAY)
    assert not found.is_equal and not found.differing and "Nothing was recorded" in found.lines()[0]


def built(file: Path, rows: str) -> Path:
    with duckdb.connect(str(file)) as con:
        con.execute("create schema intermediate; create schema marts; create schema planning")
        con.execute(f"create table intermediate.int_as_of as select date '{DAY}' as as_of")
        con.execute(f"create table marts.units as select * from (values {rows}) as u (unit_id, kind, name, note, need_fte)")
    return file


def test_a_mark_knows_values_and_their_rows_but_no_order(settings: Settings, tmp_path: Path) -> None:
    first = fingerprint(settings, built(tmp_path / "a.duckdb", "('A', 1, 'x', null, 1.0), ('B', 1, 'y', null, 2.0)"), "a")
    turned = fingerprint(settings, built(tmp_path / "b.duckdb", "('B', 1, 'y', null, 2.0), ('A', 1, 'x', null, 1.0)"), "b")
    swapped = fingerprint(settings, built(tmp_path / "c.duckdb", "('A', 1, 'x', null, 2.0), ('B', 1, 'y', null, 1.0)"), "c")
    assert first.tables == turned.tables
    assert compare(first, swapped, DAY).differing == {"marts.units": ("need_fte",)}


def test_what_was_published_is_kept_by_day(settings: Settings) -> None:
    assert kept(settings, DAY) is None
    keep(settings, marked(units=UNITS))
    keep(settings, marked(code="second", units=UNITS))
    assert kept(settings, DAY) == marked(code="second", units=UNITS)
