"""The lexicographic plan under caps that people share, by HiGHS: by linear programs, or by branch and bound where they do not suffice.

Each objective is minimised over the optima of those before it. All are first minimised together, with weights: the optimum found
there is mostly that of each, which then only has to be seen. The search may begin at a plan that is known (`near`, with prices).

Where `nodes` is -1, linear programs may leave fractions: their prices are what is asked for, which come as whole numbers in parts
of `scale`, so that the proof needs no floating point. Else the plan is whole, and each objective may take so many nodes.
"""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np
import numpy.typing as npt

from mutasi.recommend.processes import Arrays, serve
from mutasi.recommend.processes.forest import forest

TOLERANCE = 1e-6
PRIMAL = 4
LOWER, BASIC, UPPER = range(3)
KINDS = [highspy.HighsBasisStatus(kind) for kind in (LOWER, BASIC, UPPER)]
WEIGHTS = np.array((1e9, 1e5, 1e2, 1.0, 0.0))  # of the objectives together; the tie-break only decides at the end
INTEGER = highspy.HighsVarType.kInteger
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class NoPlan(Exception):
    """Nothing keeps all rows of the program."""


class NothingFound(Exception):
    """The engine gave up before it found anything that keeps the rows."""


class Program:
    """The linear program: a column per edge and open seat, a row per person, post and cap."""

    is_complete = True  # no objective was left with a better plan possible

    def __init__(self, a: Arrays) -> None:
        self.edges, self.seats = len(a["post"]), len(a["seat_post"])
        self.people, self.posts, self.caps = len(a["idle"]), len(a["protected"]), len(a["cap_limit"])
        self.cost = np.vstack([a["cost"], a["seat_penalty"]]).astype(np.float64)
        seats = a["protected"] + np.bincount(a["seat_post"], minlength=self.posts)
        self.lower = np.concatenate([np.full(self.people, -np.inf), seats, np.full(self.caps, -np.inf)])
        self.upper = np.concatenate([np.ones(self.people), seats, a["cap_limit"]])
        self.engine: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        options: dict[str, bool | int | float] = {
            "output_flag": False,
            "threads": 1,
            "random_seed": 0,
            "mip_rel_gap": 0.0,
            "mip_abs_gap": 0.5,
            "mip_max_nodes": max(0, int(a["nodes"])),  # for one objective; beyond it the best plan found is handed back as such
        }
        for option, value in options.items():
            self.engine.setOptionValue(option, value)
        self.engine.setOptionValue("presolve", "off")
        self.engine.passModel(self._model(a))
        self.every = np.arange(self.edges + self.seats, dtype=np.int32)
        self.least, self.most = np.zeros(len(self.every)), np.concatenate([np.full(self.edges, np.inf), np.ones(self.seats)])

    def _model(self, a: Arrays) -> Any:
        model = highspy.HighsLp()
        column = np.arange(self.edges)
        caps = a["caps"].astype(np.int64)
        edge, which = np.nonzero(caps >= 0)
        first_cap = self.people + self.posts
        rows = [a["person"], self.people + a["post"], self.people + a["seat_post"], first_cap + caps[edge, which]]
        columns = [column, column, self.edges + np.arange(self.seats), edge]
        ones = np.ones(sum(map(len, rows)))
        rows.append(first_cap + a["link_cap"].astype(np.int64))
        columns.append(a["link_edge"])
        row, col = np.concatenate(rows).astype(np.int64), np.concatenate(columns)
        factor = np.concatenate([ones, a["link_weight"]])
        self.row, self.column, self.factor = row, col, factor
        order = np.argsort(col * len(self.lower) + row)
        model.num_col_, model.num_row_ = self.edges + self.seats, len(self.lower)
        model.col_cost_ = np.zeros(model.num_col_)
        model.col_lower_ = np.zeros(model.num_col_)
        model.col_upper_ = np.concatenate([np.full(self.edges, np.inf), np.ones(self.seats)])
        model.row_lower_, model.row_upper_ = self.lower, self.upper
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = np.concatenate([[0], np.cumsum(np.bincount(col, minlength=model.num_col_))]).astype(np.int32)
        model.a_matrix_.index_ = row[order].astype(np.int32)
        model.a_matrix_.value_ = factor[order]
        return model

    def begin_near(self, a: Arrays) -> None:
        """Begin at a plan and its prices, which need not be the best nor keep the caps: fewer steps lead on from there than from nothing.

        Whoever has a place holds it. The rest of the basis are the columns that cost least beyond the prices and tie posts to each
        other, or to the pool of people without a place, as a forest does; a basis of a network is one.
        """
        cost, pool = self.cost @ WEIGHTS, self.posts
        price, cap_price = a["near_price"] @ WEIGHTS, a["near_cap_price"] @ WEIGHTS
        worth = np.concatenate([np.zeros(self.people), price, -cap_price]) / int(a["scale"])
        beyond = cost - np.bincount(self.column, worth[self.row] * self.factor, len(cost))
        least = np.zeros(self.people)
        np.minimum.at(least, a["person"], beyond[: self.edges])
        beyond[: self.edges] -= least[a["person"]]
        held, place, is_empty = self._places(a)
        columns = np.full(len(cost), LOWER)
        columns[self.edges :][is_empty] = UPPER
        columns[held] = BASIC
        others = np.flatnonzero(columns != BASIC)
        others = others[np.argsort(np.abs(beyond[others]), kind="stable")]
        starts = np.concatenate([place[a["person"]], np.full(self.seats, pool)])
        ends = np.concatenate([a["post"], a["seat_post"]])
        in_forest, is_root = forest(starts[others], ends[others], pool + 1)
        columns[others[in_forest]] = BASIC
        rows = np.full(len(self.lower), UPPER)
        rows[: self.people][place == pool] = BASIC
        rows[self.people : self.people + self.posts][is_root[:pool]] = BASIC
        rows[self.people + self.posts :] = BASIC
        basis = highspy.HighsBasis()
        basis.col_status, basis.row_status = ([KINDS[kind] for kind in kinds.tolist()] for kinds in (columns, rows))
        basis.valid = basis.alien = True  # the engine mends what caps make of it
        self.engine.setBasis(basis)
        self.engine.setOptionValue("simplex_strategy", PRIMAL)

    def _places(self, a: Arrays) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Flags]:
        """The columns by which people hold a place, those who come before those who stay; where each is; which open seats are empty."""
        held = np.flatnonzero(a["near"])
        held = held[np.lexsort((-held, a["post"][held]))]
        post = a["post"][held]
        held = held[np.arange(len(held)) - np.searchsorted(post, post) < self.lower[self.people + post]]
        place = np.full(self.people, self.posts)
        place[a["person"][held]] = a["post"][held]
        filled = np.bincount(a["post"][held], minlength=self.posts) - a["protected"]
        number = np.arange(self.seats) - np.searchsorted(a["seat_post"], a["seat_post"])
        return held, place, number >= filled[a["seat_post"]]

    def search(self, cost: Floats) -> Any:
        """Let the engine look for the least cost; what it then stands at is where the next search begins."""
        self.engine.changeColsCost(len(self.every), self.every, np.ascontiguousarray(cost))
        return self._run()

    def minimise(self, cost: Floats) -> Any:
        """One objective as the program now stands; raises NoPlan when nothing fits, NothingFound when the engine gave up."""
        status = self.search(cost)
        if status == highspy.HighsModelStatus.kInfeasible and self.engine.getOptionValue("presolve")[1] == "on":
            # Presolve of whole numbers calls infeasible what has a plan, even the one that was found for the objective before.
            self.engine.setOptionValue("presolve", "off")
            status = self._run()
            self.engine.setOptionValue("presolve", "on")
        if status == highspy.HighsModelStatus.kInfeasible:
            raise NoPlan
        if status != highspy.HighsModelStatus.kOptimal:
            self.is_complete = False
            if self.engine.getInfo().primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
                raise NothingFound(f"no optimum: {status}")
        return self.engine.getSolution()

    def _run(self) -> Any:
        self.engine.run()
        return self.engine.getModelStatus()

    def hold_optimum(self, solution: Any) -> tuple[Floats, Floats]:
        """Close what no optimum of this objective uses and demand what all of them use; returns the prices of posts and caps."""
        reduced, dual = np.array(solution.col_dual), np.array(solution.row_dual)
        self.close(reduced > TOLERANCE, reduced < -TOLERANCE)
        bound = np.flatnonzero(np.abs(dual) > TOLERANCE)
        bound = bound[(bound < self.people) | (bound >= self.people + self.posts)]
        self.lower[bound] = self.upper[bound]
        self.engine.changeRowsBounds(len(bound), bound.astype(np.int32), self.lower[bound], self.upper[bound])
        return dual[self.people : self.people + self.posts], -dual[self.people + self.posts :]

    def close(self, closed: Flags, demanded: Flags) -> None:
        """Leave out some columns for good and demand others."""
        free = self.least < self.most
        closed, demanded = closed & free, demanded & free
        self.most[closed], self.least[demanded] = 0, 1  # only a seat has an upper bound at which it can rest
        changed = np.flatnonzero(closed | demanded).astype(np.int32)
        self.engine.changeColsBounds(len(changed), changed, self.least[changed], self.most[changed])

    def hold(self, cost: Floats, most: float) -> None:
        """Let an objective cost no more than that."""
        used = np.flatnonzero(cost).astype(np.int32)
        self.engine.addRow(-np.inf, most, len(used), used, cost[used])

    def plan_near(self, a: Arrays) -> Floats | None:
        """The columns of the plan that is near, where it keeps all rows."""
        held, _, is_empty = self._places(a)
        value = np.concatenate([np.zeros(self.edges), is_empty])
        value[held] = 1
        total = np.bincount(self.row, value[self.column] * self.factor, len(self.lower))
        return value if ((self.lower <= total) & (total <= self.upper)).all() else None


