"""Moves that stand or fall together are found, in the order in which they can be carried out."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.recommend.instances import random_problem

from mutasi.recommend.lexicographic import minimise
from mutasi.recommend.network import INFINITE
from mutasi.recommend.packages import packages
from mutasi.recommend.problem import Problem


def problem(home: list[int], posts: int, protected: list[int], edges: list[tuple[int, int]], seats: list[int]) -> Problem:
    """A problem in which every edge costs the same; `edges` are (person, post)."""
    cost = np.tile(np.array([0, 1, 1, 1, 1]), (len(edges), 1))
    penalty = np.tile(np.array([0, 100, 0, 0, 0]), (len(seats), 1))
    people, to = np.array(edges, np.int32).T
    return Problem.of(
        np.array([f"P{n}" for n in range(len(home))]),
        np.array(home, np.int32),
        np.array([f"d{n}" for n in range(posts)]),
        np.array(protected, np.int64),
        np.array(seats, np.int32),
        penalty,
        to,
        people,
        cost,
    )


def test_a_chain_begins_at_the_open_seat() -> None:
    # Person 0 can be spared at post 0 and may only take post 1, whose person 1 may take the open seat of post 2.
    chain = problem([0, 1], 3, [0, 1, 0], [(0, 1), (1, 2)], [2])
    found = packages(chain, minimise(chain, INFINITE).post)
    by_person = dict(zip(chain.edge_person[found.edge].tolist(), found.place.tolist(), strict=True))
    assert by_person == {1: 0, 0: 1}
    assert set(found.package.tolist()) == {0} and not found.is_swap.any() and found.size.tolist() == [2, 2]


def test_a_swap_is_one_package() -> None:
    swap = problem([0, 1, 2], 3, [1, 1, 1], [(0, 1), (1, 2), (2, 0)], [])
    found = packages(swap, np.array([1, 2, 0], np.int32))
    assert found.is_swap.all() and len(set(found.package.tolist())) == 1 and sorted(found.place.tolist()) == [0, 1, 2]


@pytest.mark.parametrize("seed", range(40))
def test_packages_close(seed: int) -> None:
    plan = random_problem(seed, people=30, posts=12, density=0.3, largest=9)
    post = minimise(plan, INFINITE).post
    post = np.where(post < 0, plan.home, post).astype(np.int32)
    found = packages(plan, post)
    origin, target = plan.home[plan.edge_person[found.edge]], plan.edge_post[found.edge]
    for number in np.unique(found.package):
        moves = np.flatnonzero(found.package == number)
        moves = moves[np.argsort(found.place[moves])]
        assert found.place[moves].tolist() == list(range(len(moves)))
        # Each later move takes the seat that the one before has left.
        assert (target[moves[1:]] == origin[moves[:-1]]).all()
        assert not found.is_swap[moves].any() or target[moves[0]] == origin[moves[-1]]
