"""The lexicographic plan under caps that people share, by HiGHS: by linear programs, or by branch and bound where they do not suffice.

Each objective is minimised over the optima of those before it. All are first minimised together, with weights: the optimum found
there is mostly that of each, which then only has to be seen. The search may begin at a plan that is known (`near`, with prices),
and with some edges (`inside`): others enter as long as prices ask for them.

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
from mutasi.recommend.ranks import first_of_each

TOLERANCE = 1e-6
PRIMAL = 4
LOWER, BASIC, UPPER = range(3)
KINDS = [highspy.HighsBasisStatus(kind) for kind in (LOWER, BASIC, UPPER)]
WEIGHTS = np.array((1e9, 1e5, 1e2, 1.0, 0.0))  # of the objectives together; the tie-break only decides at the end
ALMOST = 0.5  # of the weighted objectives: what gains less is found for each of them
ENTERING = 2  # columns of each person and post that enter together
INTEGER = highspy.HighsVarType.kInteger
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Columns = npt.NDArray[np.intp]


class NoPlan(Exception):
    """Nothing keeps all rows of the program."""


class NothingFound(Exception):
    """The engine gave up before it found anything that keeps the rows."""


class Program:
    """The linear program: a column per edge and open seat, a row per person, post and cap.

    The engine has some of the columns (`inside`, in its order); others enter when they are worth it.
    """

    is_complete = True  # no objective was left with a better plan possible

    def __init__(self, a: Arrays) -> None:
        self.edges, self.seats = len(a["post"]), len(a["seat_post"])
        self.people, self.posts, self.caps = len(a["idle"]), len(a["protected"]), len(a["cap_limit"])
        self.person, self.post = a["person"], a["post"]
        self.cost = np.vstack([a["cost"], a["seat_penalty"]]).astype(np.float64)
        seats = a["protected"] + np.bincount(a["seat_post"], minlength=self.posts)
        self.lower = np.concatenate([np.full(self.people, -np.inf), seats, np.full(self.caps, -np.inf)])
        self.upper = np.concatenate([np.ones(self.people), seats, a["cap_limit"]])
        self.least, self.most = np.zeros(len(self.cost)), np.concatenate([np.full(self.edges, np.inf), np.ones(self.seats)])
        self.start, self.row, self.factor = self._entries(a)
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
        rows, none = len(self.lower), np.empty(0)
        self.engine.addRows(rows, self.lower, self.upper, 0, np.zeros(rows, np.int32), none.astype(np.int32), none)
        self.inside = np.empty(0, np.intp)
        self.enter(np.flatnonzero(np.append(a["inside"], np.ones(self.seats, bool))))

    def _entries(self, a: Arrays) -> tuple[Columns, npt.NDArray[np.int32], Floats]:
        """Where the entries of each column begin, and the last one's end; the row and the factor of each entry."""
        first_cap, caps = self.people + self.posts, a["caps"].astype(np.int64)
        of_edge = np.column_stack([self.person, self.people + self.post, np.where(caps < 0, -1, first_cap + caps)])
        edge, _ = np.nonzero(of_edge >= 0)
        seat = np.arange(self.edges, self.edges + self.seats)
        column = np.concatenate([edge, seat, a["link_edge"]])
        row = np.concatenate([of_edge[of_edge >= 0], self.people + a["seat_post"], first_cap + a["link_cap"]])
        factor = np.concatenate([np.ones(len(edge) + self.seats), a["link_weight"]])
        order = np.argsort(column, kind="stable")
        start = np.append(0, np.cumsum(np.bincount(column, minlength=self.edges + self.seats)))
        return start, row[order].astype(np.int32), factor[order]

    def enter(self, columns: Columns) -> None:
        """Hand columns to the engine."""
        count = self.start[columns + 1] - self.start[columns]
        begin = np.cumsum(count) - count
        at = np.repeat(self.start[columns] - begin, count) + np.arange(count.sum())
        entries = begin.astype(np.int32), self.row[at], self.factor[at]
        cost = np.zeros(len(columns))
        self.engine.addCols(len(columns), cost, self.least[columns], self.most[columns], len(at), *entries)
        self.inside = np.append(self.inside, columns)

    def _beyond(self, cost: Floats, worth: Floats) -> Floats:
        """What columns cost beyond what their rows are worth."""
        found: Floats = cost - np.add.reduceat(worth[self.row] * self.factor, self.start[:-1])
        return found

    def begin_near(self, a: Arrays) -> None:
        """Begin at a plan and its prices, which need not be the best nor keep the caps: fewer steps lead on from there than from nothing.

        Whoever has a place holds it. The rest of the basis are the columns that cost least beyond the prices and tie posts to each
        other, or to the pool of people without a place, as a forest does; a basis of a network is one.
        """
        cost, pool = self.cost @ WEIGHTS, self.posts
        price, cap_price = a["near_price"] @ WEIGHTS, a["near_cap_price"] @ WEIGHTS
        worth = np.concatenate([np.zeros(self.people), price, -cap_price]) / int(a["scale"])
        beyond = self._beyond(cost, worth)
        least = np.zeros(self.people)
        np.minimum.at(least, self.person, beyond[: self.edges])
        beyond[: self.edges] -= least[self.person]
        held, place, is_empty = self._places(a)
        columns = np.full(len(cost), LOWER)
        columns[self.edges :][is_empty] = UPPER
        columns[held] = BASIC
        others = self.inside[columns[self.inside] != BASIC]
        others = others[np.argsort(np.abs(beyond[others]), kind="stable")]
        starts = np.concatenate([place[self.person], np.full(self.seats, pool)])
        ends = np.concatenate([self.post, a["seat_post"]])
        in_forest, is_root = forest(starts[others], ends[others], pool + 1)
        columns[others[in_forest]] = BASIC
        rows = np.full(len(self.lower), UPPER)
        rows[: self.people][place == pool] = BASIC
        rows[self.people : self.people + self.posts][is_root[:pool]] = BASIC
        rows[self.people + self.posts :] = BASIC
        basis = highspy.HighsBasis()
        basis.col_status, basis.row_status = ([KINDS[kind] for kind in kinds.tolist()] for kinds in (columns[self.inside], rows))
        basis.valid = basis.alien = True  # the engine mends what caps make of it
        self.engine.setBasis(basis)
        self.engine.setOptionValue("simplex_strategy", PRIMAL)

    def _places(self, a: Arrays) -> tuple[Columns, Columns, Flags]:
        """The columns by which people hold a place, those who come before those who stay; where each is; which open seats are empty."""
        held = np.flatnonzero(a["near"])
        held = held[np.lexsort((-held, self.post[held]))]
        post = self.post[held]
        held = held[np.arange(len(held)) - np.searchsorted(post, post) < self.lower[self.people + post]]
        place = np.full(self.people, self.posts)
        place[self.person[held]] = self.post[held]
        filled = np.bincount(self.post[held], minlength=self.posts) - a["protected"]
        number = np.arange(self.seats) - np.searchsorted(a["seat_post"], a["seat_post"])
        return held, place, number >= filled[a["seat_post"]]

    def search_together(self) -> None:
        """Let the engine look for the least of all objectives, with weights; what it then stands at is where the next search begins."""
        self._search(self.cost @ WEIGHTS, ALMOST)
        self.engine.setOptionValue("simplex_strategy", PRIMAL)

    def _search(self, cost: Floats, enough: float) -> Any:
        """Let the engine look for the least cost until no column outside gains more than `enough`; returns the engine's status."""
        while True:
            count = len(self.inside)
            self.engine.changeColsCost(count, np.arange(count, dtype=np.int32), cost[self.inside])
            status = self._run()
            missing = self._missing(cost, status, enough)
            if not len(missing):
                return status
            self.enter(missing)

    def _missing(self, cost: Floats, status: Any, enough: float) -> Columns:
        """The columns outside that gain most, a few of each person and post; all, if nothing keeps the rows without them."""
        outside = self.most > 0
        outside[self.inside] = False
        if status == highspy.HighsModelStatus.kOptimal and outside.any():
            self.engine.setOptionValue("simplex_strategy", PRIMAL)  # an optimum still keeps the rows when columns enter
            beyond = self.beyond(cost, self.engine.getSolution())
            gaining = np.flatnonzero(outside & (beyond < -enough))
            return first_of_each(gaining[np.argsort(beyond[gaining], kind="stable")], ENTERING, self.person, self.post)
        return np.flatnonzero(outside & (status == highspy.HighsModelStatus.kInfeasible))

    def minimise(self, cost: Floats) -> Any:
        """One objective as the program now stands.

        Raises:
            NoPlan: nothing fits.
            NothingFound: the engine gave up.
        """
        status = self._search(cost, TOLERANCE)
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

    def value(self, solution: Any) -> Floats:
        """The columns of a solution, those outside nothing."""
        found = np.zeros(len(self.cost))
        found[self.inside] = solution.col_value
        return found

    def beyond(self, cost: Floats, solution: Any) -> Floats:
        """What columns cost beyond what the rows are worth in a solution (their reduced costs)."""
        found = self._beyond(cost, np.array(solution.row_dual))
        found[self.inside] = solution.col_dual
        return found

    def _run(self) -> Any:
        self.engine.run()
        return self.engine.getModelStatus()

    def hold_optimum(self, cost: Floats, solution: Any) -> tuple[Floats, Floats]:
        """Close what no optimum of an objective uses and demand what all of them use; returns the prices of posts and caps."""
        beyond, worth = self.beyond(cost, solution), np.array(solution.row_dual)
        self.close(beyond > TOLERANCE, beyond < -TOLERANCE)
        bound = np.flatnonzero(np.abs(worth) > TOLERANCE)
        bound = bound[(bound < self.people) | (bound >= self.people + self.posts)]
        self.lower[bound] = self.upper[bound]
        self.engine.changeRowsBounds(len(bound), bound.astype(np.int32), self.lower[bound], self.upper[bound])
        return worth[self.people : self.people + self.posts], -worth[self.people + self.posts :]

    def close(self, closed: Flags, demanded: Flags) -> None:
        """Leave out some columns for good and demand others."""
        free = self.least < self.most
        closed, demanded = closed & free, demanded & free
        self.most[closed], self.least[demanded] = 0, 1  # only a seat has an upper bound at which it can rest
        changed = np.flatnonzero((closed | demanded)[self.inside]).astype(np.int32)
        columns = self.inside[changed]
        self.engine.changeColsBounds(len(changed), changed, self.least[columns], self.most[columns])

    def hold(self, cost: Floats, most: float) -> None:
        """Let an objective cost no more than that."""
        used = np.flatnonzero(cost[self.inside]).astype(np.int32)
        self.engine.addRow(-np.inf, most, len(used), used, cost[self.inside][used])

    def known(self, a: Arrays) -> Floats | None:
        """The columns of the plan that is near, where it keeps all rows."""
        held, _, is_empty = self._places(a)
        value = np.concatenate([np.zeros(self.edges), is_empty])
        value[held] = 1
        total = np.bincount(self.row, np.repeat(value, np.diff(self.start)) * self.factor, len(self.lower))
        return value if ((self.lower <= total) & (total <= self.upper)).all() else None


