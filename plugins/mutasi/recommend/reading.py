"""Everything that the step reads: the published planning database once, to freeze it, and from then on the frozen files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from mutasi.engine import bounded, named, quoted
from mutasi.recommend.runs import RunError

PLANNING_TABLES = (
    "publication",
    "transfer_posts",
    "transfer_people",
    "transfer_eligibility",
    "transfer_wishes",
    "transfer_locks",
    "transfer_routes",
    "transfer_rules",
    "transfer_policy",
    "job_experience",
    "education_match",
    "pair_rules",
    "route_documents",
)
SEEDS = ("golongan", "education_levels")
INPUTS = (*PLANNING_TABLES, *SEEDS, "last_plan")


def engine() -> duckdb.DuckDBPyConnection:
    """An engine for one step."""
    con = duckdb.connect(config={**bounded()})
    con.execute("set enable_progress_bar = false")
    return con


def attach_planning(con: duckdb.DuckDBPyConnection, planning: Path) -> None:
    """Open the published planning database as `planning_db`, and refuse it when a table is missing.

    Raises:
        RunError: there is no such database, or it was built before there were transfers.
    """
    if not planning.exists():
        raise RunError(f"{planning} does not exist: run the nightly refresh first.")
    con.execute(f"attach {quoted(str(planning))} as planning_db (read_only)")
    found = {row[0] for row in con.execute("select table_name from duckdb_tables() where schema_name = 'planning'").fetchall()}
    missing = [table for table in PLANNING_TABLES if table not in found]
    if missing:
        raise RunError(f"{planning} lacks {', '.join(missing)}: run the nightly refresh with this version first.")


def attach_inputs(con: duckdb.DuckDBPyConnection, run: Path) -> None:
    """Make the frozen inputs of a run readable under their own names.

    Raises:
        RunError: the run has no frozen inputs.
    """
    for name in INPUTS:
        file = run / "inputs" / f"{name}.parquet"
        if not file.exists():
            raise RunError(f"{run} is not a run with frozen inputs: {file.name} is missing.")
        con.execute(f"create view {named(name)} as select * from read_parquet({quoted(str(file))})")


def attach_tables(con: duckdb.DuckDBPyConnection, run: Path, names: tuple[str, ...]) -> None:
    """Make tables that a run wrote readable under their own names.

    Raises:
        RunError: a table is missing.
    """
    for name in names:
        file = run / "tables" / f"{name}.parquet"
        if not file.exists():
            raise RunError(f"{run} has no table {name}: the run did not end; start it again.")
        con.execute(f"create view {named(name)} as select * from read_parquet({quoted(str(file))})")


def digest(file: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def text(name: str) -> str:
    """A text that ships beside the code, such as an SQL script."""
    return (Path(__file__).parent / name).read_text()
