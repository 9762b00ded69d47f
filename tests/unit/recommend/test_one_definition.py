"""The pair rules that planners see counted per post are those by which pairs are found: one definition, in two places.

The optimiser's script runs without dbt, so that a run can be replayed and audited from its folder; dbt's macro says the same.
"""

from __future__ import annotations

import re

import duckdb
import jinja2
import pytest
from tests.unit.recommend.planning_database import make_planning

from mutasi.recommend import candidates, reading
from mutasi.recommend.writing import freeze
from mutasi.settings import PROJECT, Settings

MACRO = next(
    text
    for file in sorted((PROJECT / "dbt_project" / "macros").glob("*.sql"))
    if "macro pair_findings" in (text := file.read_text(encoding="utf-8"))
)


def findings(sql: str) -> dict[str, str]:
    """The expression of each finding, with white space folded."""
    ends = list(re.finditer(r" end as (finding_d\d)", folded := " ".join(sql.split())))
    starts = [0, *(end.end() for end in ends)]
    return {end[1]: folded[start : end.end()].lstrip(" ,") for start, end in zip(starts, ends, strict=False)}


def script_findings() -> dict[str, str]:
    """The expressions of the optimiser's script."""
    script = reading.text("candidates.sql")
    view = script[script.index("create or replace view judged_pairs") :]
    return findings(
        view[view.index("posts.post_no,") + len("posts.post_no,") : view.index("from people")].replace(
            "'PASS' as finding_d2,", ""
        )
    )


@pytest.mark.parametrize("rule", ["finding_d1", "finding_d3", "finding_d4", "finding_d5", "finding_d6", "finding_d8"])
def test_planners_and_the_optimiser_judge_a_pair_alike(rule: str) -> None:
    macros = jinja2.Environment().from_string(MACRO).module
    told = findings(macros.pair_findings("persons", "posts", "ways"))  # type: ignore[attr-defined]
    assert script_findings()[rule] == told[rule]


# People of the same agency and kind of job, and those of another agency with the same job who accept to go there.
COMPARED = """
select posts.post_id, persons.person_id, case when persons.job_id = posts.job_id then 'PASS' else 'FAIL' end as finding_d2, {findings}
from persons
join posts on persons.job_kind = posts.job_kind and persons.home_post_id <> posts.post_id and posts.open_seats > 0
left join ways on persons.agency_id = ways.origin_agency_id and posts.agency_id = ways.agency_id and posts.job_kind = ways.job_kind
where persons.agency_id = posts.agency_id or (persons.accepts_inter_agency and persons.job_id = posts.job_id)
"""
RULES = ("D1", "D2", "D3", "D4", "D5", "D6", "D8")


@pytest.fixture(scope="module", params=["inter_agency", "intra_agency"])
def compared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """Three agencies of which one consents to nothing and one way is unknown; both sides' tables in one connection."""
    folder = tmp_path_factory.mktemp("compared")
    planning = make_planning(folder / "published.duckdb", people=300, posts=72, agencies=3)
    with duckdb.connect(str(planning)) as con:
        con.execute(f"update planning.transfer_policy set value = '{request.param}' where policy_code = 'scope'")
        con.execute("""insert into planning.transfer_policy by name
            select * replace ('intra_agency' as value, 'kota-2' as agency_id) from planning.transfer_policy where policy_code = 'scope'""")
        con.execute("update planning.transfer_people set accepts_inter_agency = hash(person_id, 9) % 3 = 0")
        con.execute(
            "update planning.transfer_people set job_class = 7 + hash(person_id, 10) % 3, job_level = case when hash(person_id, 11) % 9 > 0 then job_level end"
        )
        con.execute(
            "update planning.transfer_posts set golongan_min = '32', min_education_code = '40' where hash(post_id, 12) % 4 = 0"
        )
        con.execute("""insert into planning.transfer_routes
            select 'kota-0', 'kota-1', 'between_cities', false, 'all', 'rekaan', null, 'rekaan', 'rekaan'""")
        con.execute("delete from planning.transfer_locks")
    with reading.engine() as con:
        freeze(con, planning, Settings.from_environment().dbt_project / "seeds", None, folder / "run")
    con = reading.engine()
    reading.attach_inputs(con, folder / "run")
    con.execute("create table options as select false as admit_review")
    candidates.define(con)
    con.execute("create view compared as " + COMPARED.format(findings=", ".join(script_findings().values())))
    for seed, order in (("golongan", "golongan_order"), ("education_levels", "level_order")):
        file = folder / "run" / "inputs" / f"{seed}.parquet"
        con.execute(
            f"create or replace view {seed} as select * replace ({order}::integer as {order}) from read_parquet('{file}')"
        )
    con.execute("create view int_as_of as select as_of from publication")
    con.execute("create view stg_agencies as select distinct agency_id from transfer_posts")
    model = (PROJECT / "dbt_project" / "models" / "planning" / "transfers" / "pair_rules.sql").read_text(encoding="utf-8")
    sql = jinja2.Environment(extensions=["jinja2.ext.do"]).from_string(MACRO + model).render(ref=lambda name: name)
    con.execute(f"create table counted as {sql}")
    return con


@pytest.mark.parametrize("rule", RULES)
def test_both_count_the_same_people_rule_by_rule(compared: duckdb.DuckDBPyConnection, rule: str) -> None:
    outcome = f"case when finding_{rule.lower()} = 'MISSING' then 'REVIEW' else finding_{rule.lower()} end"
    fails = f"'FAIL' in ({', '.join(f'finding_{each.lower()}' for each in RULES)})"
    found = f"""
        select post_id, count(*) filter (o = 'FAIL') as people_failed, count(*) filter (o = 'PASS') as people_passed,
            count(*) filter (o = 'REVIEW' and not fails) as people_review
        from (select post_id, {outcome} as o, {fails} as fails from compared) group by post_id"""
    told = f"select post_id, people_failed, people_passed, people_review from counted where rule_code = '{rule}'"
    nothing = "people_failed + people_passed + people_review > 0"
    amiss = compared.execute(
        f"(from ({found}) except from ({told})) union all (from ({told}) where {nothing} except from ({found}))"
    ).fetchall()
    assert amiss == []
    total = compared.execute(f"select sum(people_failed), sum(people_passed) from counted where rule_code = '{rule}'").fetchall()[
        0
    ]
    assert total[1] > 0 and (total[0] > 0 or rule == "D1")


def test_both_find_the_same_people_lawful(compared: duckdb.DuckDBPyConnection) -> None:
    amiss = compared.execute(
        """
        with pairs as (select post_id, count(*) as people from lawful_pairs join posts using (post_no) where posts.open_seats > 0 group by post_id),
        counts as (select post_id, any_value(people_lawful) as people from counted group by post_id)
        select * from pairs full join counts using (post_id) where coalesce(pairs.people, 0) <> coalesce(counts.people, 0)
        """
    ).fetchall()
    assert amiss == []