def solve(a: Arrays) -> Arrays:
    """Which edges the plan uses, if one keeps all rows, and what is known of it."""
    try:
        found = _in_fractions(a) if a["nodes"] < 0 else _in_whole_numbers(a)
    except NoPlan:
        return {"is_feasible": np.array([False])}
    return found | {"is_feasible": np.array([True])}


def _in_fractions(a: Arrays) -> Arrays:
    """Prices of posts (G, 5) and caps (C, 5) in parts of `scale`, and whether the last optimum has fractions, which `used` rounds."""
    program, scale = Program(a), int(a["scale"])
    tiers = program.cost.shape[1]
    prices = np.zeros((program.caps, tiers))
    posts = np.zeros((program.posts, tiers))
    if "near" in a:
        program.begin_near(a)
    program.search(program.cost @ WEIGHTS)
    program.engine.setOptionValue("simplex_strategy", PRIMAL)  # the optimum before is where the next search begins
    for tier in range(tiers):
        solution = program.minimise(program.cost[:, tier])
        posts[:, tier], prices[:, tier] = program.hold_optimum(solution)
    value = np.array(solution.col_value)[: program.edges]
    return {
        "used": np.rint(value).astype(bool),
        "price": np.rint(posts * scale).astype(np.int64),
        "cap_price": np.rint(prices * scale).astype(np.int64),
        "branched": np.array([not _is_whole(value)]),
    }


