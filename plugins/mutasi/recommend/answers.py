"""Answers about a finished run: what if one thing were otherwise; why it is as it is, stands in `telling`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from mutasi.engine import quoted
from mutasi.recommend import reading
from mutasi.recommend.network import Indices
from mutasi.recommend.parts import Places
from mutasi.recommend.plan import Plan
from mutasi.recommend.policy import BEFORE_A_RUN, Policy, PolicyError
from mutasi.recommend.problem import TIERS, Problem
from mutasi.recommend.proving import Infeasible
from mutasi.recommend.reading_back import read_moves, read_problem
from mutasi.recommend.replanning import Change, Replanner
from mutasi.recommend.telling import NoAnswer

Moves = set[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """The plan after a change against the plan before: price per objective in points, and moves that go and come.

    Moves are pairs of person and post. `is_exact` is false only where caps leave a gap, which `price` then bounds from below.
    Under another policy each plan has the price that its own policy gives it. `effect` measures both by the same: critical seats
    left empty, imbalance (1,000 x shortage^2 / need of each post, summed, without what moves must bring) and moves.
    """

    price: dict[str, float]
    effect: dict[str, float]
    gone: tuple[tuple[str, str], ...]
    come: tuple[tuple[str, str], ...]
    is_exact: bool


def what_if(
    run: Path, refuse: Sequence[str] = (), lock: Sequence[tuple[str, str]] = (), policy: Mapping[str, int | str] | None = None
) -> Answer:
    """Plan a run again, exactly, without some candidates or people, with pairs settled, under other rows of the policy, or all of it.

    Raises:
        NoAnswer: a name is unknown, or no plan can do what was asked.
    """
    with reading.engine() as con:
        if policy:
            row, before = read_moves(con, run)
            problem, plan = _under_policy(con, run, policy)
        else:
            problem, plan = read_problem(con, run)
            row, before = plan.row, _pairs(problem, plan.post)
        change = _change(con, run, problem, plan, refuse, lock)
        assert change.post is not None
        after = _pairs(problem, change.post)
        price = (new - old + more for new, old, more in zip(plan.row, row, change.price, strict=True))
        effect = _effect(con, run, before, after)
    points = dict(zip(TIERS, map(float, price), strict=True))
    return Answer(points, effect, tuple(sorted(before - after)), tuple(sorted(after - before)), change.is_exact)


def _change(
    con: duckdb.DuckDBPyConnection,
    run: Path,
    problem: Problem,
    plan: Plan,
    refuse: Sequence[str],
    lock: Sequence[tuple[str, str]],
) -> Change:
    """The plan without some candidates or people and with pairs settled."""
    refused, settled = _refused(con, run, problem, refuse), _settled(run, problem, lock)
    if len(np.unique(problem.edge_person[settled])) < len(settled) or np.isin(settled, refused).any():
        raise NoAnswer("No plan can do that: somebody is settled twice, or settled and refused.")
    try:
        return Replanner(problem, plan).change(refused, settled)
    except Infeasible as error:
        raise NoAnswer(f"No plan can do that: {error}") from None


def _refused(con: duckdb.DuckDBPyConnection, run: Path, problem: Problem, names: Sequence[str]) -> Places:
    """The edges that candidates or people of these names could use."""
    file = quoted(str(run / "out" / "candidates.parquet"))
    published = f"select candidate_id, [person_id, to_post_id] from read_parquet({file}) where solve = 'published'"
    known = dict(con.execute(published).fetchall())
    edges = []
    for name in names:
        person, post = known.get(name, (name, None))
        found = _edges(problem, person, post)
        if not len(found) and name not in known:  # another policy may allow no such pair anyway
            raise NoAnswer(f"Run {run.name} has no candidate and no movable person {name}.")
        edges.append(found)
    return np.unique(np.concatenate(edges)) if edges else np.empty(0, np.intp)


def _edges(problem: Problem, person: str, post: str | None) -> Places:
    """The edges of a person, to one post or to any: ids are compared once each, not once for every edge."""
    found = np.isin(problem.edge_person, np.flatnonzero(problem.person_ids == person))
    if post is not None:
        found &= np.isin(problem.edge_post, np.flatnonzero(problem.post_ids == post))
    return np.flatnonzero(found)


def _settled(run: Path, problem: Problem, lock: Sequence[tuple[str, str]]) -> Places:
    """The edges of pairs that are settled."""
    edges = []
    for person, post in lock:
        found = _edges(problem, person, post)
        if not len(found):
            raise NoAnswer(f"{person} and {post} are no lawful pair of run {run.name}.")
        edges.append(int(found[0]))
    return np.unique(np.array(edges, np.intp))


def _under_policy(con: duckdb.DuckDBPyConnection, run: Path, policy: Mapping[str, int | str]) -> tuple[Problem, Plan]:
    """The problem under other rows, and its best plan."""
    from mutasi.recommend.best_plan import planned_again

    if too_late := sorted(BEFORE_A_RUN.intersection(policy)):
        raise NoAnswer(
            f"{too_late[0]} acts before a week is frozen: change it in dbt_project/seeds/transfer_policy.csv for the next."
        )
    reading.attach_inputs(con, run)
    rows_before = Policy.read(con)
    rows = ", ".join(f"({quoted(code)}, {quoted(str(value))})" for code, value in policy.items())
    unknown = con.execute(
        f"select code from (values {rows}) as t(code, value) where code not in (select policy_code from transfer_policy)"
    ).fetchall()
    if unknown:
        raise NoAnswer(f"The policy has no row {', '.join(code for (code,) in unknown)}.")
    con.execute(
        f"""create table changed_policy as
        select p.* replace (coalesce(c.value, p.value) as value) from transfer_policy as p
        left join (values {rows}) as c(code, value) on p.policy_code = c.code"""
    )
    con.execute("drop view transfer_policy")
    con.execute("alter table changed_policy rename to transfer_policy")
    try:
        problem, plan, _ = planned_again(con, run, Policy.read(con).keeps_pairs(rows_before, policy))
    except PolicyError as error:
        raise NoAnswer(str(error)) from None
    return problem, plan


# What two plans make of the posts, whatever policy found them.
EFFECT = """
with moves as (
    select 'before' as plan, unnest($people_before) as person_id, unnest($posts_before) as post_id
    union all
    select 'after' as plan, unnest($people_after) as person_id, unnest($posts_after) as post_id
),

