"""The best plan under caps, found again from the prices of a plan for almost the same problem, without a search from nothing.

The engine for caps begins with the pairs that look cheapest at the prices known, and at the plan known if that is lawful still;
others enter as its prices ask for them. If there are prices of posts that fit its plan, nothing that was left out is cheaper. If
there are none, its own prices tell which pairs a better plan might use: those alone stay in the search.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mutasi.recommend.face import Flags
from mutasi.recommend.network import INFINITE, Indices, Integers
from mutasi.recommend.parts import Part, Parts, connected
from mutasi.recommend.plan import Plan
from mutasi.recommend.problem import Problem
from mutasi.recommend.proving import SCALE, Infeasible, Proof, below, cost_of, gaining, places, valued, with_bound
from mutasi.recommend.solve import (
    LEAST_NODES,
    MOST_NODES,
    best_of_each,
    cheapest,
    in_groups,
    in_whole_numbers,
    lawful_prices,
    of_couples,
    program,
    solve,
)

FEW_PAIRS = 1_500  # with which the engine begins, the cheapest of all
MORE_PAIRS = 8  # of each person and post that are added for the next round
PROMISING_PAIRS, MOST_PAIRS = 20_000, 50_000  # among which those are; beyond which everything is solved from nothing instead
ENTERING_PAIRS = 200_000  # that may enter within a round, the cheapest
FEW_MISSING = 20  # pairs that prices still ask for are left to whole numbers, which weigh them as well as another linear program
DEAR = 1 << 40  # no price comes near it


def solve_near(problem: Problem, near: Plan, budget: int = INFINITE) -> Plan:
    """The lexicographic optimum under the caps, group by group; `near` has prices and moves for almost the same problem.

    Raises:
        Infeasible: a seat that must be held can be held by nobody, or no plan keeps the caps.
    """
    group = connected(problem)
    size = np.bincount(group[problem.edge_post], minlength=len(group))
    groups = np.flatnonzero(size)[np.argsort(-size[size > 0], kind="stable")]
    nodes = max(LEAST_NODES, MOST_NODES // max(1, len(groups)))
    near = replace(near.in_parts_of(SCALE), post=problem.after(problem.moves(near.post)))

    def solved(part: Part) -> Plan:
        return plan_near(part.problem, part.of_plan(near), nodes, budget)

    free = replace(near, post=problem.home, price=np.zeros_like(near.price), cap_price=np.zeros_like(near.cap_price))
    nobody_moves = valued(problem, _between_seats(problem, free))
    return in_groups(problem, nobody_moves, Parts(problem, group), groups, solved)


def plan_near(problem: Problem, near: Plan, nodes: int = MOST_NODES, budget: int = INFINITE) -> Plan:
    """The same for one group; `near` is in parts of SCALE.

    Raises:
        Infeasible: a seat that must be held can be held by nobody, or no plan keeps the caps.
    """
    proof, every = Proof.of(problem, near), np.ones(len(problem.edge_post), bool)
    tried = cheapest(proof.reduced, every, FEW_PAIRS) | of_couples(problem)
    tried[problem.moves(near.post)] = True
    asked, best = problem, None
    if _is_lawful(problem, near.post):
        best = replace(near, row=problem.row(near.post))
        # Mostly what is otherwise does not touch these people, or a few pairs deny it.
        if _fitting(problem.only(tried), best) and (unchanged := _fitting(problem, best)):
            return unchanged
        kept = _worth(problem, best, proof)
        asked, proof, tried = problem.only(kept), proof.only(kept), tried[kept]
    found = _searched(asked, proof, tried, best, near, nodes)
    if found is None:
        return solve(problem, budget).in_parts_of(SCALE)
    return _fitting(problem, found) or Proof.of(problem, found).plan


def _searched(problem: Problem, proof: Proof, tried: Flags, best: Plan | None, near: Plan | None, nodes: int) -> Plan | None:
    """The best plan, of the pairs tried at first and those that prices ask for then; nothing where they become too many.

    From round to round the pairs alone stay that the best plan known uses or a better one might.
    """
    while tried.sum() <= MOST_PAIRS:
        begin = near if best else None
        try:
            found, tried = _plan_among(problem, tried, proof, begin)
        except Infeasible:
            return None
        if found.branched:
            near = None  # the prices of a search from nothing leave fewer pairs to whole numbers
            if begin is None:
                proof, missing = Proof.of(problem, found), gaining(problem, found, tried)
                if missing.sum() <= FEW_MISSING:
                    return in_whole_numbers(problem, proof, nodes)
                tried |= _promising(problem, proof.reduced, missing)
            continue
        if _fitting(problem, found):
            return found
        near, best = found, min(best or found, found, key=lambda plan: plan.row)
        fresh = Proof.of(problem, _between_seats(problem, found))
        kept = _worth(problem, best, proof, fresh)
        proof, missing = max(proof, fresh, key=lambda one: one.plan.bound), kept & ~tried
        if not missing.any():
            return replace(proof.plan, post=best.post, row=best.row)
        tried |= missing if kept.sum() <= FEW_PAIRS else _promising(problem, fresh.reduced, missing)
        problem, proof, tried = problem.only(kept), proof.only(kept), tried[kept]
    return None


def _worth(problem: Problem, best: Plan, *proofs: Proof) -> Flags:
    """The pairs that a plan uses, and those that a better one might."""
    kept = np.ones(len(problem.edge_post), bool)
    for proof in proofs:
        kept &= proof.could_beat(best.row)
    kept[problem.moves(best.post)] = True
    return kept


def _is_lawful(problem: Problem, post: Indices) -> bool:
    """Whether a plan uses pairs of the problem, has a seat for everybody who comes, keeps those that must be held, and the caps."""
    moves, posts = problem.moves(post), len(problem.protected)
    arrived, held = np.bincount(problem.edge_post[moves], minlength=posts), np.bincount(post, minlength=posts)
    has_seats = (arrived <= places(problem)).all() and (held >= problem.protected).all()
    within = (problem.cap_use(moves) <= problem.cap_limit).all()
    return bool(np.count_nonzero(post != problem.home) == len(moves) and has_seats and within)


def _seats_around(problem: Problem, plan: Plan) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The vacant seat of each post that a plan fills last, and that which it would fill next; -1 where there is none (G)."""
    posts = len(problem.protected)
    seats = places(problem) - problem.protected
    filled = np.clip(np.bincount(plan.post, minlength=posts) - problem.protected, 0, seats)
    first = np.searchsorted(problem.seat_post, np.arange(posts))
    return np.where(filled > 0, first + filled - 1, -1), np.where(filled < seats, first + filled, -1)


