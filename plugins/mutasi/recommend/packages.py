"""The moves of a plan as packages that stand or fall together: chains that end at an open seat, and swaps.

A person who leaves a post that may not lose anybody is replaced by one who comes; the two moves belong together. Where
several come and go, they are joined in the order of their numbers, so the same plan always gives the same packages.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mutasi.recommend.face import Flags
from mutasi.recommend.network import Indices, Integers
from mutasi.recommend.problem import Problem

NONE = -1


@dataclass(frozen=True)
class Packages:
    """Per move (an edge of the problem): its package, its place in the order of execution, whether the package is a swap."""

    edge: Integers
    package: Integers
    place: Integers
    is_swap: Flags

    @property
    def size(self) -> Integers:
        """Moves of the package that each move belongs to."""
        size: Integers = np.bincount(self.package, minlength=len(self.edge))[self.package]
        return size


def packages(problem: Problem, post: Indices) -> Packages:
    """Join the moves of a plan; the first move of a chain takes the open seat, each later one the seat left before."""
    edge = problem.moves(post).astype(np.int64)
    count = len(edge)
    before = _joined(problem, edge)  # the move that leaves the seat which this move takes
    head, place = np.where(before == NONE, np.arange(count), before), (before != NONE).astype(np.int64)
    for _ in range(max(1, count.bit_length())):  # each round doubles how far back every move sees
        place = place + place[head]
        head = head[head]
    on_cycle = before[head] != NONE
    if on_cycle.any():
        head, place = _cut(before, head, place, on_cycle)
    first = np.unique(head)
    return Packages(edge, np.searchsorted(first, head), place, on_cycle)


def bound_together(problem: Problem, moves: Packages) -> Packages:
    """The packages of people who move only together made one, each chain of it in its own order; others as they are."""
    of_couples = np.isin(problem.link_cap, problem.link_cap[problem.link_weight < 0]) & np.isin(problem.link_edge, moves.edge)
    if not of_couples.any():
        return moves
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    package = moves.package[np.searchsorted(moves.edge, problem.link_edge[of_couples])]
    count = int(moves.package.max()) + 1
    size = count + len(problem.cap_limit)
    ties = coo_array((np.ones(len(package), np.int8), (package, count + problem.link_cap[of_couples])), shape=(size, size))
    together = connected_components(ties, directed=False)[1].astype(np.int64)[moves.package]
    order = np.lexsort((moves.place, moves.package, together))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order)) - np.searchsorted(together[order], together[order])
    return Packages(moves.edge, together, place, moves.is_swap)


def _joined(problem: Problem, edge: Integers) -> Integers:
    """For each move the one whose departure it replaces, or NONE: the n-th to come replaces the n-th to leave."""
    leaves, comes = problem.home[problem.edge_person[edge]], problem.edge_post[edge]
    before = np.full(len(edge), NONE, np.int64)
    leaving, coming = np.argsort(leaves, kind="stable"), np.argsort(comes, kind="stable")
    nth_leaving = np.arange(len(edge)) - np.searchsorted(leaves[leaving], leaves[leaving])
    nth_coming = np.arange(len(edge)) - np.searchsorted(comes[coming], comes[coming])
    size = len(edge) + 1
    keys = leaves[leaving].astype(np.int64) * size + nth_leaving
    wanted = comes[coming].astype(np.int64) * size + nth_coming
    at = np.searchsorted(keys, wanted)
    found = (at < len(keys)) & (keys[np.minimum(at, len(keys) - 1)] == wanted) if len(keys) else np.zeros(0, bool)
    before[coming[found]] = leaving[at[found]]
    return before


def _cut(before: Integers, head: Integers, place: Integers, on_cycle: Flags) -> tuple[Integers, Integers]:
    """A swap begins with its least move; swaps are few and short, so they are walked."""
    head, place = head.copy(), place.copy()
    seen = ~on_cycle
    for start in np.flatnonzero(on_cycle).tolist():
        if seen[start]:
            continue
        ring = [start]
        while (following := int(before[ring[-1]])) != start:
            ring.append(following)
        seen[ring] = True
        # Backwards along `before` is forwards in time: each takes the seat that the next one has left.
        head[ring], place[ring] = start, np.arange(len(ring))
    return head, place
