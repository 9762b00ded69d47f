"""Couples and budgets: caps that count moves with weights; the plan is the best of all that keep them, or says how far it may be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.recommend.instances import random_problem
from tests.unit.recommend.test_caps import best_row

from mutasi.recommend.parts import with_locked
from mutasi.recommend.plan import Plan
from mutasi.recommend.problem import Problem
from mutasi.recommend.proving import SCALE, Infeasible, matching, priced_problem, with_bound
from mutasi.recommend.replanning import Replanner
from mutasi.recommend.solve import solve

AREAS = 2


def area_of(problem: Problem) -> np.ndarray:
    return np.arange(len(problem.protected)) % AREAS


def linked_problem(seed: int, people: int, posts: int, budget: int | None = 5, couples: int = 1, density: float = 0.6) -> Problem:
    """The first people in pairs, of whom each moves only where the other one does, and one budget that moves weigh on."""
    problem = random_problem(seed, people, posts, density)
    rng = np.random.default_rng(seed)
    edges, caps, weights, limits = [], [], [], []
    area = area_of(problem)[problem.edge_post]
    if budget is not None:
        edges.append(np.arange(len(problem.edge_post)))
        caps.append(np.zeros(len(problem.edge_post), int))
        weights.append(rng.integers(0, 4, len(problem.edge_post)))
        limits.append(budget)
    for first in range(0, 2 * couples, 2):
        for one, other in ((first, first + 1), (first + 1, first)):
            for place in range(AREAS):
                for person, weight in ((one, 1), (other, -1)):
                    at = np.flatnonzero((problem.edge_person == person) & (area == place))
                    edges.append(at)
                    caps.append(np.full(len(at), len(limits)))
                    weights.append(np.full(len(at), weight))
                limits.append(0)
    return replace(
        problem,
        cap_limit=np.array(limits, np.int64),
        link_edge=np.concatenate(edges).astype(np.int32),
        link_cap=np.concatenate(caps).astype(np.int32),
        link_weight=np.concatenate(weights).astype(np.int64),
    )


def areas_of_couples(problem: Problem, post: np.ndarray, couples: int) -> list[tuple[int, int]]:
    """Where both of each couple go, -1 = they stay."""
    area = np.append(area_of(problem), -1)
    goes = np.where(post == problem.home, -1, post)[: 2 * couples]
    return [(int(area[a]), int(area[b])) for a, b in zip(goes[::2], goes[1::2], strict=True)]


@pytest.mark.parametrize("few", [1, 1_500], ids=["few pairs first", "all pairs at once"])
@pytest.mark.parametrize("seed", range(16))
def test_equals_the_best_of_all_plans_that_keep_couples_together_and_the_budget(
    seed: int, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mutasi.recommend.solve.FEW_EDGES", few)
    problem = linked_problem(seed, people=4 + seed % 3, posts=4, budget=None if seed % 4 == 0 else 2 + seed % 4)
    plan = solve(problem)
    assert plan.row == best_row(problem)
    assert plan.is_exact and (plan.is_proved or plan.gap is not None)
    assert all(a == b for a, b in areas_of_couples(problem, plan.post, 1))
    assert (problem.cap_use(problem.moves(plan.post)) <= problem.cap_limit).all()


@pytest.mark.parametrize("seed", range(40))
def test_prices_bound_every_plan_that_keeps_them(seed: int) -> None:
    """Prices of couples bring costs below nothing; the bound holds whatever the prices are."""
    problem = linked_problem(seed, people=5, posts=4, budget=None if seed % 2 else 4, couples=2)
    rng = np.random.default_rng(seed)
    prices = rng.integers(0, 3 * SCALE, (len(problem.cap_limit), 5))
    priced = priced_problem(problem, prices)
    proof = matching(priced, 1 << 40)
    assert (priced.edge_cost < 0).any() or not (problem.link_weight < 0).any() or seed % 2 == 0
    for cost, post, person in zip(priced.edge_cost.tolist(), problem.edge_post, problem.edge_person, strict=True):
        assert tuple(cost) >= tuple((proof.price[post] + proof.value[person]).tolist())
    for person, home in enumerate(problem.home):
        if problem.protected[home]:
            assert tuple((proof.price[home] + proof.value[person]).tolist()) <= (0,) * 5
    proved = with_bound(problem, Plan(proof.post, (), proof.price, proof.value, prices, SCALE, (), proof.looked))
    assert proved.bound <= tuple(SCALE * figure for figure in best_row(problem))


def test_couples_of_a_larger_office_move_together_or_not_at_all() -> None:
    together = 0
    for seed in range(3):
        problem = linked_problem(seed, people=60, posts=20, budget=None, couples=8, density=0.3)
        plan = solve(problem)
        found = areas_of_couples(problem, plan.post, 8)
        assert plan.is_exact and all(a == b for a, b in found)
        together += sum(a >= 0 for a, _ in found)
        assert plan.row >= solve(replace(problem, cap_limit=problem.cap_limit + 9)).row
    assert together > 0


def test_the_answer_of_refusing_one_of_a_couple_takes_the_other_back() -> None:
    asked = 0
    for seed in range(3):
        problem = linked_problem(seed, people=30, posts=12, budget=None, couples=5, density=0.4)
        plan = solve(problem)
        replanner = Replanner(problem, plan)
        for edge in problem.moves(plan.post).tolist():
            if problem.edge_person[edge] >= 10:
                continue
            asked += 1
            exact = replanner.change(np.array([edge]))
            other = solve(problem.only(np.arange(len(problem.edge_post)) != edge))
            assert exact.post is not None and all(a == b for a, b in areas_of_couples(problem, exact.post, 5))
            assert exact.price == tuple(a - b for a, b in zip(other.row, plan.row, strict=True))
    assert asked > 1


def test_a_locked_half_of_a_couple_takes_the_other_along_or_cannot_be() -> None:
    came = refused = 0
    for seed in range(20):
        problem = linked_problem(seed, people=6, posts=5, budget=None)
        at = np.flatnonzero(problem.edge_person == 0)
        vacant = at[np.isin(problem.edge_post[at], problem.seat_post)]
        if not len(vacant):
            continue
        locked, _, _ = with_locked(problem, vacant[:1])
        other = int(np.flatnonzero(locked.person_ids == problem.person_ids[1])[0])
        try:
            plan = solve(locked)
        except Infeasible:
            refused += 1
            continue
        came += 1
        assert plan.post[other] != locked.home[other]
        assert area_of(problem)[plan.post[other]] == area_of(problem)[problem.edge_post[vacant[0]]]
    assert came > 0 and refused > 0


def test_the_order_of_links_does_not_matter() -> None:
    problem = linked_problem(5, people=12, posts=6)

    def rebuilt(edges: np.ndarray, links: np.ndarray) -> Problem:
        number = np.argsort(edges).astype(np.int32)
        return Problem.of(
            problem.person_ids, problem.home, problem.post_ids, problem.protected, problem.seat_post, problem.seat_penalty,
            problem.edge_post[edges], problem.edge_person[edges], problem.edge_cost[edges], problem.cap_limit, problem.edge_caps[edges],
            (number[problem.link_edge[links]], problem.link_cap[links], problem.link_weight[links]),
        )  # fmt: skip

    rng = np.random.default_rng(0)
    one, other = (rebuilt(rng.permutation(len(problem.edge_post)), rng.permutation(len(problem.link_edge))) for _ in range(2))
    assert one.equals(other)
