"""The weekly step: freeze what was published, find the best plan, prove it, have it checked by a second engine, explain it."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from mutasi.errors import NeedsAPerson
from mutasi.recommend import candidates, certificate, explanation, frontier, reading, writing
from mutasi.recommend.network import INFINITE
from mutasi.recommend.plan import Plan
from mutasi.recommend.policy import Policy
from mutasi.recommend.problem import TIERS, Problem
from mutasi.recommend.solve import solve
from mutasi.settings import Settings

SOLVES = {False: "published", True: "if_files_complete"}
METHOD = "2"  # raised when the same inputs would give another plan
PRICING_ROUNDS = 10
WORK_PER_EDGE = 2_000  # edges that the search may look at, in multiples of all edges, before the second engine takes over


class NotProved(NeedsAPerson):
    """The proof of a plan failed, so the plan may not be published; the sentence lists what was amiss."""

    headline = "the plan's certificate does not hold, nothing is published from it"


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
    run = runs / hashlib.sha256(f"{METHOD} {inputs}".encode()).hexdigest()[:12]
    if (run / "run.json").exists():
        writing.remove(fresh)
        return summary(run)
    writing.replace(fresh, run)
    with reading.engine() as con:
        main = planned(con, run, admit_review=False)
        checks = _publish(con, run, main)
        told = _account(con, run, week, inputs, main, checks)
    with reading.engine() as con:
        second = planned(con, run, admit_review=True)
        _publish(con, run / "with_review", second)
        explanation.write(con, run, ("unlocks",))
        writing.append_table(con, run, "candidates", "select * from out_candidates where review_rules <> ''", folder="out")
    found = _summary(run, week, main, second)
    writing.write_manifest(run, told | asdict(found) | {"folder": ""})
    return found


def _publish(con: duckdb.DuckDBPyConnection, target: Path, found: tuple[Problem, Plan, str]) -> list[certificate.Check]:
    """Write the tables of a plan, prove it and explain it; the main plan's explanation goes to `out/`."""
    problem, plan, universe = found
    certificate.write_tables(con, target, problem, plan, universe)
    checks = verify(target)
    if target.name == "with_review":
        explanation.explain(con, problem, plan, priced_moves=0)
        return checks
    explanation.explain(con, problem, plan)
    explanation.write(con, target, ("candidates", "unfilled_posts", "why_not", "units"))
    wished = candidates.arrays(con, "select is_wished from edges order by post_no, person_no")["is_wished"].astype(bool)
    points = frontier.frontier(problem, plan, Policy.read(con), wished, _budget(problem))
    writing.write_table(con, target, "frontier", points, folder="out")
    return checks


def _budget(problem: Problem) -> int:
    return min(INFINITE, WORK_PER_EDGE * (len(problem.edge_post) + 10_000))


def _account(
    con: duckdb.DuckDBPyConnection,
    run: Path,
    week: str,
    inputs: str,
    found: tuple[Problem, Plan, str],
    checks: list[certificate.Check],
) -> dict[str, Any]:
    """What `run.json` says for those who publish the run."""
    problem, plan, universe = found
    moves = len(problem.moves(plan.post))
    chains = con.execute("select count(distinct chain_id) from out_candidates").fetchone()
    counts = con.execute(
        "select count(*) filter (outcome = 'ELIGIBLE'), count(*) filter (outcome = 'REVIEW'), any_value(as_of) from transfer_people, publication"
    ).fetchone()
    wished = con.execute("select count(*) from out_candidates where initiative <> 'own_request'").fetchone()
    assert chains and counts and wished
    nothing = problem.row(problem.home)
    seats = len(problem.seat_post)
    unfilled = con.execute("select coalesce(sum(seats), 0) from out_unfilled_posts").fetchone()
    assert unfilled
    before = {"critical_unfilled": nothing[0], "imbalance": nothing[1], "open_seats": seats, "involuntary_moves": 0}
    moved_cost = int(problem.edge_cost[problem.moves(plan.post), 1].sum())
    after = {
        "critical_unfilled": plan.row[0],
        "imbalance": plan.row[1] - moved_cost,
        "open_seats": int(unfilled[0]),
        "involuntary_moves": int(wished[0]),
    }
    policy = Policy.read(con).as_dict()
    floor = con.execute("select any_value(donor_floor) from staffing").fetchone()
    assert floor
    gap = plan.gap
    stages = [
        {
            "stage": tier,
            "primal": plan.row[n] * plan.scale,
            "dual": plan.bound[n],
            "gap": plan.row[n] * plan.scale - plan.bound[n] if gap is not None and n == gap[0] else 0,
            "is_settled": gap is None or n < gap[0],
        }
        for n, tier in enumerate(TIERS)
    ]
    return {
        "data_as_of": str(counts[2]),
        "inputs_hash": inputs,
        "policy_hash": hashlib.sha256(json.dumps(policy, sort_keys=True).encode()).hexdigest(),
        "policy": policy,
        "donor_floor": str(floor[0]),
        "needs_decision": floor[0] != "need",
        "method": METHOD,
        "code_version": METHOD,
        "label": LABELS[universe] + ("" if gap is None else f", within {gap[1]:.3f} points of {TIERS[gap[0]]}"),
        "bound": None if gap is None else gap[1],
        "certificate": {
            "stages": stages,
            "scale": plan.scale,
            "verified_by_sql": not any(check.amiss for check in checks),
            "verified_by_ortools": not any(check.amiss for check in checks if "OR-Tools" in check.proved),
        },
        "counts": {
            "eligible": int(counts[0]),
            "review": int(counts[1]),
            "open_seats": seats,
            "moves": moves,
            "chains": int(chains[0]),
            "unfilled": int(unfilled[0]),
        },
        "objective": {"before": before, "after": after},
        "previous_run_id": None,
    }


LABELS = {
    "all_lawful_pairs": "optimal over all lawful pairs",
    "candidate_set": "optimal over the candidate set",
}


def planned(
    con: duckdb.DuckDBPyConnection, run: Path, admit_review: bool, in_full: int | None = None, attached: bool = False
) -> tuple[Problem, Plan, str]:
    """The problem and best plan of a run's frozen inputs, and over what it is the best; `con` keeps the tables."""
    if not attached:
        reading.attach_inputs(con, run)
    con.execute(f"create or replace table options as select {admit_review} as admit_review, '{SOLVES[admit_review]}' as solve")
    Policy.read(con)
    candidates.build(con, candidates.PAIRS_IN_FULL if in_full is None else in_full)
    for _ in range(PRICING_ROUNDS):
        problem = candidates.problem_of(con)
        plan = solve(problem, _budget(problem))
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
