"""A finished run of the optimiser, opened for publishing: what it says of itself, and its tables beside the names of people.

Nothing but a proved run is opened: where the certificate does not hold there is nothing to publish.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from mutasi.engine import quoted
from mutasi.errors import NeedsAPerson
from mutasi.publish.transfer_columns import INPUTS, OUTPUTS
from mutasi.settings import Settings

WEEK_FILE = "week.json"  # beside run.json: what was decided about the week before the optimiser began


class UnprovedRun(NeedsAPerson):
    """The run may not be published; the message says what does not hold and what to do."""


@dataclass(frozen=True)
class Run:
    """What a run says of itself.

    Attributes:
        folder: where its frozen inputs, results and certificate lie.
        week: ISO week, `2026-W47`.
        label: over which pairs the plan is the best, in English, and how far it may be from it.
        gap: points by which it may fall short by its prices; None when they prove it to be the best.
        is_settled: branch and bound found nothing better within the gap.
        donor_floor: what no post may fall below, as the policy calls it.
        objective: figures of the plan, without and with it.
        left_out: agencies that take no part, with the reason.
    """

    folder: Path
    week: str
    run_id: str
    data_as_of: dt.date
    policy_hash: str
    inputs_hash: str
    code_version: str
    label: str
    gap: float | None
    is_settled: bool
    is_cross_checked: bool
    donor_floor: str
    objective: Mapping[str, tuple[float, float]]
    left_out: tuple[tuple[str, str], ...]

    @property
    def is_optimal_over_all_pairs(self) -> bool:
        """The proof covers every lawful pair, not only the candidates."""
        return "all lawful pairs" in self.label


def run_folder(settings: Settings, week: str, run_id: str) -> Path:
    """Where a run lies."""
    return settings.home / "runs" / week / run_id


def read_run(folder: Path) -> Run:
    """Read a run's own account.

    Raises:
        UnprovedRun: it is unfinished, or its certificate was not verified or does not hold.
    """
    try:
        told = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UnprovedRun(f"{folder} holds no finished run: run.json is missing or unreadable. Run the week again.") from None
    certificate = told.get("certificate") or {}
    amiss = []
    if not certificate.get("stages"):
        amiss.append("it has no certificate")
    if certificate.get("verified_by_sql") is not True:
        amiss.append("the SQL proof did not hold or was not run")
    if certificate.get("verified_by_ortools") is False:
        amiss.append("OR-Tools finds another optimum")
    if amiss:
        raise UnprovedRun(
            f"Run {told.get('run_id')} of {told.get('week')} is not published: {'; '.join(amiss)}. What was published before "
            "stays; see docs/runbooks/weekly-recommendations.md."
        )
    before, after = told["objective"]["before"], told["objective"]["after"]
    return Run(
        folder=folder,
        week=told["week"],
        run_id=told["run_id"],
        data_as_of=dt.date.fromisoformat(told["data_as_of"]),
        policy_hash=told["policy_hash"],
        inputs_hash=told["inputs_hash"],
        code_version=str(told["code_version"]),
        label=told["label"],
        gap=told.get("bound"),
        is_settled=told.get("settled_by_branch_and_bound", False),
        is_cross_checked=certificate.get("verified_by_ortools") is True,
        donor_floor=told.get("donor_floor", "need"),
        objective={name: (float(before[name]), float(after[name])) for name in after if name in before},
        left_out=_left_out(folder),
    )


def _left_out(folder: Path) -> tuple[tuple[str, str], ...]:
    file = folder / WEEK_FILE
    found = json.loads(file.read_text(encoding="utf-8"))["left_out"] if file.exists() else {}
    return tuple(sorted((str(agency), str(reason)) for agency, reason in found.items()))


def attach_run(con: duckdb.DuckDBPyConnection, settings: Settings, run: Run) -> None:
    """The run's tables as views `run_<name>`, and the tables `names`, `units_named` and `temporary_needs`, in the connection."""
    for place, tables in (("inputs", INPUTS), ("out", OUTPUTS)):
        for name, columns in tables.items():
            _attach(con, f"run_{name}", run.folder / place / f"{name}.parquet", columns)
    _attach_names(con, settings)


def _attach(con: duckdb.DuckDBPyConnection, name: str, file: Path, columns: Mapping[str, str]) -> None:
    """A view with these columns, empty where the file or a column is not there."""
    nothing = ", ".join(f"null::{kind} as {column}" for column, kind in columns.items())
    query = _with_columns(con, file, columns) if file.exists() else f"select {nothing} where false"
    con.execute(f"create or replace temp view {name} as {query}")


def _with_columns(con: duckdb.DuckDBPyConnection, file: Path, columns: Mapping[str, str]) -> str:
    source = f"read_parquet({quoted(str(file))})"
    present = {row[0] for row in con.execute(f"describe select * from {source}").fetchall()}
    parts = [c if c in present else f"null::{kind} as {c}" for c, kind in columns.items()]
    return f"select {', '.join(parts)} from {source}"


def _attach_names(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Names of people from the planning database, paths of units from the reporting database: joined here and nowhere before."""
    from mutasi.warehouse.publish import planning_file, reporting_file

    con.execute(
        "create or replace temp table names (agency_id varchar, person_id varchar, nip varchar, employee_name varchar, pseudonym varchar, "
        "golongan_name varchar, golongan_since date, education_level_name varchar)"
    )
    con.execute("create or replace temp table units_named (agency_id varchar, unit_id varchar, unit_path varchar)")
    con.execute(
        "create or replace temp table temporary_needs (agency_id varchar, unit_id varchar, position_id varchar, need_fte double, "
        "from_date date, to_date date)"
    )
    with _reading(con, planning_file(settings), "planning_db") as database:
        con.execute(
            "insert into names select agency_id, person_id, nip, employee_name, pseudonym, golongan_name, golongan_since, "
            f"education_level_name from {database}.planning.employees"
        )
    file = reporting_file(settings)
    if file.exists():
        with _reading(con, file, "reporting_db") as database:
            con.execute(f"insert into units_named select agency_id, unit_id, unit_path from {database}.marts.dim_unit")
            _temporary_needs(con, database)


def _temporary_needs(con: duckdb.DuckDBPyConnection, database: str) -> None:
    found = con.execute(
        "select count(*) from duckdb_columns() where database_name = ? and table_name = 'position_workload' "
        "and column_name in ('temporary_need_fte', 'temporary_from', 'temporary_to')",
        [database],
    ).fetchone()
    if found == (3,):
        con.execute(
            "insert into temporary_needs select agency_id, unit_id, position_id, temporary_need_fte, temporary_from, temporary_to "
            f"from {database}.marts.position_workload where temporary_need_fte > 0"
        )


@contextmanager
def _reading(con: duckdb.DuckDBPyConnection, file: Path, name: str) -> Iterator[str]:
    """A database attached for reading and let go again, so that the next publication can replace it."""
    if not file.exists():
        raise UnprovedRun(f"{file} does not exist, so nobody has a name: run the nightly refresh first.")
    alias = f"{name}_{uuid.uuid4().hex[:8]}"  # connections share an engine, and attached names with it
    con.execute(f"attach {quoted(str(file))} as {alias} (read_only)")
    try:
        yield alias
    finally:
        con.execute(f"detach {alias}")