def _in_whole_numbers(a: Arrays) -> Arrays:
    """The objectives one by one in whole numbers, each earlier one held at its least value, and whether each was settled.

    The linear program of each comes first: what costs more beyond its prices than the least whole number lies above it is in no
    plan as good, which leaves little for the objectives that follow; where it comes out whole, or no lower than a plan that is
    known, there is nothing to look for. Where the engine gives up with nothing, what was known stands, at first that nobody moves.
    """
    whole, relaxed = Program(a), Program(a)
    whole.engine.changeColsIntegrality(len(whole.every), whole.every, np.array([INTEGER] * len(whole.every)))
    whole.engine.setOptionValue("presolve", "on")
    known = whole.plan_near(a) if "near" in a else None
    relaxed.search(relaxed.cost @ WEIGHTS)
    relaxed.engine.setOptionValue("simplex_strategy", PRIMAL)
    for cost in whole.cost.T:
        error = TOLERANCE * max(1.0, np.abs(cost).max())
        try:
            solution = relaxed.minimise(cost)
            value, reduced = np.array(solution.col_value), np.array(solution.col_dual)
            least = float(cost @ value)
            if _is_whole(value):
                known = np.rint(value)
            elif known is None or cost @ known > np.ceil(least - error):
                found = np.rint(np.array(whole.minimise(cost).col_value))
                known = found if known is None or cost @ found < cost @ known else known
        except NothingFound:
            break
        best = float(cost @ known)
        beyond = best - least + error
        for program in (whole, relaxed):
            program.close(reduced > beyond, reduced < -beyond)
            program.hold(cost, best)
    used = np.zeros(whole.edges, bool) if known is None else known[: whole.edges] > 0
    return {"used": used, "is_complete": np.array([whole.is_complete and relaxed.is_complete])}


def _is_whole(value: Floats) -> bool:
    return bool((np.abs(value - np.rint(value)) < TOLERANCE).all())


if __name__ == "__main__":
    serve(lambda given: solve(dict(given)))
