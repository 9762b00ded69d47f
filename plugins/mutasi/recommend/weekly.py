"""The weekly step: freeze what was published, find the best plan, prove it, have it checked by a second engine, explain it."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import asdict
from pathlib import Path

import duckdb

from mutasi.errors import NeedsAPerson
from mutasi.recommend import candidates, certificate, explanation, frontier, reading, runs, writing
from mutasi.recommend.account import RunSummary, account, summary, summed_up
from mutasi.recommend.best_plan import METHOD, budget_of, plan_hash, planned
from mutasi.recommend.plan import Plan
from mutasi.recommend.policy import Policy
from mutasi.recommend.problem import Problem
from mutasi.recommend.reading_back import read_problem
from mutasi.settings import Settings

# Of the plan with reviews only what it adds: moves that need an item, and who would move along with one of them.
UNLOCKED = """
from out_candidates
where review_rules <> '' or companion_person_id in (select person_id from out_candidates where review_rules <> '')"""


class NotProved(NeedsAPerson):
    """The proof of a plan failed, so the plan may not be published; the sentence lists what was amiss."""

    headline = "the plan's certificate does not hold, nothing is published from it"


def run_week(settings: Settings, planning: Path, week: str, last_plan: Path | None = None) -> RunSummary:
    """Freeze the planning database, recommend, prove, check and explain; the same inputs give the same folder.

    Everything is written to `runs/<week>/<run id>/` below the home; `run.json` comes last. `last_plan` is the plan that was
    published last week; moves that replace it must be worth the switching cost.

    Raises:
        NotProved: a check of the proof failed.
        RunError: the planning database is missing or too old.
        PolicyError: a row of the policy is missing or holds what it may not.
    """
    runs = settings.folder("runs", week)
    fresh = runs / f".{uuid.uuid4().hex}"
    with reading.engine() as con:
        inputs = writing.freeze(con, planning, settings.dbt_project / "seeds", last_plan, fresh)
    run = runs / hashlib.sha256(f"{METHOD} {inputs}".encode()).hexdigest()[:12]
    if (run / "run.json").exists():
        writing.remove(fresh)
        return summary(run)
    writing.replace(fresh, run)
    with reading.engine() as con:
        main = planned(con, run, admit_review=False)
        checks = _publish(con, run, main)
        told = account(con, inputs, main, checks)
    with reading.engine() as con:
        second = planned(con, run, admit_review=True)
        _publish(con, run / "with_review", second)
        explanation.shortlist(con, run)
        explanation.write(con, run, ("unlocks", "three_names"))
        writing.append_table(con, run, "candidates", UNLOCKED, folder="out")
    found = summed_up(run, week, main, second)
    writing.write_manifest(run, told | asdict(found) | {"folder": ""})
    return found


def _publish(con: duckdb.DuckDBPyConnection, target: Path, found: tuple[Problem, Plan, str]) -> list[certificate.Check]:
    """Write the tables of a plan, prove it and explain it; the main plan's explanation goes to `out/`."""
    problem, plan, universe = found
    certificate.write_tables(con, target, problem, plan, universe)
    checks = verify(target)
    if target.name == "with_review":
        explanation.explain(con, problem, plan, priced_moves=0)
        return checks
    explanation.explain(con, problem, plan)
    explanation.write(con, target, ("candidates", "unfilled_posts", "why_not", "units"))
    wished = candidates.arrays(con, "select is_wished from edges order by post_no, person_no")["is_wished"].astype(bool)
    points = frontier.frontier(problem, plan, Policy.read(con), wished, budget_of(problem))
    writing.write_table(con, target, "frontier", points, folder="out")
    return checks


def verify(target: Path) -> list[certificate.Check]:
    """Run the shipped proof and the second engine over the tables of a run.

    Raises:
        NotProved: something contradicts the plan.
    """
    checks = certificate.check(target)
    _refuse(target, checks)
    with reading.engine() as con:
        second = certificate.second_opinion(*read_problem(con, target))
    _refuse(target, second)
    return checks + second


def _refuse(target: Path, checks: list[certificate.Check]) -> None:
    amiss = [f"{check.proved} ({check.amiss})" for check in checks if check.amiss]
    if amiss:
        raise NotProved(f"The plan in {target} is not proved: {'; '.join(amiss)}. Nothing may be published from it.")


def verify_plan(run: Path) -> list[certificate.Check]:
    """Everything that can be checked about a finished run: its files, both proofs, and the pairs against the frozen inputs.

    Raises:
        NotProved: something contradicts the run.
        RunError: the run did not end.
    """
    told = runs.manifest(run)["files"]
    changed = [name for name, digest in told.items() if not (run / name).exists() or reading.digest(run / name) != digest]
    if changed:
        raise NotProved(f"The run {run.name} was changed after it ended: {', '.join(changed)}.")
    checks = [certificate.Check(f"all {len(told)} files are as they were written", 0)]
    checks += verify(run)
    return checks + verify(run / "with_review")


def replay(run: Path) -> str:
    """Find the plan of a run again from its frozen inputs; returns the hash of plan and prices, equal when bit for bit equal.

    Raises:
        NotProved: another plan or other prices came out.
    """
    with reading.engine() as con:
        problem, plan, _ = planned(con, run, admit_review=False)
    again, before = plan_hash(problem, plan), runs.manifest(run)["plan_hash"]
    if again != before:
        raise NotProved(f"The run {run.name} came out differently: {again} instead of {before}. Its inputs or the code changed.")
    return again
