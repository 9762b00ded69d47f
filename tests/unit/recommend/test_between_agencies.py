"""Moves between agencies: none unless both consent, only of those who accept it, on a lawful route, with the locks of both."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from tests.unit.recommend.planning_database import make_planning

from mutasi.recommend import reading
from mutasi.recommend.best_plan import planned
from mutasi.recommend.weekly import run_week
from mutasi.recommend.writing import freeze
from mutasi.settings import Settings

WIDE = "update planning.transfer_policy set value = 'inter_agency' where policy_code = 'scope'"


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two agencies that consent; one person in two accepts to go to another agency."""
    file = make_planning(tmp_path_factory.mktemp("wide") / "wide.duckdb")
    with duckdb.connect(str(file)) as con:
        con.execute(WIDE)
        con.execute("update planning.transfer_people set accepts_inter_agency = hash(person_id, 9) % 2 = 0")
        con.execute(
            """insert into planning.transfer_routes
            select origin, destination, 'between_cities', false, 'all', 'Tim penilai kinerja', 'Gubernur', 'PPK kedua instansi', 'rekaan'
            from (values ('kota-0', 'kota-1'), ('kota-1', 'kota-0')) as t(origin, destination)"""
        )
    return file


@pytest.fixture
def changed(wide: Path, tmp_path: Path) -> Callable[..., list[tuple[str, str, str, bool]]]:
    """Pairs between agencies after changes: person, sending agency, receiving post, whether the person accepts."""

    def pairs(*changes: str) -> list[tuple[str, str, str, bool]]:
        file, run = Path(shutil.copy(wide, tmp_path / "changed.duckdb")), tmp_path / f"run-{len(changes)}"
        with duckdb.connect(str(file)) as con:
            for change in changes:
                con.execute(change)
        settings = Settings.from_environment()
        with reading.engine() as con:
            freeze(con, file, settings.dbt_project / "seeds", None, run)
        with reading.engine() as con:
            planned(con, run, admit_review=False)
            return con.execute(
                """select person_id, persons.agency_id, post_id, accepts_inter_agency
                from edges join persons using (person_no) join posts using (post_no)
                where persons.agency_id <> posts.agency_id order by all"""
            ).fetchall()

    return pairs


def test_whoever_accepts_may_go_to_another_agency(changed: Callable[..., list[tuple[str, str, str, bool]]]) -> None:
    pairs = changed()
    assert {pair[1] for pair in pairs} == {"kota-0", "kota-1"} and all(pair[3] for pair in pairs)


def test_without_the_policy_nobody_changes_the_agency(changed: Callable[..., list[tuple[str, str, str, bool]]]) -> None:
    assert changed(WIDE.replace("inter_agency", "intra_agency")) == []


def test_one_agency_that_does_not_consent_is_enough(changed: Callable[..., list[tuple[str, str, str, bool]]]) -> None:
    own = "insert into planning.transfer_policy by name select * replace ('intra_agency' as value, 'kota-1' as agency_id) from planning.transfer_policy where policy_code = 'scope'"
    assert changed(own) == []


def test_locks_of_both_agencies_hold(changed: Callable[..., list[tuple[str, str, str, bool]]]) -> None:
    pairs = changed()
    leaver = pairs[0][0]
    refused = next(pair for pair in pairs if pair[0] != leaver)
    lock = "insert into planning.transfer_locks values ('{}', '{}', {}, null, 'rekaan')"
    left = changed(lock.format(leaver, "in_process", "null"), lock.format(refused[0], "refused", f"'{refused[2]}'"))
    assert leaver not in {pair[0] for pair in left}
    assert set(pairs) - set(left) == {pair for pair in pairs if pair[0] == leaver or pair == refused}


NO_WAY = "delete from planning.transfer_routes where origin_agency_id = 'kota-0' and destination_agency_id = 'kota-1'"


def test_an_unknown_way_is_no_lawful_pair(changed: Callable[..., list[tuple[str, str, str, bool]]]) -> None:
    assert {pair[1] for pair in changed()} == {"kota-0", "kota-1"}
    assert {pair[1] for pair in changed(NO_WAY)} == {"kota-1"}
    other_kind = (
        "update planning.transfer_routes set job_kinds = 'administrator pengawas' where origin_agency_id <> destination_agency_id"
    )
    assert changed(other_kind) == []
    override = "update planning.transfer_routes set is_override = true where origin_agency_id <> destination_agency_id"
    assert changed(override) == []


def test_an_unknown_way_waits_for_review(wide: Path, settings: Settings, tmp_path: Path) -> None:
    planning = Path(shutil.copy(wide, tmp_path / "published.duckdb"))
    with duckdb.connect(str(planning)) as con:
        con.execute(NO_WAY)
        con.execute("update planning.transfer_people set outcome = 'NOT_ELIGIBLE' where outcome = 'REVIEW'")
        con.execute("update planning.transfer_posts set open_seats = 0 where agency_id = 'kota-0'")
    found = run_week(replace(settings, home=tmp_path), planning, "2026-W47")
    moves = duckdb.sql(
        f"""select solve, review_rules, route_code from read_parquet('{found.folder}/out/candidates.parquet')
        where agency_from = 'kota-0' and agency_to = 'kota-1'"""
    ).fetchall()
    assert moves and {(solve, tuple(rules.split()), route) for solve, rules, route in moves} == {
        ("if_files_complete", ("D8",), None)
    }


def test_a_plan_between_agencies_is_proved_and_names_its_route(wide: Path, settings: Settings, tmp_path: Path) -> None:
    found = run_week(replace(settings, home=tmp_path), wide, "2026-W47")
    moves = duckdb.sql(
        f"""select agency_from, agency_to, route_code from read_parquet('{found.folder}/out/candidates.parquet')
        where solve = 'published' and agency_from <> agency_to"""
    ).fetchall()
    assert found.is_proved and moves and {route for _, _, route in moves} == {"between_cities"}
