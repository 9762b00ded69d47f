"""Parts of a problem that nothing ties to the rest, each a problem of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mutasi.recommend.network import Indices
from mutasi.recommend.problem import Problem


def connected(problem: Problem) -> Indices:
    """A number per post: posts that an edge or a cap ties together share it."""
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
    people: npt.NDArray[np.intp]
    posts: Indices
    caps: npt.NDArray[np.intp]
    edges: npt.NDArray[np.intp]

    @classmethod
    def of(cls, problem: Problem, inside: npt.NDArray[np.bool_]) -> Part:
        """The posts inside, which no edge or cap ties to others."""
        posts = np.flatnonzero(inside).astype(np.int32)
        people = np.flatnonzero(inside[problem.home])
        edges, seats = inside[problem.edge_post], inside[problem.seat_post]
        linked = edges[problem.link_edge]
        used = np.unique(np.concatenate([problem.edge_caps[edges].ravel(), problem.link_cap[linked]]))
        caps = used[used >= 0].astype(np.intp)
        new_post, new_person = np.full(len(inside), -1, np.int32), np.full(len(problem.home), -1, np.int32)
        new_cap = np.full(len(problem.cap_limit) + 1, -1, np.int32)
        new_post[posts], new_person[people], new_cap[caps] = np.arange(len(posts)), np.arange(len(people)), np.arange(len(caps))
        part = replace(
            problem,
            person_ids=problem.person_ids[people],
            home=new_post[problem.home[people]],
            post_ids=problem.post_ids[posts],
            protected=problem.protected[posts],
            seat_post=new_post[problem.seat_post[seats]],
            seat_penalty=problem.seat_penalty[seats],
            edge_post=new_post[problem.edge_post[edges]],
            edge_person=new_person[problem.edge_person[edges]],
            edge_cost=problem.edge_cost[edges],
            cap_limit=problem.cap_limit[caps],
            edge_caps=new_cap[problem.edge_caps[edges]],
            link_edge=(np.cumsum(edges) - 1)[problem.link_edge[linked]].astype(np.int32),
            link_cap=new_cap[problem.link_cap[linked]],
            link_weight=problem.link_weight[linked],
        )
        return cls(part, people, posts, caps, np.flatnonzero(edges))
