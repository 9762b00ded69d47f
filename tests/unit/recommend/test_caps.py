"""Caps that people share: the plan is the best of all that keep them, and the prices say so."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.recommend.instances import random_problem

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


def best_row(problem: Problem) -> tuple[int, ...]:
    """The least row over every set of moves that keeps the protected seats and the caps."""
    ways: list[list[int]] = [[-1] for _ in problem.home]
    for edge, person in enumerate(problem.edge_person):
        ways[person].append(edge)
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
    return min(rows)


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
