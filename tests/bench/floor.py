"""The least that DuckDB needs for the same marts, and the proof that both come to the same figures."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import duckdb
from tests.bench.line import DAY

from mutasi.settings import PROJECT
from mutasi.sources.registry import read_agencies

SCRIPT = Path(__file__).with_name("floor.sql")
# What a planted defect can reach: its post; all posts of its person, whose working time is shared among them; where the
# post is unknown, the posts of its unit; where that is unknown too, the posts of that id. Units: those of such posts.
TOUCHED = """
create temp table touched as
with known as (select agency_id, unit_id, position_id from night.marts.dim_position),
planted as (from read_parquet(getvariable('defects'))),
people as (
    select agency_id, split_part(record_key, '|', 1) as nip from planted where dataset in ('employees', 'assignments')
),
defects as (
    select agency_id, case when dataset = 'units' then record_key else unit_id end as unit_id, position_id from planted
    union
    select p.agency_id, a.unit_id, a.position_id
    from read_parquet(list_transform(getvariable('folders'), lambda f: f || '/assignments.parquet'), filename = true) as a
    join people as p on p.nip = a.nip and p.agency_id = split_part(a.filename, '/', -2)
),
unknown as (select * from defects anti join known using (agency_id, unit_id, position_id))
from defects
union
select k.* from known as k semi join unknown using (agency_id, unit_id)
union
select k.* from known as k semi join unknown using (agency_id, position_id)
"""
FIGURES = {
    "position_workload": (
        "need_fte",
        "need_rounded",
        "staff_fte",
        "staff_non_asn",
        "shortage_fte",
        "surplus_fte",
        "ej",
        "abk_year",
    ),
    "unit_workload": (
        "need_fte",
        "staff_fte",
        "staff_of_known_need_fte",
        "staff_non_asn",
        "shortage_fte",
        "surplus_fte",
        "ej",
        "position_count",
    ),
    "vacancies": ("status", "need_rounded", "holders_definitive", "acting_holders", "open_seats", "vacant_since"),
}


def run(source: Path, target: Path) -> float:
    """Write the marts of the generated agencies below `source` into the database `target`; returns the wall seconds."""
    agencies = read_agencies(source / "demo" / "agencies").values()
    script = SCRIPT.read_text(encoding="utf-8")
    start = time.perf_counter()
    with duckdb.connect() as con:
        con.execute(f"attach '{target}' as out")
        con.execute("create temp table agencies (agency_id varchar, bkn_code varchar)")
        con.executemany("insert into agencies values (?, ?)", [(a.agency_id, a.codes.bkn) for a in agencies])
        _set(con, folders=_folders(source), seeds=str(PROJECT / "dbt_project" / "seeds"))
        con.execute(f"set variable as_of = date '{DAY.isoformat()}'")
        con.execute(script)
    return time.perf_counter() - start


def compare(source: Path, floor: Path, reporting: Path) -> dict[str, tuple[int, int]]:
    """Compare every figure of every post and unit that no planted defect can reach.

    Returns:
        By mart: rows compared, rows that differ or stand on one side only.
    """
    with duckdb.connect() as con:
        con.execute(f"attach '{floor}' as floor (read_only)")
        con.execute(f"attach '{reporting}' as night (read_only)")
        _set(con, folders=_folders(source), defects=str(source / "demo" / "truth" / "defects.parquet"))
        con.execute(TOUCHED)
        return {mart: _compare(con, mart, figures) for mart, figures in FIGURES.items()}


def _compare(con: duckdb.DuckDBPyConnection, mart: str, figures: tuple[str, ...]) -> tuple[int, int]:
    key = "agency_id, unit_id" if mart == "unit_workload" else "agency_id, unit_id, position_id"
    only_posts = "where scope = 'post'" if mart == "vacancies" else ""
    establishment = (
        "" if mart == "unit_workload" else "semi join night.marts.dim_position using (agency_id, unit_id, position_id)"
    )
    clean = f"{establishment} anti join touched using ({key})"
    # To nine digits: the night adds exact numbers, and so does the floor, but their ratios are doubles.
    shown = ", ".join(f"round({f}, 9) as {f}" if f.endswith("_fte") else f for f in figures)
    left, right = (
        f"(select {key}, {shown} from {side}.marts.{mart} {clean} {where})"
        for side, where in (("floor", ""), ("night", only_posts))
    )
    row = con.execute(
        f"select (select count(*) from {right}), (select count(*) from ((from {left} except all from {right}) "
        f"union all (from {right} except all from {left})))"
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def _folders(source: Path) -> list[str]:
    return [str(source / "demo" / agency_id) for agency_id in read_agencies(source / "demo" / "agencies")]


def _set(con: duckdb.DuckDBPyConnection, **variables: str | list[str]) -> None:
    for name, value in variables.items():
        con.execute(f"set variable {name} = ?", [value])


if __name__ == "__main__":
    seconds = run(Path(sys.argv[1]), Path(sys.argv[2]))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    Path(sys.argv[3]).write_text(json.dumps({"seconds": {"floor": seconds}, "peak_mb": {"floor": peak_mb}}), encoding="utf-8")
