"""From frozen tables to a problem: DuckDB finds the lawful pairs and what each costs, and prices those that were left out.

Small blocks (a job of an agency) give all their pairs. Of a large one the best of each person and of each post enter, and
after the plan is found every pair left out is held against its prices: what would improve the plan enters, and the plan is
found again, until nothing does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import numpy.typing as npt

from mutasi.engine import quoted
from mutasi.recommend.network import Indices, Integers
from mutasi.recommend.plan import Plan
from mutasi.recommend.problem import TIERS, Problem
from mutasi.recommend.reading import attach_tables, text
from mutasi.recommend.ties import tie_figures

if TYPE_CHECKING:
    import pyarrow as pa

PAIRS_IN_FULL = 400_000  # of one block; above it only the best pairs enter first
BEST_PAIRS = 20
COSTS = ("critical", "imbalance", "misfit", "effort")
CAPS = ("cap_unit", "cap_agency", "cap_receiver")
PRICED = ", ".join(("block_no", "person_no", "post_no", *COSTS, "relocation", *CAPS))  # of a pair; the rest explains it

# Caps have other numbers under another policy.
SAME_CAP = """before.kind = now.kind and before.agency_id = now.agency_id and before.unit_id is not distinct from now.unit_id
    and before.person_no is not distinct from now.person_no and before.area is not distinct from now.area"""


# What the caps count with another weight than one: costs of moves, and moves of people who go only together.
LINKS = """
create or replace view links as
select edges.person_no, edges.post_no, caps.cap_no, edges.relocation as weight
from edges
inner join persons on edges.person_no = persons.person_no
inner join caps on caps.kind = 'budget' and persons.agency_id = caps.agency_id
where edges.relocation > 0
union all
select edges.person_no, edges.post_no, caps.cap_no, 1 as weight
from edges
inner join posts on edges.post_no = posts.post_no
inner join caps on caps.kind = 'couple' and edges.person_no = caps.person_no and posts.area = caps.area
union all
select edges.person_no, edges.post_no, caps.cap_no, -1 as weight
from edges
inner join couples on edges.person_no = couples.other_no
inner join posts on edges.post_no = posts.post_no
inner join caps on caps.kind = 'couple' and couples.person_no = caps.person_no and posts.area = caps.area
"""


# The pairs of large blocks that look best to a person or a post with an open seat, all wishes, and last week's.
BEST_OF_LARGE = """
insert into edges
select {columns} from scored_pairs
qualify
    -- The price of a couple may make any of its pairs cheap, so that none is left out.
    is_wished or was_published
    or person_no in (select person_no from couples union all select other_no from couples where other_no is not null)
    or row_number() over (partition by person_no order by imbalance, misfit, effort, post_no) <= $1
    or row_number() over (partition by post_no order by imbalance, misfit, effort, person_no) <= $1
"""


def define(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables persons, posts, seats, caps and blocks, and the views of pairs, from the frozen inputs that `con` has."""
    for script in ("people_and_posts.sql", "policy.sql", "candidates.sql"):
        con.execute(text(script))


def build(
    con: duckdb.DuckDBPyConnection, pairs_in_full: int = PAIRS_IN_FULL, best_pairs: int = BEST_PAIRS, columns: str = "*"
) -> None:
    """The same, and the table edges with some columns: all pairs of small blocks and the best of large ones."""
    define(con)
    con.execute(f"create or replace view pairs as select {columns} from scored_pairs")
    con.execute(
        "create or replace table blocks as select *, people * posts <= ? as is_complete, false as is_looked_into from blocks",
        [pairs_in_full],
    )
    ask = "create or replace table asked_blocks as select block_no from blocks where {} is_complete"
    with joined_as_written(con):
        con.execute(ask.format(""))
        con.execute("create or replace table edges as from pairs")
        con.execute(ask.format("not"))
        if con.execute("select count(*) from asked_blocks").fetchone() != (0,):
            con.execute(BEST_OF_LARGE.format(columns=columns), [best_pairs])
    con.execute(LINKS)


def build_again(con: duckdb.DuckDBPyConnection, run: Path, keeps_pairs: bool) -> None:
    """The same beside the tables of a run, under a policy that allows no pair that the run's did not (`keeps_pairs`), or another.

    Pairs that are kept are only priced again.
    """
    blocks, edges, caps = (
        f"read_parquet({quoted(str(run / 'tables' / f'{name}.parquet'))})" for name in ("blocks", "edges", "caps")
    )
    has_all_pairs = con.execute(f"select bool_and(is_complete) from {blocks}").fetchone() == (True,)
    if not (keeps_pairs and has_all_pairs):
        build(con, columns=PRICED)
        return
    attach_tables(con, run, ("persons", "posts", "blocks"))
    con.execute(text("policy.sql"))
    con.execute(
        f"""create view edges as
        with numbers as (
            select list(now.cap_no order by before.cap_no) as of_caps
            from {caps} as before
            left join caps as now on {SAME_CAP}
        )
        select
            pairs.* replace (
                {", ".join(f"of_caps[{cap} + 1] as {cap}" for cap in CAPS)},
                imbalance_of_move(is_wished, was_published, terms) as imbalance, effort_of_move(km, terms) as effort
            )
        from {edges} as pairs
        cross join terms
        cross join numbers
        where is_allowed(fit, is_wished, terms)"""
    )
    con.execute(LINKS)


