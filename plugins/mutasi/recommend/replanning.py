"""What would change if one thing were otherwise: the exact plan without a move or with one fixed, and what that costs.

Without caps the posts that no edge ties to the changed one keep their plan, so only a small part is solved again, in
milliseconds. With caps the part is solved at the prices of the caps; if the result keeps them and uses those that have a
price to the full, it is the exact answer, else it is a bound and the whole is solved again when exactness is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from mutasi.recommend.lexicographic import NotSolved, minimise
from mutasi.recommend.network import Indices
from mutasi.recommend.parts import Part, connected
from mutasi.recommend.plan import Plan
from mutasi.recommend.problem import Problem
from mutasi.recommend.proving import SCALE, Infeasible, priced_problem
from mutasi.recommend.solve import solve

WORK = 50_000_000


@dataclass(frozen=True)
class Change:
    """The plan after a change: posts of all people, its row, what it costs more than before, and whether that is exact.

    Where it is not exact, `price` is a lower bound. `post` is nothing when the bound came without a plan that keeps the caps.
    """

    post: Indices | None
    price: tuple[float, ...]
    is_exact: bool


class Replanner:
    """Answers questions about one plan; parts are cut out once per group of posts."""

    def __init__(self, problem: Problem, plan: Plan) -> None:
        self.problem, self.plan = problem, plan
        self._parts: dict[int, Part] = {}

    @cached_property
    def _priced(self) -> Problem:
        return priced_problem(self.problem, self.plan.cap_price, self.plan.scale)

    @cached_property
    def _group(self) -> Indices:
        return connected(
            replace(
                self.problem,
                edge_caps=np.full_like(self.problem.edge_caps, -1),
                cap_limit=np.empty(0, np.int64),
                link_edge=np.empty(0, np.int32),
                link_cap=np.empty(0, np.int32),
                link_weight=np.empty(0, np.int64),
            )
        )

    def _part(self, post: int) -> Part:
        one = int(self._group[post])
        if one not in self._parts:
            self._parts[one] = Part.of(self._priced, self._group == one)
        return self._parts[one]

    def refuse(self, edge: int, exactly: bool = False) -> Change:
        """Plan again without one pair; `exactly` solves everything again where caps leave only a bound."""
        part = self._part(int(self.problem.edge_post[edge]))
        kept = part.edges != edge
        try:
            found = minimise(part.problem.only(kept), WORK)
        except NotSolved:
            return self._whole(edge)
        stays = np.where(found.post < 0, part.problem.home, found.post)
        post = self.plan.post.copy()
        post[part.people] = part.posts[stays]
        used = self.problem.cap_use(self.problem.moves(post))
        binding = self.plan.cap_price.any(axis=1)
        if (used <= self.problem.cap_limit).all() and (used == self.problem.cap_limit)[binding].all():
            row = self.problem.row(post)
            return Change(post, tuple(a - b for a, b in zip(row, self.plan.row, strict=True)), self.plan.is_exact)
        if exactly:
            return self._whole(edge)
        before = self.plan.post[part.people]
        inside = np.searchsorted(part.posts, before).astype(np.int32)
        rise = np.subtract(part.problem.row(stays.astype(np.int32)), part.problem.row(inside))
        return Change(None, tuple(float(x) / self.plan.scale for x in rise), False)

    def _whole(self, edge: int) -> Change:
        """Solve again everything that an edge or a cap ties to the edge's post."""
        part = Part.of(self.problem, self._tied == self._tied[self.problem.edge_post[edge]])
        near = self.plan.cap_price[part.caps] * (SCALE // self.plan.scale)
        found = solve(part.problem.only(part.edges != edge), near=near)
        post = self.plan.post.copy()
        post[part.people] = part.posts[found.post]
        row = self.problem.row(post)
        price = tuple(a - b for a, b in zip(row, self.plan.row, strict=True))
        return Change(post, price, found.is_exact and self.plan.is_exact)

    @cached_property
    def _tied(self) -> Indices:
        return connected(self.problem)


def without(problem: Problem, plan: Plan, refused: npt.NDArray[np.bool_]) -> tuple[Plan, tuple[int, ...]]:
    """The best plan that uses none of the refused edges, and what it costs more."""
    near = plan.cap_price * (SCALE // plan.scale)
    found = solve(problem.only(~refused), near=near)
    return found, tuple(a - b for a, b in zip(found.row, plan.row, strict=True))


def with_locked(problem: Problem, edge: int) -> Problem:
    """The problem in which one pair is settled: the person is gone from home and sits on the dearest vacant seat of the post.

    Raises:
        Infeasible: the post has no vacant seat.
    """
    person, post = int(problem.edge_person[edge]), int(problem.edge_post[edge])
    seats = np.flatnonzero(problem.seat_post == post)
    if not len(seats):
        raise Infeasible(str(problem.post_ids[post]))
    free = np.arange(len(problem.seat_post)) != seats[0]
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
        seat_post=problem.seat_post[free],
        seat_penalty=problem.seat_penalty[free],
        edge_person=number[kept.edge_person].astype(np.int32),
        cap_limit=limit,
    )
