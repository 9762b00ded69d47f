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
from mutasi.recommend.policy import Policy, PolicyError
from mutasi.recommend.problem import TIERS, Problem
from mutasi.recommend.proving import Infeasible
from mutasi.recommend.reading_back import read_moves, read_problem
from mutasi.recommend.replanning import Replanner
from mutasi.recommend.telling import NoAnswer


@dataclass(frozen=True)
class Answer:
    """The plan after a change against the plan before: price per objective in points, and moves that go and come.

    Moves are pairs of person and post. `is_exact` is false only where caps leave a gap, which `price` then bounds from below.
    """

    price: dict[str, float]
    gone: tuple[tuple[str, str], ...]
    come: tuple[tuple[str, str], ...]
    is_exact: bool


def what_if(
    run: Path, refuse: Sequence[str] = (), lock: Sequence[tuple[str, str]] = (), policy: Mapping[str, int | str] | None = None
) -> Answer:
    """Plan a run again, exactly, without some candidates or people, with pairs settled, or under other rows of the policy.

    Raises:
        NoAnswer: a name is unknown, or no plan can do what was asked.
    """
    if policy:
        return _under_policy(run, policy)
    with reading.engine() as con:
        problem, plan = read_problem(con, run)
        refused, settled = _refused(con, run, problem, refuse), _settled(run, problem, lock)
    if len(np.unique(problem.edge_person[settled])) < len(settled) or np.isin(settled, refused).any():
        raise NoAnswer("No plan can do that: somebody is settled twice, or settled and refused.")
    try:
        change = Replanner(problem, plan).change(refused, settled)
    except Infeasible as error:
        raise NoAnswer(f"No plan can do that: {error}") from None
    assert change.post is not None
    return _answer(_pairs(problem, plan.post), change.price, _pairs(problem, change.post), change.is_exact)


def _refused(con: duckdb.DuckDBPyConnection, run: Path, problem: Problem, names: Sequence[str]) -> Places:
    """The edges that candidates or people of these names could use."""
    file = quoted(str(run / "out" / "candidates.parquet"))
    known = dict(con.execute(f"select candidate_id, [person_id, to_post_id] from read_parquet({file})").fetchall())
    edges = []
    for name in names:
        person, post = known.get(name, (name, None))
        found = _edges(problem, person, post)
        if not len(found):
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


def _under_policy(run: Path, policy: Mapping[str, int | str]) -> Answer:
    """Plan under other rows; prices are then those of the new policy and compare the plans only where the old is lawful."""
    from mutasi.recommend.best_plan import planned_again

    with reading.engine() as con:
        row, before = read_moves(con, run)
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
            changed, found, _ = planned_again(con, run, Policy.read(con).keeps_pairs(rows_before, policy))
        except PolicyError as error:
            raise NoAnswer(str(error)) from None
    price = tuple(a - b for a, b in zip(found.row, row, strict=True))
    return _answer(before, price, _pairs(changed, found.post), found.is_exact)


def _answer(before: set[tuple[str, str]], price: Sequence[float], after: set[tuple[str, str]], is_exact: bool) -> Answer:
    points = dict(zip(TIERS, (float(figure) for figure in price), strict=True))
    return Answer(points, tuple(sorted(before - after)), tuple(sorted(after - before)), is_exact)


def _pairs(problem: Problem, post: Indices) -> set[tuple[str, str]]:
    moves = problem.moves(post)
    people, posts = problem.person_ids[problem.edge_person[moves]], problem.post_ids[problem.edge_post[moves]]
    return set(zip(people.tolist(), posts.tolist(), strict=True))
