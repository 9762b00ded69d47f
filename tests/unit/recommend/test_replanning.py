"""The plan without a pair, or with one more, found by a path: it costs what the best of all such plans costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.recommend.instances import is_lawful, random_problem
from tests.unit.recommend.test_caps import best_row, capped_problem, with_budget

from mutasi.recommend.detour import NONE
from mutasi.recommend.nearby import plan_near
from mutasi.recommend.parts import with_locked
from mutasi.recommend.plan import Plan
from mutasi.recommend.problem import Problem
from mutasi.recommend.proving import SCALE, Infeasible, beyond
from mutasi.recommend.replanning import Replanner
from mutasi.recommend.solve import solve


def difference(found: tuple[int, ...], plan: Plan) -> tuple[int, ...]:
    return tuple(a - b for a, b in zip(found, plan.row, strict=True))


@pytest.mark.parametrize("seed", range(60))
def test_refusing_a_pair_or_a_person_by_a_path_equals_planning_again(seed: int) -> None:
    problem = random_problem(
        seed, people=10 + seed % 30, posts=5 + seed % 7, density=0.2 + seed % 5 / 6, largest=3 + 20 * (seed % 2)
    )
    plan = solve(problem)
    replanner = Replanner(problem, plan)
    for edge in problem.moves(plan.post).tolist():
        everything = np.flatnonzero(problem.edge_person == problem.edge_person[edge])
        for refused in (np.array([edge]), everything):
            found = replanner.change(refused)
            assert found.is_exact and found.post is not None and is_lawful(problem, found.post)
            assert not np.isin(problem.moves(found.post), refused).any()
            again = solve(problem.only(~np.isin(np.arange(len(problem.edge_post)), refused)))
            assert found.price == difference(again.row, plan) == difference(problem.row(found.post), plan)


@pytest.mark.parametrize("seed", range(40))
def test_settling_a_pair_costs_what_the_best_of_all_plans_with_it_costs(seed: int) -> None:
    problem = random_problem(seed, people=3 + seed % 4, posts=4 + seed % 2, largest=3 + 20 * (seed % 2))
    plan = solve(problem)
    replanner = Replanner(problem, plan)
    for edge in range(len(problem.edge_post)):
        if not (problem.seat_post == problem.edge_post[edge]).any():
            continue
        one, best = np.array([edge]), best_row(problem, settled=edge)
        if best is None:
            with pytest.raises(Infeasible):
                replanner.change(NONE, one)
            with pytest.raises(Infeasible):
                solve(with_locked(problem, one)[0])
            continue
        found = replanner.change(NONE, one)
        assert found.post is not None and is_lawful(problem, found.post)
        assert edge in problem.moves(found.post) and found.is_exact
        assert found.price == difference(best, plan)
        assert tuple(np.add(solve(with_locked(problem, one)[0]).row, problem.edge_cost[edge]).tolist()) == best


@pytest.mark.parametrize("seed", range(30))
def test_prices_after_a_path_prove_what_it_costs(seed: int) -> None:
    problem = random_problem(seed, people=12, posts=6, largest=20)
    plan = solve(problem)
    residual = Replanner(problem, plan)._residual
    for edge in problem.moves(plan.post).tolist():
        found = residual.without(edge, np.array([edge]))
        assert found is not None
        others = np.delete(np.arange(len(problem.edge_post)), edge)
        reduced = beyond(problem, replace(plan, price=found.price, value=found.value), others)
        assert all(tuple(row) >= (0,) * 5 for row in reduced.tolist())
        assert all(tuple(row) <= (0,) * 5 for row in found.value.tolist())


@pytest.mark.parametrize("seed", range(40))
def test_under_caps_the_answer_is_exact_when_asked_for(seed: int) -> None:
    problem = capped_problem(seed, people=8 + seed % 8, posts=5)
    problem = with_budget(problem, seed, 9) if seed % 3 == 0 else problem
    plan = solve(problem)
    replanner = Replanner(problem, plan)
    for edge in problem.moves(plan.post).tolist():
        found = replanner.change(np.array([edge]))
        again = solve(problem.only(np.arange(len(problem.edge_post)) != edge))
        assert found.post is not None and is_lawful(problem, found.post)
        assert found.is_exact and again.is_exact
        assert found.price == difference(again.row, plan)


@pytest.mark.parametrize("seed", range(25))
def test_settling_a_pair_under_caps_costs_what_the_best_of_all_plans_with_it_costs(seed: int) -> None:
    problem = capped_problem(seed, people=3 + seed % 4)
    problem = with_budget(problem, seed, 9) if seed % 3 == 0 else problem
    plan = solve(problem)
    replanner = Replanner(problem, plan)
    for edge in np.flatnonzero(np.isin(problem.edge_post, problem.seat_post)).tolist():
        best = best_row(problem, settled=edge)
        if best is None:
            with pytest.raises(Infeasible):
                replanner.change(NONE, np.array([edge]))
            continue
        found = replanner.change(NONE, np.array([edge]))
        assert found.post is not None and is_lawful(problem, found.post) and found.is_exact
        assert edge in problem.moves(found.post) and found.price == difference(best, plan)


def test_who_has_no_pair_stays_on_an_open_seat_where_somebody_is_settled() -> None:
    home = np.array([0, 1, 1], np.int32)
    relief = np.array([[0, 10, 0, 0, 0], [0, 3, 0, 0, 0]])
    cost = np.array([[0, 1, 0, 0, 0], [0, 5, 0, 0, 0]])
    nobody = np.zeros((2, 3), np.int32) - 1
    problem = Problem.of(
        np.array(["P0", "P1", "P2"]), home, np.array(["A", "B"]), np.array([1, 0]), np.zeros(2, np.int32), relief,
        np.zeros(2, np.int32), np.array([1, 2], np.int32), cost, np.array([9]), nobody,
    )  # fmt: skip
    settled = np.array([0])  # P1 comes; P0 then fills the dearer of both open seats, and P2 is not worth the other
    asked, people, _ = with_locked(problem, settled)
    nothing = np.zeros((3, 5), np.int64)
    found = plan_near(asked, Plan(asked.home, (0,) * 5, nothing[:2], nothing[:2], nothing[:1], SCALE, (0,) * 5, 0))
    post = np.zeros(3, np.int32)
    post[people] = found.post
    assert found.is_proved and problem.row(post) == best_row(problem, settled=0) == (0, 4, 0, 0, 0)


@pytest.mark.parametrize("seed", range(60))
def test_several_changes_at_once_cost_what_planning_again_costs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    problem = [random_problem, capped_problem][seed % 2](seed, people=12 + seed % 9, posts=6)
    if seed % 2:
        limit = np.array([2, 2, 4], np.int64)
        problem = with_budget(problem, seed, 12) if seed % 5 == 0 else replace(problem, cap_limit=limit)
    plan = solve(problem)
    refused = np.flatnonzero(np.isin(problem.edge_person, rng.choice(len(problem.home), 3, replace=False)))
    vacant = np.flatnonzero(np.isin(problem.edge_post, problem.seat_post))
    settled = np.sort(rng.permutation(np.setdiff1d(vacant, refused))[: 1 + seed % 3])
    _, first = np.unique(problem.edge_person[settled], return_index=True)
    settled = np.sort(settled[first])
    kept = ~np.isin(np.arange(len(problem.edge_post)), refused)
    try:
        again = solve(with_locked(problem.only(kept), (np.cumsum(kept) - 1)[settled])[0])
    except Infeasible:
        with pytest.raises(Infeasible):
            Replanner(problem, plan).change(refused, settled)
        return
    found = Replanner(problem, plan).change(refused, settled)
    assert found.post is not None and is_lawful(problem, found.post) and found.is_exact and again.is_exact
    moves = problem.moves(found.post)
    assert np.isin(settled, moves).all() and not np.isin(moves, refused).any()
    assert found.price == difference(np.add(again.row, problem.edge_cost[settled].sum(axis=0)).tolist(), plan)
    assert found.price == difference(problem.row(found.post), plan)


def test_where_only_few_pairs_may_be_tried_at_once_the_answer_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = replace(capped_problem(5, people=25, posts=8), cap_limit=np.array([3, 3, 5], np.int64))
    plan = solve(problem)
    edges = problem.moves(plan.post).tolist()
    at_once = [Replanner(problem, plan).change(np.array([edge])).price for edge in edges]
    for few, most in ((1, 50_000), (1_500, 0)):
        monkeypatch.setattr("mutasi.recommend.nearby.FEW_PAIRS", few)
        monkeypatch.setattr("mutasi.recommend.nearby.MOST_PAIRS", most)
        assert [Replanner(problem, plan).change(np.array([edge])).price for edge in edges] == at_once
