"""What a week starts from: whose data are too old, what decisions change, and that the same makes the same."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import duckdb
import pytest
from tests.unit.publish.fictitious_run import write_fictitious_run

from mutasi.decide.decisions import Decision, Decisions
from mutasi.decide.week import Prepared, WeekError, day_of, prepare
from mutasi.settings import Settings

WEEK, MONDAY = "2026-W47", dt.date(2026, 11, 16)


@pytest.fixture
def home(settings: Settings) -> Settings:
    """A published planning and reporting database; the data of Pekanbaru are nine days old."""
    folder = write_fictitious_run(settings)
    with duckdb.connect(str(settings.warehouse / "planning.duckdb")) as con:
        for name in ("transfer_posts", "transfer_people"):
            con.execute(f"create table planning.planning.{name} as from '{folder}/inputs/{name}.parquet'")
        for column in ("people_coming", "people_leaving"):
            con.execute(f"alter table planning.planning.transfer_posts add column {column} bigint default 0")
        con.execute("alter table planning.planning.employees add column snapshot_date date")
        con.execute(
            "create table planning.planning.publication as select 'r' as run_id, date '2026-11-15' as as_of, now()::timestamp as published_at"
        )
        con.execute(
            "create table planning.planning.transfer_locks (person_id varchar, kind varchar, post_id varchar, until_date date, source varchar)"
        )
        con.execute(
            "create table planning.planning.transfer_policy as select * from (values ('plan_stale_after_days', '3', null::varchar, date '2026-01-01', null::date)) "
            "as p(policy_code, value, agency_id, valid_from, valid_to)"
        )
    with duckdb.connect(str(settings.warehouse / "reporting.duckdb")) as con:
        con.execute(
            "create table reporting.marts.dim_agency as select * from (values ('dumai', date '2026-11-15'), ('jakarta', date '2026-11-14'), "
            "('pekanbaru', date '2026-11-07')) as a(agency_id, data_as_of)"
        )
    return settings


def decision(home: Settings, kind: str) -> Decision:
    with duckdb.connect(str(home.warehouse / "planning.duckdb"), read_only=True) as con:
        person, home_post = con.execute(
            "select h.person_id, h.post_id from planning.planning.transfer_people h join planning.planning.transfer_posts p using (post_id) where p.agency_id = 'dumai' "
            "and p.releasable > 1 order by 1"
        ).fetchone()
        target = con.execute(
            "select post_id from planning.planning.transfer_posts where agency_id = 'dumai' and open_seats > 0 order by 1"
        ).fetchone()[0]
    return Decision("M1", person, home_post, target, "dumai", kind, None, MONDAY, True, False)


def posts(prepared: object) -> dict[str, tuple[int, int]]:
    with duckdb.connect(str(prepared.planning), read_only=True) as con:  # type: ignore[attr-defined]
        schema = prepared.planning.stem  # type: ignore[attr-defined]
        rows = con.execute(f'select post_id, open_seats, releasable from "{schema}".planning.transfer_posts').fetchall()
    return {post: (seats, free) for post, seats, free in rows}


def test_an_agency_with_old_data_takes_no_part(home: Settings) -> None:
    found = prepare(home, WEEK, MONDAY, [], Decisions())
    assert found.agencies == ("dumai", "jakarta") and found.left_out == {"pekanbaru": "umur data 9 hari, batas 3 hari"}
    assert {post.split("|")[0] for post in posts(found)} == {"dumai", "jakarta"}
    with pytest.raises(WeekError, match="No agency may take part"):
        prepare(home, WEEK, dt.date(2026, 11, 22), [], Decisions())


def test_a_run_may_be_for_some_agencies(home: Settings) -> None:
    assert prepare(home, WEEK, MONDAY, ["jakarta"], Decisions()).agencies == ("jakarta",)
    with pytest.raises(WeekError, match="No agency atlantis"):
        prepare(home, WEEK, MONDAY, ["atlantis"], Decisions())


def test_an_approved_move_holds_its_seat_and_no_longer_counts_at_home(home: Settings) -> None:
    made = decision(home, "approved")
    before, after = (
        posts(prepare(home, WEEK, MONDAY, [], Decisions())),
        posts(prepare(home, WEEK, MONDAY, [], Decisions((made,)))),
    )
    changed = {post for post in before if before[post] != after[post]}
    assert changed == {made.from_post_id, made.to_post_id}
    assert after[made.to_post_id][0] == before[made.to_post_id][0] - 1
    assert after[made.from_post_id][1] == before[made.from_post_id][1] - 1


def test_a_move_that_the_night_counts_already_is_not_counted_again(home: Settings) -> None:
    made = decision(home, "approved")
    before = posts(prepare(home, WEEK, MONDAY, [], Decisions()))
    with duckdb.connect(str(home.warehouse / "planning.duckdb")) as con:
        con.execute(
            "insert into planning.planning.transfer_locks values (?, 'in_process', ?, null, 'moves_in_process')",
            [made.person_id, made.to_post_id],
        )
    found = prepare(home, WEEK, MONDAY, [], Decisions((made,)))
    assert posts(found) == before
    with duckdb.connect(str(found.planning), read_only=True) as con:
        kinds = con.execute(f'select kind from "{found.planning.stem}".planning.transfer_locks order by 1').fetchall()
    assert kinds == [("approved",), ("in_process",)]


def test_who_is_on_the_way_out_no_longer_stands_behind_the_seats(home: Settings) -> None:
    made = decision(home, "approved")
    found = prepare(home, WEEK, MONDAY, [], Decisions((made,)))
    with duckdb.connect(str(found.planning), read_only=True) as con:
        table = f'"{found.planning.stem}".planning.transfer_posts'
        leaving = con.execute(f"select post_id, people_leaving from {table} where people_leaving > 0").fetchall()
    assert leaving == [(made.from_post_id, 1)]


def locks(found: Prepared) -> list[tuple[object, ...]]:
    with duckdb.connect(str(found.planning), read_only=True) as con:
        return con.execute(f'from "{found.planning.stem}".planning.transfer_locks order by all').fetchall()


def test_a_refusal_lasts_a_year_from_its_day_unless_it_says_otherwise(home: Settings) -> None:
    made = decision(home, "refused")
    [lock] = locks(prepare(home, WEEK, MONDAY, [], Decisions((made,))))
    assert lock == (made.person_id, "refused", made.to_post_id, dt.date(2027, 11, 16), "decisions")
    as_of = dt.date(2026, 11, 15)
    last, past = (replace(made, decided_on=as_of.replace(year=2025) - dt.timedelta(days=days)) for days in (0, 1))
    assert len(locks(prepare(home, WEEK, MONDAY, [], Decisions((last,))))) == 1
    assert locks(prepare(home, WEEK, MONDAY, [], Decisions((past,)))) == []


def test_a_refusal_may_last_no_longer_than_its_day(home: Settings) -> None:
    made = replace(decision(home, "refused"), decided_on=dt.date(2026, 11, 14))
    with duckdb.connect(str(home.warehouse / "planning.duckdb")) as con:
        con.execute(
            "insert into planning.planning.transfer_policy values ('refusal_lasts_months', '0', null, date '2026-01-01', null)"
        )
    assert locks(prepare(home, WEEK, MONDAY, [], Decisions((made,)))) == []


def test_a_refusal_of_one_post_does_not_hide_that_of_another(home: Settings) -> None:
    made = decision(home, "refused")
    with duckdb.connect(str(home.warehouse / "planning.duckdb")) as con:
        con.execute(
            "insert into planning.planning.transfer_locks values (?, 'refused', 'dumai|U9|J9', date '2027-01-01', 'transfer_decisions')",
            [made.person_id],
        )
    found = locks(prepare(home, WEEK, MONDAY, [], Decisions((made,))))
    assert [lock[2] for lock in found] == sorted(["dumai|U9|J9", made.to_post_id])


def test_an_approved_move_is_held_until_the_record_shows_it(home: Settings) -> None:
    """Also where its first day has passed; and never after, or the seat would be taken twice."""
    made = replace(decision(home, "approved"), until=dt.date(2026, 11, 1))
    before = posts(prepare(home, WEEK, MONDAY, [], Decisions()))
    held = prepare(home, WEEK, MONDAY, [], Decisions((made,)))
    assert [lock[:3] for lock in locks(held)] == [(made.person_id, "approved", made.to_post_id)]
    assert posts(held)[made.to_post_id][0] == before[made.to_post_id][0] - 1
    with duckdb.connect(str(home.warehouse / "planning.duckdb")) as con:
        con.execute(
            "update planning.planning.transfer_people set post_id = ? where person_id = ?", [made.to_post_id, made.person_id]
        )
    arrived = prepare(home, WEEK, MONDAY, [], Decisions((made,)))
    assert locks(arrived) == [] and posts(arrived) == before


def test_the_same_data_and_decisions_make_the_same_tables(home: Settings) -> None:
    def told() -> list[tuple[object, ...]]:
        file = prepare(home, WEEK, MONDAY, [], Decisions((decision(home, "approved"),))).planning
        with duckdb.connect(str(file), read_only=True) as con:
            names = con.execute("select table_name from duckdb_tables() where schema_name = 'planning' order by 1").fetchall()
            return [
                row
                for (name,) in names
                for row in con.execute(f'select * from "{file.stem}".planning.{name} order by all').fetchall()
            ]

    assert told() == told()


def test_the_day_by_which_age_is_judged() -> None:
    assert day_of(WEEK, dt.date(2026, 11, 18)) == dt.date(2026, 11, 18)
    assert day_of(WEEK, dt.date(2026, 12, 30)) == MONDAY and day_of(WEEK, dt.date(2026, 1, 1)) == MONDAY
    with pytest.raises(WeekError, match="write it as 2026-W47"):
        day_of("2026-47", MONDAY)
