"""What a run says of its moves and empty seats is true: the figures add up, and without the thing that is named it would be otherwise."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest
from tests.unit.recommend.conftest import Copy
from tests.unit.recommend.planning_database import make_planning

from mutasi.recommend import reading
from mutasi.recommend.plan import Plan
from mutasi.recommend.problem import TIERS, Problem
from mutasi.recommend.reading_back import read_problem
from mutasi.recommend.solve import solve
from mutasi.recommend.telling import explain
from mutasi.recommend.weekly import run_week
from mutasi.recommend.wording import sentence
from mutasi.settings import Settings

IMBALANCE, LEAST = TIERS.index("imbalance"), 250


def under(settings: Settings, folder: Path, policy: dict[str, int]) -> Path:
    """A run in `folder` under rows of the policy with other values, by patterns of their codes."""
    planning = make_planning(folder / "published.duckdb")
    with duckdb.connect(str(planning)) as con:
        for codes, value in policy.items():
            con.execute("update planning.transfer_policy set value = ? where policy_code like ?", [str(value), codes])
    return Path(run_week(replace(settings, home=folder), planning, "2026-W47").folder)


@pytest.fixture(scope="module")
def uncapped(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose moves must bring much, and which no cap stops."""
    return under(settings, tmp_path_factory.mktemp("uncapped"), {"cap%": 1000, "minimum_gain": LEAST})


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


