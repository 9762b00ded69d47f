"""The best plan over everything lawful: candidates, plan, and the pairs that were left out, until none improves it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb

from mutasi.recommend import candidates, reading
from mutasi.recommend.nearby import solve_near
from mutasi.recommend.network import INFINITE
from mutasi.recommend.plan import Plan
from mutasi.recommend.policy import Policy
from mutasi.recommend.problem import Problem
from mutasi.recommend.reading_back import plan_before
from mutasi.recommend.solve import solve

SOLVES = {False: "published", True: "if_files_complete"}
METHOD = "8"  # raised when the same inputs would give another plan
PRICING_ROUNDS = 10
WORK_PER_EDGE = 2_000  # edges that the search may look at, in multiples of all edges, before the second engine takes over


def planned(
    con: duckdb.DuckDBPyConnection, run: Path, admit_review: bool, in_full: int | None = None
) -> tuple[Problem, Plan, str]:
    """The problem and best plan of a run's frozen inputs, and over what it is the best; `con` keeps the tables."""
    reading.attach_inputs(con, run)
    con.execute(f"create or replace table options as select {admit_review} as admit_review, '{SOLVES[admit_review]}' as solve")
    Policy.read(con)
    candidates.build(con, candidates.PAIRS_IN_FULL if in_full is None else in_full)
    return _best(con, lambda problem: solve(problem, budget_of(problem)))


def planned_again(con: duckdb.DuckDBPyConnection, run: Path, keeps_pairs: bool) -> tuple[Problem, Plan, str]:
    """The same with the rows of the policy that `con` now holds beside the inputs of a run, from the prices that the run came to.

    `keeps_pairs`: those rows allow no pair that the run's did not.
    """
    con.execute(f"create or replace table options as select false as admit_review, '{SOLVES[False]}' as solve")
    candidates.build_again(con, run, keeps_pairs)
    return _best(con, lambda problem: solve_near(problem, plan_before(con, run, problem), budget_of(problem)))


def _best(con: duckdb.DuckDBPyConnection, solved: Callable[[Problem], Plan]) -> tuple[Problem, Plan, str]:
    """The best plan over the pairs in `con` and all that were left out, as long as any of those would improve it."""
    for _ in range(PRICING_ROUNDS):
        problem = candidates.problem_of(con)
        plan = solved(problem)
        if not candidates.add_improving_pairs(con, plan):
            return problem, _settled(con, plan), "all_lawful_pairs"
    return problem, _settled(con, plan), "candidate_set"


def _settled(con: duckdb.DuckDBPyConnection, plan: Plan) -> Plan:
    """The plan; what branch and bound settled is settled only where no pair was left out, for it never saw those."""
    left_out = con.execute("select count(*) from blocks where not is_complete").fetchone()
    return replace(plan, is_exact=plan.is_proved or (plan.is_exact and left_out == (0,)))


def budget_of(problem: Problem) -> int:
    """The edges that a search may look at before the second engine takes over."""
    return min(INFINITE, WORK_PER_EDGE * (len(problem.edge_post) + 10_000))


def plan_hash(problem: Problem, plan: Plan) -> str:
    """One hash over who goes where and over all prices."""
    found = hashlib.sha256()
    for array in (problem.person_ids, problem.post_ids):
        found.update("\n".join(array.tolist()).encode())
    for numbers in (plan.post, plan.price, plan.value, plan.cap_price):
        found.update(numbers.astype("<i8").tobytes())
    return found.hexdigest()
