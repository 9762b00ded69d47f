"""The exact matching of people to seats: successive shortest paths over posts, in integers, with the prices that prove it.

Seats of one post differ only in what leaving them empty costs, so a post is one node and its price one number; a post is
looked at once per search however many seats it has. Edges lie sorted by cost, which lets a search stop at the first that
cannot help. Every number is int64: a search is bounded by the penalty of the seat it fills, and prices are watched.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

import numpy as np
import numpy.typing as npt

from mutasi.settings import Settings

# Compiled code is kept with everything else that runs write; numba reads the variable when it is first imported.
os.environ.setdefault("NUMBA_CACHE_DIR", str(Settings.from_environment().folder("cache", "numba")))

from numba import njit

Integers = npt.NDArray[np.int64]
Indices = npt.NDArray[np.int32]

INFINITE = 1 << 62
LIMIT = 1 << 59  # no price or cost may grow beyond this; sums of four stay below 2^62
REFORESEE = 2  # edges looked at, in multiples of all edges, until prices are brought up to date again
SOLVED, UNFILLABLE, OVER_BUDGET, OVERFLOW = 0, 1, 2, 3


@dataclass(frozen=True)
class Network:
    """One objective over posts 0..G-1 and people 0..E-1; edges by post, each post's by rising cost, all costs >= 0.

    `protected` seats must be filled. `penalty[seat_start[p]:seat_start[p+1]]` are the penalties of the vacant seats of post
    p, falling. `owner` is who holds what at the start (post or -1) over edges of cost 0, never more than `protected`.
    """

    start: Integers
    person: Indices
    cost: Integers
    protected: Integers
    seat_start: Integers
    penalty: Integers
    owner: Indices


@dataclass(frozen=True)
class Matching:
    """What the search found; `post` is the post of each person or -1, `price` that of each post, `value` of each person."""

    status: int
    post: Indices
    filled: Integers
    price: Integers
    value: Integers
    looked: int
    where: int


def match(network: Network, budget: int = INFINITE) -> Matching:
    """The cheapest matching; `budget` bounds the edges looked at, never the time, so that the answer is always the same.

    The status is UNFILLABLE (with the post in `where`) when a protected seat can be held by nobody, OVER_BUDGET or OVERFLOW.
    """
    # What is read together lies together: at national size the search waits for memory, not for the processor.
    people, posts = len(network.owner), len(network.protected)
    held, nodes = np.zeros((people, 2), np.int64), np.zeros((posts, 2), np.int64)
    owner, paid, price, distance = held[:, 0], held[:, 1], nodes[:, 0], nodes[:, 1]
    owner[:] = network.owner
    filled = np.bincount(owner[owner >= 0], minlength=posts).astype(np.int64)
    largest = max(network.cost.max(initial=0), network.penalty.max(initial=0))
    if largest >= LIMIT:
        return Matching(OVERFLOW, network.owner, filled, price.copy(), paid.copy(), 0, -1)
    order, penalties = _sequence(network, filled)
    graph = (network.start, network.person, network.cost)
    seats = (network.protected, network.seat_start, network.penalty)
    status, looked, where = _fill_all(order, penalties, seats, graph, (owner, paid, price), distance, filled, budget)
    value = np.where(owner >= 0, paid - price[owner], 0)
    return Matching(int(status), owner.astype(np.int32), filled, price.copy(), value, int(looked), int(where))


def _sequence(network: Network, filled: Integers) -> tuple[Integers, Integers]:
    """Seats in the order of filling: protected ones that stand empty, then vacant ones by falling penalty."""
    posts = np.arange(len(network.protected))
    empty = np.repeat(posts, network.protected - filled)
    vacant = np.repeat(posts, np.diff(network.seat_start))
    falling = np.argsort(-network.penalty, kind="stable")
    order = np.concatenate([empty, vacant[falling]])
    return order, np.concatenate([np.full(len(empty), INFINITE, np.int64), network.penalty[falling]])


def priced(network: Network, post: Indices, looked: int) -> Matching:
    """The prices of a matching that another engine found; if it is not the cheapest, no prices fit it and OVERFLOW says so."""
    paid = np.zeros(len(post), np.int64)
    of = np.repeat(np.arange(len(network.protected)), np.diff(network.start))
    used = post[network.person] == of
    paid[network.person[used]] = network.cost[used]
    filled = np.bincount(post[post >= 0], minlength=len(network.protected)).astype(np.int64)
    graph = (network.start, network.person, network.cost)
    seats = (network.protected, network.seat_start, network.penalty)
    price, sound = _settle(seats, graph, (post, paid), filled)
    value = np.where(post >= 0, paid - price[post], 0)
    return Matching(SOLVED if sound else OVERFLOW, post, filled, price, value, looked, -1)


@njit(cache=True)
def _settle(seats: Any, graph: Any, held: Any, filled: Any) -> Any:
    """Prices as distances to the nearest way out, lowered until nothing changes; unsound if that takes longer than it may."""
    protected, seat_start, penalty = seats
    start, person, cost = graph
    owner, paid = held
    posts = filled.shape[0]
    price = np.full(posts, LIMIT, np.int64)
    for g in range(posts):
        vacant = filled[g] - protected[g]
        if vacant > 0:
            price[g] = penalty[seat_start[g] + vacant - 1]
    for _ in range(posts + 1):
        changed = False
        for g in range(posts):
            for k in range(start[g], start[g + 1]):
                h = owner[person[k]]
                d = cost[k] if h < 0 else cost[k] - paid[person[k]] + price[h]
                if d < price[g]:
                    price[g] = d
                    changed = True
        if not changed:
            return price, True
    return price, False


@njit(cache=True)
def _fill_all(order: Any, penalties: Any, seats: Any, graph: Any, state: Any, distance: Any, filled: Any, budget: Any) -> Any:
    """Insert seat after seat; returns status, edges looked at, and the post where it ended early."""
    posts, price = filled.shape[0], state[2]
    path = (np.empty(posts, np.int32), np.empty(posts, np.int64), np.empty(posts, np.int32))
    distance[:] = INFINITE
    marks = (distance, np.zeros(posts, np.uint8), np.empty(posts + 1, np.int64))
    heap = [(np.int64(0), np.int64(0), np.int64(0))]
    refused = np.zeros(posts, np.uint8)
    looked, foreseen = 0, REFORESEE * graph[1].shape[0] + 1_000
    edges, edge_post = (np.empty(0, np.int64), np.empty(0, np.int32)), np.empty(0, np.int32)
    for i in range(order.shape[0]):
        g = order[i]
        if looked >= foreseen:
            if edge_post.shape[0] == 0:
                edges, edge_post = _grouped(graph[1], state[0].shape[0]), _spelled_out(graph[0])
            looked += _foresee(seats, graph, state, filled, edges, edge_post)
            foreseen = looked + REFORESEE * graph[1].shape[0] + 1_000
        # An earlier, dearer seat of the post stands empty, or one more head here already costs as much: it stays empty.
        if penalties[i] < INFINITE and (refused[g] == 1 or penalties[i] <= price[g]):
            refused[g] = 1
            continue
        more, best, lost = _search(g, penalties[i], seats, graph, state, (path, marks), filled, heap)
        looked += more
        if best >= INFINITE:
            return UNFILLABLE, looked, g
        if lost >= 0:
            refused[lost] = 1
        if looked > budget:
            return OVER_BUDGET, looked, g
        if price[g] > LIMIT:
            return OVERFLOW, looked, g
    return SOLVED, looked, -1


@njit(cache=True)
def _foresee(seats: Any, graph: Any, state: Any, filled: Any, edges: Any, edge_post: Any) -> Any:
    """Raise every price to what one more head costs now, so that searches run straight to their end; returns the work.

    It is Dijkstra's algorithm backwards, from free people and least seats to posts, over costs reduced by the prices.
    """
    owner, price = state[0], state[2]
    posts = price.shape[0]
    holders = _grouped(owner, posts)
    heap = [(np.int64(0), np.int64(0))]
    heap.clear()
    rise, done = _exits(seats, graph, state, filled, heap), np.zeros(posts, np.uint8)
    furthest = np.int64(0)
    while len(heap) > 0:
        d, h = heappop(heap)
        if not done[h]:
            done[h], furthest = 1, d
            _spread(h, d, holders, edges, edge_post, graph, state, rise, heap)
    for g in range(posts):
        price[g] += rise[g] if done[g] else furthest
    return 2 * edge_post.shape[0]


@njit(cache=True)
def _exits(seats: Any, graph: Any, state: Any, filled: Any, heap: Any) -> Any:
    """How far each post's price lies below its nearest free person or its own least filled seat."""
    protected, seat_start, penalty = seats
    start, person, cost = graph
    owner, _, price = state
    rise = np.full(price.shape[0], INFINITE, np.int64)
    for g in range(price.shape[0]):
        vacant = filled[g] - protected[g]
        if vacant > 0:
            rise[g] = penalty[seat_start[g] + vacant - 1] - price[g]
        for k in range(start[g], start[g + 1]):
            if owner[person[k]] < 0:
                rise[g] = min(rise[g], cost[k] - price[g])
                break
        if rise[g] < INFINITE:
            heappush(heap, (rise[g], np.int64(g)))
    return rise


