"""Everything that the step writes: frozen inputs, tables and manifest of a run, each file in one rename."""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from mutasi.durable import flush_tree, put_for_good
from mutasi.engine import copy, named, quoted
from mutasi.recommend.reading import INPUTS, PLANNING_TABLES, SEEDS, attach_planning, digest

if TYPE_CHECKING:
    import pyarrow as pa


def freeze(con: duckdb.DuckDBPyConnection, planning: Path, seeds: Path, last_plan: Path | None, run: Path) -> str:
    """Copy what decides the plan into `inputs/` of a run; returns the hash of all of it.

    Rows are written in the order of all their columns, so the same tables give the same files. `last_plan` is last
    week's `plan.parquet`, if there is one.
    """
    folder = run / "inputs"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    attach_planning(con, planning)
    for table in PLANNING_TABLES:
        copy(con, f"select * from planning_db.planning.{named(table)} order by all", folder / f"{table}.parquet")
    con.execute("detach planning_db")
    for seed in SEEDS:
        source = quoted(str(seeds / f"{seed}.csv"))
        copy(con, f"select * from read_csv({source}, all_varchar = true, header = true)", folder / f"{seed}.parquet")
    before = f"select person_id, post_id from read_parquet({quoted(str(last_plan))})" if last_plan else NO_PLAN
    copy(con, f"{before} order by all", folder / "last_plan.parquet")
    return inputs_hash(run)


NO_PLAN = "select null::varchar as person_id, null::varchar as post_id where false"


def inputs_hash(run: Path) -> str:
    """One hash over the frozen inputs."""
    lines = "".join(f"{name} {digest(run / 'inputs' / f'{name}.parquet')}\n" for name in INPUTS)
    return hashlib.sha256(lines.encode()).hexdigest()


def write_table(con: duckdb.DuckDBPyConnection, run: Path, name: str, rows: pa.Table | str, folder: str = "tables") -> None:
    """Write one table of a run, from Arrow or from a query."""
    target = run / folder
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    if isinstance(rows, str):
        copy(con, rows, target / f"{name}.parquet")
        return
    con.register("rows_to_write", rows)
    copy(con, "select * from rows_to_write", target / f"{name}.parquet")
    con.unregister("rows_to_write")


def append_table(con: duckdb.DuckDBPyConnection, run: Path, name: str, query: str, folder: str) -> None:
    """Add rows to a table that was written, in one rename."""
    file = quoted(str(run / folder / f"{name}.parquet"))
    write_table(con, run, name, f"select * from read_parquet({file}) union all by name ({query})", folder)


def write_text(file: Path, content: str) -> None:
    """Write a text in one rename, closed to other users."""
    temporary = file.with_name(f".{uuid.uuid4().hex}")
    temporary.write_text(content)
    temporary.chmod(0o600)
    put_for_good(temporary, file)


def write_manifest(run: Path, content: dict[str, Any]) -> None:
    """Write what the run says about itself, with the hash of every file it wrote: last, so its presence means the run ended."""
    files = {str(f.relative_to(run)): digest(f) for f in sorted(run.glob("**/*.parquet"))}
    flush_tree(run)
    write_text(run / "run.json", json.dumps(content | {"files": files}, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def replace(fresh: Path, run: Path) -> None:
    """Put a freshly frozen folder in the place of a run; what an interrupted run left there goes."""
    remove(run)
    fresh.rename(run)


def remove(folder: Path) -> None:
    """Remove a folder of a run."""
    shutil.rmtree(folder, ignore_errors=True)
