"""Parts of a problem that nothing ties to the rest, each a problem of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mutasi.recommend.network import Indices
from mutasi.recommend.problem import Problem

Places = npt.NDArray[np.intp]


def connected(problem: Problem) -> Indices:
    """A number per post: posts that an edge or a cap ties together share it."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    posts, caps = len(problem.protected), len(problem.cap_limit)
    edge, which = np.nonzero(problem.edge_caps >= 0)
    tails = np.concatenate([problem.home[problem.edge_person], problem.edge_post[edge], problem.edge_post[problem.link_edge]])
    heads = np.concatenate([problem.edge_post, posts + problem.edge_caps[edge, which], posts + problem.link_cap])
    size = posts + caps
    links = coo_array((np.ones(len(tails), np.int8), (tails, heads)), shape=(size, size))
    numbers: Indices = connected_components(links, directed=False)[1]
    return numbers[:posts]


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
    """Where each place stands among some, which lie in rising order."""
    return np.searchsorted(among, places).astype(np.int32)
