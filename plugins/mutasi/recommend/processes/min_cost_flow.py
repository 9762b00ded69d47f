"""The plan of one objective as a flow from people and reserves to posts, by OR-Tools.

People send one unit each, to a post or, unless they are needed, past it. A post takes as many units as it has seats; those
of seats that stay empty come from a reserve at the seat's penalty.
"""

from __future__ import annotations

import sys

import numpy as np
import numpy.typing as npt
from ortools.graph.python import min_cost_flow

from mutasi.recommend.processes import Arrays


def solve(a: Arrays) -> npt.NDArray[np.int64]:
    """Arrays as `second_opinion.flows` gives them; returns the post of each person."""
    people, posts = len(a["needed_person"]), len(a["protected"])
    reserve, past = people + posts, people + posts + 1
    idle = np.flatnonzero(~a["needed_person"].astype(bool))
    spare = np.flatnonzero(~a["needed_seat"].astype(bool))
    post, seat = a["post"].astype(np.int64), a["seat_post"].astype(np.int64)[spare]
    tail = np.concatenate([a["person"], idle, np.full(len(spare), reserve), np.array([reserve])])
    head = np.concatenate([people + post, np.full(len(idle), past), people + seat, np.array([past])])
    cost = np.concatenate([a["cost"], np.zeros(len(idle), np.int64), a["seat_penalty"][spare], np.array([0])])
    capacity = np.ones(len(tail), np.int64)
    capacity[-1] = len(spare)
    seats = a["protected"].astype(np.int64) + np.bincount(a["seat_post"], minlength=posts)
    supply = np.concatenate([np.ones(people, np.int64), -seats, [len(spare)], [seats.sum() - people - len(spare)]])
    engine = min_cost_flow.SimpleMinCostFlow()
    arcs = engine.add_arcs_with_capacity_and_unit_cost(tail.astype(np.int64), head, capacity, cost.astype(np.int64))
    engine.set_nodes_supplies(np.arange(len(supply)), supply)
    status = engine.solve()
    if status != engine.OPTIMAL:
        raise SystemExit(f"no optimal flow: {status}")
    used = np.flatnonzero(engine.flows(arcs[: len(a["person"])]) > 0)
    taken = np.full(people, -1, np.int64)
    taken[a["person"][used]] = post[used]
    return taken


def solve_all(given: Arrays) -> Arrays:
    """Each numbered problem by itself."""
    numbers = {name.partition(" ")[0] for name in given}
    return {
        n: solve({name.partition(" ")[2]: array for name, array in given.items() if name.startswith(f"{n} ")}) for n in numbers
    }


if __name__ == "__main__":
    with np.load(sys.argv[1]) as given:
        np.savez(sys.argv[2], **solve_all(dict(given)))  # type: ignore[arg-type]
