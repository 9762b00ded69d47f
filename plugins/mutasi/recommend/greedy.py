"""The plan that takes the best single move again and again: what any better method must not fall behind."""

from __future__ import annotations

import numpy as np

from mutasi.recommend.network import Indices
from mutasi.recommend.problem import Problem
from mutasi.recommend.proving import below


def filled_up(problem: Problem, post: Indices) -> Indices:
    """A lawful plan with the best moves that it has room for: into open seats, by people whose post can spare them."""
    first = np.append(np.searchsorted(problem.seat_post, np.arange(len(problem.protected))), len(problem.seat_post))
    seats = np.diff(first)
    for _ in range(len(problem.home)):
        spare = np.bincount(post, minlength=len(seats)) - problem.protected
        room = np.append(problem.cap_limit - problem.cap_use(problem.moves(post)), 1)  # the last stands for -1: no cap
        seat = (first[:-1] + np.maximum(0, spare))[problem.edge_post]
        is_open = (seat < first[problem.edge_post + 1]) & (post == problem.home)[problem.edge_person]
        is_open &= (spare > 0)[problem.home[problem.edge_person]]
        is_open[problem.link_edge[problem.link_weight > room[problem.link_cap]]] = False
        edges = np.flatnonzero(is_open)
        edges = edges[(room[problem.edge_caps[edges]] > 0).all(axis=1)]
        home = problem.home[problem.edge_person[edges]]
        costs = problem.edge_cost[edges] - problem.seat_penalty[seat[edges]]
        leaves_empty = spare[home] <= seats[home]
        costs[leaves_empty] += problem.seat_penalty[(first[:-1] + spare - 1)[home[leaves_empty]]]
        best = np.lexsort(costs.T[::-1])[:1]
        if not below(costs[best], np.zeros(costs.shape[1], np.int64)).any():
            break
        post = post.copy()
        post[problem.edge_person[edges[best]]] = problem.edge_post[edges[best]]
    return post
