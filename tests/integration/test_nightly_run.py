"""The whole nightly refresh through real Airflow: a good night, bad nights, and what stays when things break."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from mutasi.recommend import candidates, reading
from mutasi.recommend.weekly import run_week
from mutasi.sources.registry import read_agencies

pytestmark = pytest.mark.takes(165)

NEXT = dt.date(2026, 11, 3)
FIVE = ["binjai", "dumai", "jakarta", "pekanbaru", "tanjungbalai"]


def test_a_good_night_succeeds_task_by_task(first_night):
    assert first_night.state == "success"
    assert set(first_night.states.values()) == {"success"}
    for step in ("land", "promote"):
        assert sorted(label for task, label in first_night.states if task == step) == FIVE
    judged = first_night.rows("select distinct dataset from quality.runs where step = 'check' order by dataset")
    assert judged == first_night.rows("select distinct dataset from quality.runs where step = 'land' order by dataset")


def test_nothing_is_lost_between_source_and_warehouse(first_night):
    balance = first_night.rows(
        "select count(*), sum(rows_received), sum(rows_received - rows_promoted - rows_quarantined) from quality.runs where step = 'promote'"
    )[0]
    landed = sum(len(agency.datasets) for agency in read_agencies(first_night.settings.agencies).values())
    assert balance[0] == landed and balance[1] > 1500 and balance[2] == 0
    quarantined = first_night.rows("select sum(rows_quarantined) from quality.runs where step = 'promote'")[0][0]
    assert quarantined > 0


def test_the_marts_tell_the_planted_truth(first_night):
    truth = f"read_parquet('{first_night.path}/demo/truth/positions.parquet')"
    touched = (
        f"(select distinct agency_id, unit_id, position_id from read_parquet('{first_night.path}/demo/truth/defects.parquet'))"
    )
    wrong = first_night.rows(
        f"""
        with truth as (select * from {truth} t where (agency_id, unit_id, position_id) not in (select agency_id, unit_id, position_id from {touched} where unit_id is not null and position_id is not null))
        select t.agency_id, t.unit_id, t.position_id, t.need_fte, w.need_fte, t.open_seats, v.open_seats
        from truth t
        left join marts.position_workload w using (agency_id, unit_id, position_id)
        left join marts.vacancies v on v.scope = 'post' and v.agency_id = t.agency_id and v.unit_id = t.unit_id and v.position_id = t.position_id
        where v.status <> 'REVIEW' and (abs(coalesce(t.need_fte, -1) - coalesce(w.need_fte, -1)) > 1e-6 or t.open_seats is distinct from v.open_seats
            or abs(t.staff_present_fte - w.staff_fte) > 1e-6)
        """
    )
    assert wrong == []
    assert first_night.rows("select count(*) from marts.vacancies where scope = 'post' and open_seats > 0")[0][0] > 20


def test_planted_units_stand_out(first_night):
    plants = f"read_parquet('{first_night.path}/demo/truth/plants.parquet')"
    quiet = first_night.rows(
        f"""select p.agency_id, p.unit_id, w.shortage_fte, w.surplus_fte from {plants} p left join marts.unit_workload w using (agency_id, unit_id)
        where (p.plant = 'overloaded' and coalesce(w.shortage_fte, 0) < 1) or (p.plant = 'idle' and coalesce(w.surplus_fte, 0) < 0.5)
        or (p.plant = 'mixed' and (coalesce(w.shortage_fte, 0) <= 0 or coalesce(w.surplus_fte, 0) <= 0))"""
    )
    assert quiet == []


def test_people_planted_for_a_rule_of_transfers_come_out_by_that_rule(first_night):
    """Each is known unless a defect took the row away; who was planted for one rule may fail others that a defect adds."""
    home = first_night.path
    wrong = first_night.rows(
        f"""
        with planted as (
            select t.*, i.person_id from read_parquet('{home}/demo/truth/people.parquet') t
            join read_parquet('{home}/warehouse/inputs/identities/*.parquet', union_by_name = true) i using (agency_id, nip)
            where (t.agency_id, t.nip) not in (select agency_id, record_key from read_parquet('{home}/demo/truth/defects.parquet') where dataset = 'employees')
        ),
        found as (
            select planted.*, people.outcome as person_outcome,
                case rule_code
                    when 'LOCK' then coalesce((select max(kind) from planning.transfer_locks l where l.person_id = planted.person_id), '')
                    when 'D3' then case when proved_sub_job is null then 'REVIEW' when proved_sub_job <> posts.sub_job then 'NOT_ELIGIBLE' end
                    when '' then people.outcome
                    else coalesce(
                        (select max(e.outcome) from planning.transfer_eligibility e where e.person_id = planted.person_id and e.rule_code = planted.rule_code),
                        case when strpos(passed_rules, ' ' || rule_code || ' ') > 0 then 'PASSED' end,
                        case when strpos(unchecked_rules, ' ' || rule_code || ' ') > 0 then 'NOT_CHECKED' end)
                end as found
            from planted
            join planning.transfer_people people using (person_id)
            join planning.transfer_posts posts on posts.post_id = people.post_id
        )
        select agency_id, plant, rule_code, outcome, found from found
        where found is distinct from outcome
            or (outcome in ('NOT_ELIGIBLE', 'REVIEW') and rule_code not in ('D3', 'R9') and person_outcome = 'ELIGIBLE')
        """,
        "planning",
    )
    assert wrong == []
    seen = first_night.rows(f"select count(distinct plant) from read_parquet('{home}/demo/truth/people.parquet')", "planning")
    assert seen[0][0] == 27, "somebody was planted for every rule"


def test_an_agency_short_everywhere_releases_nobody_and_a_coming_move_holds_its_seat(first_night):
    released = first_night.rows(
        "select agency_id, sum(releasable) > 0 from planning.transfer_posts group by agency_id order by 1", "planning"
    )
    assert released == [(agency, agency != "binjai") for agency in FIVE]
    held = first_night.rows(
        """select l.kind, p.people_coming, p.staff_definitive + p.people_coming + p.open_seats <= greatest(p.need_seats, p.staff_definitive + p.people_coming)
        from planning.transfer_locks l join planning.transfer_posts p using (post_id) where l.kind in ('in_process', 'approved')""",
        "planning",
    )
    assert {kind for kind, _, _ in held} == {"in_process", "approved"}
    assert all(coming >= 1 and fits is not False for _, coming, fits in held)


def test_what_the_plan_is_made_of_names_nobody(first_night):
    tables = first_night.rows(
        "select table_name, column_name, data_type from information_schema.columns where table_name like '%transfer_%' or table_name in ('pair_rules', 'job_experience')",
        "planning",
    )
    assert {table for table, _, _ in tables} >= {
        "transfer_people",
        "transfer_posts",
        "transfer_eligibility",
        "transfer_locks",
        "pair_rules",
    }
    assert not {column for _, column, _ in tables} & {
        "nip",
        "employee_name",
        "birth_date",
        "sex",
        "pseudonym",
        "age",
        "spouse_nip",
    }
    for table in {table for table, _, _ in tables}:
        texts = [column for of, column, kind in tables if of == table and kind == "VARCHAR"]
        has_number = "regexp_matches({}, '(^|[^0-9A-Za-z])[0-9]{{18}}([^0-9A-Za-z]|$)')"
        counts = ", ".join(f"count(*) filter ({has_number.format(column)})" for column in texts)
        [found] = first_night.rows(f"select count(*), {counts} from planning.{table}", "planning")
        assert not any(found[1:]), (table, dict(zip(texts, found[1:], strict=True)))


def test_nobody_planted_against_a_rule_is_proposed_and_both_counts_of_lawful_people_agree(after_first_night):
    home = after_first_night
    found = run_week(home.settings, home.path / "warehouse" / "planning.duckdb", "2026-W45")
    run = Path(found.folder)
    assert found.is_proved and found.moves > 0
    proposed = home.rows(
        f"""
        select distinct plant from read_parquet('{run}/out/candidates.parquet') c
        join read_parquet('{home.path}/warehouse/inputs/identities/*.parquet', union_by_name = true) i using (person_id)
        join read_parquet('{home.path}/demo/truth/people.parquet') p on p.agency_id = i.agency_id and p.nip = i.nip
        left join planning.transfer_posts target on target.post_id = c.to_post_id
        where c.solve = 'published' and (
            (p.outcome in ('NOT_ELIGIBLE', 'REVIEW') and p.rule_code not in ('D3', 'R9'))
            or (p.rule_code = 'D3' and target.sub_job is not null)
            or p.outcome in ('in_process', 'approved', 'objection'))
        """,
        "planning",
    )
    assert proposed == []
    with reading.engine() as con:
        reading.attach_inputs(con, run)
        # locks and couples are about a person's moment and not about the pair
        con.execute(
            "create or replace view transfer_locks as select null::varchar as person_id, null::varchar as kind, null::varchar as post_id where false"
        )
        people = f"read_parquet('{run}/inputs/transfer_people.parquet')"
        con.execute(
            f"create or replace view transfer_people as select * replace (null::varchar as moves_with_person_id) from {people}"
        )
        con.execute("create table options as select false as admit_review")
        candidates.define(con)
        differing = con.execute(
            """
            with pairs as (select post_id, count(*) as people from lawful_pairs join posts using (post_no) where posts.open_seats > 0 group by post_id),
            counts as (select post_id, any_value(people_lawful) as people from pair_rules group by post_id)
            select * from pairs full join counts using (post_id) where coalesce(pairs.people, 0) <> coalesce(counts.people, 0)
            """
        ).fetchall()
    assert differing == []


def test_a_corrupted_field_makes_no_vacancy(first_night):
    defects = f"read_parquet('{first_night.path}/demo/truth/defects.parquet')"
    truth = f"read_parquet('{first_night.path}/demo/truth/positions.parquet')"
    invented = first_night.rows(
        f"""select v.agency_id, v.unit_id, v.position_id, v.open_seats, t.open_seats from marts.vacancies v
        join {truth} t using (agency_id, unit_id, position_id)
        where v.scope = 'post' and v.status = 'OPEN' and v.open_seats > coalesce(t.open_seats, 0)
        and (v.agency_id, v.unit_id, v.position_id) in (select agency_id, unit_id, position_id from {defects} where position_id is not null)"""
    )
    assert invented == []


def test_every_planted_defect_is_found(first_night):
    defects = f"read_parquet('{first_night.path}/demo/truth/defects.parquet')"
    # the truth names a row as its source has it; where the key itself is unreadable, landing has nothing in its place
    defects = f"(select * replace (replace(replace(record_key, '|ZZ|', '||'), '|00/00/0000', '|') as record_key) from {defects})"
    failures = f"read_parquet('{first_night.path}/checks/*/2026-11-02/failures.parquet', filename = true)"
    missed = duckdb.sql(
        f"""select d.agency_id, d.dataset, d.defect, count(*) from {defects} d
        where not exists (
          select 1 from {failures} f
          where f.agency_id = d.agency_id and f.filename like '%/checks/' || d.dataset || '/%' and f.record_key = d.record_key)
        group by all order by all"""
    ).fetchall()
    assert missed == []


def test_reporting_holds_nobody(first_night):
    """Names, numbers and birth dates of every generated person are looked for in every column of the file BI may open."""
    people = first_night.rows("select nip, employee_name from planning.employees", "planning")
    numbers, names = {row[0] for row in people}, {row[1] for row in people if row[1]}
    with duckdb.connect(str(first_night.path / "warehouse" / "reporting.duckdb"), read_only=True) as con:
        schemas = {row[0] for row in con.execute("select distinct table_schema from information_schema.tables").fetchall()}
        assert schemas == {"marts", "quality"}
        columns = con.execute(
            "select table_schema, table_name, column_name, data_type from information_schema.columns"
        ).fetchall()
        for schema, table, column, kind in columns:
            assert column not in {"nip", "employee_name", "birth_date", "nik", "phone", "email", "person_id", "pseudonym"}
            if kind == "VARCHAR":
                found = {row[0] for row in con.execute(f'select distinct "{column}" from {schema}."{table}"').fetchall()}
                assert not found & numbers, (table, column)
                assert not found & names, (table, column)
                assert not any(number in text for text in found if text for number in list(numbers)[:200]), (table, column)


def test_planning_is_closed_to_others(first_night):
    assert (first_night.path / "warehouse" / "planning.duckdb").stat().st_mode & 0o777 == 0o600
    assert first_night.path.stat().st_mode & 0o777 == 0o700


def test_the_same_night_again_changes_nothing(after_first_night):
    home = after_first_night
    before = home.marts()
    shutil.rmtree(home.path / "warehouse" / "build")
    state, _ = home.refresh(dt.date(2026, 11, 2))
    assert state == "success"
    assert home.marts() == before


@contextmanager
def a_reader(file: Path) -> Iterator[None]:
    """A process with the file open; at the end it must read what it read at first, whatever took the file's place."""
    script = f"""
import duckdb, sys
con = duckdb.connect({str(file)!r}, read_only=True)
first = con.execute("select sum(need_fte), count(*) from marts.unit_workload").fetchone()
print("ready", flush=True)
sys.stdin.readline()
assert con.execute("select sum(need_fte), count(*) from marts.unit_workload").fetchone() == first
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    inode = file.stat().st_ino
    yield
    assert file.stat().st_ino != inode, "nothing took its place"
    process.communicate("go\n", timeout=60)
    assert process.returncode == 0


def test_one_bad_agency_fails_alone_and_by_name_and_a_reader_keeps_the_old_night(after_first_night):
    """Who has the published file open goes on reading it; who opens anew gets the new one."""
    home = after_first_night
    day = home.generate(1)
    for file in (home.path / "demo" / "tanjungbalai").rglob("*.xlsx"):
        file.write_bytes(b"not a workbook")
    with a_reader(home.path / "warehouse" / "reporting.duckdb"):
        state, states = home.refresh(day)
    assert state == "success"
    assert states["land", "tanjungbalai"] == "failed" and states["promote", "tanjungbalai"] == "failed"
    assert {value for (task, label), value in states.items() if label != "tanjungbalai"} == {"success"}
    stale = dict(home.rows("select agency_id, data_as_of from marts.dim_agency"))
    assert stale["tanjungbalai"] == dt.date(2026, 11, 2) and stale["dumai"] == day
    assert home.rows("select is_stale from marts.dim_agency where agency_id = 'tanjungbalai'") == [(True,)]


def test_an_agency_alone_in_the_run_publishes_what_it_could_deliver(after_first_night):
    """One dataset that failed keeps an agency's others no more than it would if another agency were in the run."""
    home = after_first_night
    day = home.generate(1)
    for file in (home.path / "demo" / "tanjungbalai").rglob("Survei Beban *.xlsx"):
        file.write_bytes(b"not a workbook")
    state, states = home.refresh(day, ["tanjungbalai"])
    assert states["promote", "tanjungbalai"] == "failed" and states["publish", "-1"] == "success" and state == "success"
    assert dict(home.rows("select agency_id, data_as_of from marts.dim_agency"))["tanjungbalai"] == day


def test_when_every_agency_is_bad_the_run_fails_and_the_marts_stay(after_first_night):
    home = after_first_night
    reporting = home.path / "warehouse" / "reporting.duckdb"
    before = hashlib.sha256(reporting.read_bytes()).hexdigest()
    (home.path / "demo" / "connections.env").write_text("")
    (home.path / "demo" / "binjai" / "siasn" / "behaviour.json").write_text('{"unavailable_every": 1, "retry_after": 0}')
    state, states = home.refresh(NEXT)
    assert state == "failed"
    assert {value for (task, _), value in states.items() if task == "land"} == {"failed"}
    assert hashlib.sha256(reporting.read_bytes()).hexdigest() == before


def test_a_run_for_one_agency_leaves_the_others_as_they_are(after_first_night):
    home = after_first_night
    day = home.generate(1)
    state, states = home.refresh(day, ["dumai"])
    assert state == "success"
    assert [label for task, label in states if task == "land"] == ["dumai"]
    as_of = dict(home.rows("select agency_id, data_as_of from marts.dim_agency"))
    assert as_of["dumai"] == day and as_of["jakarta"] == dt.date(2026, 11, 2)
