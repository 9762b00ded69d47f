"""Why a seat stays empty: each reason holds when the thing it names is taken away and everything is planned again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest
from tests.unit.recommend.planning_database import make_planning

from mutasi.recommend import reading
from mutasi.recommend.plan import Plan
from mutasi.recommend.problem import TIERS, Problem
from mutasi.recommend.reading_back import read_problem
from mutasi.recommend.solve import solve
from mutasi.recommend.weekly import run_week
from mutasi.settings import Settings

IMBALANCE, LEAST = TIERS.index("imbalance"), 250


@pytest.fixture(scope="module")
def uncapped(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose moves must bring much, and which no cap stops."""
    folder = tmp_path_factory.mktemp("uncapped")
    planning = make_planning(folder / "uncapped.duckdb")
    with duckdb.connect(str(planning)) as con:
        con.execute("update planning.transfer_policy set value = '1000' where policy_code like 'cap%'")
        con.execute(f"update planning.transfer_policy set value = '{LEAST}' where policy_code = 'minimum_gain'")
    return Path(run_week(replace(settings, home=folder), planning, "2026-W47").folder)


def read(run: Path) -> tuple[Problem, Plan]:
    with reading.engine() as con:
        return read_problem(con, run)


def reasons(run: Path) -> dict[str, str]:
    return dict(duckdb.sql(f"select post_id, reason_code from read_parquet('{run}/out/unfilled_posts.parquet')").fetchall())


def more(problem: Problem, before: Plan, after: Plan) -> set[str]:
    """The posts that hold more people in the second plan."""
    held = [np.bincount(plan.post, minlength=len(problem.post_ids)) for plan in (before, after)]
    return set(problem.post_ids[held[1] > held[0]].tolist())


def test_a_gain_below_the_minimum_is_enough_where_none_is_asked_for(uncapped: Path) -> None:
    problem, plan = read(uncapped)
    cost = problem.edge_cost.copy()
    cost[:, IMBALANCE] -= LEAST
    said = {post for post, reason in reasons(uncapped).items() if reason == "gain_below_minimum"}
    filled = more(problem, plan, solve(replace(problem, edge_cost=cost)))
    assert said and said <= filled
    assert filled & reasons(uncapped).keys() == said


def test_a_cap_is_named_only_where_more_could_move_without_it(run: Path, uncapped: Path) -> None:
    assert "capped" not in reasons(uncapped).values()
    problem, plan = read(run)
    freed = solve(replace(problem, cap_limit=np.full_like(problem.cap_limit, 1_000)))
    said = {post for post, reason in reasons(run).items() if reason == "capped"}
    assert said & more(problem, plan, freed)
