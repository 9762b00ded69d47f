"""Caps that people share: the plan is the best of all that keep them, and the prices say so."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.unit.recommend.instances import is_lawful, random_problem

from mutasi.recommend import solve as solving
from mutasi.recommend.plan import Plan
from mutasi.recommend.problem import Problem
from mutasi.recommend.solve import solve


def capped_problem(seed: int, people: int = 5, posts: int = 4) -> Problem:
    """A small problem of two units that one person each may leave, and two moves in all."""
    problem = random_problem(seed, people, posts)
    unit = np.random.default_rng(seed).integers(0, 2, posts)
    origin = unit[problem.home[problem.edge_person]]
    caps = np.full((len(problem.edge_post), 3), -1, np.int32)
    caps[:, 0] = np.where(origin != unit[problem.edge_post], origin, -1)
    caps[:, 1] = 2
    return replace(problem, cap_limit=np.array([1, 1, 2], np.int64), edge_caps=caps)


def best_row(problem: Problem, settled: int | None = None) -> tuple[int, ...] | None:
    """The least row over every set of moves that keeps the protected seats and the caps, and contains one if that is settled."""
    ways: list[list[int]] = [[-1] for _ in problem.home]
    for edge, person in enumerate(problem.edge_person):
        ways[person].append(edge)
    if settled is not None:
        ways[problem.edge_person[settled]] = [settled]
    rows = []
    for way in itertools.product(*ways):
        moves = np.array([edge for edge in way if edge >= 0], int)
        post = problem.home.copy()
        post[problem.edge_person[moves]] = problem.edge_post[moves]
        present = np.bincount(post, minlength=len(problem.protected))
        seats = np.bincount(problem.seat_post, minlength=len(problem.protected))
        arrived = np.bincount(problem.edge_post[moves], minlength=len(problem.protected))
        if (present < problem.protected).any() or (arrived > problem.protected + seats).any():
            continue
        if (problem.cap_use(moves) <= problem.cap_limit).all():
            rows.append(problem.row(post))
    return min(rows, default=None)


@pytest.mark.parametrize("seed", range(25))
def test_equals_the_best_of_all_plans_within_the_caps(seed: int) -> None:
    problem = capped_problem(seed, people=3 + seed % 4)
    plan = solve(problem)
    assert plan.row == best_row(problem)
    assert (problem.cap_use(problem.moves(plan.post)) <= problem.cap_limit).all()
    assert plan.is_proved or plan.gap is not None


def test_caps_that_do_not_bind_cost_nothing() -> None:
    problem = capped_problem(3)
    loose = replace(problem, cap_limit=np.full(3, 99))
    plan = solve(loose)
    assert plan.row == solve(replace(loose, cap_limit=np.empty(0, np.int64), edge_caps=loose.edge_caps * 0 - 1)).row
    assert not plan.cap_price.any() and plan.is_proved


def with_budget(problem: Problem, seed: int, most: int) -> Problem:
    """What moves cost, each another sum, within one budget: no linear program comes out whole."""
    cost = np.random.default_rng(seed).integers(1, 9, len(problem.edge_post))
    return replace(
        problem,
        cap_limit=np.array([3, 3, 5, most]),
        link_edge=np.arange(len(cost), dtype=np.int32),
        link_cap=np.full(len(cost), 3, np.int32),
        link_weight=cost.astype(np.int64),
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_where_the_allowance_is_used_up_a_lawful_plan_and_its_gap_are_handed_back(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = with_budget(capped_problem(seed, people=30, posts=10), seed, 17)
    settled = solve(problem)
    assert settled.branched and settled.is_exact
    monkeypatch.setattr("mutasi.recommend.solve.MOST_NODES", 0)
    monkeypatch.setattr("mutasi.recommend.solve.LEAST_NODES", 0)
    cut_short = solve(problem)
    assert not cut_short.is_exact and cut_short.gap is not None
    assert settled.row <= cut_short.row <= problem.row(problem.home)
    assert (problem.cap_use(problem.moves(cut_short.post)) <= problem.cap_limit).all()
    assert cut_short.bound <= tuple(figure * cut_short.scale for figure in settled.row)


def test_what_presolve_calls_infeasible_is_planned_without_it() -> None:
    problem = with_budget(capped_problem(238, people=18, posts=6), 238, 12)
    plan = solve(problem)  # branch and bound takes it for infeasible at the second objective, having a plan from the first
    assert plan.branched and plan.is_exact and is_lawful(problem, plan.post)
    assert plan.row < problem.row(problem.home)


def greedy(problem: Problem) -> tuple[int, ...]:
    """The row of the plan that takes, again and again, the one move that improves it most."""
    post = problem.home.copy()
    while True:
        ways = []
        for edge in np.flatnonzero((post == problem.home)[problem.edge_person]).tolist():
            way = post.copy()
            way[problem.edge_person[edge]] = problem.edge_post[edge]
            if is_lawful(problem, way):
                ways.append((problem.row(way), way))
        best = min(ways, key=lambda way: way[0], default=None)
        if best is None or best[0] >= problem.row(post):
            return problem.row(post)
        post = best[1]


def test_where_branch_and_bound_finds_nothing_the_plan_is_no_worse_than_greedy(monkeypatch: pytest.MonkeyPatch) -> None:
    program, gave_up = solving.program, 0

    def found_nothing(problem: Problem, nodes: int | None, near: Plan | None = None) -> dict[str, Any]:
        found = program(problem, nodes, near)
        return found if nodes is None else found | {"used": np.zeros_like(found["used"]), "is_complete": np.array([False])}

    monkeypatch.setattr(solving, "program", found_nothing)
    for seed in range(16):
        problem = with_budget(capped_problem(seed, people=20, posts=8), seed, 9)
        plan = solve(problem)
        if not plan.branched:
            continue
        gave_up += 1
        assert plan.row <= greedy(problem) < problem.row(problem.home)
        assert not plan.is_exact and is_lawful(problem, plan.post)
        assert plan.bound <= tuple(figure * plan.scale for figure in plan.row)
    assert gave_up > 4
