"""The plan is the best there is: compared with every possible plan of small problems, and proved by its prices."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.recommend.instances import brute_force, random_problem, shuffled

from mutasi.recommend.lexicographic import NotSolved, Solution, minimise
from mutasi.recommend.network import INFINITE, UNFILLABLE
from mutasi.recommend.problem import Problem, ProblemError


def row_of(problem: Problem, post: np.ndarray) -> tuple[int, ...]:
    """The plan's row of costs."""
    moved = np.flatnonzero((post >= 0) & (post != problem.home))
    place = {(p, e): i for i, (p, e) in enumerate(zip(problem.edge_post.tolist(), problem.edge_person.tolist(), strict=True))}
    total = sum((problem.edge_cost[place[post[e], e]] for e in moved), np.zeros(5, np.int64))
    held = np.bincount(post[post >= 0], minlength=len(problem.protected))
    for p, spare in enumerate(held - problem.protected):
        total += problem.seat_penalty[problem.seat_post == p][spare:].sum(axis=0)
    return tuple(int(x) for x in total)


def proved_row(problem: Problem, solution: Solution) -> tuple[int, ...]:
    """The sum of the prices, after checking that they are prices: no reduced cost is below zero, compared from the left."""
    rows = solution.price.tolist()
    for p, e, cost in zip(problem.edge_post, problem.edge_person, problem.edge_cost.tolist(), strict=True):
        assert tuple(cost) >= tuple(a + b for a, b in zip(rows[p], solution.value[e].tolist(), strict=True))
    total = (solution.price * problem.protected[:, None]).sum(axis=0) + solution.value.sum(axis=0)
    assert all(tuple(v) <= (0, 0, 0, 0, 0) for v in solution.value.tolist())
    for p, penalty in zip(problem.seat_post, problem.seat_penalty.tolist(), strict=True):
        total += np.array(min(tuple(rows[p]), tuple(penalty)))
    return tuple(int(x) for x in total)


@pytest.mark.parametrize("seed", range(300))
def test_equals_the_best_of_all_plans(seed: int) -> None:
    problem = random_problem(seed, people=2 + seed % 5, posts=2 + seed % 3)
    solution = minimise(problem, INFINITE)
    assert row_of(problem, solution.post) == brute_force(problem) == proved_row(problem, solution)


@pytest.mark.parametrize("seed", range(30))
def test_prices_prove_larger_plans(seed: int) -> None:
    problem = random_problem(seed, people=60, posts=25, density=0.15, largest=20)
    solution = minimise(problem, INFINITE)
    assert row_of(problem, solution.post) == proved_row(problem, solution)


@pytest.mark.parametrize("seed", range(10))
def test_order_of_the_input_does_not_matter(seed: int) -> None:
    problem = random_problem(seed, people=40, posts=15, density=0.3, largest=2)
    again = shuffled(problem, seed)
    assert again.equals(problem)
    assert np.array_equal(minimise(problem, INFINITE).post, minimise(again, INFINITE).post)


def test_a_seat_that_nobody_can_hold_is_named() -> None:
    problem = random_problem(1, people=4, posts=3)
    broken = Problem(**{**problem.__dict__, "protected": problem.at_home() + np.array([0, 0, 9])})
    with pytest.raises(NotSolved) as error:
        minimise(broken, INFINITE)
    assert (error.value.status, error.value.where) == (UNFILLABLE, 2)


def test_refuses_a_pair_that_stands_twice() -> None:
    problem = random_problem(1, people=4, posts=3)
    with pytest.raises(ProblemError, match="stands twice in the edges"):
        Problem.of(
            problem.person_ids,
            problem.home,
            problem.post_ids,
            problem.protected,
            problem.seat_post,
            problem.seat_penalty,
            np.repeat(problem.edge_post, 2),
            np.repeat(problem.edge_person, 2),
            np.repeat(problem.edge_cost, 2, axis=0),
        )


@pytest.mark.parametrize("seed", range(3))
def test_the_second_engine_agrees_and_its_plan_gets_the_same_proof(seed: int) -> None:
    problem = random_problem(seed, people=50, posts=20, density=0.2, largest=9)
    mine, other = minimise(problem, INFINITE), minimise(problem, budget=0)
    assert row_of(problem, other.post) == row_of(problem, mine.post) == proved_row(problem, other)


def test_prices_brought_up_to_date_in_between_prove_the_same_plan() -> None:
    """Searches go far where few people are free: prices are foreseen several times, group by group."""
    problem = random_problem(7, people=500, posts=250, density=0.02, largest=2)
    mine, other = minimise(problem, INFINITE), minimise(problem, budget=0)
    assert mine.looked > 5 * len(problem.edge_post)
    assert row_of(problem, other.post) == row_of(problem, mine.post) == proved_row(problem, mine)
