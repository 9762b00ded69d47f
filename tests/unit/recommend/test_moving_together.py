"""Couples and a budget from the frozen tables to the proof: who declared it moves only together, and costs stay within what is there."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from tests.unit.recommend.conftest import Copy
from tests.unit.recommend.planning_database import make_planning

from mutasi.recommend import reading, runs
from mutasi.recommend.account import RunSummary
from mutasi.recommend.answers import what_if
from mutasi.recommend.best_plan import planned
from mutasi.recommend.certificate import check
from mutasi.recommend.telling import explain
from mutasi.recommend.weekly import replay, run_week, verify_plan
from mutasi.recommend.writing import freeze
from mutasi.settings import Settings

# Of those whom the plan without couples moves, every two who go to one place are a couple, by turns both ways and one way; others
# are bound to somebody who does not move at all.
COUPLES = """
create temp table pairs as
select person_id, lead(person_id) over w as other_id, row_number() over w as n
from (
    select k.person_id, k.agency_from, p.region_code
    from read_parquet('{run}/out/candidates.parquet') as k join planning.transfer_posts as p on k.to_post_id = p.post_id
    where k.solve = 'published'
) window w as (partition by agency_from, region_code order by person_id);
update planning.transfer_people as p set moves_with_person_id = c.other_id
from pairs as c where p.person_id = c.person_id and c.n % 2 = 1 and c.other_id is not null;
update planning.transfer_people as p set moves_with_person_id = c.person_id
from pairs as c where p.person_id = c.other_id and c.n % 4 = 1;
update planning.transfer_people as p set moves_with_person_id = (
    select min(s.person_id) from planning.transfer_people as s
    where s.agency_id = p.agency_id and s.outcome = 'ELIGIBLE' and s.person_id not in (select person_id from pairs)
)
from pairs as c where p.person_id = c.person_id and c.n % 2 = 1 and c.other_id is null;
"""


@pytest.fixture(scope="module")
def bound(settings: Settings, run: Path, tmp_path_factory: pytest.TempPathFactory) -> RunSummary:
    folder = tmp_path_factory.mktemp("couples")
    planning = make_planning(folder / "published.duckdb")
    with duckdb.connect(str(planning)) as con:
        con.execute(COUPLES.replace("{run}", str(run)))
    return run_week(replace(settings, home=folder), planning, "2026-W47")


@pytest.fixture
def bound_copy(bound: RunSummary, tmp_path: Path) -> Copy:
    return Copy(Path(shutil.copytree(bound.folder, tmp_path / "run")))


def goes(run: Path) -> dict[str, str]:
    """Where each mover goes: person and district."""
    return dict(
        duckdb.sql(
            f"""select k.person_id, p.region_code from read_parquet('{run}/out/candidates.parquet') as k
            join read_parquet('{run}/inputs/transfer_posts.parquet') as p on k.to_post_id = p.post_id where k.solve = 'published'"""
        ).fetchall()
    )


def declared(run: Path) -> list[tuple[str, str]]:
    return duckdb.sql(
        f"select person_id, moves_with_person_id from read_parquet('{run}/inputs/transfer_people.parquet') where moves_with_person_id is not null"
    ).fetchall()


def test_who_declared_it_moves_only_together(bound: RunSummary) -> None:
    run = Path(bound.folder)
    where, pairs = goes(run), declared(run)
    assert all(where[person] == where.get(other) for person, other in pairs if person in where)
    together = {person for person, _ in pairs} & set(where)
    assert together and {person for person, _ in pairs} - set(where)


def test_the_plan_with_couples_is_proved_and_found_again(bound: RunSummary) -> None:
    run = Path(bound.folder)
    assert not any(line.amiss for line in verify_plan(run))
    assert replay(run) == bound.plan_hash
    gap = runs.manifest(run)["bound"]
    assert bound.is_proved or gap is not None


def test_both_read_that_they_move_together_and_who_stays_why(bound: RunSummary) -> None:
    run = Path(bound.folder)
    where, pairs = goes(run), declared(run)
    person, other = next(pair for pair in pairs if pair[0] in where)
    for one, companion in ((person, other), (other, person)):
        assert any(f"Pindah bersama pasangan ({companion})" in line for line in explain(run, one))
    stays = duckdb.sql(
        f"select person_id from read_parquet('{run}/out/why_not.parquet') where reason_code = 'companion_stays'"
    ).fetchall()
    assert stays and any("Hanya bersedia pindah bersama pasangan" in line for line in explain(run, stays[0][0]))


def test_a_couple_is_one_package_in_one_part_of_the_list(bound: RunSummary) -> None:
    run = Path(bound.folder)
    rows = duckdb.sql(
        f"""select person_id, (chain_id, part, chain_length, gain), chain_order
        from read_parquet('{run}/out/candidates.parquet') where solve = 'published'"""
    ).fetchall()
    package, place = {row[0]: row[1] for row in rows}, {(row[1][0], row[2]) for row in rows}
    couples = [(person, other) for person, other in declared(run) if person in package]
    assert couples and all(package[person] == package[other] for person, other in couples)
    assert len(place) == len(rows)
    sizes = duckdb.sql(
        f"select count(*), any_value(chain_length) from read_parquet('{run}/out/candidates.parquet') where solve = 'published' group by chain_id"
    ).fetchall()
    assert all(count == told for count, told in sizes)


def test_refusing_one_takes_the_other_back(bound: RunSummary) -> None:
    run = Path(bound.folder)
    where, pairs = goes(run), declared(run)
    person, other = next(pair for pair in pairs if pair[0] in where)
    answer = what_if(run, refuse=[other])
    assert {person, other} <= {who for who, _ in answer.gone} and person not in {who for who, _ in answer.come}


def test_with_a_budget_beside_them_couples_cost_what_a_new_run_comes_to(bound: RunSummary, tmp_path: Path) -> None:
    copy = Copy(Path(shutil.copytree(bound.folder, tmp_path / "run")))
    row = "case policy_code when 'relocation_budget' then '3' else value end as value"
    copy.change("transfer_policy", f"select it.* replace ({row}) from it", folder="inputs")
    with reading.engine() as con:
        _, plan, _ = planned(con, copy.run, admit_review=False)
    answer = what_if(Path(bound.folder), policy={"relocation_budget": 3})
    assert answer.is_exact and plan.is_exact and any(answer.price.values())
    [(before,)] = duckdb.sql(f"select row from read_parquet('{bound.folder}/tables/claim.parquet')").fetchall()
    assert tuple(answer.price.values()) == tuple(a - b for a, b in zip(plan.row, before, strict=True))


TAMPERING: dict[str, tuple[str, str, str]] = {
    "half of a couple stays behind": (
        "plan",
        "from it where person_id <> (select moves_with_person_id from read_parquet('{tables}/persons.parquet') where person_id in (select person_id from it) and moves_with_person_id is not null order by 1 limit 1)",
        "who moves only together with somebody goes where that one goes",
    ),
    "a link is taken away": (
        "links",
        "from it where not (weight = -1 and cap_no = (select max(cap_no) from it))",
        "the tables are those of the run",
    ),
    "links weigh nothing": ("links", "select it.* replace (0 as weight) from it", "the tables are those of the run"),
    "a seat at home is priced too high": (
        "posts",
        "select it.* replace (price_imbalance + case when protected > 0 then 600 else 0 end as price_imbalance) from it",
        "nobody who may stay is worth more than nothing at home",
    ),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_found(what: str, bound_copy: Copy) -> None:
    table, query, proved = TAMPERING[what]
    bound_copy.change(table, query.replace("{tables}", str(bound_copy.run / "tables")))
    assert proved in [line.proved for line in check(bound_copy.run) if line.amiss]


def test_a_budget_of_moves_holds_and_its_gap_is_stated(settings: Settings, tmp_path: Path) -> None:
    planning = make_planning(tmp_path / "published.duckdb")

    def found(*changes: str) -> tuple[RunSummary, int, int]:
        with duckdb.connect(str(planning)) as con:
            for change in changes:
                con.execute(change)
        run = run_week(replace(settings, home=tmp_path), planning, "2026-W47")
        spent = duckdb.sql(
            f"select coalesce(max(spent), 0), sum(relocation) from (select *, sum(relocation) over (partition by agency_from) as spent from read_parquet('{run.folder}/out/candidates.parquet') where solve = 'published')"
        ).fetchall()
        return run, *map(int, spent[0])

    row = "update planning.transfer_policy set value = '{}' where policy_code = '{}'"
    free, most, _ = found(row.format(1, "relocation_cost"))
    assert most > 3
    tight, spent, _ = found(row.format(3, "relocation_budget"))
    assert 0 < spent <= 3 and tuple(tight.row.values()) > tuple(free.row.values())
    assert not any(line.amiss for line in verify_plan(Path(tight.folder)))
    assert tight.is_proved or tight.gap is not None
    own = """insert into planning.transfer_policy by name
        select * replace ('0' as value, 'kota-0' as agency_id) from planning.transfer_policy where policy_code = 'relocation_budget'"""
    none, _, _ = found(own)
    paid = duckdb.sql(
        f"select agency_from, sum(relocation) from read_parquet('{none.folder}/out/candidates.parquet') where solve = 'published' group by 1"
    ).fetchall()
    assert dict(paid)["kota-0"] == 0 < dict(paid)["kota-1"] <= 3
    _, spent, _ = found(own.replace("'0'", "'unlimited'").replace("kota-0", "kota-1") + " and agency_id is null")
    assert spent > 3, "an agency's own row goes before the general one, also where it says unlimited"


def test_nearness_of_the_move_together_is_a_row_of_the_policy(settings: Settings, tmp_path: Path) -> None:
    """Districts of one regency differ only while the policy says district."""
    planning = make_planning(tmp_path / "published.duckdb", people=60, posts=20)

    def areas() -> set[str]:
        with reading.engine() as con:
            freeze(con, planning, settings.dbt_project / "seeds", None, tmp_path / "run")
        with reading.engine() as con:
            planned(con, tmp_path / "run", admit_review=False)
            return {area for (area,) in con.execute("select distinct area from posts").fetchall()}

    with duckdb.connect(str(planning)) as con:
        con.execute(
            "update planning.transfer_posts set region_code = '14.7' || right(region_code, 1) || '.0' || length(unit_name)"
        )
        con.execute("update planning.transfer_posts set region_code = '14.70.09' where unit_id = 'unit-0'")
    assert {"14.70.06", "14.70.09"} <= areas()
    with duckdb.connect(str(planning)) as con:
        con.execute("update planning.transfer_policy set value = 'regency' where policy_code = 'joint_move_area'")
    assert areas() == {"14.70", "14.71", "14.72"}