@contextmanager
def joined_as_written(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Pairs stream past the small tables that they are joined with; the planner, which expects few pairs, would keep the pairs.

    Their order means nothing, which lets several threads find them.
    """
    con.execute("set disabled_optimizers = 'join_order,build_side_probe_side'")
    con.execute("set preserve_insertion_order = false")
    try:
        yield
    finally:
        con.execute("reset preserve_insertion_order")
        con.execute("reset disabled_optimizers")


def problem_of(con: duckdb.DuckDBPyConnection) -> Problem:
    """The problem in the tables of `con`; the numbers of people and posts are those of the tables."""
    people = arrays(con, "select person_id, post_no from persons join posts on home_post_id = post_id order by person_no")
    posts = arrays(con, "select post_id, protected from posts order by post_no")
    seats = arrays(con, "select post_no, critical, imbalance from seats order by post_no, seat_no")
    columns = ", ".join([*COSTS, *(f"coalesce({cap}, -1) as {cap}" for cap in CAPS)])
    edges = arrays(con, f"select person_no, post_no, {columns} from edges order by post_no, person_no")
    caps = arrays(con, "select most from caps order by cap_no")
    person_ids, post_ids = people["person_id"].astype(str), posts["post_id"].astype(str)
    person, post = edges["person_no"].astype(np.int32), edges["post_no"].astype(np.int32)
    tie = tie_figures(person_ids, post_ids, person, post)
    none = np.zeros(len(seats["post_no"]), np.int64)
    return Problem.of(
        person_ids,
        people["post_no"].astype(np.int32),
        post_ids,
        posts["protected"].astype(np.int64),
        seats["post_no"].astype(np.int32),
        np.column_stack([seats["critical"], seats["imbalance"], none, none, none]).astype(np.int64),
        post,
        person,
        np.column_stack([*(edges[name].astype(np.int64) for name in COSTS), tie]),
        caps["most"].astype(np.int64),
        np.column_stack([edges[name] for name in CAPS]).astype(np.int32),
        _links_of(con, person, post),
    )


def _links_of(con: duckdb.DuckDBPyConnection, person: Indices, post: Indices) -> tuple[Indices, Indices, Integers]:
    """Edges (by their place among those given, sorted by post and person) with the caps that weigh them."""
    links = arrays(con, "select post_no, person_no, cap_no, weight from links order by post_no, person_no, cap_no")
    most = int(person.max(initial=0)) + 1
    edge = np.searchsorted(post.astype(np.int64) * most + person, links["post_no"].astype(np.int64) * most + links["person_no"])
    return edge.astype(np.int32), links["cap_no"].astype(np.int32), links["weight"].astype(np.int64)


def arrays(con: duckdb.DuckDBPyConnection, query: str) -> dict[str, npt.NDArray[Any]]:
    """The columns of a result without gaps."""
    return {name: np.asarray(column) for name, column in con.execute(query).fetchnumpy().items()}


def register_prices(con: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    """Make the prices of a plan readable as `prices`, `person_values` and `cap_prices`."""
    for name, key, rows in (
        ("prices", "post_no", plan.price),
        ("person_values", "person_no", plan.value),
        ("cap_prices", "cap_no", plan.cap_price),
    ):
        con.execute(f"drop view if exists {name}")
        con.register(name, priced_table(key, rows))


def priced_table(key: str, rows: npt.NDArray[np.int64]) -> pa.Table:
    """Rows of five prices under their names, numbered by `key`."""
    import pyarrow as pa

    columns = {key: pa.array(np.arange(len(rows), dtype=np.int32))}
    return pa.table(columns | {f"price_{tier}": pa.array(rows[:, n]) for n, tier in enumerate(TIERS)})


def add_improving_pairs(con: duckdb.DuckDBPyConnection, plan: Plan) -> int:
    """Hold every lawful pair that was left out against the prices; those that would improve the plan enter; how many did.

    The tie-break is not priced: a pair that only draws level in all else may stay out.
    """
    if con.execute("select bool_and(is_complete) from blocks").fetchone() == (True,):
        return 0
    register_prices(con, plan)
    con.execute("create or replace temp table scale as select ?::bigint as scale", [plan.scale])
    before = con.execute("select count(*) from edges").fetchone()
    with joined_as_written(con):
        con.execute(text("pricing.sql"))
    con.execute("update blocks set is_looked_into = not is_complete")
    after = con.execute("select count(*) from edges").fetchone()
    assert before and after
    return int(after[0]) - int(before[0])
