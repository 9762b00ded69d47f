"""The best plan of a cycle: the exact matching where caps do not bind, linear programs priced over every edge where they do.

A cap counts moves of many people at once, which no matching can hold. Agencies whose plan breaks a cap are solved again:
HiGHS finds the plan and what each cap costs, over the edges that matter; the matching, with those costs on the edges,
proves it over all edges, or shows the edges that were missing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from mutasi.recommend.face import Flags, Graph
from mutasi.recommend.greedy import filled_up
from mutasi.recommend.lexicographic import Solution
from mutasi.recommend.network import INFINITE, Indices, Integers
from mutasi.recommend.parts import Part, Parts, Places, connected
from mutasi.recommend.plan import Plan
from mutasi.recommend.problem import Problem
from mutasi.recommend.processes import CAPPED, run
from mutasi.recommend.proving import SCALE, CapsTooTight, Proof, below, beyond, gaining, matching, priced_problem, with_bound
from mutasi.recommend.ranks import first_of_each

ROUNDS = 12  # of adding edges that were missing, before the gap is left and shown
MOST_NODES, LEAST_NODES = 20_000, 50  # of branch and bound for one objective, shared out among groups; beyond it a gap is shown
MORE_EDGES = 5_000  # that enter together when a better plan might use them
FEW_EDGES, MANY_TIMES = 1_500, 4  # the cheapest, over which whole numbers are looked for first, and how many more each time
BEST_EDGES, MORE_BEST_EDGES = 8, 2  # per person and per post, at first and of those that might be used


def solve(problem: Problem, budget: int = INFINITE) -> Plan:
    """The lexicographic optimum under the caps; deterministic, whatever the order of the input.

    Raises:
        Infeasible: a seat that must be held can be held by nobody, or no plan keeps the caps.
    """
    free = matching(problem, budget)
    post = np.where(free.post < 0, problem.home, free.post).astype(np.int32)
    row = problem.row(post)
    prices = np.zeros((len(problem.cap_limit), len(row)), np.int64)
    plan = with_bound(problem, Plan(post, row, free.price, free.value, prices, 1, (), free.looked))
    return _capped(problem, free, plan, budget) if _broken(problem, plan).any() else plan


def _broken(problem: Problem, plan: Plan) -> npt.NDArray[np.bool_]:
    """The caps that a plan breaks (C)."""
    return problem.cap_use(problem.moves(plan.post)) > problem.cap_limit


def _capped(problem: Problem, free: Solution, plan: Plan, budget: int) -> Plan:
    """Solve again what shares a broken cap, the largest groups first."""
    group = connected(problem)
    hurt = _hurt(problem, group, plan)
    if not len(hurt):
        raise CapsTooTight  # a cap demands a move, and no edge could make it
    hurt = hurt[np.argsort(-np.bincount(group[problem.edge_post], minlength=len(group))[hurt], kind="stable")]
    nodes = max(LEAST_NODES, MOST_NODES // len(hurt))

    def solved(part: Part) -> Plan:
        return _capped_part(part.problem, _of_part(free, part), budget, nodes)

    return in_groups(problem, plan.in_parts_of(SCALE), Parts(problem, group), hurt, solved)


def in_groups(
    problem: Problem, plan: Plan, parts: Parts, groups: npt.NDArray[np.integer], solved: Callable[[Part], Plan]
) -> Plan:
    """A plan with some groups solved anew, several at once; the proofs of the groups together prove the whole.

    Raises:
        CapsTooTight: the plan breaks a cap all the same.
    """
    post, price, value, cap_price = plan.post.copy(), plan.price.copy(), plan.value.copy(), plan.cap_price.copy()
    looked, branched, is_exact = plan.looked, plan.branched, plan.is_exact

    def alone(group: int) -> tuple[Places, Places, Places, Plan]:
        part = parts.part(group)
        return part.people, part.posts, part.caps, solved(part)

    # One more than processors, for threads wait for their engines.
    with ThreadPoolExecutor(max(1, min(len(groups), 1 + (os.cpu_count() or 1)))) as threads:
        for people, posts, caps, one in threads.map(alone, groups.tolist()):
            post[people], cap_price[caps] = posts[one.post], one.cap_price
            price[posts], value[people] = one.price, one.value
            looked, branched, is_exact = looked + one.looked, branched or one.branched, is_exact and one.is_exact
    known = Plan(post, problem.row(post), price, value, cap_price, plan.scale, (), looked, branched, is_exact)
    found = with_bound(problem, known)
    if _broken(problem, found).any():
        raise CapsTooTight  # a cap demands a move, and no edge could make it
    return found


def _hurt(problem: Problem, group: Indices, plan: Plan) -> Indices:
    """The groups in which a plan breaks a cap."""
    broken = np.append(_broken(problem, plan), False)  # the last stands for -1: no cap
    edges = np.flatnonzero(broken[problem.edge_caps].any(axis=1))
    linked = problem.link_edge[broken[problem.link_cap]]
    found: Indices = np.unique(group[problem.edge_post[np.concatenate([edges, linked])]])
    return found


def _of_part(free: Solution, part: Part) -> Solution:
    """What a solution of the whole says of a part."""
    post = free.post[part.people]
    here = np.where(post < 0, -1, np.searchsorted(part.posts, post)).astype(np.int32)
    return Solution(here, free.price[part.posts], free.value[part.people], 0)


def _capped_part(problem: Problem, free: Solution, budget: int, nodes: int) -> Plan:
    """The capped plan of one part: over its promising edges first, then with those that a better plan might use."""
    beyond_free = problem.edge_cost - free.price[problem.edge_post] - free.value[problem.edge_person]
    chosen = _promising(problem, beyond_free, _may_leave(problem), BEST_EDGES) | of_couples(problem)
    chosen[problem.moves(free.post)] = True
    best: Plan | None = None
    for _ in range(ROUNDS):
        found = program(problem.only(chosen), None)
        proof = _at_prices(problem, lawful_prices(found["cap_price"].astype(np.int64)), budget)
        if found["branched"][0]:
            by_engine = replace(proof.plan, price=found["price"].astype(np.int64))
            best, missing = None, gaining(problem, by_engine, chosen)
        else:
            post = problem.after(np.flatnonzero(chosen)[found["used"].astype(bool)])
            row = problem.row(post)
            missing = proof.could_beat(row) & ~chosen
            if best is None or row < best.row or not missing.any():
                best = replace(proof.plan, post=post, row=row, is_exact=not missing.any())
        if not missing.any():
            break
        few = missing.sum() <= MORE_EDGES
        chosen |= missing if few else _promising(problem, proof.reduced, missing, MORE_BEST_EDGES)
    return best or in_whole_numbers(problem, proof, nodes)


def _at_prices(problem: Problem, cap_price: Integers, budget: int) -> Proof:
    """What prices of caps prove, with those of posts and people that the matching finds at them."""
    found = matching(priced_problem(problem, cap_price), budget)
    known = Plan(problem.home, problem.row(problem.home), found.price, found.value, cap_price, SCALE, (), found.looked)
    plan = with_bound(problem, known)
    return Proof(plan, beyond(problem, plan, np.arange(len(problem.edge_post))))


def in_whole_numbers(problem: Problem, proof: Proof, nodes: int) -> Plan:
    """The best plan where linear programs leave fractions, whose prices `proof` has.

    It uses edges that cost next to nothing beyond the prices: the best plan of a few tells how much others may cost at most.

    Raises:
        CapsTooTight: no plan keeps the caps.
    """
    worth, few, best = np.ones(len(problem.edge_post), bool), FEW_EDGES, replace(proof.plan, post=problem.home)
    while True:
        tried = cheapest(proof.reduced, worth, few) | of_couples(problem)
        tried[problem.moves(best.post)] = True  # without the best plan so far, seats that must be held might be held by nobody
        few *= MANY_TIMES
        try:
            found = program(problem.only(tried), nodes, best)
        except CapsTooTight:
            if tried.all():
                raise
            continue
        post = problem.after(np.flatnonzero(tried)[found["used"].astype(bool)])
        is_exact = bool(found["is_complete"][0])
        if not is_exact:  # the engine gave up, perhaps with nothing: never worse than greedy
            post = min(filled_up(problem, post), filled_up(problem, problem.home), key=problem.row)
        best = replace(proof.plan, post=post, row=problem.row(post), branched=True, is_exact=is_exact)
        worth = proof.could_beat(best.row)
        if not is_exact or not (worth & ~tried).any():
            return best


def lawful_prices(prices: Integers) -> Integers:
    """Prices of caps, compared from the left, lie nowhere below nothing; where rounding brought them there, they are nothing."""
    prices[below(prices, np.zeros(prices.shape[1], np.int64))] = 0
    return prices


def program(
    problem: Problem, nodes: int | None, near: Plan | None = None, inside: Flags | None = None
) -> dict[str, npt.NDArray[np.generic]]:
    """Hand a problem with caps to HiGHS; people without an edge stay, and hold their seats: those first that must be held.

    The search begins at a plan that is `near`, with its prices in parts of SCALE, or at nothing. In whole numbers a near plan that
    keeps everything is what others have to beat.

    It begins with the edges `inside`, or with all; others enter where they are worth it, which `inside` of the answer tells.

    Where `nodes` is nothing, fractions stay as the linear programs leave them, which `branched` tells and `used` rounds: their
    prices are what is asked for.
    """
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
    begin = {}
    if near is not None:
        is_used = near.post[known][graph.person] == graph.post
        begin = {"near": is_used, "near_price": near.price, "near_cap_price": near.cap_price}
    found = run(
        CAPPED,
        begin
        | {
            "post": graph.post,
            "inside": np.append(np.ones(stays, bool), np.ones(len(small.edge_post), bool) if inside is None else inside),
            "person": graph.person,
            "cost": graph.cost,
            "caps": np.vstack([none, small.edge_caps]),
            "cap_limit": small.cap_limit,
            "protected": small.protected,
            "idle": np.zeros(len(small.home)),
            "seat_post": small.seat_post,
            "seat_penalty": small.seat_penalty,
            "scale": np.array(SCALE),
            "nodes": np.array(-1 if nodes is None else nodes),
            "link_edge": small.link_edge + stays,
            "link_cap": small.link_cap,
            "link_weight": small.link_weight,
        },
    )
    if not found["is_feasible"][0]:
        raise CapsTooTight
    return found | {name: found[name][stays:] for name in ("used", "inside") if name in found}


def _may_leave(problem: Problem) -> npt.NDArray[np.bool_]:
    """The edges of people whose post can spare somebody: others can only move when somebody takes over."""
    spare: npt.NDArray[np.bool_] = (problem.at_home() > problem.protected)[problem.home[problem.edge_person]]
    return spare


def of_couples(problem: Problem) -> npt.NDArray[np.bool_]:
    """The edges of people who move only together: without prices for that nothing shows which of them matter."""
    found = np.zeros(len(problem.edge_post), bool)
    takes_along = np.unique(problem.link_cap[problem.link_weight < 0])
    found[problem.link_edge[np.isin(problem.link_cap, takes_along)]] = True
    return found


def _promising(problem: Problem, reduced: Integers, among: npt.NDArray[np.bool_], best: int) -> npt.NDArray[np.bool_]:
    """By reduced cost the best edges of each person and post among some, and all that cost nothing more."""
    chosen = best_of_each(problem, reduced, among, best)
    chosen |= (reduced == 0).all(axis=1)
    return chosen


def best_of_each(problem: Problem, reduced: Integers, among: npt.NDArray[np.bool_], best: int) -> npt.NDArray[np.bool_]:
    """By reduced cost the best edges of each person and post among some."""
    edges, chosen = np.flatnonzero(among), np.zeros(len(among), bool)
    order = edges[np.lexsort(reduced[edges].T[::-1])]
    chosen[first_of_each(order, best, problem.edge_person, problem.edge_post)] = True
    return chosen


def cheapest(reduced: Integers, among: npt.NDArray[np.bool_], most: int) -> npt.NDArray[np.bool_]:
    """Of some edges those that cost least beyond the prices."""
    edges, found = np.flatnonzero(among), np.zeros(len(among), bool)
    if len(edges) > most:
        first_two = reduced[edges, 0] * 2.0**40 + reduced[edges, 1]
        edges = edges[first_two <= np.partition(first_two, most)[most]]
        edges = edges[np.lexsort(reduced[edges].T[::-1])[:most]]
    found[edges] = True
    return found