@pytest.fixture(scope="module")
def narrow(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the caps of every week."""
    return under(settings, tmp_path_factory.mktemp("narrow"), {"minimum_gain": 600})


def test_a_cap_is_named_where_more_would_move_without_it(narrow: Path, uncapped: Path) -> None:
    """And where the gain is too small besides, lifting the cap alone changes nothing."""
    assert not {"capped", "capped_and_small"} & set(reasons(uncapped).values())
    problem, plan = read(narrow)
    capped = {post: reason for post, reason in reasons(narrow).items() if reason.startswith("capped")}
    assert set(capped.values()) == {"capped", "capped_and_small"}
    stays = plan.post[problem.edge_person] == problem.home[problem.edge_person]
    for post, reason in capped.items():
        lifted = problem.edge_caps.copy()
        lifted[(problem.post_ids[problem.edge_post] == post) & stays] = -1
        other = solve(replace(problem, edge_caps=lifted))
        assert other.row < plan.row if reason == "capped" else post not in more(problem, plan, other), (post, reason)


def test_a_person_whom_a_cap_stops_would_better_the_plan_without_it(run: Path, uncapped: Path) -> None:
    why = "select person_id, best_post_id from read_parquet('{}/out/why_not.parquet') where reason_code = 'capped' order by all"
    assert duckdb.sql(why.format(uncapped)).fetchall() == []
    problem, plan = read(run)
    stopped = duckdb.sql(why.format(run)).fetchall()
    assert stopped
    for person, post in stopped:
        free = problem.edge_caps.copy()
        free[(problem.person_ids[problem.edge_person] == person) & (problem.post_ids[problem.edge_post] == post)] = -1
        assert solve(replace(problem, edge_caps=free)).row < plan.row


def test_posts_that_the_plan_never_fills_say_who_does(settings: Settings, tmp_path: Path) -> None:
    planning = make_planning(tmp_path / "leaders.duckdb", people=120, posts=40)
    with duckdb.connect(str(planning)) as con:
        for job, kind, rule in (("job-2", "pengawas", "P2"), ("job-3", "jpt", "P1")):
            con.execute(
                f"update planning.transfer_posts set job_kind = '{kind}', job_level = null, sub_job = null where job_id = '{job}'"
            )
            con.execute(f"update planning.transfer_people set job_kind = '{kind}', job_level = null where job_id = '{job}'")
            con.execute(
                f"update planning.transfer_people set outcome = 'REVIEW', review_rules = ' {rule} ' where job_kind = '{kind}'"
            )
    run = Path(run_week(replace(settings, home=tmp_path), planning, "2026-W48").folder)
    kinds = duckdb.sql(
        f"""select job_kind, reason_code, min(post_id), min(names) from read_parquet('{run}/out/unfilled_posts.parquet') as empty
        join read_parquet('{run}/inputs/transfer_posts.parquet') as posts using (post_id)
        left join (select post_id, count(*) as names from read_parquet('{run}/out/three_names.parquet') group by all) as named using (post_id)
        where job_kind in ('jpt', 'pengawas') group by all order by all"""
    ).fetchall()
    assert [row[:2] for row in kinds] == [("jpt", "open_selection"), ("pengawas", "three_names")]
    assert any("seleksi terbuka" in line for line in explain(run, kinds[0][2]))
    assert any(f"{kinds[1][3]} nama dalam lembar Tiga Nama" in line for line in explain(run, kinds[1][2]))


def candidates(run: Path) -> list[tuple[str, dict[str, dict[str, int]], str]]:
    rows = duckdb.sql(
        f"select candidate_id, reasons, missing_documents from read_parquet('{run}/out/candidates.parquet') where solve = 'published'"
    ).fetchall()
    return [(one, {r["code"]: r["params"] for r in json.loads(reasons)}, documents) for one, reasons, documents in rows]


def test_the_parts_of_the_fit_add_up_to_it(run: Path) -> None:
    parts = ("education", "competence", "experience", "performance", "potential", "preference", "distance", "ground", "due")
    for candidate, said, _ in candidates(run):
        fit = said["FIT"]
        earned = sum(fit[part] or 0 for part in parts)
        assert (200 * earned + fit["possible"]) // (2 * fit["possible"]) == fit["points"]
        assert any(f"yaitu {earned} dari {fit['possible']} yang dapat dinilai" in line for line in explain(run, candidate))


@pytest.mark.parametrize(
    ("change", "unknown"),
    [
        ("update planning.transfer_posts set job_family = null", {"education", "competence", "experience"}),
        ("update planning.transfer_people set education_field = 'Ilmu yang tidak dikenal tabel'", {"education"}),
    ],
)
def test_what_nobody_knows_counts_neither_for_nor_against(
    settings: Settings, tmp_path: Path, change: str, unknown: set[str]
) -> None:
    planning = make_planning(tmp_path / "published.duckdb")
    with duckdb.connect(str(planning)) as con:
        con.execute(change)
        weights = dict(
            con.execute(
                "select policy_code[8:], value::int from planning.transfer_policy where policy_code like 'weight_%'"
            ).fetchall()
        )
    run = Path(run_week(replace(settings, home=tmp_path), planning, "2026-W47").folder)
    fits = [said["FIT"] for _, said, _ in candidates(run)]
    assert fits
    for fit in fits:
        assert {part for part in ("education", "competence", "experience") if fit[part] is None} == unknown
        assert fit["possible"] <= sum(weight for part, weight in weights.items() if part not in unknown)


@pytest.mark.parametrize(
    ("need", "seats", "family", "told"),
    [
        (1.4964, 1, "Administrasi", "1,496, dibulatkan 1"),
        (2.5, 3, "Administrasi", "2,5, dibulatkan 3"),
        (2.0, 2, "Administrasi", "2,0, dibulatkan 2"),
        (1.75, 1, "Pendidikan", "1,75, dibulatkan ke bawah 1 menurut aturan guru"),
    ],
)
def test_a_need_is_told_as_it_is_rounded(tampered: Copy, need: float, seats: int, family: str, told: str) -> None:
    """In the words of the sheets; the figure never contradicts what it is rounded to."""
    tampered.change(
        "candidates",
        f"select it.* replace ({need}::double as origin_need, {seats} as origin_need_seats, 1.4572::double as dest_need, 1.125::double as dest_pressure_after) from it",
        folder="out",
    )
    tampered.change("transfer_posts", f"select it.* replace ('{family}' as job_family) from it", folder="inputs")
    said = "\n".join(line for candidate, _, _ in candidates(tampered.run)[:10] for line in explain(tampered.run, candidate))
    assert f"memenuhi kebutuhannya ({told}): bezetting" in said
    assert "membutuhkan 1,46 orang" in said and "menjadi 1,13." in said


def test_a_price_of_nothing_is_a_whole_sentence() -> None:
    nothing = {"critical": 0, "imbalance": 0, "fit": 0, "is_exact": True, "ties": False}
    assert sentence("PRICE_OF_REFUSAL", nothing) == "Kerugian bila ditolak: hanya jarak atau jumlah mutasi."
    assert "tidak ada, karena rencana lain sama baiknya." in sentence("PRICE_OF_REFUSAL", nothing | {"ties": True})
    assert sentence("PRICE_OF_REFUSAL", nothing | {"imbalance": 1250, "fit": 3, "is_exact": False}) == (
        "Kerugian bila ditolak: paling sedikit 1.250 poin ketimpangan, 3 nilai kesesuaian."
    )
    assert sentence("RUNNER_UP", nothing | {"person": "P1"}) == "Calon berikutnya: P1."


def test_what_the_data_prove_is_not_asked_for(run: Path) -> None:
    known = duckdb.sql(f"select count(*) from read_parquet('{run}/inputs/route_documents.parquet') where document_code = 'ABK'")
    assert known.fetchall() == [(1,)]
    assert not any(" ABK " in documents for _, _, documents in candidates(run))
    kinds = dict(
        duckdb.sql(
            f"""select candidate_id, job_kind from read_parquet('{run}/out/candidates.parquet') as moves
            join read_parquet('{run}/inputs/transfer_posts.parquet') as posts on to_post_id = post_id"""
        ).fetchall()
    )
    assert {kinds[one] for one, _, documents in candidates(run) if " PROFESI " in documents} == {"jf"}


def test_codes_are_told_by_their_names(run: Path) -> None:
    out = run / "out"
    names = duckdb.sql(
        f"""select min(candidate_id) from read_parquet('{out}/candidates.parquet')
        union all select min(person_id) from read_parquet('{out}/why_not.parquet') group by reason_code
        union all select min(post_id) from read_parquet('{out}/unfilled_posts.parquet') group by reason_code"""
    ).fetchall()
    for (name,) in names:
        for line in explain(run, name):
            assert not re.search(r"\b[RDP]\d+\b|within_agency|\b(ABK|SKP2|PROFESI|TEMUAN)\b", line.replace(f"[{name}]", ""))
    assert "Kewenangan: PPK (pertimbangan Tim penilai kinerja)." in "\n".join(explain(run, names[0][0]))


POST = """insert into planning.transfer_posts
select * replace (
    'kota-0|unit-' || $name || '|jabatan-' || $name as post_id, 'unit-' || $name as unit_id, 'jabatan-' || $name as position_id,
    $need::bigint as need_seats, $need::double as need_fte, $staff::bigint as staff_definitive, $staff::double as staff_present_fte,
    greatest($need - $staff, 0) as open_seats, greatest($staff - $need, 0) as releasable, $golongan as golongan_min,
    true as is_critical, case when $need is null then 'unknown' else 'balanced' end as state
) from posts_before limit 1"""
PERSON = """insert into planning.transfer_people
select people_before.* replace (
    $name as person_id, 'kota-0|unit-' || $at || '|jabatan-' || $at as post_id, $golongan as golongan_code, 'ELIGIBLE' as outcome,
    '' as failed_rules, '' as review_rules, home as home_district_code
) from people_before, (select region_code as home from posts_before limit 1) limit 1"""


def chain(settings: Settings, folder: Path, need_between: int | None) -> Path:
    """An empty seat for which the rank of one person is enough, and somebody else who could have that one's post."""
    planning = make_planning(folder / "chain.duckdb")
    with duckdb.connect(str(planning)) as con:
        kept = "agency_id = 'kota-0' and job_kind = 'pelaksana' order by 1"
        con.execute(f"create temp table posts_before as select * from planning.transfer_posts where {kept}")
        con.execute(f"create temp table people_before as select * from planning.transfer_people where {kept}")
        con.execute("update people_before set job_id = (select job_id from posts_before limit 1)")
        for table in ("posts", "people", "wishes", "locks"):
            con.execute(f"delete from planning.transfer_{table}")
        for post in (("empty", 1, 0, "33"), ("between", need_between, 1, "21"), ("rich", 1, 2, "21")):
            con.execute(POST, dict(zip(("name", "need", "staff", "golongan"), post, strict=True)))
        for person in (("P-high", "between", "33"), ("P-low-1", "rich", "31"), ("P-low-2", "rich", "31")):
            con.execute(PERSON, dict(zip(("name", "at", "golongan"), person, strict=True)))
    return Path(run_week(replace(settings, home=folder), planning, "2026-W48").folder)


def test_who_takes_a_seat_that_somebody_left_relieves_nobody(settings: Settings, tmp_path: Path) -> None:
    run = chain(settings, tmp_path, 1)
    people = dict(duckdb.sql(f"select candidate_id, person_id from read_parquet('{run}/out/candidates.parquet')").fetchall())
    said = {people[one]: reasons for one, reasons, _ in candidates(run)}
    [follows] = [reasons for person, reasons in said.items() if person != "P-high"]
    assert {"RELIEVES_DESTINATION", "FILLS_CRITICAL_SEAT"} <= said["P-high"].keys()
    assert not {"RELIEVES_DESTINATION", "FILLS_CRITICAL_SEAT"} & follows.keys()
    [follower] = [one for one, person in people.items() if person != "P-high"]
    assert "Menempati kursi yang ditinggalkan; jabatan tujuan membutuhkan 1,0 orang, bezetting 1 menjadi 1." in (
        "\n".join(explain(run, follower))
    )


def test_nearer_home_is_who_has_a_shorter_way_than_now(run: Path) -> None:
    amiss = duckdb.sql(
        f"""
        with moves as (select * from read_parquet('{run}/out/candidates.parquet') where solve = 'published'),
        posts as (from read_parquet('{run}/inputs/transfer_posts.parquet')),
        homes as (select region_code, avg(latitude) as latitude, avg(longitude) as longitude from posts group by all),
        ways as (
            select
                candidate_id, km_saved,
                {WAY.format("before")} as km_before, {WAY.format("after")} as km_after
            from moves
            join read_parquet('{run}/inputs/transfer_people.parquet') as people using (person_id)
            join homes on home_district_code = homes.region_code
            join posts as before on from_post_id = before.post_id
            join posts as after on to_post_id = after.post_id
        )
        select count(*), count(*) filter (km_saved > 0), count(*) filter (km_saved < 0), count(*) filter (abs(km_before - km_after - km_saved) > 1) from ways
        """
    ).fetchall()
    [(moves, nearer, farther, wrong)] = amiss
    assert moves > nearer > 0 and farther > 0 and wrong == 0


WAY = """6371 * 2 * asin(sqrt(
    sin(radians({0}.latitude - homes.latitude) / 2) ** 2
    + cos(radians(homes.latitude)) * cos(radians({0}.latitude)) * sin(radians({0}.longitude - homes.longitude) / 2) ** 2
))"""


def test_a_seat_whose_lawful_people_take_no_part_does_not_say_that_there_are_none(settings: Settings, tmp_path: Path) -> None:
    planning = make_planning(tmp_path / "refused.duckdb", people=120, posts=40)
    with duckdb.connect(str(planning)) as con:
        post = con.execute(
            "select min(post_id) from planning.transfer_posts where open_seats > 0 and job_kind = 'pelaksana'"
        ).fetchall()[0][0]
        con.execute(
            "insert into planning.transfer_locks select person_id, 'refused', ?, null, 'decisions' from planning.transfer_people",
            [post],
        )
        con.execute("insert into planning.pair_rules values (?, 'D4', 0, 9, 0, 0, 9)", [post])
    run = Path(run_week(replace(settings, home=tmp_path), planning, "2026-W48").folder)
    assert reasons(run)[post] == "held_back"
    assert any("tidak ikut: sedang diproses" in line for line in explain(run, post))


def test_an_agency_may_say_how_many_it_can_weigh(settings: Settings, tmp_path: Path) -> None:
    planning = make_planning(tmp_path / "few.duckdb")
    with duckdb.connect(str(planning)) as con:
        con.execute(
            "insert into planning.transfer_policy by name select * replace ('kota-0' as agency_id, '1' as value) "
            "from planning.transfer_policy where policy_code = 'cap_priority_per_agency'"
        )
    run = Path(run_week(replace(settings, home=tmp_path), planning, "2026-W48").folder)
    parts = dict(
        duckdb.sql(
            f"select agency_to, count(*) filter (part = 'priority') from read_parquet('{run}/out/candidates.parquet') where solve = 'published' group by all"
        ).fetchall()
    )
    assert parts["kota-0"] == 1 < parts["kota-1"]


def test_no_chain_leads_to_a_post_whose_need_nobody_knows(settings: Settings, tmp_path: Path) -> None:
    """R7: the ABK of the destination, also where a colleague leaves the seat."""
    assert candidates(chain(settings, tmp_path, None)) == []


def test_a_way_whose_length_nobody_knows_counts_neither_for_nor_against(settings: Settings, tmp_path: Path) -> None:
    planning = make_planning(tmp_path / "nowhere.duckdb")
    with duckdb.connect(str(planning)) as con:
        con.execute("update planning.transfer_posts set latitude = null, longitude = null where agency_id = 'kota-0'")
    run = Path(run_week(replace(settings, home=tmp_path), planning, "2026-W48").folder)
    told = duckdb.sql(
        f"""
        select agency_to, candidate_id, fit_distance, km_saved, edges.km
        from read_parquet('{run}/out/candidates.parquet') as candidates
        join read_parquet('{run}/tables/plan.parquet') as plan on candidates.person_id = plan.person_id
        join read_parquet('{run}/tables/edges.parquet') as edges on plan.person_no = edges.person_no and plan.post_no = edges.post_no
        where solve = 'published'
        """
    ).fetchall()
    nowhere = [row for row in told if row[0] == "kota-0"]
    assert nowhere and {row[2:] for row in nowhere} == {(None, None, None)}
    assert all(None not in row for row in told if row[0] != "kota-0") and len(told) > len(nowhere)
    assert any("tidak ada data jarak" in line for line in explain(run, nowhere[0][1]))
