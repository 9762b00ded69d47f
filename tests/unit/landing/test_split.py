"""Rows are kept, blanked, flagged and refused by what was found, as the same rules written in SQL would."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from mutasi.landing import split as module
from mutasi.landing.split import found_in, split
from mutasi.sources.datasets import datasets

JOBS = datasets()["jobs"]
DAY = dt.date(2026, 11, 22)
RULES = [("J-1", "drop", None), ("J-2", "drop", "job_kind"), ("J-3", "blank", "job_name"), ("J-4", "blank", "bup_age"),
         ("J-5", "warn", None), ("J-6", "warn", "job_level")]  # fmt: skip
MARKS = """
    select _row_id, array_to_string(list_sort(list_distinct(list(rule_code) filter (action = 'drop'))), ' ') as reasons,
      array_to_string(list_sort(list_distinct(list(rule_code) filter (action in ('blank', 'warn')))), ' ') as flags,
      coalesce(list(column_name) filter (action = 'blank'), []) as blanked
    from failures where agency_id = 'contoh' group by _row_id
"""


def written(con: duckdb.DuckDBPyConnection, folder: Path, rows: int, seed: int) -> tuple[Path, Path]:
    """A landed snapshot, and failures in it and in those of two others."""
    chance = random.Random(seed)
    columns = ", ".join(
        f"{'id' if c.sql_type == 'BIGINT' else quoted_values(name)}::{c.sql_type} as {name}" for name, c in JOBS.columns.items()
    )
    marks = "'' as _unreadable, '' as _unmapped, '' as _repaired"
    landed, failures = folder / "landed.parquet", folder / "failures.parquet"
    con.execute(
        f"copy (select 'contoh' as agency_id, id * 2 as _row_id, {columns}, {marks} from range(1, {rows + 1}) t(id)) to '{landed}' (format parquet)"
    )
    con.execute(
        "create table failures (agency_id varchar, _row_id bigint, record_key varchar, rule_code varchar, action varchar, column_name varchar)"
    )
    found = [
        (agency, None if chance.random() < 0.05 else 2 * chance.randint(1, max(rows, 1)), "k", *chance.choice(RULES))
        for agency in ("bukan", "contoh", "zebra")
        for _ in range(rows)
    ]
    if found:
        con.executemany("insert into failures values (?, ?, ?, ?, ?, ?)", found)
    con.execute(
        f"copy (from failures order by agency_id, _row_id, rule_code) to '{failures}' (format parquet, row_group_size 2048)"
    )
    return landed, failures


def quoted_values(name: str) -> str:
    different = "id % 9" if name == "job_name" else "id"  # a text that repeats arrives as a dictionary, also where it is blanked
    return f"case when id % 7 = 0 then null else '{name} ' || {different} end"


@pytest.mark.parametrize(("rows", "seed"), [(0, 0), (1, 1), (40, 2), (40, 3), (3000, 4)])
def test_as_in_sql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int, seed: int) -> None:
    """Also over several row groups, without any row, and where a rule failed for the snapshot as such."""
    monkeypatch.setattr(module, "ROW_GROUP", 700)
    kept, refused = tmp_path / "kept.parquet", tmp_path / "refused.parquet"
    with duckdb.connect() as con:
        landed, failures = written(con, tmp_path, rows, seed)
        found = found_in(failures, "contoh")
        counted = split(landed, JOBS, DAY, found, [], kept, refused)
        con.execute(f"create table marks as {MARKS}")
        names = list(JOBS.promoted_columns)
        cells = ", ".join(f"case when list_contains(m.blanked, '{c}') then null else l.{c} end as {c}" for c in names)
        both = f"from '{landed}' as l left join marks as m using (_row_id)"
        wanted = con.execute(
            f"select l.agency_id, date '{DAY}' as snapshot_date, l._row_id, {cells}, coalesce(' ' || m.flags || ' ', '') as _flags "
            f"{both} where m.reasons is null order by l._row_id"
        )
        columns, rows_wanted = wanted.description, wanted.fetchall()
        given = con.execute(f"from '{kept}'")
        assert (given.description, given.fetchall()) == (columns, rows_wanted)
        left = con.execute(f"select l.*, m.reasons {both} where m.reasons is not null order by l._row_id").fetchall()
        assert (con.execute(f"from '{refused}'").fetchall() if refused.exists() else []) == left
        assert counted == (len(rows_wanted), len(left))
        assert refused.exists() == bool(left)


def test_a_stopped_dataset_keeps_nothing(tmp_path: Path) -> None:
    """All its rows are refused with the rules that stopped it, and no file of kept rows is left."""
    kept, refused = tmp_path / "kept.parquet", tmp_path / "refused.parquet"
    with duckdb.connect() as con:
        landed, failures = written(con, tmp_path, 30, 5)
        assert split(landed, JOBS, DAY, found_in(failures, "contoh"), ["VOL-001", "J-9"], kept, refused) == (0, 30)
        assert con.execute(f"select distinct reasons, agency_id from '{refused}'").fetchall() == [("VOL-001 J-9", "contoh")]
    assert not kept.exists()
    assert pq.read_metadata(refused).num_columns == len(JOBS.columns) + 6


def test_a_row_that_failed_as_a_whole_names_no_column(tmp_path: Path) -> None:
    """Neither where other rows name one nor where none does."""
    failures, kind = tmp_path / "failures.parquet", "as t(agency_id, _row_id, rule_code, action, column_name)"
    for others in ("", ", ('contoh', 2, 'J-3', 'blank', 'job_name')"):
        duckdb.sql(
            f"copy (from (values ('contoh', 1, 'J-1', 'drop', null::varchar){others}) {kind}) to '{failures}' (format parquet)"
        )
        found = found_in(failures, "contoh")
        assert list(found.columns) == [None, "job_name"][: 2 if others else 1]
        assert {name: list(rows) for name, rows in found.blanked().items()} == ({"job_name": [2]} if others else {})
