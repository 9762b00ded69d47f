"""What would change if one thing were otherwise: the exact plan without a move or with one fixed, and what that costs.

The best plan without one pair lies one shortest path away from the best plan (`detour`), which takes milliseconds. With caps the
path is found at the prices of the caps; if the result keeps them and uses those that have a price to the full, it is the exact
answer, else what it costs is a bound. Where exactness is asked for, any plan that keeps the caps then limits which pairs a better
one could use, and the few that are left are settled by the engine for caps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from mutasi.recommend.detour import Detour, Residual
from mutasi.recommend.greedy import filled_up
from mutasi.recommend.lexicographic import Solution
from mutasi.recommend.network import Indices, Integers
from mutasi.recommend.packages import bound_together, packages
from mutasi.recommend.parts import Part, Parts, connected
from mutasi.recommend.plan import Plan
from mutasi.recommend.problem import Problem
from mutasi.recommend.proving import SCALE, Infeasible, below, bound, cost_of
from mutasi.recommend.solve import program, solve

FEW_PAIRS, MOST_PAIRS = 1_500, 50_000  # that are settled together: at first, and before everything is solved again instead
MOST_DETOURS = 8  # until one keeps the caps
MOST_ADDED = 3  # moves that a known plan is filled up with
Places = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Change:
    """The plan after a change: posts of all people, its row, what it costs more than before, and whether that is exact.

    Where it is not exact, `price` is a lower bound. `post` is nothing when the bound came without a plan that keeps the caps.
    """

    post: Indices | None
    price: tuple[float, ...]
    is_exact: bool


class Replanner:
    """Answers questions about one plan."""

    def __init__(self, problem: Problem, plan: Plan, is_group: bool = False) -> None:
        self.problem, self.plan, self._is_group = problem, plan, is_group
        self._groups: dict[int, tuple[Part, Replanner]] = {}

    @cached_property
    def _residual(self) -> Residual:
        return Residual(self.problem, self.plan)

    def refuse(self, edge: int, exactly: bool = False) -> Change:
        """Plan again without one pair; `exactly` goes on where caps leave only a bound."""
        return self.refuse_all(np.array([edge]), exactly)

    def refuse_all(self, edges: Places, exactly: bool = False) -> Change:
        """Plan again without some pairs of one person."""
        used = edges[self.plan.post[self.problem.edge_person[edges]] == self.problem.edge_post[edges]]
        if not len(used):
            return self._change(self.plan.post)
        if not self.plan.is_proved and not self._is_group:
            return self._in_its_group(edges, exactly)
        found = self._residual.without(int(used[0]), edges) if self.plan.is_proved else None
        if found is not None and self._is_best(found):
            return self._change(found.post)
        if exactly or found is None:
            near = self._near(edges, int(used[0]), found)
            return self._whole(edges) if near is None else near
        return Change(None, tuple(figure / self.plan.scale for figure in found.cost), False)

    def settle(self, edge: int) -> Change | None:
        """Plan again with one pair settled; nothing where that takes more than a path, or its post has no open seat."""
        if self.plan.post[self.problem.edge_person[edge]] == self.problem.edge_post[edge]:
            return self._change(self.plan.post)
        is_open = (self.problem.seat_post == self.problem.edge_post[edge]).any()
        found = self._residual.through(edge) if self.plan.is_proved and is_open else None
        return self._change(found.post) if found is not None and self._is_best(found) else None

    def _in_its_group(self, edges: Places, exactly: bool) -> Change:
        """The same asked of the group alone that an edge or a cap ties to the pairs, which may be proved where the whole is not."""
        number = int(self._tied[self.problem.edge_post[edges[0]]])
        if number not in self._groups:
            part, plan = self._parts.part(number), self.plan
            post = np.searchsorted(part.posts, plan.post[part.people]).astype(np.int32)
            price, value, cap_price = plan.price[part.posts], plan.value[part.people], plan.cap_price[part.caps]
            least = bound(part.problem, Solution(post, price, value, 0), cap_price, plan.scale)
            own = replace(plan, post=post, row=part.problem.row(post), price=price, value=value, cap_price=cap_price, bound=least)
            self._groups[number] = part, Replanner(part.problem, own, is_group=True)
        part, one = self._groups[number]
        found = one.refuse_all(np.searchsorted(part.edges, edges), exactly)
        if found.post is None:
            return found
        whole = self.plan.post.copy()
        whole[part.people] = part.posts[found.post]
        return replace(found, post=whole)

    @cached_property
    def _tied(self) -> Indices:
        return connected(self.problem)

    @cached_property
    def _parts(self) -> Parts:
        return Parts(self.problem, self._tied)

    def _change(self, post: Indices) -> Change:
        row = self.problem.row(post)
        return Change(post, tuple(a - b for a, b in zip(row, self.plan.row, strict=True)), self.plan.is_exact)

    def _is_best(self, found: Detour) -> bool:
        """Whether what is best at the prices of the caps keeps all caps, and those that have a price to the full."""
        used, limit = self.problem.cap_use(self.problem.moves(found.post)), self.problem.cap_limit
        return bool((used <= limit).all() and (used == limit)[self.plan.cap_price.any(axis=1)].all())

    def _near(self, refused: Places, used: int, found: Detour | None) -> Change | None:
        """Settle the pairs that a better plan than a known one could use; nothing where none is known or they are too many."""
        problem, plan = self.problem, self.plan
        least, price, value = plan.bound, plan.price, plan.value
        if found is not None:
            least, price, value = tuple(np.add(least, found.cost).tolist()), found.price, found.value
        reduced = cost_of(problem, plan.cap_price, plan.scale, np.arange(len(problem.edge_post)))
        reduced -= price[problem.edge_post]
        reduced -= value[problem.edge_person]

        def worth_it(best: Indices) -> npt.NDArray[np.bool_]:
            pairs = below(reduced, np.subtract([plan.scale * figure for figure in problem.row(best)], least))
            pairs[refused] = False
            return pairs

        known = self._filled_up([self._undone(used)], refused)
        if not known or worth_it(known[0]).sum() > FEW_PAIRS:
            known += self._filled_up(self._lawful_detours(refused, used, found), refused)
        if not known:
            return None
        best = min(known, key=problem.row)
        tried, settled = np.zeros(len(reduced), bool), False
        while True:
            worth = worth_it(best)
            if tried.any() and not (worth & ~tried).any():
                return replace(self._change(best), is_exact=settled and plan.is_exact)
            if worth.sum() > MOST_PAIRS:
                return None
            # The cheapest alone bring the known plan so near the bound that few others remain.
            tried = worth if tried.any() else _cheapest(reduced, worth, FEW_PAIRS)
            tried[problem.moves(best)] = True
            found_now, settled = self._best_among(tried)
            best = min(best, found_now, key=problem.row)

    def _best_among(self, chosen: npt.NDArray[np.bool_]) -> tuple[Indices, bool]:
        """The best plan of some pairs alone under the caps, and whether that is settled."""
        problem = self.problem
        touched = np.zeros(len(problem.protected), bool)
        touched[problem.edge_post[chosen]] = touched[problem.home[problem.edge_person[chosen]]] = True
        part = Part.of(problem.only(chosen), touched)
        found = program(part.problem)
        moves = np.flatnonzero(chosen)[part.edges[found["used"].astype(bool)]]
        post = problem.home.copy()
        post[problem.edge_person[moves]] = problem.edge_post[moves]
        return post, bool(found["is_complete"][0])

    def _lawful_detours(self, refused: Places, used: int, found: Detour | None) -> list[Indices]:
        """A path that leaves alone, one after the other, the caps that shorter ones exceed; nothing when none does in a few steps."""
        for _ in range(MOST_DETOURS):
            if found is None:
                break
            over = self.problem.cap_use(self.problem.moves(found.post)) > self.problem.cap_limit
            if not over.any():
                return [found.post]
            counted = np.flatnonzero(np.append(over, False)[self.problem.edge_caps].any(axis=1))
            linked = self.problem.link_edge[over[self.problem.link_cap]]
            refused = np.union1d(refused, np.concatenate([counted, linked]))
            found = self._residual.without(used, refused)
        return []

    def _filled_up(self, plans: list[Indices], refused: Places) -> list[Indices]:
        """Those that keep all caps, with a few of the best moves that they have room for."""
        return [filled_up(self.problem, post, MOST_ADDED, refused) for post in plans if self._is_lawful(post)]

    def _undone(self, used: int) -> Indices:
        """The plan without the package that a pair belongs to."""
        moves = bound_together(self.problem, packages(self.problem, self.plan.post))
        undone = self.problem.edge_person[moves.edge[moves.package == moves.package[moves.edge == used]]]
        post = self.plan.post.copy()
        post[undone] = self.problem.home[undone]
        return post

    def _is_lawful(self, post: Indices) -> bool:
        present = np.bincount(post, minlength=len(self.problem.protected))
        kept = (present >= self.problem.protected).all()
        return bool(kept and (self.problem.cap_use(self.problem.moves(post)) <= self.problem.cap_limit).all())

    def _whole(self, refused: Places) -> Change:
        """Solve again everything that an edge or a cap ties to the refused edges."""
        part = self._parts.part(int(self._tied[self.problem.edge_post[refused[0]]]))
        near = self.plan.cap_price[part.caps] * (SCALE // self.plan.scale)
        found = solve(part.problem.only(~np.isin(part.edges, refused)), near=near)
        post = self.plan.post.copy()
        post[part.people] = part.posts[found.post]
        return replace(self._change(post), is_exact=found.is_exact and self.plan.is_exact)


def _cheapest(reduced: Integers, among: npt.NDArray[np.bool_], most: int) -> npt.NDArray[np.bool_]:
    """Of some pairs those that cost least beyond the prices."""
    edges = np.flatnonzero(among)
    found = np.zeros(len(among), bool)
    found[edges[np.lexsort(reduced[edges].T[::-1])[:most]]] = True
    return found


def with_locked(problem: Problem, edge: int) -> Problem:
    """The problem in which one pair is settled: the person is gone from home and holds a seat of the post, where there is an open one.

    It is one of those that must be held, for then people of the post may stay on the others or leave; else it is the dearest.

    Raises:
        Infeasible: the post has no vacant seat.
    """
    person, post = int(problem.edge_person[edge]), int(problem.edge_post[edge])
    seats = np.flatnonzero(problem.seat_post == post)
    if not len(seats):
        raise Infeasible(str(problem.post_ids[post]))
    protected, free = problem.protected.copy(), np.ones(len(problem.seat_post), bool)
    if protected[post]:
        protected[post] -= 1
    else:
        free[seats[0]] = False
    others = np.arange(len(problem.home)) != person
    number = np.cumsum(others) - 1
    edges = problem.edge_person != person
    counted = problem.edge_caps[edge]
    limit = problem.cap_limit.copy()
    np.subtract.at(limit, counted[counted >= 0], 1)
    linked = problem.link_edge == edge
    np.subtract.at(limit, problem.link_cap[linked], problem.link_weight[linked])
    kept = problem.only(edges)
    return replace(
        kept,
        person_ids=problem.person_ids[others],
        home=problem.home[others],
        protected=protected,
        seat_post=problem.seat_post[free],
        seat_penalty=problem.seat_penalty[free],
        edge_person=number[kept.edge_person].astype(np.int32),
        cap_limit=limit,
    )
