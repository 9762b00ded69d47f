"""The exact matching of people to seats: successive shortest paths over posts, in integers, with the prices that prove it.

Seats of one post differ only in what leaving them empty costs, so a post is one node and its price one number; a post is
looked at once per search however many seats it has. Edges lie sorted by cost, which lets a search stop at the first that
cannot help. Every number is int64: a search is bounded by the penalty of the seat it fills, and prices are watched.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any

import numpy as np

from mutasi.recommend.compiling import njit
from mutasi.recommend.foresight import foresee, grouped, mirrored
from mutasi.recommend.layout import laid_together
from mutasi.recommend.network import (
    INFINITE,
    LIMIT,
    OVER_BUDGET,
    OVERFLOW,
    SOLVED,
    UNFILLABLE,
    Integers,
    Matching,
    Network,
)

SEARCHES = 1  # edges looked at by searches, in multiples of a group's edges, until its prices are brought up to date


def match(network: Network, budget: int = INFINITE) -> Matching:
    """The cheapest matching; `budget` bounds the edges looked at, never the time, so that the answer is always the same.

    The status is UNFILLABLE (with the post in `where`) when a protected seat can be held by nobody, OVER_BUDGET or OVERFLOW.
    """
    people = len(network.owner)
    largest = max(network.cost.max(initial=0), network.penalty.max(initial=0))
    if largest >= LIMIT:
        nothing = np.zeros(len(network.protected), np.int64)
        return Matching(OVERFLOW, network.owner, nothing, nothing, np.zeros(people, np.int64), 0, -1)
    groups = grouped((network.start, network.person, network.cost), people)
    posts_as = groups[2]
    near, people_as = laid_together(network, posts_as)
    found = _match(near, _renumbered(groups), budget)
    post, value = np.empty_like(found.post), np.empty_like(found.value)
    filled, price = np.empty_like(found.filled), np.empty_like(found.price)
    post[people_as], value[people_as] = np.where(found.post < 0, -1, posts_as[found.post]), found.value
    filled[posts_as], price[posts_as] = found.filled, found.price
    where = found.where if found.where < 0 else int(posts_as[found.where])
    return Matching(found.status, post, filled, price, value, found.looked, where)


def _renumbered(groups: Any) -> Any:
    """The same groups once their posts lie one after the other."""
    group, begin, members, edges = groups
    return group[members], begin, np.arange(len(members)), edges


def _match(network: Network, groups: Any, budget: int) -> Matching:
    """The matching of a network that is laid out for the search."""
    # What is read together lies together: at national size the search waits for memory, not for the processor.
    people, posts = len(network.owner), len(network.protected)
    held, nodes = np.zeros((people, 2), np.int64), np.zeros((posts, 2), np.int64)
    owner, paid, price, distance = held[:, 0], held[:, 1], nodes[:, 0], nodes[:, 1]
    owner[:] = network.owner
    filled = np.bincount(owner[owner >= 0], minlength=posts).astype(np.int64)
    graph = (network.start, network.person, network.cost)
    order, penalties = _sequence(network, filled, groups[0])
    seats = (network.protected, network.seat_start, network.penalty)
    status, looked, where = _fill_all(order, penalties, seats, graph, (owner, paid, price), distance, filled, groups, budget)
    value = np.where(owner >= 0, paid - price[owner], 0)
    return Matching(int(status), owner.astype(np.int32), filled, price.copy(), value, int(looked), int(where))


@njit(cache=True, nogil=True)
def cheapest_first(post: Any, cost: Any, posts: int) -> Any:
    """Where each post's edges begin when they lie by post and rising cost, and their order; equal ones stay as they were."""
    start = np.zeros(posts + 1, np.int64)
    for k in range(post.shape[0]):
        start[post[k] + 1] += 1
    for g in range(posts):
        start[g + 1] += start[g]
    at, order = start[:-1].copy(), np.empty(post.shape[0], np.int64)
    for k in range(post.shape[0]):
        order[at[post[k]]] = k
        at[post[k]] += 1
    for g in range(posts):
        mine = order[start[g] : start[g + 1]]
        if mine.shape[0] > 1:
            mine[:] = mine[np.argsort(cost[mine], kind="mergesort")]
    return start, order


def _sequence(network: Network, filled: Integers, group: Integers) -> tuple[Integers, Integers]:
    """Seats in the order of filling: protected ones that stand empty, then vacant ones, group after group by falling penalty."""
    posts = np.arange(len(network.protected))
    empty = np.repeat(posts, network.protected - filled)
    vacant = np.repeat(posts, np.diff(network.seat_start))
    falling = np.lexsort((-network.penalty, group[vacant]))
    order = np.concatenate([empty, vacant[falling]])
    return order, np.concatenate([np.full(len(empty), INFINITE, np.int64), network.penalty[falling]])


