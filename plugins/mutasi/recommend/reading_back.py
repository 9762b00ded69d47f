"""The problem and plan of a finished run, read back from the tables that it wrote."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np

from mutasi.engine import quoted
from mutasi.recommend import reading
from mutasi.recommend.candidates import SAME_CAP, problem_of
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


def read_moves(con: duckdb.DuckDBPyConnection, run: Path) -> tuple[tuple[int, ...], set[tuple[str, str]]]:
    """What the plan of a run costs, and its moves as pairs of person and post.

    Raises:
        RunError: a table is missing.
    """
    reading.attach_tables(con, run, ("claim", "plan"))
    row = con.execute("select row from claim").fetchone()
    assert row is not None
    return tuple(row[0]), set(con.execute("select person_id, post_id from plan").fetchall())


def plan_before(con: duckdb.DuckDBPyConnection, run: Path, problem: Problem) -> Plan:
    """The moves and prices that a run came to, for the people, posts and caps that `con` now holds; nothing for what it had not.

    They are of another problem: what the moves cost and the prices prove there says nothing here.
    """
    claim, plan, posts, caps = (quoted(str(run / "tables" / f"{name}.parquet")) for name in ("claim", "plan", "posts", "caps"))
    known = ", ".join(f"coalesce(before.price_{tier}, 0) as {tier}" for tier in TIERS)
    post = problem.home.copy()
    moves = con.execute(
        f"""select persons.person_no, posts.post_no from read_parquet({plan}) as before
        join persons on before.person_id = persons.person_id join posts on before.post_id = posts.post_id"""
    ).fetchnumpy()
    post[moves["person_no"]] = moves["post_no"]
    price, cap_price = (
        np.column_stack([np.asarray(found[tier]).astype(np.int64) for tier in TIERS])
        for found in (
            con.execute(
                f"""select {known} from posts left join read_parquet({posts}) as before on posts.post_id = before.post_id
                order by posts.post_no"""
            ).fetchnumpy(),
            con.execute(
                f"""select {known} from caps as now left join read_parquet({caps}) as before on {SAME_CAP}
                order by now.cap_no"""
            ).fetchnumpy(),
        )
    )
    [(scale,)] = con.execute(f"select scale from read_parquet({claim})").fetchall()
    nothing = (0,) * len(TIERS)
    return Plan(post, nothing, price, np.zeros((len(post), len(TIERS)), np.int64), cap_price, scale, nothing, 0)
