"""What the plan would be under other prices: from wishes only to every relief, each point the exact optimum of its own policy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from mutasi.recommend.face import Flags
from mutasi.recommend.network import Integers
from mutasi.recommend.plan import Plan
from mutasi.recommend.policy import Policy
from mutasi.recommend.problem import Problem
from mutasi.recommend.solve import solve

IMBALANCE = 1
GAINS = {"gain_x10": 10, "gain_x4": 4}  # multiples of the least gain of a move; dearer moves are fewer


def frontier(problem: Problem, plan: Plan, policy: Policy, is_wished: Flags, budget: int) -> pa.Table:
    """Points with moves, involuntary moves, imbalance without the prices of moves, and critical seats left empty.

    `is_wished` says of each edge whether the person asked for it.
    """
    rows = [("published", problem, plan)]
    wishes = problem.only(is_wished)
    rows.append(("wishes_only", wishes, solve(wishes, budget)))
    for name, times in GAINS.items():
        dearer = _with(problem, problem.edge_cost[:, IMBALANCE] + (times - 1) * policy.minimum_gain)
        rows.append((name, dearer, solve(dearer, budget)))
    free = _with(problem, np.zeros(len(problem.edge_post), np.int64))
    rows.append(("every_relief", free, solve(free, budget)))
    points = [_point(name, asked, found, problem, is_wished) for name, asked, found in rows]
    return pa.Table.from_pylist(sorted(points, key=lambda point: (point["moves"], point["point"])))


def _with(problem: Problem, imbalance: Integers) -> Problem:
    cost = problem.edge_cost.copy()
    cost[:, IMBALANCE] = imbalance
    return replace(problem, edge_cost=cost)


def _point(name: str, asked: Problem, found: Plan, problem: Problem, is_wished: Flags) -> dict[str, object]:
    moves = problem.moves(found.post)
    prices = int(asked.edge_cost[asked.moves(found.post), IMBALANCE].sum())
    return {
        "point": name,
        "moves": len(moves),
        "involuntary_moves": int((~is_wished[moves]).sum()),
        "imbalance": float(found.row[IMBALANCE] - prices),
        "critical_unfilled": found.row[0],
        "is_published": name == "published",
        "is_proved": found.is_proved,
    }
