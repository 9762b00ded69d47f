"""One objective after the other, each over the optima of those before it, without a weight that could be too small.

The prices of an objective say which edges, empty seats and idle people its optima may use (reduced cost zero). The next
objective is minimised over these alone: its costs are added to the ranks of the prices before it, times a factor. The
factor is only a guess: the result must keep every seat and person that the earlier prices demand, else the factor grows.
Together the prices form rows of five figures which prove the whole order at once: compared from the left, no edge has a
reduced cost below zero, and the rows of the prices add up to the rows of the plan.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mutasi.recommend.core import LIMIT, OVERFLOW, SOLVED, UNFILLABLE, Indices, Integers, Matching, Network, match
from mutasi.recommend.problem import Problem

FIRST_FACTOR_PATH = 256  # the first guess suits exchanges among so many people


class NotSolved(RuntimeError):
    """The search gave up; `status` and `where` are those of the matching."""

    def __init__(self, status: int, where: int) -> None:
        super().__init__(status, where)
        self.status, self.where = status, where


@dataclass(frozen=True)
class Solution:
    """Where everybody goes (`post`, -1 = stays without being needed), prices (G, T), values (E, T), and edges looked at."""

    post: Indices
    price: Integers
    value: Integers
    looked: int


@dataclass
class _Face:
    """The optima of the objectives so far: open edges, and what must be used."""

    edge: npt.NDArray[np.intp]  # open edges (moves and stays), indices into the arrays of `_Graph`
    rank_price: Integers
    rank_value: Integers
    open_seat: npt.NDArray[np.bool_]
    needed_seat: npt.NDArray[np.bool_]
    needed_person: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Graph:
    """Moves and stays together."""

    post: Indices
    person: Indices
    cost: Integers


def minimise(problem: Problem, budget: int) -> Solution:
    """The lexicographic optimum and its prices.

    Raises:
        NotSolved: a protected seat can be held by nobody, or the search exceeded its budget or its numbers.
    """
    graph = _with_stays(problem)
    people, posts, tiers = len(problem.home), len(problem.protected), problem.edge_cost.shape[1]
    price, value = np.zeros((posts, tiers), np.int64), np.zeros((people, tiers), np.int64)
    seats = len(problem.seat_post)
    face = _Face(
        np.arange(len(graph.post)),
        np.zeros(posts, np.int64),
        np.zeros(people, np.int64),
        np.ones(seats, bool),
        np.zeros(seats, bool),
        np.zeros(people, bool),
    )
    looked, post = 0, problem.home
    for tier in range(tiers):
        found, factor, pens = _minimise_tier(problem, graph, face, tier, budget - looked)
        looked += found.looked
        post = found.post
        price[:, tier] = found.price - factor * face.rank_price
        value[:, tier] = found.value + factor * face.rank_value
        if tier + 1 < tiers:
            face = _narrow(problem, graph, face, found, factor, tier, pens)
    return Solution(post, price, value, looked)


def _with_stays(problem: Problem) -> _Graph:
    """Add the edge of cost 0 from each person to the own post where somebody must hold a seat."""
    by_home = np.argsort(problem.home, kind="stable")
    stay = by_home[problem.protected[problem.home[by_home]] > 0]
    post = np.concatenate([problem.home[stay], problem.edge_post])
    person = np.concatenate([stay.astype(np.int32), problem.edge_person])
    cost = np.concatenate([np.zeros((len(stay), problem.edge_cost.shape[1]), np.int64), problem.edge_cost])
    return _Graph(post, person, cost)


def _minimise_tier(problem: Problem, graph: _Graph, face: _Face, tier: int, budget: int) -> tuple[Matching, int, Integers]:
    """One objective over the face; returns the matching, the factor that sufficed, and the seats' penalties (closed: -1)."""
    cost = graph.cost[face.edge, tier]
    base = face.rank_price[graph.post[face.edge]] - face.rank_value[graph.person[face.edge]]
    seat_base = face.rank_price[problem.seat_post] + face.needed_seat
    own_penalty = np.where(face.needed_seat, 0, problem.seat_penalty[:, tier])
    top = int(max(face.rank_price.max(initial=0) + 1, 1))
    factor = (int(max(cost.max(initial=0), own_penalty.max(initial=0))) + 1) * FIRST_FACTOR_PATH if tier else 0
    while True:
        if factor * top >= LIMIT:
            raise NotSolved(OVERFLOW, -1)
        penalty = np.where(face.open_seat, factor * seat_base + own_penalty, -1)
        found = match(_network(problem, graph, face, factor * base + cost, penalty), budget)
        if found.status != SOLVED:
            raise NotSolved(found.status, found.where)
        if _keeps(problem, face, found):
            return found, factor, penalty
        factor *= 8


def _network(problem: Problem, graph: _Graph, face: _Face, cost: Integers, penalty: Integers) -> Network:
    """The open edges sorted by post and cost; everybody who may stay on a protected seat begins there."""
    posts = len(problem.protected)
    post, person = graph.post[face.edge], graph.person[face.edge]
    order = np.lexsort((cost, post))
    staying = (problem.home[person] == post).nonzero()[0]
    nth = np.arange(len(staying)) - np.searchsorted(post[staying], post[staying])
    first = staying[nth < problem.protected[post[staying]]]
    owner = np.full(len(problem.home), -1, np.int32)
    owner[person[first]] = post[first]
    start = np.concatenate([[0], np.cumsum(np.bincount(post, minlength=posts))]).astype(np.int64)
    kept = penalty >= 0
    seats = np.concatenate([[0], np.cumsum(np.bincount(problem.seat_post[kept], minlength=posts))]).astype(np.int64)
    return Network(start, person[order], cost[order], problem.protected, seats, penalty[kept], owner)


def _keeps(problem: Problem, face: _Face, found: Matching) -> bool:
    """Whether every seat and person that the earlier prices demand is used."""
    needed = np.bincount(problem.seat_post[face.needed_seat], minlength=len(problem.protected))
    return bool((found.filled >= problem.protected + needed).all() and (found.post[face.needed_person] >= 0).all())


def _narrow(problem: Problem, graph: _Graph, face: _Face, found: Matching, factor: int, tier: int, penalty: Integers) -> _Face:
    """Keep what the optima of this objective may use."""
    post, person = graph.post[face.edge], graph.person[face.edge]
    cost = factor * (face.rank_price[post] - face.rank_value[person]) + graph.cost[face.edge, tier]
    tight = cost == found.price[post] + found.value[person]
    ranks = np.unique(np.concatenate([[0], found.price, -found.value]))
    seat_price = found.price[problem.seat_post]
    return _Face(
        face.edge[tight],
        np.searchsorted(ranks, found.price).astype(np.int64),
        np.searchsorted(ranks, -found.value).astype(np.int64),
        penalty >= seat_price,
        penalty > seat_price,
        found.value < 0,
    )


__all__ = ["UNFILLABLE", "NotSolved", "Solution", "minimise"]