def solve(a: Arrays) -> Arrays:
    """Which edges the plan uses, if one keeps all rows, and what is known of it."""
    try:
        found = _in_fractions(a) if a["nodes"] < 0 else _in_whole_numbers(a)
    except NoPlan:
        return {"is_feasible": np.array([False])}
    return found | {"is_feasible": np.array([True])}


def _in_fractions(a: Arrays) -> Arrays:
    """Prices of posts (G, 5) and caps (C, 5) in parts of `scale`, and whether the last optimum has fractions, which `used` rounds.

    The edges that came to be inside are told, too.
    """
    program, scale = Program(a), int(a["scale"])
    tiers = program.cost.shape[1]
    prices = np.zeros((program.caps, tiers))
    posts = np.zeros((program.posts, tiers))
    if "near" in a:
        program.begin_near(a)
    program.search_together()
    for tier, cost in enumerate(program.cost.T):
        solution = program.minimise(cost)
        posts[:, tier], prices[:, tier] = program.hold_optimum(cost, solution)
    value = program.value(solution)[: program.edges]
    return {
        "used": np.rint(value).astype(bool),
        "price": np.rint(posts * scale).astype(np.int64),
        "cap_price": np.rint(prices * scale).astype(np.int64),
        "branched": np.array([not _is_whole(value)]),
        "inside": np.isin(np.arange(program.edges), program.inside),
    }


