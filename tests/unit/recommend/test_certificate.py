"""The proof holds for what was written, and falls with any row that is changed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner
from tests.unit.recommend.conftest import Copy

from mutasi.cli import main
from mutasi.recommend.account import RunSummary
from mutasi.recommend.certificate import check
from mutasi.recommend.runs import RunError
from mutasi.recommend.weekly import NotProved, verify, verify_plan


def amiss(run: Path) -> list[str]:
    return [line.proved for line in check(run) if line.amiss]


def test_the_run_is_proved_and_the_second_engine_agrees(run: Path, found: RunSummary) -> None:
    assert found.is_proved and found.universe == "all_lawful_pairs" and found.moves > 5
    checks = verify_plan(run)
    assert all(line.amiss == 0 for line in checks)
    assert sum("OR-Tools" in line.proved for line in checks) == 10


def test_the_command_asks_each_question_once_and_ends_with_a_sentence(run: Path) -> None:
    told = CliRunner().invoke(main, ["verify-plan", str(run)])
    *questions, last = told.output.splitlines()
    assert told.exit_code == 0 and len(questions) == len(set(questions)) > 20
    assert last.startswith(f"Proved: run {run.name}")


def test_an_auditor_needs_only_duckdb(run: Path) -> None:
    script = "import duckdb; print(duckdb.sql(open('certificate.sql').read()).fetchall())"
    told = subprocess.run([sys.executable, "-c", script], cwd=run, capture_output=True, text=True, check=True).stdout
    assert "no lawful pair costs less than its prices" in told
    assert all(amiss == 0 for _, _, amiss in eval(told))


def test_another_version_s_proof_is_not_run_over_these_tables(tampered: Copy) -> None:
    script = tampered.run / "certificate.sql"
    script.write_text(script.read_text().replace("2147483647", "2147483629"))
    with pytest.raises(RunError, match="planned by another version"):
        verify(tampered.run)


def test_a_run_without_its_proof_is_refused_in_a_sentence(tampered: Copy) -> None:
    (tampered.run / "certificate.sql").unlink()
    with pytest.raises(RunError, match=r"has no certificate\.sql"):
        verify(tampered.run)


TAMPERING = {
    "a move is dropped": ("plan", "from it where person_no > (select min(person_no) from it)"),
    "a person moves twice": (
        "plan",
        "from it union all select it.* replace (post_no + 1 as post_no) from it where person_no = (select min(person_no) from it)",
    ),
    "a move that is no lawful pair": ("plan", "select it.* replace ((post_no + 7) % 50 as post_no) from it"),
    "another lawful move": (
        "plan",
        "select it.* replace (case when person_no = (select min(person_no) from it) then (select post_no from read_parquet('{tables}/edges.parquet') as e "
        "where e.person_no = it.person_no and e.post_no <> it.post_no limit 1) else post_no end as post_no) from it",
    ),
    "the price of a post is raised": (
        "posts",
        "select it.* replace (price_imbalance + 60 as price_imbalance) from it where true",
    ),
    "the price of one post is lowered": (
        "posts",
        "select it.* replace (case when post_no = (select arg_max(post_no, price_imbalance) from it) then price_imbalance - 60 else price_imbalance end as price_imbalance) from it",
    ),
    "the value of a person is changed": (
        "persons",
        "select it.* replace (case when person_no = (select arg_min(person_no, value_imbalance) from it) then value_imbalance - 60 else value_imbalance end as value_imbalance) from it",
    ),
    "the cost of a pair that the plan uses is lowered": (
        "edges",
        "select it.* replace (misfit - 1 as misfit, fit + 1 as fit) from it",
    ),
    "the cost of a pair that the plan does not use is raised": (
        "edges",
        "select it.* replace (case when row_number() over () = 1 then effort + 900 else effort end as effort) from it",
    ),
    "two pairs that the plan does not use trade a cost": (
        "edges",
        "with two as (select person_no, post_no, effort from it qualify row_number() over (partition by effort order by imbalance desc, person_no, post_no) = 1 order by imbalance desc limit 2) "
        "select it.* replace (case when two.effort is null then it.effort else (select sum(effort)::bigint from two) - it.effort end as effort) from it left join two using (person_no, post_no)",
    ),
    "a pair is taken away": (
        "edges",
        "from it where (person_no, post_no) <> (select (min(person_no), max(post_no)) from it where person_no = (select min(person_no) from it))",
    ),
    "a seat is taken away": ("seats", "from it where not (post_no = (select max(post_no) from it) and seat_no = 0)"),
    "a cap is loosened": ("caps", "select it.* replace (most + 1 as most) from it"),
    "a post may lose more": ("posts", "select it.* replace (greatest(0, protected - 1) as protected) from it"),
    "a better row is claimed": (
        "claim",
        "select it.* replace (list_transform(it.row, lambda x: greatest(x - 1, 0)) as row) from it",
    ),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_found(what: str, tampered: Copy) -> None:
    table, query = TAMPERING[what]
    tampered.change(table, query.replace("{tables}", str(tampered.run / "tables")))
    assert amiss(tampered.run)
    with pytest.raises(NotProved):
        verify(tampered.run)
    with pytest.raises(NotProved, match="changed after it ended"):
        verify_plan(tampered.run)


def test_a_frozen_input_that_was_changed_is_found(tampered: Copy) -> None:
    file = tampered.run / "inputs" / "transfer_people.parquet"
    duckdb.sql(f"copy (select * from read_parquet('{file}') limit 10) to '{tampered.run / 'x.parquet'}' (format parquet)")
    (tampered.run / "x.parquet").replace(file)
    with pytest.raises(NotProved, match="transfer_people"):
        verify_plan(tampered.run)
