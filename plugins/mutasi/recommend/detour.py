"""The cheapest way around one pair of a plan: a shortest path from the seat that falls empty to the person who is set free.

A best plan differs from the best one without a pair, or with one more, by a single path through what is left: somebody comes,
their seat is filled by somebody else, and so on. At the plan's prices no step of it costs less than nothing, so Dijkstra's
algorithm finds it, posts being nodes. One more node is the pool, where free people come from, where people go whom nobody needs
any more, and where a seat goes that stays empty. Costs are rows of figures compared from the left; as whole numbers of five
digits to the base of 2^60 they add and compare as such.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from heapq import heappop, heappush

import numpy as np
import numpy.typing as npt

from mutasi.recommend.network import Indices, Integers
from mutasi.recommend.plan import Plan
from mutasi.recommend.problem import Problem
from mutasi.recommend.proving import beyond, cost_of

NOBODY = -1
BITS = 60  # of a figure; costs and prices stay far below half of it
PINNED = 1 << 50
NONE = np.empty(0, np.intp)
Arc = tuple[int, int, int, int]  # what it costs, where from, who or NOBODY, and to which post
Step = tuple[int, int, int]  # the node that is helped, the person who moves or NOBODY, and to which post (-1: home)


@dataclass(frozen=True)
class Detour:
    """Where everybody is after it, what it costs more at the prices of the caps, and prices that prove it; in parts of the scale."""

    post: Indices
    cost: tuple[int, ...]
    price: Integers
    value: Integers


class Residual:
    """What is left to change about a plan, at its prices."""

    def __init__(self, problem: Problem, plan: Plan, pinned: npt.NDArray[np.integer] = NONE) -> None:
        self.problem, self.plan = problem, plan
        self.value = plan.value.copy()
        self.value[pinned, 0] -= PINNED  # people who stay where they are, whatever that costs
        posts = len(problem.protected)
        self.pool = posts
        self._known: dict[int, list[Arc]] = {}  # who could come to a post, as long as nothing there is banned
        present = np.bincount(plan.post, minlength=posts)
        comes = np.bincount(problem.edge_post[problem.moves(plan.post)], minlength=posts)
        seats = np.bincount(problem.seat_post, minlength=posts)
        filled = np.clip(present - problem.protected, 0, seats)
        first = np.searchsorted(problem.seat_post, np.arange(posts))
        self.least, self.next = (np.where(filled > 0, first + filled - 1, -1), np.where(filled < seats, first + filled, -1))
        # Where more people stay than are needed all of them are free, for none of them is then worth anything.
        places = problem.protected + seats
        self.is_over = (present > places) & (places > 0)
        self.needed = present <= places
        self.needed &= (problem.protected > 0) & (present > comes)
        stays = plan.post == problem.home
        self.at = np.where(stays & ~self.needed[plan.post], self.pool, plan.post)
        self.by_home = np.argsort(problem.home, kind="stable")
        self.home_start = np.searchsorted(problem.home[self.by_home], np.arange(posts + 1))
        self.start = np.searchsorted(problem.edge_post, np.arange(posts + 1))

    def without(self, edge: int, banned: npt.NDArray[np.intp]) -> Detour | None:
        """Around a pair that the plan uses; the banned pairs, in rising order, may not be used either. Nothing: no way."""
        person = int(self.problem.edge_person[edge])
        return self._path(int(self.problem.edge_post[edge]), banned, person, None)

    def through(self, edge: int, banned: npt.NDArray[np.intp] = NONE) -> Detour | None:
        """By way of a pair that the plan does not use: its person comes, and somebody or nobody makes room."""
        person, post = int(self.problem.edge_person[edge]), int(self.problem.edge_post[edge])
        own = np.flatnonzero(self.problem.edge_person == person)
        found = self._path(int(self.at[person]), np.union1d(own, banned), person, post)
        if found is None:
            return None
        found.post[person] = post
        # The pair costs neither less nor more than its prices.
        found.value[person] = cost_of(self.problem, self.plan.cap_price, self.plan.scale, np.array([edge]))[0] - found.price[post]
        return replace(found, cost=tuple(np.add(found.cost, beyond(self.problem, self.plan, np.array([edge]))[0]).tolist()))

    def _path(self, begin: int, banned: npt.NDArray[np.intp], person: int, target: int | None) -> Detour | None:
        """From `begin`, which needs one more, to the person who is free now, or to the post that has one too many."""
        distance: dict[int, int] = {begin: 0}
        step: dict[int, Step] = {}
        done: set[int] = set()
        end = self.pool + 1  # the person
        own = self._own(person, banned) if target is None else {}
        changed = set(self.problem.edge_post[banned[self.problem.edge_person[banned] != person]].tolist())
        queue = [(0, begin)]
        while queue:
            so_far, node = heappop(queue)
            if node in done:
                continue
            if node == (end if target is None else target):
                if so_far >= PINNED << (BITS * (self.value.shape[1] - 1) - 1):
                    return None
                nearer = {one: so_far - distance[one] for one in done}
                return self._detour(self._moved(node, begin, step), so_far, nearer, person)
            done.add(node)
            if node == self.pool:
                steps = self._into_pool(person, target)
            elif node in changed:
                steps = self._into(node, banned)
            else:  # what the person could do is in it, but comes from `begin`, which is done
                steps = self._known[node] = self._known.get(node) or self._into(node, NONE)
            if node in own:
                steps = [*steps, (own[node], end, person, node)]
            for cost, other, who, to in steps:
                if other not in done and so_far + cost < distance.get(other, so_far + cost + 1):
                    distance[other], step[other] = so_far + cost, (node, who, to)
                    heappush(queue, (so_far + cost, other))
        return None

    def _detour(self, post: Indices, cost: int, nearer: dict[int, int], person: int) -> Detour:
        """The result with the prices after it: a post costs more by as much as it is nearer than the end, the pool never."""
        figures = self.plan.price.shape[1]
        rise = np.zeros((self.pool + 1, figures), np.int64)
        rise[list(nearer)] = [_unpacked(number, figures) for number in nearer.values()]
        # Where more people stay than are needed, somebody who comes is worth nothing, now as before.
        price = self.plan.price + np.where(self.is_over[:, None], 0, rise[:-1] - rise[-1])
        value = self.plan.value + np.where((self.at == self.pool)[:, None], 0, rise[-1] - rise[self.at])
        value[person] = self.plan.value[person] + rise[-1]
        return Detour(post, _unpacked(cost, figures), price, value)

    def _moved(self, node: int, begin: int, step: dict[int, Step]) -> Indices:
        post = self.plan.post.copy()
        while node != begin:
            node, who, to = step[node]
            if who != NOBODY:
                post[who] = self.problem.home[who] if to < 0 else to
        return post

    def _into(self, node: int, banned: npt.NDArray[np.intp]) -> list[Arc]:
        """Who could come to a post, one for each post they come from, and what that costs."""
        problem, plan = self.problem, self.plan
        edges = np.arange(self.start[node], self.start[node + 1])
        edges = edges[~_contained(edges, banned)]
        home = self.by_home[
            self.home_start[node] : self.home_start[node + 1] if problem.protected[node] else self.home_start[node]
        ]
        who = np.concatenate([problem.edge_person[edges], home])
        rows = np.concatenate([beyond(problem, plan, edges), -plan.price[node] - self.value[home]])
        found = [(cost, place, one, node) for cost, place, one in _least(rows, self.at[who], who) if place != node]
        if self.least[node] >= 0:
            row = problem.seat_penalty[self.least[node]] * plan.scale - plan.price[node]
            found.append((_packed(row.tolist()), self.pool, NOBODY, node))
        return found

    def _own(self, person: int, banned: npt.NDArray[np.intp]) -> dict[int, int]:
        """What it costs a person who is free now to come to each post."""
        problem, plan = self.problem, self.plan
        edges = np.flatnonzero(problem.edge_person == person)
        edges = edges[~_contained(edges, banned)]
        own = dict(zip(problem.edge_post[edges].tolist(), map(_packed, beyond(problem, plan, edges).tolist()), strict=True))
        home = int(problem.home[person])
        return own | ({home: _packed((-plan.price[home] - plan.value[person]).tolist())} if problem.protected[home] else {})

    def _into_pool(self, person: int, target: int | None) -> list[tuple[int, int, int, int]]:
        """Who could become free, and which empty seats could be filled instead of one that falls empty."""
        value, (cost, place, who) = self.value, self._idling
        found = list(zip(cost, place, who, [-1] * len(who), strict=True))
        if target is None:
            return [*found, (_packed((-value[person]).tolist()), self.pool + 1, person, -1)]
        return found

    @cached_property
    def _idling(self) -> tuple[list[int], list[int], list[int]]:
        """By post the least that it costs to set one of its people free, or to fill its dearest empty seat."""
        problem, plan = self.problem, self.plan
        used = np.flatnonzero(self.at != self.pool)
        empty = np.flatnonzero(self.next >= 0)
        rows = np.concatenate([-self.value[used], plan.price[empty] - problem.seat_penalty[self.next[empty]] * plan.scale])
        place, who = np.concatenate([self.at[used], empty]), np.concatenate([used, np.full(len(empty), NOBODY)])
        least = _least(rows, place, who)
        return [one[0] for one in least], [one[1] for one in least], [one[2] for one in least]


def _least(rows: Integers, place: npt.NDArray[np.integer], who: npt.NDArray[np.integer]) -> list[tuple[int, int, int]]:
    """The least row of each place, as one number, with whose it is."""
    order = np.lexsort((*rows.T[::-1], place))
    first = order[np.flatnonzero(np.diff(place[order], prepend=-1))]
    packed = (_packed(row) for row in rows[first].tolist())
    return list(zip(packed, place[first].tolist(), who[first].tolist(), strict=True))


def _contained(some: npt.NDArray[np.intp], among: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Which of some are among others, which lie in rising order."""
    at = np.searchsorted(among, some)
    found: npt.NDArray[np.bool_] = np.append(among, -1)[at] == some
    return found


def _packed(row: list[int]) -> int:
    found = 0
    for figure in row:
        found = (found << BITS) + figure
    return found


def _unpacked(number: int, figures: int) -> tuple[int, ...]:
    found = []
    for _ in range(figures):
        figure = (number + (1 << BITS - 1)) % (1 << BITS) - (1 << BITS - 1)
        found.append(figure)
        number = (number - figure) >> BITS
    return tuple(found[::-1])
