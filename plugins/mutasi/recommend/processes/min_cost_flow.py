"""The plan of one objective as a flow from people and reserves to posts, by OR-Tools.

People send one unit each, to a post or, unless they are needed, past it. A post takes as many units as it has seats; those
of seats that stay empty come from a reserve at the seat's penalty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from ortools.graph.python import min_cost_flow
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mutasi.recommend.processes import Arrays, serve

EDGES_TOGETHER = 5_000  # of parts that nothing ties together, in one engine


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


def solve_by_parts(a: Arrays) -> npt.NDArray[np.int64]:
    """The same, with people and posts that no edge ties together in engines of their own: small ones stay near the processor."""
    people, posts = len(a["needed_person"]), len(a["protected"])
    links = coo_array((np.ones(len(a["person"]), np.int8), (a["person"], people + a["post"])), shape=(people + posts,) * 2)
    number = connected_components(links, directed=False)[1]
    size = np.bincount(number[a["person"]], minlength=int(number.max(initial=0)) + 1)
    batch = (np.cumsum(size) // EDGES_TOGETHER)[number]
    of = {"person": batch[:people], "post": batch[people:]}
    of |= {"edge": of["person"][a["person"]], "seat": of["post"][a["seat_post"]]}
    by = {kind: (np.argsort(found, kind="stable"), np.sort(found)) for kind, found in of.items()}
    taken = np.full(people, -1, np.int64)
    for one in np.unique(batch).tolist():
        inside = {kind: order[slice(*np.searchsorted(found, [one, one + 1]))] for kind, (order, found) in by.items()}
        post = solve(_part(a, inside))
        taken[inside["person"]] = np.where(post < 0, -1, np.append(inside["post"], -1)[post])
    return taken


def _part(a: Arrays, inside: dict[str, npt.NDArray[np.intp]]) -> Arrays:
    """Some people, posts, edges and seats as a problem of their own; each lies in rising order."""
    return {
        "needed_person": a["needed_person"][inside["person"]],
        "protected": a["protected"][inside["post"]],
        "person": np.searchsorted(inside["person"], a["person"][inside["edge"]]),
        "post": np.searchsorted(inside["post"], a["post"][inside["edge"]]),
        "cost": a["cost"][inside["edge"]],
        "seat_post": np.searchsorted(inside["post"], a["seat_post"][inside["seat"]]),
        "seat_penalty": a["seat_penalty"][inside["seat"]],
        "needed_seat": a["needed_seat"][inside["seat"]],
    }


def solve_all(given: Mapping[str, npt.NDArray[Any]]) -> Arrays:
    """Each numbered problem by itself, and in memory only while it is solved."""
    found: Arrays = {}
    for n in sorted({name.partition(" ")[0] for name in given}):
        found[n] = solve_by_parts({name.partition(" ")[2]: given[name] for name in given if name.startswith(f"{n} ")})
    return found


if __name__ == "__main__":
    serve(solve_all)