def _in_whole_numbers(a: Arrays) -> Arrays:
    """The objectives one by one in whole numbers, each earlier one held at its least value, and whether each was settled.

    The linear program of each comes first: what costs more beyond its prices than the least whole number lies above it is in no
    plan as good, which leaves little for the objectives that follow; where it comes out whole, or no lower than a plan that is
    known, there is nothing to look for. Where the engine gives up with nothing, what was known stands, at first that nobody moves.
    """
    whole, relaxed = Program(a), Program(a)
    whole.engine.changeColsIntegrality(
        len(whole.inside), np.arange(len(whole.inside), dtype=np.int32), np.array([INTEGER] * len(whole.inside))
    )
    whole.engine.setOptionValue("presolve", "on")
    known = whole.known(a) if "near" in a else None
    relaxed.search_together()
    for cost in whole.cost.T:
        error = TOLERANCE * max(1.0, np.abs(cost).max())
        try:
            solution = relaxed.minimise(cost)
            value, beyond = relaxed.value(solution), relaxed.beyond(cost, solution)
            least = float(cost @ value)
            if _is_whole(value):
                known = np.rint(value)
            elif known is None or cost @ known > np.ceil(least - error):
                found = np.rint(whole.value(whole.minimise(cost)))
                known = found if known is None or cost @ found < cost @ known else known
        except NothingFound:
            break
        best = float(cost @ known)
        most = best - least + error
        for program in (whole, relaxed):
            program.close(beyond > most, beyond < -most)
            program.hold(cost, best)
    used = np.zeros(whole.edges, bool) if known is None else known[: whole.edges] > 0
    return {"used": used, "is_complete": np.array([whole.is_complete and relaxed.is_complete])}


def _is_whole(value: Floats) -> bool:
    return bool((np.abs(value - np.rint(value)) < TOLERANCE).all())


if __name__ == "__main__":
    serve(lambda given: solve(dict(given)))
