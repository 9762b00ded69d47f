"""The plan found from prices of another problem is the best plan, however far off those prices are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.recommend.instances import is_lawful, random_problem
from tests.unit.recommend.test_caps import capped_problem, with_budget

from mutasi.recommend.nearby import solve_near
from mutasi.recommend.problem import Problem
from mutasi.recommend.proving import CapsTooTight, Infeasible
from mutasi.recommend.solve import solve


@pytest.fixture(autouse=True, params=["all at once", "few at first", "few in a round"])
def pairs_that_enter(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small problems are tried whole; large ones are not, and what was left out must be found, by the engine or after it."""
    if request.param != "all at once":
        for name in ("FEW_PAIRS", "MORE_PAIRS"):
            monkeypatch.setattr(f"mutasi.recommend.nearby.{name}", 1)
        monkeypatch.setattr("mutasi.recommend.nearby.FEW_MISSING", 1)
        monkeypatch.setattr("mutasi.recommend.solve.FEW_EDGES", 1)
    if request.param == "few in a round":
        monkeypatch.setattr("mutasi.recommend.nearby.ENTERING_PAIRS", 1)


def otherwise(problem: Problem, rng: np.random.Generator) -> Problem:
    """The same with some pairs fewer, other costs, more seats that must be held and other limits."""
    kept = problem.only(rng.random(len(problem.edge_post)) < 0.8)
    cost = kept.edge_cost.copy()
    cost[:, 1:4] = np.maximum(0, cost[:, 1:4] + rng.integers(-2, 3, (len(cost), 3)))
    limit = np.maximum(0, kept.cap_limit + rng.integers(-1, 2, len(kept.cap_limit)))
    protected = np.where(rng.random(len(kept.protected)) < 0.2, kept.at_home(), kept.protected)
    return replace(kept, edge_cost=cost, cap_limit=limit, protected=protected)


def side_by_side(one: Problem, other: Problem) -> Problem:
    """Two problems as one, which nothing ties together."""
    people, posts, caps = len(one.home), len(one.protected), len(one.cap_limit)
    return Problem.of(
        np.concatenate([one.person_ids, np.char.add("Q", other.person_ids)]),
        np.concatenate([one.home, other.home + posts]).astype(np.int32),
        np.concatenate([one.post_ids, np.char.add("r", other.post_ids)]),
        np.concatenate([one.protected, other.protected]),
        np.concatenate([one.seat_post, other.seat_post + posts]).astype(np.int32),
        np.concatenate([one.seat_penalty, other.seat_penalty]),
        np.concatenate([one.edge_post, other.edge_post + posts]).astype(np.int32),
        np.concatenate([one.edge_person, other.edge_person + people]).astype(np.int32),
        np.concatenate([one.edge_cost, other.edge_cost]),
        np.concatenate([one.cap_limit, other.cap_limit]),
        np.concatenate([one.edge_caps, np.where(other.edge_caps < 0, -1, other.edge_caps + caps)]).astype(np.int32),
    )


def assert_found_again(problem: Problem, seed: int) -> None:
    rng = np.random.default_rng(seed)
    near, asked = solve(problem), otherwise(problem, rng)
    if seed % 4 == 3 and seed < 100:  # prices of nothing that was ever planned
        near = replace(near, price=rng.integers(-50, 50, near.price.shape), cap_price=rng.integers(0, 50, near.cap_price.shape))
    try:
        best = solve(asked)
    except Infeasible:
        with pytest.raises(Infeasible):
            solve_near(asked, near)
        return
    found = solve_near(asked, near)
    assert found.is_exact and best.is_exact and is_lawful(asked, found.post)
    assert found.row == best.row == asked.row(found.post)
    assert found.bound <= tuple(found.scale * figure for figure in best.row)


@pytest.mark.parametrize("seed", range(40))
def test_without_caps(seed: int) -> None:
    assert_found_again(
        random_problem(seed, people=12 + seed % 20, posts=5 + seed % 5, density=0.2 + seed % 5 / 6, largest=9), seed
    )


# In the last two a budget that has a price is not used up, and a pair that was left out fits into what is left of it.
@pytest.mark.parametrize("seed", [*range(40), 187, 195])
def test_under_caps_and_budgets(seed: int) -> None:
    problem = capped_problem(seed, people=8 + seed % 12, posts=6)
    assert_found_again(with_budget(problem, seed, 12) if seed % 3 == 0 or seed > 100 else problem, seed)


@pytest.mark.parametrize("seed", range(20))
def test_in_groups_that_nothing_ties_together(seed: int) -> None:
    assert_found_again(side_by_side(capped_problem(seed, people=9), capped_problem(seed + 99, people=12, posts=6)), seed)


def test_prices_prove_the_plan_where_no_branching_was_needed() -> None:
    problem = capped_problem(3, people=14, posts=6)
    near = solve(problem)
    found = solve_near(problem, near)
    assert near.is_proved and found.is_proved and found.row == near.row


def test_a_plan_that_is_still_the_best_takes_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = capped_problem(3, people=14, posts=6)
    near, unused = solve(problem), np.arange(len(problem.edge_post))
    assert near.is_proved and near.cap_price.any()
    unused = ~np.isin(unused, problem.moves(near.post)) & (unused % 2 == 0)
    monkeypatch.delattr("mutasi.recommend.nearby.program")
    found = solve_near(problem.only(~unused), near)
    assert found.is_proved and found.row == near.row and (found.post == near.post).all()


def test_a_cap_that_nobody_can_keep_is_refused() -> None:
    problem = capped_problem(3)
    tight = replace(problem, cap_limit=np.array([1, 1, -1]))
    with pytest.raises(CapsTooTight):
        solve_near(tight, solve(problem))
    with pytest.raises(CapsTooTight):
        solve_near(tight.only(np.zeros(len(tight.edge_post), bool)), solve(problem))
