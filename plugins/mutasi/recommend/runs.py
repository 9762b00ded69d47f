"""The folders of runs: which one is meant, and what a run says about itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mutasi.errors import NeedsAPerson


class RunError(NeedsAPerson):
    """A run or its inputs cannot be read; the sentence says what is missing and what to do."""


def find_run(runs: Path, name: str) -> Path:
    """The folder of a run by its path, its id or the beginning of its id; `latest` is the newest.

    Raises:
        RunError: none or several fit.
    """
    if Path(name, "run.json").exists():
        return Path(name)
    every = sorted(runs.glob("*/*/run.json"), key=lambda f: f.stat().st_mtime)
    fitting = (
        every[-1:] if name == "latest" else [f for f in every if f.parent.name.startswith(name) or f.parent.parent.name == name]
    )
    if not every:
        raise RunError(f"In {runs} no week has been planned yet: run weekly_recommendations first.")
    if len(fitting) != 1:
        known = ", ".join(f"{f.parent.parent.name}/{f.parent.name}" for f in every[-5:])
        raise RunError(f"{len(fitting)} runs fit {name!r}; give the beginning of an id. The newest are: {known}.")
    return fitting[0].parent


def manifest(run: Path) -> dict[str, Any]:
    """What the run wrote about itself.

    Raises:
        RunError: it wrote nothing.
    """
    file = run / "run.json"
    if not file.exists():
        raise RunError(f"{run} has no run.json: the run did not end, or this is not the folder of a run.")
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def has_priced_caps(run: Path) -> bool:
    """Whether caps decided anything about the plan of a run that ended."""
    scale: int = manifest(run)["certificate"]["scale"]
    return scale > 1
