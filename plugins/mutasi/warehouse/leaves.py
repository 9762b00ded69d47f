"""Bind the loose leaves that steps left: one file per run, however many agencies there are.

Steps write small files of their own, so that none waits for another. A year of 640 agencies would leave millions of them, and
every build reads them all.
"""

from __future__ import annotations

import time
from pathlib import Path

from mutasi.durable import flush
from mutasi.engine import connect, copy, quoted
from mutasi.settings import Settings

BOUND = "_bound.parquet"
SETTLED_SECONDS = 24 * 3600  # a run that wrote nothing for a day is over


def bind_leaves(settings: Settings) -> int:
    """Bind the ledger by run; returns the number of leaves bound. A bind that is interrupted is taken up by the next one."""
    return sum(_bind_run(settings, run) for run in settings.folder("quality", "runs").glob("[!_]*/"))


def _bind_run(settings: Settings, run: Path) -> int:
    leaves = list(run.glob("*.parquet"))
    loose = [leaf for leaf in leaves if leaf.name != BOUND]
    if len(leaves) < 2 or max(leaf.stat().st_mtime for leaf in loose) > time.time() - SETTLED_SECONDS:
        return 0
    newest = "qualify row_number() over (partition by step, agency_id, dataset order by started_at desc) = 1"
    with connect(settings) as con:
        copy(
            con, f"select * from read_parquet({_listed(leaves)}, union_by_name = true) {newest} order by started_at", run / BOUND
        )
    flush(run / BOUND)
    for leaf in loose:
        leaf.unlink()
    return len(loose)


def _listed(files: list[Path]) -> str:
    return f"[{', '.join(quoted(str(file)) for file in files)}]"
