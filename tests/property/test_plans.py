"""What must hold of every plan of every problem, tried on problems that Hypothesis thinks up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.recommend.instances import random_problem, shuffled

from mutasi.recommend.problem import Problem
from mutasi.recommend.solve import solve

problems = st.builds(
    random_problem,
    seed=st.integers(0, 10**6),
    people=st.integers(1, 40),
    posts=st.integers(2, 14),
    density=st.floats(0.05, 0.9),
    largest=st.integers(0, 40),
)
thoroughly = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def greedy(problem: Problem) -> np.ndarray:
    """Fill seat after seat, the dearest first, with the cheapest person whose post can spare somebody."""
    post = problem.home.copy()
    present = problem.at_home()
    for seat in np.lexsort(tuple(-problem.seat_penalty.T[::-1])):
        to = problem.seat_post[seat]
        able = np.flatnonzero(
            (problem.edge_post == to)
            & (post[problem.edge_person] == problem.home[problem.edge_person])
            & (present > problem.protected)[problem.home[problem.edge_person]]
        )
        if len(able):
            best = able[np.lexsort(tuple(problem.edge_cost[able].T[::-1]))[0]]
            if tuple(problem.edge_cost[best]) < tuple(problem.seat_penalty[seat]):
                present[problem.home[problem.edge_person[best]]] -= 1
                post[problem.edge_person[best]] = to
    return post


@thoroughly
@given(problems)
def test_nobody_twice_never_below_need_only_lawful_moves(problem: Problem) -> None:
    plan = solve(problem)
    present = np.bincount(plan.post, minlength=len(problem.protected))
    seats = np.bincount(problem.seat_post, minlength=len(problem.protected))
    assert (present >= problem.protected).all()
    assert (present <= np.maximum(problem.at_home(), problem.protected + seats)).all()
    assert len(problem.moves(plan.post)) == (plan.post != problem.home).sum()
    assert plan.is_proved


@thoroughly
@given(problems, st.integers(0, 10**6))
def test_the_order_of_the_input_changes_nothing(problem: Problem, seed: int) -> None:
    plan, other = solve(problem), solve(shuffled(problem, seed))
    assert np.array_equal(plan.post, other.post) and np.array_equal(plan.price, other.price)


@thoroughly
@given(problems)
def test_never_worse_than_nothing_nor_than_greedy(problem: Problem) -> None:
    row = solve(problem).row
    assert row <= problem.row(problem.home)
    assert row <= problem.row(greedy(problem))


@thoroughly
@given(problems)
def test_larger_numbers_change_nothing(problem: Problem) -> None:
    large = replace(problem, edge_cost=problem.edge_cost * 1_000, seat_penalty=problem.seat_penalty * 1_000)
    assert np.array_equal(solve(problem).post, solve(large).post)
