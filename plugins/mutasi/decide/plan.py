"""The week's plan: made once for the same data, decisions and policy, and proved again before anything is published."""

from __future__ import annotations

import json
from pathlib import Path

from mutasi.landing.snapshots import write_text
from mutasi.publish.transfer_run import WEEK_FILE
from mutasi.settings import Settings


def make_plan(settings: Settings, week: str, planning: Path, left_out: dict[str, str]) -> Path:
    """Run the optimiser on a prepared planning database; returns the run's folder.

    Raises:
        NotProved: the proof does not hold.
    """
    from mutasi.recommend.weekly import run_week

    found = run_week(settings, planning, week, last_plan(settings, week))
    folder = settings.home / "runs" / week / found.run_id
    write_text(folder / WEEK_FILE, json.dumps({"left_out": left_out}, ensure_ascii=False) + "\n")
    planning.unlink(missing_ok=True)
    return folder


def prove(folder: Path) -> None:
    """Run the shipped proof and the second engine over a finished run.

    Raises:
        NotProved: something contradicts the plan.
    """
    from mutasi.recommend.weekly import verify_plan

    verify_plan(folder)


def last_plan(settings: Settings, week: str) -> Path | None:
    """The plan published in the newest week before this one."""
    for current in sorted((settings.home / "extracts").glob("????-W??/current"), reverse=True):
        if current.parent.name < week:
            plan = settings.home / "runs" / current.parent.name / current.resolve().name / "tables" / "plan.parquet"
            return plan if plan.exists() else None
    return None