steps as (
    select plan, post_id, 1 as people from moves
    union all
    select moves.plan, persons.home_post_id as post_id, -1 as people
    from moves
    inner join read_parquet($persons) as persons on moves.person_id = persons.person_id
),

net as (
    select
        post_id,
        coalesce(sum(people) filter (plan = 'before'), 0) as before,
        coalesce(sum(people) filter (plan = 'after'), 0) as after
    from steps
    group by post_id
)

select
    coalesce(sum(greatest(0, open_seats - after) - greatest(0, open_seats - before)) filter (is_critical), 0) as critical,
    coalesce(
        sum(1000 * (greatest(0, need_fte - staff - after) ** 2 - greatest(0, need_fte - staff - before) ** 2) / greatest(need_fte, 0.001)), 0
    ) as imbalance
from net
inner join read_parquet($posts) as posts on net.post_id = posts.post_id
"""


def _effect(con: duckdb.DuckDBPyConnection, run: Path, before: Moves, after: Moves) -> dict[str, float]:
    """What is otherwise after the moves of one plan than after those of another."""
    given = {name: str(run / "tables" / f"{name}.parquet") for name in ("persons", "posts")}
    columns: dict[str, list[str]] = {
        f"{name}_{plan}": [move[n] for move in sorted(moves)]
        for plan, moves in (("before", before), ("after", after))
        for n, name in enumerate(("people", "posts"))
    }
    [(critical, imbalance)] = con.execute(EFFECT, given | columns).fetchall()
    return {"critical": float(critical), "imbalance": float(imbalance), "moves": float(len(after) - len(before))}


def _pairs(problem: Problem, post: Indices) -> Moves:
    moves = problem.moves(post)
    people, posts = problem.person_ids[problem.edge_person[moves]], problem.post_ids[problem.edge_post[moves]]
    return set(zip(people.tolist(), posts.tolist(), strict=True))