def _between_seats(problem: Problem, plan: Plan) -> Plan:
    """With prices of posts that cost neither more than the last seat that is filled there nor less than the next one."""
    price = plan.price.copy()
    last, following = _seats_around(problem, plan)
    empty, held = np.flatnonzero(following >= 0), np.flatnonzero(last >= 0)
    low, high = np.zeros_like(price), problem.seat_penalty[last[held]] * plan.scale
    low[empty] = problem.seat_penalty[following[empty]] * plan.scale
    price = np.where(below(price, low)[:, None], low, price)
    price[held] = np.where(below(high, price[held])[:, None], high, price[held])
    price[np.bincount(plan.post, minlength=len(price)) > places(problem)] = 0
    return replace(plan, price=price)


def _fitting(problem: Problem, plan: Plan) -> Plan | None:
    """The plan with the dearest prices of posts at which no pair is cheaper, given those of the caps; nothing: some pair always is.

    They are distances from the pool of people whom nobody needs, one objective after the other, each over the shortest ways of
    those before it: whoever holds a place at one post could come to another for what that costs more.
    """
    posts, figures = plan.price.shape
    pool, seats, moves = posts, places(problem), problem.moves(plan.post)
    is_over = np.bincount(plan.post, minlength=posts) > seats
    at = np.where(is_over[plan.post], pool, plan.post)
    cost = cost_of(problem, plan.cap_price, plan.scale, np.arange(len(problem.edge_post)))
    paid = np.zeros((len(plan.post), figures), np.int64)
    paid[problem.edge_person[moves]] = cost[moves]
    cost -= paid[problem.edge_person]
    last, following = _seats_around(problem, plan)
    held, empty = np.flatnonzero(last >= 0), np.flatnonzero(following >= 0)
    back = problem.edge_person[moves][seats[problem.home[problem.edge_person[moves]]] > 0]
    most = np.zeros((posts, figures), np.int64)
    most[~is_over, 0] = DEAR
    ways = _Ways(problem.edge_post, at[problem.edge_person], cost)
    others = _Ways.joined(
        _Ways(problem.home[back], at[back], -paid[back]),
        _Ways(held, np.full(len(held), pool), problem.seat_penalty[last[held]] * plan.scale),
        _Ways(np.arange(posts), np.full(posts, pool), most),
        _Ways(np.full(len(empty), pool), empty, -problem.seat_penalty[following[empty]] * plan.scale),
        _Ways(np.full(len(at), pool), at, -paid),
    )
    price = np.zeros((posts + 1, figures), np.int64)
    for tier in range(figures):
        found = _distances(pool, ways, others, tier)
        if found is None:
            return None
        price[:, tier], ways, others = found, ways.shortest(found, tier), others.shortest(found, tier)
    fitting = with_bound(problem, replace(plan, price=price[:-1], value=paid - price[at]))
    return fitting if fitting.is_proved else None


