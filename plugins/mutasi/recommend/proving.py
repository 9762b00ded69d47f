"""What prices prove: with what the caps cost on the edges, the matching without caps bounds every plan that keeps them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mutasi.recommend.face import Flags
from mutasi.recommend.lexicographic import NotSolved, Solution, minimise
from mutasi.recommend.network import UNFILLABLE, Integers
from mutasi.recommend.plan import Plan
from mutasi.recommend.problem import Problem

SCALE = 60  # prices of caps are fractions with small denominators; 60 holds those of 2, 3, 4 and 5


class Infeasible(RuntimeError):
    """No plan keeps every protected seat held; `post_id` names one that nobody lawful can hold."""

    def __init__(self, post_id: str) -> None:
        super().__init__(f"Nobody can take over {post_id}, which may not fall below its need.")
        self.post_id = post_id


class CapsTooTight(Infeasible):
    """No plan keeps every cap: one demands a move that another, or a lack of people, does not allow."""

    def __init__(self) -> None:
        RuntimeError.__init__(self, "No plan keeps every cap and takes every couple along.")


class NoOpenSeat(Infeasible):
    """More people are settled at a post than it has open seats."""

    def __init__(self, post_id: str) -> None:
        super().__init__(post_id)
        self.args = (f"{post_id} has no open seat.",)


def matching(problem: Problem, budget: int) -> Solution:
    """The lexicographic optimum as if there were no caps.

    Raises:
        Infeasible: a seat that must be held can be held by nobody.
    """
    try:
        return minimise(problem, budget)
    except NotSolved as given_up:
        if given_up.status == UNFILLABLE:
            raise Infeasible(str(problem.post_ids[given_up.where])) from None
        raise


def with_bound(problem: Problem, plan: Plan) -> Plan:
    """The plan with what its prices add up to, figure by figure, in parts of its scale: no plan costs less."""
    total = (plan.price * problem.protected[:, None]).sum(axis=0) + plan.value.sum(axis=0)
    total = total - (plan.cap_price * problem.cap_limit[:, None]).sum(axis=0)
    price, penalty = plan.price[problem.seat_post], problem.seat_penalty * plan.scale
    lower = below(price, penalty)[:, None]
    return replace(plan, bound=tuple(int(figure) for figure in total + np.where(lower, price, penalty).sum(axis=0)))


def priced_problem(problem: Problem, cap_price: Integers, scale: int = SCALE) -> Problem:
    """The problem in parts of `scale`, each edge dearer by the prices of the caps that count it."""
    cost = problem.edge_cost * scale
    has_price = np.append(cap_price.any(axis=1), False)  # the last stands for -1: no cap
    for caps in problem.edge_caps.T:
        counted = np.flatnonzero(has_price[caps])
        cost[counted] += cap_price[caps[counted]]
    if len(problem.link_edge):
        np.add.at(cost, problem.link_edge, problem.link_weight[:, None] * cap_price[problem.link_cap])
    return replace(problem, edge_cost=cost, seat_penalty=problem.seat_penalty * scale)


def cost_of(problem: Problem, cap_price: Integers, scale: int, edges: npt.NDArray[np.intp]) -> Integers:
    """What some edges, in rising order, cost with the prices of their caps, in parts of `scale`."""
    has_price = np.append(cap_price.any(axis=1), False)  # the last stands for -1: no cap
    cost: Integers = problem.edge_cost[edges] * scale
    with_none = np.append(cap_price, np.zeros((1, cost.shape[1]), np.int64), axis=0)
    for caps in problem.edge_caps[edges].T:
        if has_price[caps].any():
            cost += with_none[caps]
    if len(problem.link_edge) and len(edges):
        first, last = np.searchsorted(problem.link_edge, np.array([edges[0], edges[-1] + 1], problem.link_edge.dtype))
        linked = first + np.flatnonzero(np.isin(problem.link_edge[first:last], edges))
        at = np.searchsorted(edges, problem.link_edge[linked])
        np.add.at(cost, at, problem.link_weight[linked, None] * cap_price[problem.link_cap[linked]])
    return cost


def beyond(problem: Problem, plan: Plan, edges: npt.NDArray[np.intp]) -> Integers:
    """What some edges, in rising order, cost beyond the prices of a plan (their reduced cost), in parts of its scale."""
    reduced = cost_of(problem, plan.cap_price, plan.scale, edges)
    reduced -= plan.price[problem.edge_post[edges]]
    reduced -= plan.value[problem.edge_person[edges]]
    return reduced


def below(rows: Integers, limit: Integers) -> Flags:
    """Which rows of figures lie below a row, or each below its own, compared from the left."""
    differs = rows != limit
    at = np.arange(len(rows)), np.argmax(differs, axis=1)
    found: Flags = rows[at] < np.broadcast_to(limit, rows.shape)[at]
    return found


@dataclass(frozen=True)
class Proof:
    """Prices with the bound that they prove, and what pairs cost beyond them (M, 5)."""

    plan: Plan
    reduced: Integers

    @classmethod
    def of(cls, problem: Problem, plan: Plan) -> Proof:
        """By the plan's prices of posts and caps; people are worth what is left to them by their best pair."""
        known = valued(problem, plan)
        reduced = beyond(problem, known, np.arange(len(problem.edge_post)))
        change = least_of_each(problem, reduced, np.ones(len(reduced), bool))
        reduced -= change[problem.edge_person]
        return cls(with_bound(problem, replace(known, value=known.value + change)), reduced)

    def only(self, pairs: Flags) -> Proof:
        """What they prove of some pairs."""
        return replace(self, reduced=self.reduced[pairs])

    def could_beat(self, row: tuple[int, ...]) -> Flags:
        """The pairs that a better plan than one of this row might use."""
        return below(self.reduced, np.subtract([self.plan.scale * figure for figure in row], self.plan.bound))


def least_of_each(problem: Problem, reduced: Integers, among: Flags) -> Integers:
    """What the cheapest of some pairs of each person costs (E, 5), where that is less than staying."""
    less = np.flatnonzero(among & below(reduced, np.zeros(reduced.shape[1], np.int64)))
    less = less[np.lexsort((*reduced[less].T[::-1], problem.edge_person[less]))]
    person, first = np.unique(problem.edge_person[less], return_index=True)
    found = np.zeros((len(problem.home), reduced.shape[1]), np.int64)
    found[person] = reduced[less[first]]
    return found


def gaining(problem: Problem, plan: Plan, tried: Flags) -> Flags:
    """The other pairs that cost a person less than staying and all that were tried: by these alone a linear program may gain."""
    reduced = beyond(problem, valued(problem, plan), np.arange(len(problem.edge_post)))
    reduced -= least_of_each(problem, reduced, tried)[problem.edge_person]
    return below(reduced, np.zeros(reduced.shape[1], np.int64)) & ~tried


def valued(problem: Problem, plan: Plan) -> Plan:
    """With what people are worth who have no pair: nothing, or what is saved by keeping the seat at home for somebody else."""
    value = np.where(places(problem)[problem.home, None] > 0, -plan.price[problem.home], 0)
    value[below(np.zeros_like(value), value)] = 0
    return with_bound(problem, replace(plan, value=value))


def places(problem: Problem) -> Integers:
    """Seats of each post, those that must be held and those that may (G)."""
    found: Integers = problem.protected + np.bincount(problem.seat_post, minlength=len(problem.protected))
    return found
