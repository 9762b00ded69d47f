"""One objective after the other, each over the optima of those before it, without a weight that could be too small.

Neighbouring objectives are minimised together where 64 bits have room for weights that keep them apart. That they did is
checked afterwards: the prices must fall apart into figures so small that no sum of later ones reaches the weight of an
earlier one. The prices say which edges, empty seats and idle people the optima may use (reduced cost zero), and the next
objectives are minimised over these alone: their costs are added to the ranks of the prices before them, times a factor. The
factor is only a guess: the result must keep every seat and person that the earlier prices demand, else the factor grows.
Together the prices form rows of five figures which prove the whole order at once: compared from the left, no edge has a
reduced cost below zero, and the rows of the prices add up to the row of the plan.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mutasi.recommend.face import Face, Graph
from mutasi.recommend.network import LIMIT, OVER_BUDGET, OVERFLOW, SOLVED, Indices, Integers, Matching, Network
from mutasi.recommend.problem import Problem
from mutasi.recommend.weights import Weights

FIRST_FACTOR_PATH = 256  # the first guess suits exchanges among so many people
FIRST_ROOM, MORE_ROOM = 6, 4  # bits between the weights of objectives: prices may be sums of so many costs


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
    problem, lift = _lifted(problem)
    graph = Graph.of(problem, lift)
    face = Face.whole(problem, graph)
    people, posts, tiers = len(problem.home), len(problem.protected), problem.edge_cost.shape[1]
    ranks = _Ranks(np.zeros(posts, np.int64), np.zeros(people, np.int64))
    price, value = np.zeros((posts, tiers), np.int64), np.zeros((people, tiers), np.int64)
    looked, post, first, room = 0, problem.home, 0, FIRST_ROOM
    while first < tiers:
        weights = Weights.of(problem, first, room, LIMIT // _spread(ranks))
        found, factor, cost, penalty = _minimise_together(problem, graph, face, ranks, weights, budget)
        looked += found.looked
        own_price, own_value = found.price - factor * ranks.price, found.value + factor * ranks.value
        last = first + len(weights.of_tier)
        if not weights.hold_apart(own_price, own_value):
            room += MORE_ROOM
            continue
        price[:, first:last], value[:, first:last] = weights.apart(own_price), weights.apart(own_value)
        tight = cost == found.price[graph.post[face.edge]] + found.value[graph.person[face.edge]]
        face = face.narrowed(tight, penalty, found.price[problem.seat_post], found.value)
        ranks = _Ranks.of(found.price, found.value)
        post, first, room = found.post, last, FIRST_ROOM
    return Solution(post, price if lift is None else price - lift, value, looked)


def _lifted(problem: Problem) -> tuple[Problem, Integers | None]:
    """The problem without costs below nothing, and by how much each post was lifted (G, 5).

    Prices of caps that demand a move leave such costs. Every seat of a post is taken or empty, so what is added to all its
    edges, stays and seats changes nothing but its price.
    """
    if not (problem.edge_cost < 0).any():
        return problem, None
    lift = np.zeros((len(problem.protected), problem.edge_cost.shape[1]), np.int64)
    first = np.flatnonzero(np.diff(problem.edge_post, prepend=-1))  # edges lie by post
    lift[problem.edge_post[first]] = np.maximum(0, -np.minimum.reduceat(problem.edge_cost, first))
    edge_cost, seat_penalty = problem.edge_cost + lift[problem.edge_post], problem.seat_penalty + lift[problem.seat_post]
    return replace(problem, edge_cost=edge_cost, seat_penalty=seat_penalty), lift


def _spread(ranks: _Ranks) -> int:
    """What a cost must be multiplied by in order to stand below the ranks of the earlier prices, at the first guess."""
    top = int(ranks.price.max(initial=0)) + 1
    return 2 * FIRST_FACTOR_PATH * top if top > 1 else 1


def _base(graph: Graph, face: Face, ranks: _Ranks) -> Integers:
    """What the open edges cost in ranks of the earlier prices: nothing that the earlier optima would notice."""
    base: Integers = ranks.price[graph.post[face.edge]] - ranks.value[graph.person[face.edge]]
    return base


def _minimise_together(
    problem: Problem, graph: Graph, face: Face, ranks: _Ranks, weights: Weights, budget: int
) -> tuple[Matching, int, Integers, Integers]:
    """Some objectives over the face: the matching, the factor that sufficed, costs of edges and penalties of seats (closed: -1)."""
    from mutasi.recommend.core import match

    cost, base = weights.together(graph.cost)[face.edge], _base(graph, face, ranks)
    seat_base = ranks.price[problem.seat_post] + face.needed_seat
    own_penalty = np.where(face.needed_seat, 0, weights.together(problem.seat_penalty))
    top = int(ranks.price.max(initial=0)) + 1
    largest = max(int(np.abs(cost).max(initial=0)), int(own_penalty.max(initial=0)))
    factor = (largest + 1) * FIRST_FACTOR_PATH if weights.first else 0
    while factor * top < LIMIT:
        penalty = np.where(face.open_seat, factor * seat_base + own_penalty, -1)
        full = factor * base + cost
        found = match(_network(problem, graph, face, full, penalty), budget)
        if found.status == OVER_BUDGET:
            from mutasi.recommend.second_opinion import flow
            from mutasi.recommend.settling import priced

            network = _network(problem, graph, face, full, penalty)
            found = priced(network, flow(problem, graph, face, cost, own_penalty), found.looked)
        if found.status != SOLVED:
            raise NotSolved(found.status, found.where)
        if _keeps(problem, face, found):
            return found, factor, full, penalty
        factor *= 8
    raise NotSolved(OVERFLOW, -1)


def _network(problem: Problem, graph: Graph, face: Face, cost: Integers, penalty: Integers) -> Network:
    """The open edges sorted by post and cost; everybody who may stay on a protected seat at no cost begins there."""
    from mutasi.recommend.core import cheapest_first

    posts = len(problem.protected)
    post, person = graph.post[face.edge], graph.person[face.edge]
    start, order = cheapest_first(post, cost, posts)
    staying = ((problem.home[person] == post) & (cost == 0)).nonzero()[0]
    nth = np.arange(len(staying)) - np.searchsorted(post[staying], post[staying])
    first = staying[nth < problem.protected[post[staying]]]
    owner = np.full(len(problem.home), -1, np.int32)
    owner[person[first]] = post[first]
    kept = penalty >= 0
    seats = np.concatenate([[0], np.cumsum(np.bincount(problem.seat_post[kept], minlength=posts))]).astype(np.int64)
    return Network(start, person[order], cost[order], problem.protected, seats, penalty[kept], owner)


def _keeps(problem: Problem, face: Face, found: Matching) -> bool:
    """Whether every seat and person that the earlier prices demand is used."""
    needed = np.bincount(problem.seat_post[face.needed_seat], minlength=len(problem.protected))
    return bool((found.filled >= problem.protected + needed).all() and (found.post[face.needed_person] >= 0).all())