@njit(cache=True)
def _spread(h: Any, d: Any, holders: Any, edges: Any, edge_post: Any, graph: Any, state: Any, rise: Any, heap: Any) -> None:
    """Tell every post that could take one of post h's people how near that brings it; d is h's own distance."""
    cost = graph[2]
    _, paid, price = state
    for i in range(holders[0][h], holders[0][h + 1]):
        j = holders[1][i]
        base = d + price[h] - paid[j]
        for at in range(edges[0][j], edges[0][j + 1]):
            k = edges[1][at]
            g = edge_post[k]
            if base + cost[k] - price[g] < rise[g]:  # never true of a post that is done: its distance is the least
                rise[g] = base + cost[k] - price[g]
                heappush(heap, (rise[g], np.int64(g)))


@njit(cache=True)
def _spelled_out(start: Any) -> Any:
    """The post of each edge."""
    post = np.empty(start[-1], np.int32)
    for g in range(start.shape[0] - 1):
        post[start[g] : start[g + 1]] = g
    return post


@njit(cache=True)
def _grouped(key: Any, groups: int) -> Any:
    """Where each group begins, and the positions of its members in their order; keys below 0 belong to none."""
    begin = np.zeros(groups + 1, np.int64)
    for i in range(key.shape[0]):
        if key[i] >= 0:
            begin[key[i] + 1] += 1
    for g in range(groups):
        begin[g + 1] += begin[g]
    member = np.empty(begin[groups], np.int32)
    at = begin[:-1].copy()
    for i in range(key.shape[0]):
        if key[i] >= 0:
            member[at[key[i]]] = i
            at[key[i]] += 1
    return begin, member


@njit(cache=True)
def _search(source: int, penalty: int, seats: Any, graph: Any, state: Any, search: Any, filled: Any, heap: Any) -> Any:
    """Fill one more seat of `source` at least cost, or leave it empty at `penalty`; returns work, cost, and the post that lost."""
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
    return looked, best, (end if free < 0 else -1)


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