@dataclass(frozen=True)
class _Ways:
    """Ways to nodes, from nodes, and how long they are (N, 5)."""

    to: npt.NDArray[np.integer]
    start: npt.NDArray[np.integer]
    length: Integers

    @classmethod
    def joined(cls, *ways: _Ways) -> _Ways:
        return cls(*(np.concatenate(columns) for columns in zip(*((one.to, one.start, one.length) for one in ways), strict=True)))

    def shortest(self, distance: Integers, tier: int) -> _Ways:
        """Those that a shortest way may use."""
        tight = distance[self.start] + self.length[:, tier] == distance[self.to]
        return _Ways(self.to[tight], self.start[tight], self.length[tight])


def _distances(pool: int, ways: _Ways, others: _Ways, tier: int) -> Integers | None:
    """How far each node lies from the pool, `ways` in the order of their ends; nothing where a way around becomes ever shorter."""
    first = np.flatnonzero(np.diff(ways.to, prepend=-1))
    ends, length, other_length = ways.to[first], np.ascontiguousarray(ways.length[:, tier]), others.length[:, tier]
    distance = np.full(pool + 1, 2 * DEAR, np.int64)
    distance[pool] = 0
    for _ in range(pool + 2):
        nearer = distance.copy()
        if len(first):
            nearer[ends] = np.minimum(nearer[ends], np.minimum.reduceat(distance[ways.start] + length, first))
        np.minimum.at(nearer, others.to, distance[others.start] + other_length)
        if nearer[pool] < 0:
            return None
        if (nearer == distance).all():
            return distance
        distance = nearer
    return None


def _plan_among(problem: Problem, tried: Flags, proof: Proof, begin: Plan | None) -> tuple[Plan, Flags]:
    """The best plan of some pairs and those that enter, with the engine's prices; posts that no such pair touches keep those known.

    The engine begins at a plan, or at nothing. Where caps leave fractions, the plan means nothing, only its prices.

    Raises:
        CapsTooTight: no such plan keeps the caps.
    """
    known, offered = proof.plan, tried | cheapest(proof.reduced, ~tried, ENTERING_PAIRS)
    touched = np.zeros(len(problem.protected), bool)
    touched[problem.edge_post[offered]] = touched[problem.home[problem.edge_person[offered]]] = True
    part = Part.of(problem.only(offered), touched)
    pairs = np.flatnonzero(offered)[part.edges]
    found = program(part.problem, None, begin and part.of_plan(begin), tried[pairs])
    tried = tried.copy()
    tried[pairs] = found["inside"]
    post = problem.after(pairs[found["used"].astype(bool)])
    price, cap_price = known.price.copy(), np.zeros_like(known.cap_price)
    price[part.posts], cap_price[part.caps] = found["price"], lawful_prices(found["cap_price"].astype(np.int64))
    branched = bool(found["branched"][0])
    return replace(known, post=post, row=problem.row(post), price=price, cap_price=cap_price, branched=branched), tried


def _promising(problem: Problem, reduced: Integers, among: Flags) -> Flags:
    """Of the cheapest pairs among some the best of each person and post."""
    return best_of_each(problem, reduced, cheapest(reduced, among, PROMISING_PAIRS), MORE_PAIRS)
