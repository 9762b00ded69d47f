"""The tables of a run, and their proof: one SQL script over them, and a second engine over the same numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from mutasi.engine import quoted
from mutasi.recommend import reading, runs, writing
from mutasi.recommend.face import Graph, faces
from mutasi.recommend.network import Integers
from mutasi.recommend.plan import Plan
from mutasi.recommend.problem import TIERS, Problem
from mutasi.recommend.proving import priced_problem
from mutasi.recommend.reading_back import TABLES
from mutasi.recommend.second_opinion import flows


@dataclass(frozen=True)
class Check:
    """One line of the proof; `amiss` counts what contradicts it."""

    proved: str
    amiss: int


def write_tables(con: duckdb.DuckDBPyConnection, run: Path, problem: Problem, plan: Plan, universe: str) -> None:
    """Write everything that the proof reads; `con` holds the tables of `candidates.build`."""
    _register(con, problem, plan)
    for name, query in QUERIES.items():
        writing.write_table(con, run, name, query)
    writing.write_table(con, run, "claim", pa.table(_claim(plan, problem, universe)))
    _add_sums(con, run)
    writing.write_text(run / "certificate.sql", reading.text("certificate.sql"))


QUERIES = {
    "posts": "select posts.*, prices.* exclude (post_no) from posts join prices using (post_no) order by post_no",
    "persons": """
        select persons.*, homes.post_no as home_no, person_values.* exclude (person_no)
        from persons join posts as homes on persons.home_post_id = homes.post_id join person_values using (person_no)
        order by person_no""",
    "seats": "select post_no, seat_no, critical, imbalance, fit, effort, tie from sorted_seats order by post_no, seat_no",
    "edges": "select edges.*, ties.tie from (from edges order by post_no, person_no) as edges positional join ties",
    "caps": "select caps.*, cap_prices.* exclude (cap_no) from caps join cap_prices using (cap_no) order by cap_no",
    "links": "select person_no, post_no, cap_no, weight from links order by post_no, person_no, cap_no",
    "plan": """
        select
            person_no, post_no, persons.person_id, persons.home_post_id, posts.post_id, persons.agency_id as origin_agency_id,
            posts.agency_id
        from moves join persons using (person_no) join posts using (post_no)
        order by person_no""",
    "blocks": """
        select
            blocks.* exclude (is_looked_into), coalesce(counted.pairs, 0) as lawful_pairs,
            terms.minimum_gain as least_imbalance, terms.move_cost as least_effort, is_looked_into
        from blocks
        cross join terms
        left join (select block_no, count(*) as pairs from edges group by block_no) as counted using (block_no)
        order by block_no""",
}


def _register(con: duckdb.DuckDBPyConnection, problem: Problem, plan: Plan) -> None:
    moves = problem.moves(plan.post)
    seats = {name: pa.array(problem.seat_penalty[:, n]) for n, name in enumerate(TIERS)}
    tables = {
        "prices": _rows("post_no", "price", plan.price),
        "person_values": _rows("person_no", "value", plan.value),
        "cap_prices": _rows("cap_no", "price", plan.cap_price),
        "sorted_seats": pa.table({"post_no": pa.array(problem.seat_post), "seat_no": pa.array(problem.seat_number())} | seats),
        "moves": pa.table({"person_no": pa.array(problem.edge_person[moves]), "post_no": pa.array(problem.edge_post[moves])}),
        "ties": pa.table({"tie": pa.array(problem.edge_cost[:, -1])}),
    }
    for name, table in tables.items():
        con.execute(f"drop view if exists {name}")
        con.register(name, table)


def _rows(key: str, prefix: str, rows: Integers) -> pa.Table:
    columns = {key: pa.array(np.arange(len(rows), dtype=np.int32))}
    return pa.table(columns | {f"{prefix}_{tier}": pa.array(rows[:, n]) for n, tier in enumerate(TIERS)})


def _claim(plan: Plan, problem: Problem, universe: str) -> dict[str, pa.Array]:
    return {
        "scale": pa.array([plan.scale]),
        "row": pa.array([list(plan.row)]),
        "bound": pa.array([list(plan.bound)]),
        "is_proved": pa.array([plan.is_proved]),
        "universe": pa.array([universe]),
        "moves": pa.array([len(problem.moves(plan.post))]),
    }


def _add_sums(con: duckdb.DuckDBPyConnection, run: Path) -> None:
    """Write the sums over the tables into the claim, as the script computes them."""
    script = reading.text("certificate.sql")
    start = script.index("sums as (")
    body = script[start : script.index("\n),", start)].removeprefix("sums as (")
    _search_in(con, run)
    ctes = ", ".join(
        f"{name} as (from read_parquet('tables/{name}.parquet'))" for name in TABLES if name not in ("claim", "blocks")
    )
    sums = f"with {ctes}, sums as ({body}) select [edges, seats, posts, persons, caps, links, plan] from sums"
    claim = f"select claim.*, ({sums}) as sums from read_parquet('tables/claim.parquet') as claim"
    writing.write_table(con, run, "claim", claim)


def _search_in(con: duckdb.DuckDBPyConnection, run: Path) -> None:
    con.execute(f"set file_search_path = {quoted(str(run))}")


def check(run: Path) -> list[Check]:
    """Run the shipped proof over the tables of a run.

    Raises:
        RunError: a table is missing, or the run came with another proof than this version's.
    """
    for name in TABLES:
        if not (run / "tables" / f"{name}.parquet").exists():
            raise runs.RunError(f"{run} has no table {name}: the run did not end; start it again.")
    script, own = reading.text("certificate.sql"), run / "certificate.sql"
    if not own.exists():
        raise runs.RunError(f"{run} has no certificate.sql: the run did not end, or its proof was removed; start it again.")
    if own.read_text() != script:
        raise runs.RunError(
            f"{run} was planned by another version of Mutasi and came with another proof: verify it with that version, or by its "
            "own script with DuckDB alone (`duckdb < certificate.sql` in its folder)."
        )
    with reading.engine() as con:
        _search_in(con, run)
        return [Check(proved, int(amiss)) for _, proved, amiss in con.execute(script).fetchall()]


def second_opinion(problem: Problem, plan: Plan) -> list[Check]:
    """Let OR-Tools minimise each objective over the optima of those before it; it must find what the prices say."""
    priced = priced_problem(problem, plan.cap_price, plan.scale)
    graph = Graph.of(priced)
    asked = [
        (face, graph.cost[face.edge, tier], np.where(face.needed_seat, 0, priced.seat_penalty[:, tier]))
        for tier, face in enumerate(faces(priced, graph, plan.price, plan.value))
    ]
    found = []
    for tier, post in enumerate(flows(priced, graph, asked)):
        least = priced.row(np.where(post < 0, priced.home, post).astype(np.int32))[tier]
        mine = plan.bound[tier] + int((plan.cap_price[:, tier] * problem.cap_limit).sum())
        found.append(Check(f"OR-Tools finds the same least {TIERS[tier]}", abs(least - mine)))
    return found
