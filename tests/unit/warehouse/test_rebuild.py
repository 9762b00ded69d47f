"""What is said of a day that was built again: which tables differ, in which columns, and why."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner
from tests.build_databases import build_databases

from mutasi.cli import main
from mutasi.settings import Settings
from mutasi.warehouse.differences import RowChanges, row_changes
from mutasi.warehouse.fingerprint import Fingerprint, TableMark, fingerprint, keep, kept, rows_file
from mutasi.warehouse.rebuild import RebuildError, compare, rebuild

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


def units(rows: str) -> str:
    return f"create or replace table marts.units as select * from (values {rows}) as u (unit_id, kind, name, note, need_fte)"


def built(file: Path, rows: str) -> Path:
    """What a build holds for BI."""
    with duckdb.connect(str(file)) as con:
        con.execute(f"create schema marts; {units(rows)}")
    return file


def mark(settings: Settings, rows: str) -> Fingerprint:
    """The mark of a build with one table."""
    with build_databases(settings) as con:
        con.execute(f"create or replace table intermediate.int_as_of as select date '{DAY}' as as_of; {units(rows)}")
    return fingerprint(settings, "night")


def test_a_mark_knows_values_and_their_rows_but_no_order(settings: Settings) -> None:
    first = mark(settings, "('A', 1, 'x', null, 1.0), ('B', 1, 'y', null, 2.0)")
    turned = mark(settings, "('B', 1, 'y', null, 2.0), ('A', 1, 'x', null, 1.0)")
    swapped = mark(settings, "('A', 1, 'x', null, 2.0), ('B', 1, 'y', null, 1.0)")
    assert first.tables == turned.tables
    assert compare(first, swapped, DAY).differing == {"marts.units": ("need_fte",)}


def test_what_was_published_is_kept_by_day(settings: Settings) -> None:
    assert kept(settings, DAY) is None
    keep(settings, marked(units=UNITS))
    keep(settings, marked(code="second", units=UNITS))
    assert kept(settings, DAY) == marked(code="second", units=UNITS)


KEYS = {"marts.units": ("unit_id", "kind")}


def opened(file: Path, rows: str, run_id: str = "night") -> Path:
    """What BI opened: the same table, and the run it is from."""
    with duckdb.connect(str(built(file, rows))) as con:
        con.execute(f"create schema quality; create table quality.publication as select '{run_id}' as run_id")
    return file


def test_rows_that_came_went_and_changed_are_counted_and_named(tmp_path: Path) -> None:
    then = opened(tmp_path / "then.duckdb", "('A', 1, 'x', null, 1.0), ('B', 1, 'y', 'n', 2.0), ('C', 2, 'z', null, 3.0)")
    now = built(tmp_path / "now.duckdb", "('A', 1, 'x', null, 1.0), ('B', 1, 'y', null, 2.0), ('C', 3, 'z', null, 3.0)")
    found = row_changes(then, now, "night", ["marts.units"], KEYS)
    assert found == {"marts.units": RowChanges(1, 1, 1, {"added": ("C|3",), "missing": ("C|2",), "changed": ("B|1",)})}
    assert found["marts.units"].lines() == ["    added: C|3", "    missing: C|2", "    changed: B|1"]


def test_of_many_rows_only_the_first_are_named(tmp_path: Path) -> None:
    then = opened(tmp_path / "then.duckdb", ", ".join(f"('U{n}', 1, 'x', null, {n}.0)" for n in range(9)))
    now = built(tmp_path / "now.duckdb", ", ".join(f"('U{n}', 1, 'x', null, {n}.5)" for n in range(9)))
    changes = row_changes(then, now, "night", ["marts.units"], KEYS)["marts.units"]
    assert (changes.added, changes.missing, changes.changed) == (0, 0, 9)
    assert changes.lines() == ["    changed: U0|1, U1|1, U2|1, U3|1, U4|1 …"]


def test_rows_of_another_run_or_of_no_kept_file_are_not_told(tmp_path: Path) -> None:
    now = built(tmp_path / "now.duckdb", "('A', 1, 'x', null, 1.0)")
    other = opened(tmp_path / "then.duckdb", "('B', 1, 'x', null, 1.0)", run_id="later")
    assert row_changes(other, now, "night", ["marts.units"], KEYS) == {}
    assert row_changes(tmp_path / "gone.duckdb", now, "night", ["marts.units"], KEYS) == {}


def test_a_new_column_changes_no_row_and_the_line_tells_the_counts(tmp_path: Path) -> None:
    then = opened(tmp_path / "then.duckdb", "('A', 1, 'x', null, 1.0)")
    now = built(tmp_path / "now.duckdb", "('A', 1, 'x', null, 1.0), ('B', 1, 'x', null, 1.0)")
    with duckdb.connect(str(now)) as con:
        con.execute("alter table marts.units add column method varchar")
    rows = row_changes(then, now, "night", ["marts.units"], KEYS)
    more = TableMark(rows=4, content="2", columns={"unit_id": "x"})
    told = replace(compare(marked(**{"marts.units": UNITS}), marked(rules="newer", **{"marts.units": more}), DAY), rows=rows)
    assert told.lines()[-2:] == [
        "  marts.units: 3 -> 4 rows (1 added, 0 missing, 0 changed); unit_id, need_fte",
        "    added: B|1",
    ]


def test_the_file_that_bi_opened_is_kept_when_the_next_takes_its_place(settings: Settings, tmp_path: Path) -> None:
    opened(tmp_path / "reporting.duckdb", "('A', 1, 'x', null, 1.0)")
    keep(settings, marked(units=UNITS), tmp_path / "reporting.duckdb")
    opened(tmp_path / "next.duckdb", "('B', 1, 'x', null, 1.0)").replace(tmp_path / "reporting.duckdb")
    with duckdb.connect(str(rows_file(settings, DAY)), read_only=True) as con:
        assert con.execute("select unit_id from marts.units").fetchall() == [("A",)]
    keep(settings, marked(units=UNITS), tmp_path / "reporting.duckdb")
    with duckdb.connect(str(rows_file(settings, DAY)), read_only=True) as con:
        assert con.execute("select unit_id from marts.units").fetchall() == [("B",)]
    assert sorted(file.name for file in rows_file(settings, DAY).parent.iterdir()) == [f"{DAY}.duckdb", f"{DAY}.json"]


@pytest.mark.parametrize("is_new", [True, False])
def test_a_refused_rebuild_leaves_nothing(settings: Settings, is_new: bool) -> None:
    if not is_new:
        settings.folder("promoted")
    with pytest.raises(RebuildError, match=f"No agency has snapshots of every core dataset for {DAY}"):
        rebuild(settings, {}, DAY)
    assert not is_new or not settings.home.exists() or list(settings.home.iterdir()) == []
    assert not (settings.home / "rebuilt").exists()


def test_a_day_that_is_none_is_a_sentence() -> None:
    told = CliRunner().invoke(main, ["rebuild", "--as-of", "2026-13-01"])
    assert (told.exit_code, "`2026-13-01` is not a day; write it as YYYY-MM-DD." in told.output) == (2, True)
