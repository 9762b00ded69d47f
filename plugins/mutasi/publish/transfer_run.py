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
from typing import Any

import duckdb

from mutasi.engine import quoted
from mutasi.errors import NeedsAPerson
from mutasi.publish.transfer_columns import CONTRACT
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
        left_out: agencies that take no part, with the reason.
        label: over which pairs the plan is optimal.
        counts: eligible, review, open_seats, moves, chains, unfilled.
        objective: figures of the plan, each before and after.
    """

    folder: Path
    week: str
    run_id: str
    data_as_of: dt.date
    policy_hash: str
    inputs_hash: str
    code_version: str
    label: str
    bound: float | None
    stages: tuple[Mapping[str, Any], ...]
    is_cross_checked: bool
    counts: Mapping[str, int]
    objective: Mapping[str, Mapping[str, float]]
    left_out: tuple[tuple[str, str], ...]
    previous_run_id: str | None

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
    stages = tuple(certificate.get("stages") or ())
    amiss = []
    if not stages:
        amiss.append("it has no certificate")
    if certificate.get("verified_by_sql") is not True:
        amiss.append("the SQL proof did not hold or was not run")
    if certificate.get("verified_by_ortools") is False:
        amiss.append("OR-Tools finds another optimum")
    amiss += [f"stage {s.get('stage')} has a gap of {s.get('gap')}" for s in stages if s.get("gap")]
    if amiss:
        raise UnprovedRun(
            f"Run {told.get('run_id')} of {told.get('week')} is not published: {'; '.join(amiss)}. What was published before "
            "stays; see docs/runbooks/weekly-recommendations.md."
        )
    return Run(
        folder=folder,
        week=told["week"],
        run_id=told["run_id"],
        data_as_of=dt.date.fromisoformat(str(told["data_as_of"])),
        policy_hash=str(told.get("policy_hash", "")),
        inputs_hash=str(told.get("inputs_hash", "")),
        code_version=str(told.get("code_version", "")),
        label=str(told.get("label", "")),
        bound=told.get("bound"),
        stages=stages,
        is_cross_checked=certificate.get("verified_by_ortools") is True,
        counts=told.get("counts") or {},
        objective=_objective(told.get("objective") or {}),
        left_out=_left_out(told),
        previous_run_id=told.get("previous_run_id"),
    )


def _objective(told: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Either {figure: {before, after}} or {before: {figure}, after: {figure}}."""
    if {"before", "after"} <= set(told):
        figures = [name for name in told["after"] if name in told["before"]]
        return {name: {side: float(told[side][name]) for side in ("before", "after")} for name in figures}
    return {
        name: {side: float(pair[side]) for side in ("before", "after")} for name, pair in told.items() if isinstance(pair, dict)
    }


def _left_out(told: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    found = told.get("agencies_left_out") or told.get("left_out") or told.get("stale_agencies") or {}
    if isinstance(found, Mapping):
        return tuple(sorted((str(agency), str(reason)) for agency, reason in found.items()))
    return tuple(sorted((str(row["agency_id"]), str(row.get("reason", ""))) for row in found))


def attach_run(con: duckdb.DuckDBPyConnection, settings: Settings, run: Run) -> None:
    """Views of the run's tables (`run_<name>`) and tables `names` and `units_named` of those who have names, in the connection.

    A table that the run does not have is empty; a column that it does not have is empty too.
    """
    for name, (place, columns) in CONTRACT.items():
        file = run.folder / place / f"{name}.parquet"
        if file.exists():
            con.execute(f"create or replace temp view run_{name} as {_with_columns(con, file, columns)}")
        else:
            nothing = ", ".join(f"null::{kind} as {column}" for column, kind in columns.items())
            con.execute(f"create or replace temp view run_{name} as select {nothing} where false")
    _attach_names(con, settings)


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
