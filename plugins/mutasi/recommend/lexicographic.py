"""One objective after the other, each over the optima of those before it, without a weight that could be too small.

The prices of an objective say which edges, empty seats and idle people its optima may use (reduced cost zero). The next
objective is minimised over these alone: its costs are added to the ranks of the prices before it, times a factor. The
factor is only a guess: the result must keep every seat and person that the earlier prices demand, else the factor grows.
Together the prices form rows of five figures which prove the whole order at once: compared from the left, no edge has a
reduced cost below zero, and the rows of the prices add up to the row of the plan.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mutasi.recommend.core import LIMIT, OVER_BUDGET, OVERFLOW, SOLVED, Indices, Integers, Matching, Network, match, priced
from mutasi.recommend.face import Face, Graph
from mutasi.recommend.problem import Problem
from mutasi.recommend.second_opinion import flow

FIRST_FACTOR_PATH = 256  # the first guess suits exchanges among so many people


class NotSolved(RuntimeError):
    """The search gave up; `status` and `where` are those of the matching."""

    def __init__(self, status: int, where: int) -> None:
        super().__init__(status, where)
        self.status, self.where = status, where


@dataclass(frozen=True)
class Solution:
    """Where everybody is (`post`, -1 = stays without being needed), prices (G, 5), values (E, 5), edges looked at."""

    post: Indices
    price: Integers
    value: Integers
    looked: int


@dataclass(frozen=True)
class _Ranks:
    """The order of the prices and values so far, as small whole numbers."""

    price: Integers
    value: Integers

    @classmethod
    def of(cls, price: Integers, value: Integers) -> _Ranks:
        distinct = np.unique(np.concatenate([[0], price, -value]))
        return cls(np.searchsorted(distinct, price).astype(np.int64), np.searchsorted(distinct, -value).astype(np.int64))


def minimise(problem: Problem, budget: int) -> Solution:
    """The lexicographic optimum and its prices; past the budget (edges looked at) another engine takes the objective over.

    Raises:
        NotSolved: a protected seat can be held by nobody, or the numbers are too large.
    """
    graph = Graph.of(problem)
    face = Face.whole(problem, graph)
    people, posts, tiers = len(problem.home), len(problem.protected), problem.edge_cost.shape[1]
    ranks = _Ranks(np.zeros(posts, np.int64), np.zeros(people, np.int64))
    price, value = np.zeros((posts, tiers), np.int64), np.zeros((people, tiers), np.int64)
    looked, post = 0, problem.home
    for tier in range(tiers):
        found, factor, penalty = _minimise_tier(problem, graph, face, ranks, tier, budget)
        looked += found.looked
        post = found.post
        price[:, tier] = found.price - factor * ranks.price
        value[:, tier] = found.value + factor * ranks.value
        edge = face.edge
        cost = factor * _base(graph, face, ranks) + graph.cost[edge, tier]
        tight = cost == found.price[graph.post[edge]] + found.value[graph.person[edge]]
        face = face.narrowed(tight, penalty, found.price[problem.seat_post], found.value)
        ranks = _Ranks.of(found.price, found.value)
    return Solution(post, price, value, looked)


def _base(graph: Graph, face: Face, ranks: _Ranks) -> Integers:
    """What the open edges cost in ranks of the earlier prices: nothing that the earlier optima would notice."""
    base: Integers = ranks.price[graph.post[face.edge]] - ranks.value[graph.person[face.edge]]
    return base


def _minimise_tier(
    problem: Problem, graph: Graph, face: Face, ranks: _Ranks, tier: int, budget: int
) -> tuple[Matching, int, Integers]:
    """One objective over the face; returns the matching, the factor that sufficed, and the seats' penalties (closed: -1)."""
    cost, base = graph.cost[face.edge, tier], _base(graph, face, ranks)
    seat_base = ranks.price[problem.seat_post] + face.needed_seat
    own_penalty = np.where(face.needed_seat, 0, problem.seat_penalty[:, tier])
    top = int(ranks.price.max(initial=0)) + 1
    largest = max(int(np.abs(cost).max(initial=0)), int(own_penalty.max(initial=0)))
    factor = (largest + 1) * FIRST_FACTOR_PATH if tier else 0
    while factor * top < LIMIT:
        penalty = np.where(face.open_seat, factor * seat_base + own_penalty, -1)
        network = _network(problem, graph, face, factor * base + cost, penalty)
        found = match(network, budget)
        if found.status == OVER_BUDGET:
            found = priced(network, flow(problem, graph, face, cost, own_penalty), found.looked)
        if found.status != SOLVED:
            raise NotSolved(found.status, found.where)
        if _keeps(problem, face, found):
            return found, factor, penalty
        factor *= 8
    raise NotSolved(OVERFLOW, -1)


def _network(problem: Problem, graph: Graph, face: Face, cost: Integers, penalty: Integers) -> Network:
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


def _keeps(problem: Problem, face: Face, found: Matching) -> bool:
    """Whether every seat and person that the earlier prices demand is used."""
    needed = np.bincount(problem.seat_post[face.needed_seat], minlength=len(problem.protected))
    return bool((found.filled >= problem.protected + needed).all() and (found.post[face.needed_person] >= 0).all())
