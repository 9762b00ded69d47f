"""What prices prove: with what the caps cost on the edges, the matching without caps bounds every plan that keeps them."""

from __future__ import annotations

from dataclasses import replace

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


def bound(problem: Problem, solution: Solution, cap_price: Integers, scale: int) -> tuple[int, ...]:
    """What the prices add up to, figure by figure, in parts of `scale`: no plan costs less."""
    total = (solution.price * problem.protected[:, None]).sum(axis=0) + solution.value.sum(axis=0)
    total = total - (cap_price * problem.cap_limit[:, None]).sum(axis=0)
    price, penalty = solution.price[problem.seat_post], problem.seat_penalty * scale
    lower = below(price, penalty)[:, None]
    return tuple(int(figure) for figure in total + np.where(lower, price, penalty).sum(axis=0))


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


def could_improve(problem: Problem, proof: Solution, least: tuple[int, ...], row: tuple[int, ...]) -> Flags:
    """The edges that a plan better than `row` might use: with any other a plan costs at least `least` and its reduced cost.

    Everything is in the parts that `problem`, which has the prices of the caps on its edges, and `proof` are in.
    """
    reduced = problem.edge_cost - proof.price[problem.edge_post] - proof.value[problem.edge_person]
    return below(reduced, np.subtract(row, least))
