"""What a run says about itself: the numbers for those who publish it, its proof, and over what its plan is the best."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from mutasi.recommend import runs
from mutasi.recommend.best_plan import METHOD, plan_hash
from mutasi.recommend.certificate import Check
from mutasi.recommend.plan import Plan
from mutasi.recommend.policy import Policy
from mutasi.recommend.problem import TIERS, Problem

LABELS = {
    "all_lawful_pairs": "optimal over all lawful pairs",
    "candidate_set": "optimal over the candidate set",
}


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


def account(
    con: duckdb.DuckDBPyConnection, inputs: str, found: tuple[Problem, Plan, str], checks: Sequence[Check]
) -> dict[str, Any]:
    """What `run.json` says for those who publish the run; `con` holds the tables of its explanation."""
    problem, plan, universe = found
    as_of, floor, counts = _counted(con)
    policy = Policy.read(con).as_dict()
    gap = plan.gap
    return {
        "data_as_of": as_of,
        "inputs_hash": inputs,
        "policy_hash": hashlib.sha256(json.dumps(policy, sort_keys=True).encode()).hexdigest(),
        "policy": policy,
        "donor_floor": floor,
        "needs_decision": floor != "need",
        "method": METHOD,
        "code_version": METHOD,
        "label": LABELS[universe] + _reservation(plan),
        "bound": None if gap is None else gap[1],
        "settled_by_branch_and_bound": gap is not None and plan.is_exact,
        "certificate": {
            "stages": _stages(plan),
            "scale": plan.scale,
            "verified_by_sql": not any(check.amiss for check in checks),
            "verified_by_ortools": not any(check.amiss for check in checks if "OR-Tools" in check.proved),
        },
        "counts": {
            "eligible": counts["eligible"],
            "review": counts["review"],
            "open_seats": len(problem.seat_post),
            "moves": len(problem.moves(plan.post)),
            "chains": counts["chains"],
            "unfilled": counts["unfilled"],
        },
        "objective": _objective(problem, plan, counts),
        "previous_run_id": None,
    }


def _reservation(plan: Plan) -> str:
    """What the prices leave open, and whether branch and bound settled it."""
    if plan.gap is None:
        return ""
    tier, points = plan.gap
    settled = ", and branch and bound finds nothing better" if plan.is_exact else ""
    return f", within {points:.3f} points of {TIERS[tier]}{settled}"


def _counted(con: duckdb.DuckDBPyConnection) -> tuple[str, str, dict[str, int]]:
    """Day and donor floor of the plan, and how many people, chains, empty seats and unasked moves there are."""
    row = con.execute(
        """
        select
            (select any_value(as_of) from publication),
            (select any_value(donor_floor) from staffing),
            (select count(*) filter (outcome = 'ELIGIBLE') from transfer_people),
            (select count(*) filter (outcome = 'REVIEW') from transfer_people),
            (select count(distinct chain_id) from out_candidates),
            (select coalesce(sum(seats), 0) from out_unfilled_posts),
            (select count(*) from out_candidates where initiative <> 'own_request')
        """
    ).fetchone()
    assert row
    names = ("eligible", "review", "chains", "unfilled", "involuntary")
    return str(row[0]), str(row[1]), dict(zip(names, map(int, row[2:]), strict=True))


def _stages(plan: Plan) -> list[dict[str, Any]]:
    """Per objective what the plan costs, what its prices prove, and the gap where they do not settle it."""
    gap = plan.gap
    return [
        {
            "stage": tier,
            "primal": plan.row[n] * plan.scale,
            "dual": plan.bound[n],
            "gap": plan.row[n] * plan.scale - plan.bound[n] if gap is not None and n == gap[0] else 0,
            "is_settled": gap is None or n < gap[0],
        }
        for n, tier in enumerate(TIERS)
    ]


def _objective(problem: Problem, plan: Plan, counts: dict[str, int]) -> dict[str, dict[str, int]]:
    """What is critical, out of balance, open and unasked for, without and with the plan."""
    nothing = problem.row(problem.home)
    moved_cost = int(problem.edge_cost[problem.moves(plan.post), 1].sum())
    return {
        "before": {
            "critical_unfilled": nothing[0],
            "imbalance": nothing[1],
            "open_seats": len(problem.seat_post),
            "involuntary_moves": 0,
        },
        "after": {
            "critical_unfilled": plan.row[0],
            "imbalance": plan.row[1] - moved_cost,
            "open_seats": counts["unfilled"],
            "involuntary_moves": counts["involuntary"],
        },
    }


def summed_up(run: Path, week: str, main: tuple[Problem, Plan, str], second: tuple[Problem, Plan, str]) -> RunSummary:
    """The numbers of a run from its plan and the plan that admits people whose file is to be completed."""
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
    told = runs.manifest(run)
    return RunSummary(**{name: told[name] for name in RunSummary.__dataclass_fields__} | {"folder": str(run)})
