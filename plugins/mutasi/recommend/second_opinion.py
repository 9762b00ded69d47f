"""OR-Tools' min-cost flow in a process of its own: a second engine, for when ours takes too long and to check it.

It needs a process because its library and HiGHS's cannot be loaded into the same one.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from mutasi.recommend.face import Face, Graph
from mutasi.recommend.network import Indices, Integers
from mutasi.recommend.problem import Problem
from mutasi.recommend.processes import Arrays, run

TWO_FROM = 1_000_000  # edges


def flow(problem: Problem, graph: Graph, face: Face, cost: Integers, penalty: Integers) -> Indices:
    """The post of each person (-1 = none) in a cheapest plan over a face; `cost` of its edges, `penalty` of all seats.

    Raises:
        EngineError: the process failed, or the engine found no plan.
    """
    return flows(problem, graph, [(face, cost, penalty)])[0]


def flows(problem: Problem, graph: Graph, asked: list[tuple[Face, Integers, Integers]]) -> list[Indices]:
    """Several such plans: of a city from one process, for starting it takes longer than the flows; of a nation from two at once."""
    if len(problem.edge_post) < TWO_FROM:
        return _flows(problem, graph, asked)
    with ThreadPoolExecutor(2) as threads:
        halves = list(threads.map(lambda half: _flows(problem, graph, half), [asked[::2], asked[1::2]]))
    return [halves[n % 2][n // 2] for n in range(len(asked))]


def _flows(problem: Problem, graph: Graph, asked: list[tuple[Face, Integers, Integers]]) -> list[Indices]:
    arrays: Arrays = {}
    for n, (face, cost, penalty) in enumerate(asked):
        part: Arrays = {
            "protected": problem.protected,
            "post": graph.post[face.edge],
            "person": graph.person[face.edge],
            "cost": cost,
            "needed_person": face.needed_person,
            "seat_post": problem.seat_post[face.open_seat],
            "seat_penalty": penalty[face.open_seat],
            "needed_seat": face.needed_seat[face.open_seat],
        }
        arrays |= {f"{n} {name}": array for name, array in part.items()}
    found = run("mutasi.recommend.processes.min_cost_flow", arrays)
    return [found[str(n)].astype(np.int32) for n in range(len(asked))]
