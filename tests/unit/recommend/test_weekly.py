"""A week's run from the published planning database: rules, repetition, replay, and what an incomplete search may claim."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from tests.unit.recommend.planning_database import make_planning

from mutasi.recommend import candidates, certificate, reading, runs
from mutasi.recommend.account import RunSummary
from mutasi.recommend.best_plan import METHOD, planned
from mutasi.recommend.policy import PolicyError
from mutasi.recommend.solve import solve
from mutasi.recommend.weekly import replay, run_week
from mutasi.recommend.writing import freeze
from mutasi.settings import Settings


def table(run: Path, name: str) -> str:
    return f"read_parquet('{run / 'tables' / name}.parquet')"


def published(run: Path, name: str = "candidates") -> str:
    where = " where solve = 'published'" if name == "candidates" else ""
    return f"(select * from read_parquet('{run / 'out' / name}.parquet'){where})"


def test_the_same_planning_database_gives_the_same_run(settings: Settings, planning: Path, found: RunSummary) -> None:
    assert replace(run_week(settings, planning, "2026-W47"), folder=found.folder) == found
    assert METHOD == "8"


def test_replay_gives_the_same_hash(run: Path, found: RunSummary) -> None:
    assert replay(run) == found.plan_hash


def test_rows_in_another_order_give_the_same_run(settings: Settings, planning: Path, found: RunSummary, tmp_path: Path) -> None:
    other = Path(shutil.copy(planning, tmp_path / "shuffled.duckdb"))
    with duckdb.connect(str(other)) as con:
        for name in ("transfer_people", "transfer_posts", "transfer_wishes", "transfer_policy"):
            con.execute(
                f"create or replace table planning.{name} as from planning.{name} order by hash(planning.{name}::varchar, 7)"
            )
    assert run_week(settings, other, "2026-W47").run_id == found.run_id


def test_every_rule_is_kept(run: Path) -> None:
    broken = duckdb.sql(
        f"""
        select k.candidate_id
        from {published(run)} as k
        join read_parquet('{run}/inputs/transfer_people.parquet') as e using (person_id)
        join read_parquet('{run}/inputs/transfer_posts.parquet') as p on k.to_post_id = p.post_id
        join read_parquet('{run}/inputs/transfer_posts.parquet') as h on k.from_post_id = h.post_id
        left join read_parquet('{run}/inputs/transfer_locks.parquet') as l on k.person_id = l.person_id
        where
            e.outcome <> 'ELIGIBLE' or e.agency_id <> p.agency_id or e.job_id <> p.job_id or l.person_id is not null
            or (p.sub_job is not null and p.sub_job is distinct from e.proved_sub_job)
            or k.origin_staff_after < h.need_seats or k.dest_staff_after > p.need_seats or k.fit_points < 50
            or (k.gain < 0 and k.gain_critical = 0)
        """
    ).fetchall()
    assert broken == []


def test_seats_are_worth_what_the_staff_behind_them_lacks(settings: Settings, tmp_path: Path) -> None:
    """Who leaves no longer stands behind a seat, who comes does already: a need of 6 with 4 people, 2 leaving and 1 coming lacks 3."""
    planning = make_planning(tmp_path / "leaving.duckdb", people=60, posts=20)
    with duckdb.connect(str(planning)) as con:
        con.execute(
            """update planning.transfer_posts set need_fte = 6, need_seats = 6, staff_definitive = 4, people_leaving = 2, people_coming = 1,
            open_seats = 2, releasable = 0 where post_id = (select min(post_id) from planning.transfer_posts)"""
        )
    with reading.engine() as con:
        freeze(con, planning, settings.dbt_project / "seeds", None, tmp_path / "run")
    with reading.engine() as con:
        planned(con, tmp_path / "run", admit_review=False)
        found = con.execute("select seat_no, imbalance from seats where post_no = 0 order by seat_no").fetchall()
    assert found == [(0, round(1000 * (9 - 4) / 6)), (1, round(1000 * (4 - 1) / 6))]


def test_units_lose_no_more_than_policy_allows(run: Path) -> None:
    broken = duckdb.sql(
        f"select unit_id from {published(run, 'units')} where moves_out > greatest(1, floor(staff_before * 0.1))"
    ).fetchall()
    assert broken == []


def test_every_person_and_every_empty_seat_has_a_reason(run: Path) -> None:
    people = duckdb.sql(f"select count(*) from read_parquet('{run}/inputs/transfer_people.parquet')").fetchall()
    told = duckdb.sql(
        f"select (select count(*) from {published(run)}) + (select count(*) from {published(run, 'why_not')})"
    ).fetchall()
    assert people == told
    # Each chain ends at one open seat.
    seats = duckdb.sql(
        f"""select (select sum(open_seats) from {table(run, "posts")}) - (select sum(seats) from {published(run, "unfilled_posts")})
        - (select count(distinct chain_id) from {published(run)} where chain_kind = 'path')"""
    ).fetchall()
    assert seats == [(0,)]


def test_what_is_missing_and_what_it_would_unlock_is_listed(run: Path, found: RunSummary) -> None:
    unlocked = duckdb.sql(f"select count(*), count(item) from {published(run, 'unlocks')}").fetchall()[0]
    assert unlocked[0] == unlocked[1] > 0 and found.moves_with_review >= found.moves


def test_each_missing_item_stands_by_itself(run: Path) -> None:
    """Whoever lacks two items, one of the own and one of the pair, is asked for both and for nothing else."""
    codes = duckdb.sql(f"select distinct rule_code from {published(run, 'unlocks')}").fetchall()
    known = duckdb.sql(f"select distinct rule_code from read_parquet('{run}/inputs/transfer_rules.parquet')").fetchall()
    assert set(codes) <= set(known)


def test_open_posts_of_officials_get_three_ranked_names(settings: Settings, tmp_path: Path) -> None:
    planning = make_planning(tmp_path / "officials.duckdb", people=120, posts=40)
    with duckdb.connect(str(planning)) as con:
        con.execute("""update planning.transfer_posts set job_kind = 'pengawas', job_level = null, sub_job = null,
            golongan_min = case when unit_id = 'unit-1' then '45' else '31' end where job_id = 'job-2'""")
        con.execute("update planning.transfer_people set job_kind = 'pengawas', job_level = null where job_id = 'job-2'")
        con.execute("""update planning.transfer_people set outcome = 'REVIEW', review_rules = ' P2 '
            where job_kind = 'pengawas' and outcome = 'ELIGIBLE'""")
    found = run_week(settings, planning, "2026-W48")
    run = Path(found.folder)
    rows = duckdb.sql(
        f"""select t.*, p.outcome, p.job_kind, p.golongan_code, p.agency_id as own_agency, l.person_id is not null as is_locked,
            o.open_seats, o.job_kind as post_kind, o.golongan_min
        from {published(run, "three_names")} as t
        join read_parquet('{run}/inputs/transfer_people.parquet') as p using (person_id)
        join read_parquet('{run}/inputs/transfer_posts.parquet') as o on t.post_id = o.post_id
        left join read_parquet('{run}/inputs/transfer_locks.parquet') as l on t.person_id = l.person_id order by t.post_id, place"""
    ).fetchall()
    assert rows and {row[2] for row in rows} == {1, 2, 3}
    for _, agency, _, _, way, _, review, items, outcome, kind, golongan, own, is_locked, seats, post_kind, lowest in rows:
        assert outcome in ("REVIEW", "ELIGIBLE") and agency == own and seats > 0 and post_kind == "pengawas" and not is_locked
        assert golongan >= lowest and way == {"pengawas": "horizontal", "pelaksana": "vertical"}[kind]
        assert "P2" not in review or "Pertimbangan Tim Penilai Kinerja" in items
    by_post: dict[str, list[int]] = {}
    for row in rows:
        by_post.setdefault(row[0], []).append(row[5])
    assert all(points == sorted(points, reverse=True) and len(points) <= 3 for points in by_post.values())
    assert not any(row[0].split("|")[1] == "unit-1" for row in rows)


def test_the_frontier_goes_from_few_moves_to_least_imbalance(run: Path) -> None:
    points = duckdb.sql(
        f"select point, moves, imbalance, involuntary_moves, critical_unfilled from {published(run, 'frontier')} order by moves"
    ).fetchall()
    by_name = {name: rest for name, *rest in points}
    assert by_name["wishes_only"][2] == 0
    assert by_name["gain_x10"][0] <= by_name["published"][0] <= by_name["every_relief"][0]
    assert by_name["gain_x10"][1] >= by_name["published"][1] >= by_name["every_relief"][1]


def test_run_json_says_what_publishing_needs(run: Path) -> None:
    told = runs.manifest(run)
    assert told["label"] == "optimal over all lawful pairs" and told["data_as_of"] == "2026-11-22"
    assert told["certificate"]["verified_by_sql"] and told["certificate"]["verified_by_ortools"]
    assert all(stage["gap"] == 0 for stage in told["certificate"]["stages"])
    assert told["objective"]["after"]["imbalance"] < told["objective"]["before"]["imbalance"]


def test_left_out_pairs_that_improve_the_plan_are_found(run: Path) -> None:
    with reading.engine() as con:
        problem, whole, _ = planned(con, run, admit_review=False)
    with reading.engine() as con:
        reading.attach_inputs(con, run)
        con.execute("create table options as select false as admit_review")
        candidates.build(con, pairs_in_full=0, best_pairs=1)
        few = candidates.problem_of(con)
        first = solve(few)
        assert len(few.edge_post) < len(problem.edge_post) and first.row > whole.row
        assert candidates.add_improving_pairs(con, first) > 0
    with reading.engine() as con:
        _, plan, universe = planned(con, run, admit_review=False, in_full=0)
        assert (plan.row[:4], universe) == (whole.row[:4], "all_lawful_pairs")


def test_an_unpriced_search_may_not_claim_all_pairs(run: Path, tmp_path: Path) -> None:
    with reading.engine() as con:
        reading.attach_inputs(con, run)
        con.execute("create table options as select false as admit_review")
        candidates.build(con, pairs_in_full=0, best_pairs=1)
        problem = candidates.problem_of(con)
        certificate.write_tables(con, tmp_path, problem, solve(problem), "all_lawful_pairs")
        assert [line.proved for line in certificate.check(tmp_path) if line.amiss] == [
            "of incomplete blocks no pair that was left out can improve the plan, or the plan says so"
        ]
        certificate.write_tables(con, tmp_path, problem, solve(problem), "candidate_set")
        assert not any(line.amiss for line in certificate.check(tmp_path))


def test_last_weeks_plan_stays_unless_the_gain_is_worth_it(
    settings: Settings, planning: Path, run: Path, found: RunSummary
) -> None:
    again = run_week(settings, planning, "2026-W48", last_plan=run / "tables" / "plan.parquet")
    assert again.run_id != found.run_id
    before = duckdb.sql(f"select person_id, post_id from {table(run, 'plan')} order by all").fetchall()
    assert duckdb.sql(f"select person_id, post_id from {table(Path(again.folder), 'plan')} order by all").fetchall() == before


def test_an_agency_short_everywhere_moves_nobody_unless_equal_pressure_is_decided(settings: Settings, tmp_path: Path) -> None:
    planning = make_planning(tmp_path / "short.duckdb", people=120, posts=40)
    with duckdb.connect(str(planning)) as con:
        con.execute("""update planning.transfer_posts set need_fte = 3 * staff_definitive + 6, need_seats = 3 * staff_definitive + 6,
            open_seats = 2 * staff_definitive + 6, releasable = 0, state = 'open'""")
    nobody = run_week(settings, planning, "2026-W50")
    assert nobody.moves == 0 and nobody.open_seats > 0
    with duckdb.connect(str(planning)) as con:
        con.execute("update planning.transfer_policy set value = 'equal_pressure' where policy_code = 'donor_floor'")
    shared = run_week(settings, planning, "2026-W50")
    assert shared.moves > 0 and runs.manifest(Path(shared.folder))["needs_decision"] is True
    worse = duckdb.sql(
        f"select candidate_id from {published(Path(shared.folder))} where origin_staff_after / origin_need < dest_staff_after / dest_need - 1e-9"
    ).fetchall()
    assert worse == []


def test_a_missing_row_of_the_policy_is_named(settings: Settings, tmp_path: Path) -> None:
    planning = make_planning(tmp_path / "few.duckdb", people=20, posts=8)
    with duckdb.connect(str(planning)) as con:
        con.execute("delete from planning.transfer_policy where policy_code = 'minimum_gain'")
    with pytest.raises(PolicyError, match="minimum_gain"):
        run_week(settings, planning, "2026-W49")


@pytest.mark.parametrize(
    ("code", "value", "agency"),
    [
        ("relocation_budget", "unlimitted", None),
        ("scope", "interagency", None),
        ("scope", "interagency", "kota-1"),
        ("cap_moves_per_agency", "-1", "kota-0"),
        ("refusal_lasts_months", "a year", None),
    ],
)
def test_a_row_that_nobody_can_plan_by_is_named(
    settings: Settings, tmp_path: Path, code: str, value: str, agency: str | None
) -> None:
    planning = make_planning(tmp_path / "typed.duckdb", people=20, posts=8)
    with duckdb.connect(str(planning)) as con:
        con.execute(
            """insert into planning.transfer_policy by name
            select * replace ($value as value, $agency as agency_id, valid_from + 1 as valid_from) from planning.transfer_policy where policy_code = $code""",
            {"value": value, "agency": agency, "code": code},
        )
    with pytest.raises(PolicyError, match=f"{agency or 'The policy'} cannot be {code}={value}"):
        run_week(settings, planning, "2026-W49")


def test_a_planning_database_without_transfers_is_refused(settings: Settings, tmp_path: Path) -> None:
    duckdb.connect(str(tmp_path / "old.duckdb")).close()
    with pytest.raises(runs.RunError, match="lacks publication, transfer_posts"):
        run_week(settings, tmp_path / "old.duckdb", "2026-W49")


def test_a_week_with_nobody_to_move_is_a_week(settings: Settings, tmp_path: Path) -> None:
    planning = make_planning(tmp_path / "nobody.duckdb", people=30, posts=12)
    with duckdb.connect(str(planning)) as con:
        con.execute("update planning.transfer_people set outcome = 'NOT_ELIGIBLE'")
    found = run_week(settings, planning, "2026-W51")
    assert (found.people, found.pairs, found.moves) == (0, 0, 0)
    assert found.is_proved and found.open_seats > 0
