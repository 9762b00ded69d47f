"""People planted for one rule of transfers each: whom to choose, and what must come out."""

from __future__ import annotations

from typing import NamedTuple

import duckdb

from mutasi.demo.catalogue import HEALTH, TEACHER
from mutasi.engine import quoted
from mutasi.sources.agency import Agency

ONE_IN = 600


class Plant(NamedTuple):
    """A kind of planted person: whom to choose, the dataset that tells, the rule and its outcome.

    `rule` is a person rule, D3 where posts of another subject are meant, or LOCK; where the agency does not send `dataset`,
    `unsent` comes out.
    """

    name: str
    rule: str
    outcome: str
    dataset: str
    where: str = "is_sound"
    unsent: str = "NOT_CHECKED"


PLANTS = (
    Plant(
        "other_specialty",
        "D3",
        "NOT_ELIGIBLE",
        "licences",
        f"is_sound and family = {quoted(HEALTH)} and sub_job is not null",
        "REVIEW",
    ),
    Plant(
        "other_subject",
        "D3",
        "NOT_ELIGIBLE",
        "licences",
        f"is_sound and family = {quoted(TEACHER)} and sub_job is not null",
        "REVIEW",
    ),
    Plant("licence_expired", "P6", "NOT_ELIGIBLE", "licences", f"is_sound and kind = 'jf' and family = {quoted(HEALTH)}"),
    Plant("licence_missing", "P6", "REVIEW", "licences", f"is_sound and kind = 'jf' and family = {quoted(TEACHER)}"),
    Plant("lawful", "", "ELIGIBLE", "employees"),
    Plant("short_tenure", "R1", "NOT_ELIGIBLE", "assignments"),
    Plant("weak_review", "R3", "NOT_ELIGIBLE", "performance_reviews"),
    Plant("review_missing", "R3", "REVIEW", "performance_reviews"),
    Plant("sanctioned", "R4", "NOT_ELIGIBLE", "discipline"),
    Plant("examined", "R4", "NOT_ELIGIBLE", "discipline"),
    Plant("sanction_over", "R4", "PASSED", "discipline"),
    Plant("studying", "R5", "NOT_ELIGIBLE", "study_leave"),
    Plant("bound", "R5", "NOT_ELIGIBLE", "study_leave"),
    Plant("bond_over", "R5", "PASSED", "study_leave"),
    Plant("moving", "LOCK", "in_process", "moves_in_process", "is_sound and has_peers", ""),
    Plant("approved", "LOCK", "approved", "transfer_decisions", "is_sound and has_peers", ""),
    Plant("refused", "LOCK", "refused", "transfer_decisions", "is_sound and has_peers", ""),
    Plant("refused_long_ago", "LOCK", "", "transfer_decisions", "is_sound and has_peers", ""),
    Plant("objecting", "LOCK", "objection", "objections", "is_sound and has_peers", ""),
    Plant("objection_decided", "LOCK", "", "objections", "is_sound and has_peers", ""),
    Plant("new_pns", "R9", "NOT_ELIGIBLE", "employees", "is_at_work and status = 'PNS' and tmt_pns > today - interval 9 year"),
    Plant("near_retirement", "R11", "REVIEW", "employees", "is_at_work and status = 'PNS' and months_left between 2 and 22"),
    Plant("cpns", "R2", "NOT_ELIGIBLE", "employees", "is_at_work and status = 'CPNS'"),
    Plant("contract", "R10", "NOT_ELIGIBLE", "employees", "is_at_work and status in ('PPPK', 'PPPK_PW')"),
    Plant("unpaid_leave", "P5", "NOT_ELIGIBLE", "employees", "legal = '02'"),
    Plant("head", "P1", "NOT_ELIGIBLE", "employees", "is_at_work and kind = 'jpt'"),
    Plant("official", "P2", "REVIEW", "employees", "is_at_work and kind in ('administrator', 'pengawas')"),
)


def choose(con: duckdb.DuckDBPyConnection, agency: Agency, seed: int) -> None:
    """Fill `planted_people` from the base population in `t_people`, nobody twice."""
    for plant in PLANTS:
        outcome = plant.outcome if plant.dataset in agency.datasets else plant.unsent
        con.execute(f"""
            insert into planted_people
            select i, nip, {quoted(plant.name)}, {quoted(plant.rule)}, {quoted(outcome)} from t_people
            where ({plant.where}) and i not in (select i from planted_people)
            order by hash(i, {seed}, {quoted(plant.name)})
            limit (select greatest(1, round(count(*) / {ONE_IN}))::bigint from t_people)""")
