"""The best plan of a cycle: the exact matching where caps do not bind, linear programs priced over every edge where they do.

A cap counts moves of many people at once, which no matching can hold. Agencies whose plan breaks a cap are solved again:
HiGHS finds the plan and what each cap costs, over the edges that matter; the matching, with those costs on the edges,
proves it over all edges, or shows the edges that were missing.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mutasi.recommend.face import Graph
from mutasi.recommend.greedy import filled_up
from mutasi.recommend.lexicographic import Solution
from mutasi.recommend.network import INFINITE, Indices, Integers
from mutasi.recommend.parts import Part, Parts, Places, connected
from mutasi.recommend.plan import Plan
from mutasi.recommend.problem import Problem
from mutasi.recommend.processes import CAPPED, run
from mutasi.recommend.proving import SCALE, CapsTooTight, below, bound, could_improve, matching, priced_problem

ROUNDS = 12  # of adding edges that were missing, before the gap is left and shown
MOST_NODES, LEAST_NODES = 20_000, 50  # of branch and bound for one objective, shared out among groups; beyond it a gap is shown
MORE_EDGES = 5_000  # that enter together when a better plan might use them
BEST_EDGES, BEST_EDGES_NEAR = 8, 2  # per person and per post; the fewer where good prices are known


def solve(problem: Problem, budget: int = INFINITE, near: Integers | None = None) -> Plan:
    """The lexicographic optimum under the caps; deterministic, whatever the order of the input.

    `near` are prices of the caps (in parts of SCALE) of a plan for almost the same problem: they only save time.

    Raises:
        Infeasible: a seat that must be held can be held by nobody, or no plan keeps the caps.
    """
    free = matching(problem, budget)
    post = np.where(free.post < 0, problem.home, free.post).astype(np.int32)
    if (problem.cap_use(problem.moves(post)) > problem.cap_limit).any():
        return _capped(problem, free, post, budget, near)
    row = problem.row(post)
    prices = np.zeros((len(problem.cap_limit), len(row)), np.int64)
    return Plan(post, row, free.price, free.value, prices, 1, bound(problem, free, prices, 1), free.looked)


@dataclass(frozen=True)
class _Capped:
    """Where everybody of a part is, prices of its caps and of its posts and people, whether that took branch and bound, and
    whether nothing can be better."""

    post: Indices
    cap_price: Integers
    proof: Solution
    branched: bool
    is_exact: bool


def _capped(problem: Problem, free: Solution, post: Indices, budget: int, near: Integers | None) -> Plan:
    """Solve again what shares a broken cap, the largest groups first; the proofs of the groups together prove the whole."""
    group = connected(problem)
    hurt = _hurt(problem, group, post)
    if not len(hurt):
        raise CapsTooTight  # a cap demands a move, and no edge could make it
    hurt = hurt[np.argsort(-np.bincount(group[problem.edge_post], minlength=len(group))[hurt], kind="stable")]
    parts, nodes = Parts(problem, group), max(LEAST_NODES, MOST_NODES // len(hurt))

    def solved(one: int) -> tuple[Places, Places, Places, _Capped]:
        part = parts.part(one)
        at = None if near is None else near[part.caps]
        return part.people, part.posts, part.caps, _capped_part(part.problem, _of_part(free, part), budget, at, nodes)

    post, cap_price = post.copy(), np.zeros((len(problem.cap_limit), problem.edge_cost.shape[1]), np.int64)
    price, value, looked, branched, is_exact = free.price * SCALE, free.value * SCALE, free.looked, False, True
    # One more than processors, for threads wait for their engines.
    with ThreadPoolExecutor(min(len(hurt), 1 + (os.cpu_count() or 1))) as threads:
        for people, posts, caps, found in threads.map(solved, hurt.tolist()):
            post[people], cap_price[caps] = posts[found.post], found.cap_price
            price[posts], value[people] = found.proof.price, found.proof.value
            looked, branched, is_exact = looked + found.proof.looked, branched or found.branched, is_exact and found.is_exact
    if (problem.cap_use(problem.moves(post)) > problem.cap_limit).any():
        raise CapsTooTight  # a cap demands a move, and no edge could make it
    least = bound(problem, Solution(post, price, value, looked), cap_price, SCALE)
    return Plan(post, problem.row(post), price, value, cap_price, SCALE, least, looked, branched, is_exact)


def _hurt(problem: Problem, group: Indices, post: Indices) -> Indices:
    """The groups in which a plan breaks a cap."""
    broken = np.append(problem.cap_use(problem.moves(post)) > problem.cap_limit, False)  # the last stands for -1: no cap
    edges = np.flatnonzero(broken[problem.edge_caps].any(axis=1))
    linked = problem.link_edge[broken[problem.link_cap]]
    found: Indices = np.unique(group[problem.edge_post[np.concatenate([edges, linked])]])
    return found


def _of_part(free: Solution, part: Part) -> Solution:
    """What a solution of the whole says of a part."""
    post = free.post[part.people]
    here = np.where(post < 0, -1, np.searchsorted(part.posts, post)).astype(np.int32)
    return Solution(here, free.price[part.posts], free.value[part.people], 0)


def _capped_part(problem: Problem, free: Solution, budget: int, near: Integers | None, nodes: int) -> _Capped:
    """The capped plan of one part: over its promising edges first, then with those that a better plan might use."""
    like, known = problem, free
    if near is not None:
        like = priced_problem(problem, near)
        known = matching(like, budget)
    best_edges = BEST_EDGES if near is None else BEST_EDGES_NEAR
    chosen = _promising(like, known, _may_leave(problem), best_edges) | _of_couples(problem)
    best: tuple[tuple[int, ...], _Capped] | None = None
    for _ in range(ROUNDS):
        small = problem.only(chosen)
        found = program(small, nodes)
        prices = _lawful(found["cap_price"].astype(np.int64))
        post = problem.home.copy()
        used = found["used"].astype(bool)
        post[small.edge_person[used]] = small.edge_post[used]
        if not found["is_complete"][0]:  # the engine gave up, perhaps with nothing: never worse than greedy
            post = min(filled_up(problem, post), filled_up(problem, problem.home), key=problem.row)
        row = problem.row(post)
        priced = priced_problem(problem, prices)
        proof = matching(priced, budget)
        least, most = bound(problem, proof, prices, SCALE), tuple(SCALE * figure for figure in row)
        missing = could_improve(priced, proof, least, most) & ~chosen
        is_exact = bool(found["is_complete"][0]) and not missing.any()
        if best is None or row < best[0] or is_exact:
            best = row, _Capped(post, prices, proof, bool(found["branched"][0]), is_exact)
        if is_exact or not missing.any():
            break
        chosen |= missing if missing.sum() <= MORE_EDGES else missing & _promising(priced, proof, missing, BEST_EDGES_NEAR)
    assert best is not None
    return best[1]


def _lawful(prices: Integers) -> Integers:
    """Prices of caps, compared from the left, lie nowhere below nothing; where rounding brought them there, they are nothing."""
    prices[below(prices, np.zeros(prices.shape[1], np.int64))] = 0
    return prices


def program(problem: Problem, nodes: int = MOST_NODES) -> dict[str, npt.NDArray[np.generic]]:
    """Hand a problem with caps to HiGHS; people without an edge stay, and hold their seats: those first that must be held."""
    known, person = np.unique(problem.edge_person, return_inverse=True)
    staying = problem.at_home() - np.bincount(problem.home[known], minlength=len(problem.protected))
    is_open = problem.seat_number() >= (staying - problem.protected)[problem.seat_post]
    small = replace(
        problem,
        person_ids=problem.person_ids[known],
        home=problem.home[known],
        protected=np.maximum(0, problem.protected - staying),
        seat_post=problem.seat_post[is_open],
        seat_penalty=problem.seat_penalty[is_open],
        edge_person=person.astype(np.int32),
    )
    graph = Graph.of(small)
    stays = len(graph.post) - len(small.edge_post)
    none = np.full((stays, small.edge_caps.shape[1]), -1, np.int32)
    found = run(
        CAPPED,
        {
            "post": graph.post,
            "person": graph.person,
            "cost": graph.cost,
            "caps": np.vstack([none, small.edge_caps]),
            "cap_limit": small.cap_limit,
            "protected": small.protected,
            "idle": np.zeros(len(small.home)),
            "seat_post": small.seat_post,
            "seat_penalty": small.seat_penalty,
            "scale": np.array(SCALE),
            "nodes": np.array(nodes),
            "link_edge": small.link_edge + stays,
            "link_cap": small.link_cap,
            "link_weight": small.link_weight,
        },
    )
    if not found["is_feasible"][0]:
        raise CapsTooTight
    return found | {"used": found["used"][stays:]}


def _may_leave(problem: Problem) -> npt.NDArray[np.bool_]:
    """The edges of people whose post can spare somebody: others can only move when somebody takes over."""
    spare: npt.NDArray[np.bool_] = (problem.at_home() > problem.protected)[problem.home[problem.edge_person]]
    return spare


def _of_couples(problem: Problem) -> npt.NDArray[np.bool_]:
    """The edges of people who move only together: without prices for that nothing shows which of them matter."""
    found = np.zeros(len(problem.edge_post), bool)
    takes_along = np.unique(problem.link_cap[problem.link_weight < 0])
    found[problem.link_edge[np.isin(problem.link_cap, takes_along)]] = True
    return found


def _promising(problem: Problem, free: Solution, among: npt.NDArray[np.bool_], best: int) -> npt.NDArray[np.bool_]:
    """By reduced cost the best edges of each person and post among some, all that cost nothing more, and those in use."""
    reduced = problem.edge_cost - free.price[problem.edge_post] - free.value[problem.edge_person]
    order = np.lexsort(reduced.T[::-1])
    order = order[among[order]]
    chosen: npt.NDArray[np.bool_] = (reduced == 0).all(axis=1)
    for key in (problem.edge_person, problem.edge_post):
        sorted_key = key[order]
        by_key = np.argsort(sorted_key, kind="stable")
        nth = np.arange(len(order)) - np.searchsorted(sorted_key[by_key], sorted_key[by_key])
        chosen[order[by_key[nth < best]]] = True
    chosen[problem.moves(free.post)] = True
    return chosen
