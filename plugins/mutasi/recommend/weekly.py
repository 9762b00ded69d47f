"""The weekly step: freeze what was published, find the best plan, prove it, have it checked by a second engine, explain it."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from mutasi.recommend import candidates, certificate, explanation, reading, writing
from mutasi.recommend.core import INFINITE
from mutasi.recommend.plan import Plan
from mutasi.recommend.policy import Policy
from mutasi.recommend.problem import TIERS, Problem
from mutasi.recommend.solve import solve
from mutasi.settings import Settings

METHOD = "1"  # raised when the same inputs would give another plan
PRICING_ROUNDS = 10
WORK_PER_EDGE = 2_000  # edges that the search may look at, in multiples of all edges, before the second engine takes over


class NotProved(RuntimeError):
    """The proof of a plan failed, so the plan may not be published; the sentence lists what was amiss."""


@dataclass(frozen=True)
class RunSummary:
    """What a run came to, in numbers; `folder` holds everything else."""

    run_id: str
    week: str
    folder: str
    people: int
    pairs: int
    open_seats: int
    moves: int
    moves_with_review: int
    row: dict[str, int]
    is_proved: bool
    gap: str | None
    universe: str
    plan_hash: str


def run_week(settings: Settings, planning: Path, week: str, last_plan: Path | None = None) -> RunSummary:
    """Freeze the planning database, recommend, prove, check and explain; the same inputs give the same folder.

    Everything is written to `runs/<week>/<run id>/` below the home; `run.json` comes last. `last_plan` is the plan that was
    published last week; moves that replace it must be worth the switching cost.

    Raises:
        NotProved: a check of the proof failed.
        RunError: the planning database is missing or too old.
        PolicyError: a row of the policy is missing.
    """
    runs = settings.folder("runs", week)
    fresh = runs / f".{uuid.uuid4().hex}"
    with reading.engine() as con:
        inputs = writing.freeze(con, planning, settings.dbt_project / "seeds", last_plan, fresh)
    run_id = hashlib.sha256(f"{METHOD} {inputs}".encode()).hexdigest()[:16]
    run = runs / run_id
    if (run / "run.json").exists():
        writing.remove(fresh)
        return summary(run)
    writing.replace(fresh, run)
    main = _recommend(run, run, admit_review=False)
    second = _recommend(run, run / "with_review", admit_review=True)
    found = _summary(run, week, main, second)
    with reading.engine() as con:
        reading.attach_inputs(con, run)
        policy = Policy.read(con).as_dict()
    writing.write_manifest(run, asdict(found) | {"folder": "", "inputs": inputs, "method": METHOD, "policy": policy})
    return found


def _recommend(run: Path, target: Path, admit_review: bool) -> tuple[Problem, Plan, str]:
    """Solve, prove and explain from the frozen inputs of `run`; tables go below `target`."""
    with reading.engine() as con:
        problem, plan, universe = planned(con, run, admit_review)
        certificate.write_tables(con, target, problem, plan, universe)
        verify(target)
        explanation.write(con, target, problem, plan)
    return problem, plan, universe


def planned(
    con: duckdb.DuckDBPyConnection, run: Path, admit_review: bool, in_full: int | None = None
) -> tuple[Problem, Plan, str]:
    """The problem and best plan of a run's frozen inputs, and over what it is the best; `con` keeps the tables."""
    reading.attach_inputs(con, run)
    con.execute(f"create or replace table options as select {admit_review} as admit_review")
    Policy.read(con)
    candidates.build(con, candidates.PAIRS_IN_FULL if in_full is None else in_full)
    for _ in range(PRICING_ROUNDS):
        problem = candidates.problem_of(con)
        plan = solve(problem, min(INFINITE, WORK_PER_EDGE * (len(problem.edge_post) + 10_000)))
        if not candidates.add_improving_pairs(con, plan):
            return problem, plan, "all_lawful_pairs"
    return problem, plan, "candidate_set"


def verify(target: Path) -> list[certificate.Check]:
    """Run the shipped proof and the second engine over the tables of a run.

    Raises:
        NotProved: something contradicts the plan.
    """
    checks = certificate.check(target)
    _refuse(target, checks)
    with reading.engine() as con:
        second = certificate.second_opinion(*certificate.read_problem(con, target))
    _refuse(target, second)
    return checks + second


def _refuse(target: Path, checks: list[certificate.Check]) -> None:
    amiss = [f"{check.proved} ({check.amiss})" for check in checks if check.amiss]
    if amiss:
        raise NotProved(f"The plan in {target} is not proved: {'; '.join(amiss)}. Nothing may be published from it.")


def verify_plan(run: Path) -> list[certificate.Check]:
    """Everything that can be checked about a finished run: its files, both proofs, and the pairs against the frozen inputs.

    Raises:
        NotProved: something contradicts the run.
        RunError: the run did not end.
    """
    told = reading.manifest(run)["files"]
    changed = [name for name, digest in told.items() if not (run / name).exists() or reading.digest(run / name) != digest]
    if changed:
        raise NotProved(f"The run {run.name} was changed after it ended: {', '.join(changed)}.")
    checks = [certificate.Check(f"all {len(told)} files are as they were written", 0)]
    checks += verify(run)
    return checks + verify(run / "with_review")


def replay(run: Path) -> str:
    """Find the plan of a run again from its frozen inputs; returns the hash of plan and prices, equal when bit for bit equal.

    Raises:
        NotProved: another plan or other prices came out.
    """
    with reading.engine() as con:
        problem, plan, _ = planned(con, run, admit_review=False)
    again, before = plan_hash(problem, plan), reading.manifest(run)["plan_hash"]
    if again != before:
        raise NotProved(f"The run {run.name} came out differently: {again} instead of {before}. Its inputs or the code changed.")
    return again


def plan_hash(problem: Problem, plan: Plan) -> str:
    """One hash over who goes where and over all prices."""
    found = hashlib.sha256()
    for array in (problem.person_ids, problem.post_ids):
        found.update("\n".join(array.tolist()).encode())
    for numbers in (plan.post, plan.price, plan.value, plan.cap_price):
        found.update(numbers.astype("<i8").tobytes())
    return found.hexdigest()


def _summary(run: Path, week: str, main: tuple[Problem, Plan, str], second: tuple[Problem, Plan, str]) -> RunSummary:
    problem, plan, universe = main
    gap = plan.gap
    return RunSummary(
        run.name,
        week,
        str(run),
        len(problem.home),
        len(problem.edge_post),
        len(problem.seat_post),
        len(problem.moves(plan.post)),
        len(second[0].moves(second[1].post)),
        dict(zip(TIERS, plan.row, strict=True)),
        plan.is_proved,
        None if gap is None else f"{TIERS[gap[0]]} {gap[1]:.3f}",
        universe,
        plan_hash(problem, plan),
    )


def summary(run: Path) -> RunSummary:
    """The summary that a finished run wrote."""
    told = reading.manifest(run)
    return RunSummary(**{name: told[name] for name in RunSummary.__dataclass_fields__} | {"folder": str(run)})
