"""Posts and people numbered so that those who meet lie near each other: the search over a nation waits for memory.

Ids say nothing of who could go where, so people in the order of their ids lie anywhere. Here posts lie group by group and
people in the order in which the posts meet them; what the search decides does not depend on these numbers.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mutasi.recommend.network import Indices, Integers, Network


def laid_together(network: Network, posts_as: Integers) -> tuple[Network, npt.NDArray[np.intp]]:
    """The network with its posts in this order; returns also which person each new number stands for."""
    people = len(network.owner)
    start, edges = _ranges(network.start, posts_as)
    seat_start, seats = _ranges(network.seat_start, posts_as)
    met = network.person[edges]
    first = np.full(people, len(met))
    first[met[::-1]] = np.arange(len(met))[::-1]  # where a person stands several times, the last one written is the first one met
    people_as = np.argsort(first, kind="stable")
    new_person, new_post = _inverse(people_as), _inverse(posts_as)
    owner = network.owner[people_as]
    near = Network(
        start,
        new_person[met],
        network.cost[edges],
        network.protected[posts_as],
        seat_start,
        network.penalty[seats],
        np.where(owner < 0, -1, new_post[owner]).astype(np.int32),
    )
    return near, people_as


def _ranges(start: Integers, order: Integers) -> tuple[Integers, Integers]:
    """Where ranges begin when they lie in another order, and which element stands where."""
    length = np.diff(start)[order]
    begin = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    return begin, np.arange(begin[-1]) + np.repeat(start[order] - begin[:-1], length)


def _inverse(order: npt.NDArray[np.intp]) -> Indices:
    found = np.empty(len(order), np.int32)
    found[order] = np.arange(len(order), dtype=np.int32)
    return found
