"""The prices of a matching that another engine found."""

from __future__ import annotations

from typing import Any

import numpy as np

from mutasi.recommend.compiling import njit
from mutasi.recommend.network import LIMIT, OVERFLOW, SOLVED, Indices, Matching, Network


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
