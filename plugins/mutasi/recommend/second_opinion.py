"""OR-Tools' min-cost flow in a process of its own: a second engine, for when ours takes too long and to check it.

It needs a process because its library and HiGHS's cannot be loaded into the same one.
"""

from __future__ import annotations

import numpy as np

from mutasi.recommend.core import Indices, Integers
from mutasi.recommend.face import Face, Graph
from mutasi.recommend.problem import Problem
from mutasi.recommend.processes import run


def flow(problem: Problem, graph: Graph, face: Face, cost: Integers, penalty: Integers) -> Indices:
    """The post of each person (-1 = none) in a cheapest plan over a face; `cost` of its edges, `penalty` of all seats.

    Raises:
        EngineError: the process failed, or the engine found no plan.
    """
    edge = face.edge
    found = run(
        "mutasi.recommend.processes.min_cost_flow",
        {
            "protected": problem.protected,
            "post": graph.post[edge],
            "person": graph.person[edge],
            "cost": cost,
            "needed_person": face.needed_person,
            "seat_post": problem.seat_post[face.open_seat],
            "seat_penalty": penalty[face.open_seat],
            "needed_seat": face.needed_seat[face.open_seat],
        },
    )
    post: Indices = found["post"].astype(np.int32)
    return post
