"""Parts of a problem that nothing ties to the rest, each a problem of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mutasi.recommend.network import Indices
from mutasi.recommend.plan import Plan
from mutasi.recommend.problem import Problem
from mutasi.recommend.proving import NoOpenSeat

Places = npt.NDArray[np.intp]


def connected(problem: Problem) -> Indices:
    """A number per post: posts that an edge or a cap ties together share it, the least of theirs."""
    posts, home = len(problem.protected), problem.home[problem.edge_person]
    ties = [(home, problem.edge_post), (problem.edge_post[problem.link_edge], posts + problem.link_cap)]
    for caps in problem.edge_caps.T:
        counted = np.flatnonzero(caps >= 0)
        ties.append((problem.edge_post[counted], posts + caps[counted]))
    number = np.arange(posts + len(problem.cap_limit), dtype=np.int32)
    before = None
    while before is None or (number != before).any():
        before = number.copy()
        for some, others in ties:
            least = np.minimum(number[some], number[others])
            np.minimum.at(number, some, least)
            np.minimum.at(number, others, least)
        number = number[number]  # what a post's number has come to
    return number[:posts]


def tied_to(problem: Problem, posts: Indices) -> npt.NDArray[np.bool_]:
    """The posts that edges or caps tie to some, one to another (G): for one question, quicker than `connected`."""
    inside, by_cap = np.zeros(len(problem.protected), bool), np.zeros(len(problem.cap_limit) + 1, bool)
    inside[posts] = True
    home, known = problem.home[problem.edge_person], 0
    while known < (known := int(inside.sum())):
        tied = inside[home] | inside[problem.edge_post]
        by_cap[problem.edge_caps[tied]] = True
        by_cap[problem.link_cap[tied[problem.link_edge]]] = True
        by_cap[-1] = False  # stands for -1: no cap
        tied |= by_cap[problem.edge_caps].any(axis=1)
        tied[problem.link_edge[by_cap[problem.link_cap]]] = True
        inside[home[tied]] = inside[problem.edge_post[tied]] = True
    return inside


@dataclass(frozen=True)
class Part:
    """One group as a problem of its own, with where its people, posts, caps and edges stand in the whole."""

    problem: Problem
    people: Places
    posts: Places
    caps: Places
    edges: Places

    @classmethod
    def of(cls, problem: Problem, inside: npt.NDArray[np.bool_]) -> Part:
        """The posts inside, which no edge or cap ties to others."""
        return cls._cut(problem, *(np.flatnonzero(inside[posts]) for posts in _posts_of(problem)))

    def of_plan(self, plan: Plan) -> Plan:
        """Where a plan of the whole leaves the people of the part, with its prices; what that costs and proves here is not known."""
        post = np.searchsorted(self.posts, plan.post[self.people]).astype(np.int32)
        price, value, cap_price = plan.price[self.posts], plan.value[self.people], plan.cap_price[self.caps]
        return replace(plan, post=post, price=price, value=value, cap_price=cap_price)

    @classmethod
    def _cut(cls, problem: Problem, posts: Places, people: Places, seats: Places, edges: Places, links: Places) -> Part:
        used = np.unique(np.concatenate([problem.edge_caps[edges].ravel(), problem.link_cap[links]]))
        caps = used[used >= 0].astype(np.intp)
        counted = problem.edge_caps[edges]
        part = replace(
            problem,
            person_ids=problem.person_ids[people],
            home=_renumbered(problem.home[people], posts),
            post_ids=problem.post_ids[posts],
            protected=problem.protected[posts],
            seat_post=_renumbered(problem.seat_post[seats], posts),
            seat_penalty=problem.seat_penalty[seats],
            edge_post=_renumbered(problem.edge_post[edges], posts),
            edge_person=_renumbered(problem.edge_person[edges], people),
            edge_cost=problem.edge_cost[edges],
            cap_limit=problem.cap_limit[caps],
            edge_caps=np.where(counted < 0, counted, _renumbered(counted, caps)),
            link_edge=_renumbered(problem.link_edge[links], edges),
            link_cap=_renumbered(problem.link_cap[links], caps),
            link_weight=problem.link_weight[links],
        )
        return cls(part, people, posts, caps, edges)


class Parts:
    """The groups of a problem, each cut out for what it holds and not for what the whole holds: rows are sorted by group once."""

    def __init__(self, problem: Problem, group: Indices) -> None:
        self.problem = problem
        numbers = [group[posts] for posts in _posts_of(problem)]
        self._rows = [(order, number[order]) for number in numbers for order in [np.argsort(number, kind="stable")]]

    def part(self, group: int) -> Part:
        """One group."""
        # Of the numbers' own type, or each search would bring all of them into another first.
        ends = np.array([group, group + 1], self._rows[0][1].dtype)
        rows = (order[slice(*np.searchsorted(number, ends))] for order, number in self._rows)
        return Part._cut(self.problem, *rows)


def _posts_of(problem: Problem) -> tuple[Indices, ...]:
    """The post that decides where posts, people, seats, edges and links belong."""
    posts = np.arange(len(problem.protected), dtype=np.int32)
    return posts, problem.home, problem.seat_post, problem.edge_post, problem.edge_post[problem.link_edge]


def _renumbered(places: npt.NDArray[np.integer], among: Places) -> Indices:
    """Where each place stands among some, which lie in rising order and hold it."""
    number: Indices = np.zeros(1 + max(places.max(initial=0), among.max(initial=0)), np.int32)
    number[among] = np.arange(len(among))
    found: Indices = number[places]
    return found


def with_locked(problem: Problem, settled: Places) -> tuple[Problem, Places, Places]:
    """The problem in which some pairs are settled, and the people and edges that it keeps of the whole one.

    Their people are gone from home, and each holds a seat of the post: one of those that must be held, for then people of the post
    may stay on the others or leave; where there is none, the dearest that is open.

    Raises:
        NoOpenSeat: a post has fewer vacant seats than people who are settled there.
    """
    protected, limit, free = problem.protected.copy(), problem.cap_limit.copy(), np.ones(len(problem.seat_post), bool)
    refuse_without_seats(problem, settled)
    for post in problem.edge_post[settled].tolist():
        if protected[post]:
            protected[post] -= 1
        else:
            free[np.flatnonzero(free & (problem.seat_post == post))[0]] = False
    counted = problem.edge_caps[settled]
    np.subtract.at(limit, counted[counted >= 0], 1)
    linked = np.isin(problem.link_edge, settled)
    np.subtract.at(limit, problem.link_cap[linked], problem.link_weight[linked])
    stays = np.ones(len(problem.home), bool)
    stays[problem.edge_person[settled]] = False
    of_others = stays[problem.edge_person]
    kept, number = problem.only(of_others), np.cumsum(stays) - 1
    locked = replace(
        kept,
        person_ids=problem.person_ids[stays],
        home=problem.home[stays],
        protected=protected,
        seat_post=problem.seat_post[free],
        seat_penalty=problem.seat_penalty[free],
        edge_person=number[kept.edge_person].astype(np.int32),
        cap_limit=limit,
    )
    return locked, np.flatnonzero(stays), np.flatnonzero(of_others)


def refuse_without_seats(problem: Problem, settled: Places) -> None:
    """Settled pairs need an open seat each.

    Raises:
        NoOpenSeat: a post has fewer vacant seats than people who are settled there.
    """
    posts = len(problem.protected)
    missing = np.bincount(problem.edge_post[settled], minlength=posts) > np.bincount(problem.seat_post, minlength=posts)
    if missing.any():
        raise NoOpenSeat(str(problem.post_ids[np.argmax(missing)]))
