"""The problem and plan of a finished run, read back from the tables that it wrote."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np

from mutasi.recommend import reading
from mutasi.recommend.candidates import problem_of
from mutasi.recommend.plan import Plan
from mutasi.recommend.problem import TIERS, Problem

TABLES = ("claim", "posts", "persons", "seats", "edges", "caps", "links", "blocks", "plan")


def read_problem(con: duckdb.DuckDBPyConnection, run: Path) -> tuple[Problem, Plan]:
    """The problem and plan that a run wrote, read back from its tables into `con`.

    Raises:
        RunError: a table is missing.
    """
    reading.attach_tables(con, run, TABLES)
    problem = problem_of(con)
    claim = con.execute("select scale, row, bound from claim").fetchone()
    assert claim is not None
    post = problem.home.copy()
    moves = con.execute("select person_no, post_no from plan").fetchnumpy()
    post[moves["person_no"]] = moves["post_no"]
    price, value, cap_price = (
        np.column_stack([rows[f"{prefix}_{tier}"] for tier in TIERS]).astype(np.int64)
        for prefix, rows in (
            ("price", con.execute("from posts order by post_no").fetchnumpy()),
            ("value", con.execute("from persons order by person_no").fetchnumpy()),
            ("price", con.execute("from caps order by cap_no").fetchnumpy()),
        )
    )
    return problem, Plan(post, tuple(claim[1]), price, value, cap_price, int(claim[0]), tuple(claim[2]), 0)
