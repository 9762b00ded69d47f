"""The best plan under caps where prices leave a gap: only pairs that cost less beyond the prices than the gap could be in a better one.

The engine for caps settles the cheapest pairs first; its plan narrows the gap so far that few others remain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mutasi.recommend.face import Flags
from mutasi.recommend.network import Indices, Integers
from mutasi.recommend.parts import Part, Places, with_locked
from mutasi.recommend.plan import Plan
from mutasi.recommend.problem import Problem
from mutasi.recommend.proving import Infeasible, below, beyond
from mutasi.recommend.solve import program

FEW_PAIRS, MOST_PAIRS = 1_500, 50_000  # that are settled together: at first, and before everything is solved again instead


@dataclass(frozen=True)
class _Proof:
    """What pairs cost beyond some prices (M, 5), and the bound that those prove."""

    reduced: Integers
    least: Integers

    @classmethod
    def of(cls, problem: Problem, near: Plan, may_move: Flags) -> _Proof:
        """Whoever has a pair that costs less than the prices is worth less to the bound."""
        reduced = beyond(problem, near, np.arange(len(problem.edge_post)))
        less = np.flatnonzero(may_move & below(reduced, np.zeros(reduced.shape[1], np.int64)))
        less = less[np.lexsort((*reduced[less].T[::-1], problem.edge_person[less]))]
        person, first = np.unique(problem.edge_person[less], return_index=True)
        change = np.zeros_like(near.value)
        change[person] = reduced[less[first]]
        if len(person):
            reduced -= change[problem.edge_person]
        return cls(reduced, np.add(near.bound, change.sum(axis=0)))

    def could_beat(self, row: list[int]) -> Flags:
        """The pairs that a better plan than one of this row might use."""
        return below(self.reduced, np.subtract(row, self.least))


def best_within(problem: Problem, near: Plan, may_move: Flags, settled: Places) -> tuple[Indices, bool] | None:
    """The best plan that contains the settled pairs and otherwise some of those that may move, and whether that is certain.

    `near` has the prices to begin with, and the bound that they prove. Nothing: no plan is found among few pairs, or they would
    be too many.
    """
    proof = _Proof.of(problem, near, may_move)
    worth, best, known = _cheapest(proof.reduced, may_move), near.post, list[Indices]()
    while worth.sum() <= MOST_PAIRS:
        moves, tried = problem.moves(best), worth.copy()
        tried[moves] = may_move[moves]
        tried[settled] = True
        try:
            post, is_certain = best_among(problem, tried, settled)
        except Infeasible:
            return None
        known.append(post)
        best = min(known, key=problem.row)
        worth = may_move & proof.could_beat([near.scale * figure for figure in problem.row(best)])
        if not (worth & ~tried).any():
            return best, is_certain
    return None


def _cheapest(reduced: Integers, among: Flags) -> Flags:
    """Of some pairs those that cost least beyond the prices."""
    edges, found = np.flatnonzero(among), np.zeros(len(among), bool)
    if len(edges) > FEW_PAIRS:
        first_two = reduced[edges, 0] * 2.0**40 + reduced[edges, 1]
        edges = edges[first_two <= np.partition(first_two, FEW_PAIRS)[FEW_PAIRS]]
    found[edges[np.lexsort(reduced[edges].T[::-1])[:FEW_PAIRS]]] = True
    return found


def best_among(problem: Problem, chosen: Flags, settled: Places) -> tuple[Indices, bool]:
    """The best plan of some pairs alone under the caps, and whether that is certain."""
    touched = np.zeros(len(problem.protected), bool)
    touched[problem.edge_post[chosen]] = touched[problem.home[problem.edge_person[chosen]]] = True
    part = Part.of(problem.only(chosen), touched)
    edges = np.flatnonzero(chosen)[part.edges]
    asked, _, others = with_locked(part.problem, np.searchsorted(edges, settled))
    found = program(asked)
    moves = np.concatenate([settled, edges[others][found["used"].astype(bool)]])
    post = problem.home.copy()
    post[problem.edge_person[moves]] = problem.edge_post[moves]
    return post, bool(found["is_complete"][0])
