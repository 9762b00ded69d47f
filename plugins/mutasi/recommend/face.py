"""What the optima of one objective have in common, so that the next one is minimised among them alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mutasi.recommend.network import Indices, Integers
from mutasi.recommend.problem import Problem

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Graph:
    """Moves and stays together: the stays stand first, by post; a stay costs nothing, or what it is said to cost at its post."""

    post: Indices
    person: Indices
    cost: Integers

    @classmethod
    def of(cls, problem: Problem, stay_cost: Integers | None = None) -> Graph:
        """Add the edge from each person to the own post where that has a seat; `stay_cost` (G, 5) is of each post."""
        by_home = np.argsort(problem.home, kind="stable")
        has_seat = problem.protected > 0
        has_seat[problem.seat_post] = True
        stay = by_home[has_seat[problem.home[by_home]]]
        nothing = np.zeros((len(stay), problem.edge_cost.shape[1]), np.int64)
        return cls(
            np.concatenate([problem.home[stay], problem.edge_post]),
            np.concatenate([stay.astype(np.int32), problem.edge_person]),
            np.concatenate([nothing if stay_cost is None else stay_cost[problem.home[stay]], problem.edge_cost]),
        )


@dataclass(frozen=True)
class Face:
    """Open edges (indices into the graph), seats that may be filled, and seats and people that must be used."""

    edge: npt.NDArray[np.intp]
    open_seat: Flags
    needed_seat: Flags
    needed_person: Flags

    @classmethod
    def whole(cls, problem: Problem, graph: Graph) -> Face:
        """Everything is open and nothing is needed."""
        seats = len(problem.seat_post)
        return cls(np.arange(len(graph.post)), np.ones(seats, bool), np.zeros(seats, bool), np.zeros(len(problem.home), bool))

    def narrowed(self, tight: Flags, penalty: Integers, seat_price: Integers, value: Integers) -> Face:
        """The face within this one where an objective with these prices is least; closed seats have penalty -1."""
        return Face(self.edge[tight], penalty >= seat_price, penalty > seat_price, value < 0)


def faces(problem: Problem, graph: Graph, price: Integers, value: Integers) -> list[Face]:
    """The face before each objective, from the prices of all of them: what a second opinion has to minimise over."""
    face, found = Face.whole(problem, graph), []
    for tier in range(price.shape[1]):
        found.append(face)
        u, v = price[:, tier], value[:, tier]
        edge, seat_price = face.edge, u[problem.seat_post]
        penalty = problem.seat_penalty[:, tier]
        optional = face.open_seat & ~face.needed_seat
        face = Face(
            edge[graph.cost[edge, tier] == u[graph.post[edge]] + v[graph.person[edge]]],
            face.needed_seat | (optional & (penalty >= seat_price)),
            face.needed_seat | (optional & (penalty > seat_price)),
            face.needed_person | (v < 0),
        )
    return found