@njit(cache=True, nogil=True)  # agencies under caps are matched in threads
def _fill_all(
    order: Any, penalties: Any, seats: Any, graph: Any, state: Any, distance: Any, filled: Any, groups: Any, budget: Any
) -> Any:
    """Insert seat after seat; returns status, edges looked at, and the post where it ended early."""
    posts, price = filled.shape[0], state[2]
    path = (np.empty(posts, np.int32), np.empty(posts, np.int64), np.empty(posts, np.int32))
    distance[:] = INFINITE
    marks = (distance, np.zeros(posts, np.uint8), np.empty(posts + 1, np.int64))
    heap = [(np.int64(0), np.int64(0), np.int64(0))]
    mirror = (np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.int64))
    group, begin, members, edges = groups
    looked, since = 0, np.zeros(edges.shape[0], np.int64)
    for i in range(order.shape[0]):
        g = order[i]
        # One more head here already costs as much as the empty seat, or has since a dearer seat of the post stayed empty.
        if penalties[i] < INFINITE and penalties[i] <= price[g]:
            continue
        more, best = _search(g, penalties[i], seats, graph, state, (path, marks), filled, heap)
        looked += more
        if best >= INFINITE:
            return UNFILLABLE, looked, g
        if looked > budget:
            return OVER_BUDGET, looked, g
        if price[g] > LIMIT:
            return OVERFLOW, looked, g
        one = group[g]
        since[one] += more
        if since[one] >= SEARCHES * edges[one] + 1_000 and penalties[i] < INFINITE:
            if mirror[0].shape[0] == 0:
                mirror = mirrored(graph, state[0].shape[0])
            foresee(members[begin[one] : begin[one + 1]], seats, graph, state, marks, filled, mirror)
            looked, since[one] = looked + 2 * edges[one], 0
    return SOLVED, looked, -1


@njit(cache=True)
def _search(source: int, penalty: int, seats: Any, graph: Any, state: Any, search: Any, filled: Any, heap: Any) -> Any:
    """Fill one more seat of `source` at least cost, or leave it empty at `penalty`; returns work and cost."""
    protected, seat_start, seat_penalty = seats
    price = state[2]
    distance, done, touched = search[1]
    best, end, free, looked = penalty, source, -1, 0
    touched[0], touched[1], distance[source] = 1, source, price[source]
    heap.clear()
    heappush(heap, (price[source], np.int64(0), np.int64(source)))
    while len(heap) > 0:
        d, _, g = heappop(heap)
        if d >= best:
            break
        if done[g]:
            continue
        done[g] = 1
        off = d - price[g]
        vacant = filled[g] - protected[g]
        if g != source and vacant > 0 and off + seat_penalty[seat_start[g] + vacant - 1] < best:
            best, end, free = off + seat_penalty[seat_start[g] + vacant - 1], g, -1
        found, edge, more = _scan(g, off, best, graph, state, search, heap)
        looked += more
        if edge >= 0:
            best, end, free = found, g, edge
    for k in range(1, touched[0] + 1):
        g = touched[k]
        if done[g] and best < INFINITE:
            price[g] += best - distance[g]
        done[g], distance[g] = 0, INFINITE
    if best < INFINITE and (free >= 0 or end != source):
        _augment(end, source, free, graph, state, search[0], filled)
    return looked, best


@njit(cache=True)
def _scan(g: int, off: int, best: int, graph: Any, state: Any, search: Any, heap: Any) -> Any:
    """Look along the edges of a post for a free person, or for posts whose people could come; returns cost, edge, work."""
    start, person, cost = graph
    owner, paid, price = state
    via, via_cost, via_post = search[0]
    distance, _, touched = search[1]
    for k in range(start[g], start[g + 1]):
        c = off + cost[k]
        if c >= best:
            return best, -1, k - start[g] + 1
        j = person[k]
        h = owner[j]
        if h < 0:
            return c, k, k - start[g] + 1
        d = c - paid[j] + price[h]
        if d < best and d < distance[h]:
            if distance[h] == INFINITE:
                touched[0] += 1
                touched[touched[0]] = h
            distance[h] = d
            via[h], via_cost[h], via_post[h] = j, cost[k], g
            heappush(heap, (d, -touched[0], np.int64(h)))  # of equally near posts the last found first
    return best, -1, start[g + 1] - start[g]


@njit(cache=True)
def _augment(end: int, source: int, free: int, graph: Any, state: Any, path: Any, filled: Any) -> None:
    """Move everybody along the path that ends at post `end`: with a free person, or by giving up its least seat (`free` < 0)."""
    _, person, cost = graph
    owner, paid, _ = state
    via, via_cost, via_post = path
    if free >= 0:
        owner[person[free]] = end
        paid[person[free]] = cost[free]
    else:
        filled[end] -= 1
    g = end
    while g != source:
        j, h = via[g], via_post[g]
        owner[j], paid[j] = h, via_cost[g]
        g = h
    filled[source] += 1
