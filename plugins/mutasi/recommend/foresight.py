"""Prices brought up to date for a whole group of posts at once.

A search raises the prices of the posts that it passed. Where few people are left, searches go far and prices lag behind; one
pass backwards, from everybody still free and from the least seats, tells every post what one more head costs now. Posts that
share no person, by whatever detour, are of different groups and never see each other.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any

import numpy as np

from mutasi.recommend.compiling import njit
from mutasi.recommend.network import INFINITE


@njit(cache=True, nogil=True)
def grouped(graph: Any, people: int) -> Any:
    """The group of each post, and by group where its posts begin, which they are, and how many edges they have."""
    start, person, _ = graph
    posts = start.shape[0] - 1
    parent, met = np.arange(posts), np.full(people, -1, np.int64)
    for g in range(posts):
        for k in range(start[g], start[g + 1]):
            j = person[k]
            if met[j] < 0:
                met[j] = g
            else:
                a, b = _root(met[j], parent), _root(g, parent)
                parent[max(a, b)] = min(a, b)
    group, count = np.empty(posts, np.int64), 0
    for g in range(posts):
        if parent[g] == g:
            group[g] = count
            count += 1
        else:
            group[g] = group[_root(g, parent)]  # the least post of a group is its root, so it has its number already
    begin, edges = np.zeros(count + 1, np.int64), np.zeros(count, np.int64)
    for g in range(posts):
        begin[group[g] + 1] += 1
        edges[group[g]] += start[g + 1] - start[g]
    for one in range(count):
        begin[one + 1] += begin[one]
    return group, begin, np.argsort(group, kind="mergesort"), edges


@njit(cache=True)
def _root(g: Any, parent: Any) -> Any:
    """The least post of the group so far; the way there is halved for those who come after."""
    while parent[g] != g:
        parent[g] = parent[parent[g]]
        g = parent[g]
    return g


@njit(cache=True)
def mirrored(graph: Any, people: int) -> Any:
    """The edges by person instead of by post: where each person's begin, their posts and costs."""
    start, person, cost = graph
    begin = np.zeros(people + 1, np.int64)
    for k in range(person.shape[0]):
        begin[person[k] + 1] += 1
    for j in range(people):
        begin[j + 1] += begin[j]
    at = begin[:-1].copy()
    post, costs = np.empty(person.shape[0], np.int32), np.empty(person.shape[0], np.int64)
    for g in range(start.shape[0] - 1):
        for k in range(start[g], start[g + 1]):
            j = person[k]
            post[at[j]], costs[at[j]] = g, cost[k]
            at[j] += 1
    return begin, post, costs


@njit(cache=True)
def foresee(members: Any, seats: Any, graph: Any, state: Any, marks: Any, filled: Any, mirror: Any) -> None:
    """Raise the prices of one group of posts to what one more head costs now.

    It is Dijkstra's algorithm backwards, from free people and least seats to posts, over costs reduced by the prices.
    """
    price = state[2]
    rise, done, _ = marks  # INFINITE and 0 before and after
    heap = [(np.int64(0), np.int64(0))]
    heap.clear()
    _exits(members, seats, graph, state, filled, rise, heap)
    furthest = np.int64(0)
    while len(heap) > 0:
        d, h = heappop(heap)
        if not done[h]:
            done[h], furthest = 1, d
            _spread(h, d, graph, mirror, state, rise, heap)
    for g in members:
        price[g] += rise[g] if done[g] else furthest
        rise[g], done[g] = INFINITE, 0


@njit(cache=True)
def _exits(members: Any, seats: Any, graph: Any, state: Any, filled: Any, rise: Any, heap: Any) -> None:
    """How far each post's price lies below its nearest free person or its own least filled seat."""
    protected, seat_start, penalty = seats
    start, person, cost = graph
    owner, _, price = state
    for g in members:
        vacant = filled[g] - protected[g]
        if vacant > 0:
            rise[g] = penalty[seat_start[g] + vacant - 1] - price[g]
        for k in range(start[g], start[g + 1]):
            if owner[person[k]] < 0:
                rise[g] = min(rise[g], cost[k] - price[g])
                break
        if rise[g] < INFINITE:
            heappush(heap, (rise[g], np.int64(g)))


@njit(cache=True)
def _spread(h: Any, d: Any, graph: Any, mirror: Any, state: Any, rise: Any, heap: Any) -> None:
    """Tell every post that could take one of post h's people how near that brings it; d is h's own distance."""
    start, person, _ = graph
    begin, post, cost = mirror
    owner, paid, price = state
    for i in range(start[h], start[h + 1]):
        j = person[i]
        if owner[j] != h:
            continue
        base = d + price[h] - paid[j]
        for k in range(begin[j], begin[j + 1]):
            g = post[k]
            near = base + cost[k] - price[g]
            if near < rise[g]:  # never true of a post that is done: its distance is the least
                rise[g] = near
                heappush(heap, (near, np.int64(g)))
