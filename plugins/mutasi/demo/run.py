"""`make run`: the nightly refresh and the week's recommendations on the demo agencies through real Airflow, in plain sight."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import time
from pathlib import Path

import click
import pyarrow.parquet as pq

from mutasi.demo.session import EMPLOYEES, ensure_demo, session
from mutasi.orchestration.dates import today
from mutasi.settings import Settings

STEPS = {
    "plan": "agencies",
    "land": "landed",
    "check": "checked",
    "promote": "promoted",
    "report": "reported",
    "history": "history",
    "build": "dbt build",
    "publish": "published",
    "watch": "watched",
    "freeze": "frozen",
    "recommend": "planned",
    "verify": "proved",
    "extract": "extracted",
    "release": "released",
}
# What takes long begins when these end.
THEN = {"history": "dbt builds and tests the marts", "freeze": "looking for the best plan"}


def refresh(settings: Settings, day: dt.date | None = None, employees: int = EMPLOYEES) -> int:
    """Run `nightly_refresh`, then `weekly_recommendations`, and show every step as it ends.

    Returns:
        Airflow's exit code.
    """
    start = time.monotonic()
    _say(
        "demo",
        f"making five agencies with {employees:,} generated employees"
        if ensure_demo(settings, employees, day)
        else "agencies are there",
    )
    _say("airflow", "preparing its metadata and reading the DAGs")
    with session(settings) as environment:
        shown = _existing(settings)
        code = _run(settings, environment, "nightly_refresh", {"date": (day or today()).isoformat()}, shown)
        if code == 0:
            # Nobody is there to approve, so nobody is asked and nothing is sent.
            week = f"{day or today():%G-W%V}"
            code = _run(settings, environment, "weekly_recommendations", {"week": week, "ask": False}, shown)
    if code == 0:
        _say("done", f"{time.monotonic() - start:.0f} s")
    return code


def _run(settings: Settings, environment: dict[str, str], dag_id: str, conf: dict[str, object], shown: set[Path]) -> int:
    """Run one DAG and show its steps as they end; returns Airflow's exit code."""
    log = settings.folder("airflow", "logs") / f"make-run-{dag_id}.log"
    command = [sys.executable, "-m", "airflow", "dags", "test", dag_id, "--conf", json.dumps(conf)]
    with log.open("w") as stream:
        process = subprocess.Popen(command, env=environment, stdout=stream, stderr=subprocess.STDOUT)
        while process.poll() is None:
            time.sleep(0.3)
            _show_new(settings, shown)
        _show_new(settings, shown)
    if process.returncode:
        _say("failed", f"{dag_id}; the last lines of {log}:")
        click.echo("\n".join(log.read_text(errors="replace").splitlines()[-25:]))
    return process.returncode


def _existing(settings: Settings) -> set[Path]:
    return set((settings.home / "quality" / "runs").glob("*/*.parquet"))


def _show_new(settings: Settings, shown: set[Path]) -> None:
    for file in sorted(_existing(settings) - shown, key=lambda f: f.stat().st_mtime):
        shown.add(file)
        if file.name.startswith(("_", ".")):
            continue
        rows = pq.read_table(file).to_pylist()
        step, subject = rows[0]["step"], rows[0]["agency_id"] or rows[0]["dataset"] or ""
        received, promoted = (sum(r[c] or 0 for r in rows) for c in ("rows_received", "rows_promoted"))
        counts = {"land": f"{received:,} rows", "promote": f"{promoted:,} of {received:,} rows"}.get(step, "")
        bad = [r["dataset"] for r in rows if r["status"] != "ok"]
        trouble = f"  NOT OK: {', '.join(d for d in bad if d)}" if bad else ""
        _say(STEPS.get(step, step), f"{subject:<20} {counts:<26} {sum(r['seconds'] or 0 for r in rows):5.1f} s{trouble}")
        if step in THEN and not bad:
            _say("…", THEN[step])


def _say(what: str, text: str) -> None:
    click.echo(f"{what:>10}  {text}")
