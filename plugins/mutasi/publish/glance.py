"""The week's plan in one screen: the top of the list by codes, where the extracts lie, and how to ask for reasons. It names nobody."""

from __future__ import annotations

from pathlib import Path

import duckdb

from mutasi.engine import quoted
from mutasi.publish.extracts import CURRENT
from mutasi.publish.transfer_run import Run, read_run
from mutasi.settings import Settings

TOP = """
    select c.candidate_id, c.person_id, f.job_name || coalesce(' (' || f.sub_job || ')', ''), coalesce(f.unit_name, f.unit_id),
        coalesce(t.unit_name, t.unit_id), c.agency_to, c.gain, c.fit_points, coalesce(c.is_critical_post, false)
    from read_parquet({candidates}) as c
    join read_parquet({posts}) as f on c.from_post_id = f.post_id
    join read_parquet({posts}) as t on c.to_post_id = t.post_id
    where c.solve = 'published'
    order by c.is_critical_post desc, c.gain desc, c.candidate_id limit {top}
"""


def plan_text(settings: Settings, top: int = 5) -> str:
    """The newest published plan for a terminal; a sentence where there is none."""
    pointers = sorted((settings.home / "extracts").glob(f"????-W??/{CURRENT}"))
    if not pointers:
        return "No week has been published in this home yet: run weekly_recommendations."
    extracts = pointers[-1].resolve()
    run = read_run(settings.home / "runs" / extracts.parent.name / extracts.name)
    rows = _rows(run, top)
    lines = [f"Transfers recommended for {run.week} (run {run.run_id}, data of {run.data_as_of}; {run.label})", ""]
    lines += _figures(run)
    lines += ["", f"{'Top of the list':<18}{'person':<24}{'from':<30}{'to':<30}{'gain':>7}{'fit':>5}"]
    for candidate, person, job, origin, target, agency, gain, fit, is_critical in rows:
        mark = "  critical" if is_critical else ""
        lines.append(f"{candidate:<18}{person:<24}{_cut(origin, 28):<30}{_cut(target, 28):<30}{gain:>7,}{fit:>5}{mark}")
        lines.append(f"{'':<18}{job}, {agency}")
    return "\n".join([*lines, "", *_places(extracts.parent / CURRENT, run, rows[0][0] if rows else None)])


def _rows(run: Run, top: int) -> list[tuple[str, str, str, str, str, str, int, int, bool]]:
    places = {
        "candidates": quoted(str(run.folder / "out" / "candidates.parquet")),
        "posts": quoted(str(run.folder / "inputs" / "transfer_posts.parquet")),
    }
    with duckdb.connect() as con:
        return con.execute(TOP.format(top=top, **places)).fetchall()


def _figures(run: Run) -> list[str]:
    names = {"open_seats": "open seats", "critical_unfilled": "critical seats open", "imbalance": "imbalance"}
    return [f"{names[n]:<22}{before:>12,.0f} -> {after:,.0f}" for n, (before, after) in run.objective.items() if n in names]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _places(extracts: Path, run: Run, candidate: str | None) -> list[str]:
    lines = [f"Extracts: {extracts} (per agency; nothing is sent before an official approves)"]
    return [*lines, f"Why: .venv/bin/mutasi explain {run.run_id} {candidate}"] if candidate else lines
