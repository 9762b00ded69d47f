"""Objectives minimised together stay apart, and it shows when they do not."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.recommend.instances import brute_force, random_problem
from tests.unit.recommend.test_lexicographic import proved_row, row_of

from mutasi.recommend import lexicographic
from mutasi.recommend.network import INFINITE, LIMIT
from mutasi.recommend.weights import Weights


def test_sums_fall_apart_into_the_figures_they_are_made_of() -> None:
    problem = random_problem(3, people=20, posts=8, largest=9)
    weights = Weights.of(problem, 0, 6, LIMIT)
    assert len(weights.of_tier) == 5
    rows = np.array([[0, 0, 0, 0, 0], [1, -3, 2, -9, 1000], [-1, 9, -9, 9, -1000]], np.int64)
    assert np.array_equal(weights.apart(weights.together(rows)), rows)


def test_objectives_that_do_not_fit_are_left_to_the_next_turn() -> None:
    problem = random_problem(3, people=20, posts=8, largest=9)
    assert len(Weights.of(problem, 0, 6, 1 << 20).of_tier) < 5
    assert Weights.of(problem, 1, 40, 1 << 20).of_tier == (1,)


def test_figures_that_reach_into_an_earlier_one_are_seen() -> None:
    problem = random_problem(3, people=20, posts=8, largest=9)
    weights = Weights.of(problem, 0, 6, LIMIT)
    small, large = np.zeros((1, 5), np.int64), np.zeros((1, 5), np.int64)
    large[0, 4] = weights.of_tier[3] // 2 - 1
    none = weights.together(small)
    assert weights.hold_apart(none, none)
    assert not weights.hold_apart(weights.together(large), weights.together(large))


@pytest.mark.parametrize("room", [0, 1, 2])
@pytest.mark.parametrize("seed", range(20))
def test_too_little_room_is_noticed_and_more_is_taken(monkeypatch: pytest.MonkeyPatch, room: int, seed: int) -> None:
    monkeypatch.setattr(lexicographic, "FIRST_ROOM", room)
    problem = random_problem(seed, people=2 + seed % 5, posts=2 + seed % 3)
    solution = lexicographic.minimise(problem, INFINITE)
    assert row_of(problem, solution.post) == brute_force(problem) == proved_row(problem, solution)


def test_turns_give_the_plan_that_one_solve_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = random_problem(5, people=60, posts=25, density=0.15, largest=20)
    together = lexicographic.minimise(problem, INFINITE)
    monkeypatch.setattr(lexicographic, "FIRST_ROOM", 50)  # no two objectives fit
    apart = lexicographic.minimise(problem, INFINITE)
    assert row_of(problem, together.post) == row_of(problem, apart.post) == proved_row(problem, together)
