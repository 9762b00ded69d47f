"""Bind the loose leaves that steps left: one file per day or run, however many agencies there are.

Steps write small files of their own, so that none waits for another. A year of 640 agencies would leave millions of them, and
every build reads them all.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

from mutasi.durable import flush
from mutasi.engine import connect, copy, quoted
from mutasi.settings import Settings

LEAF = re.compile(r"(?P<day>\d{4}-\d{2}-\d{2})-(?P<dataset>\w+?)-(?P<agency_id>\w+)\.parquet")
BOUND = "_bound.parquet"
SETTLED_SECONDS = 24 * 3600  # a run that wrote nothing for a day is over


def bind_leaves(settings: Settings) -> int:
    """Bind counts of quarantine by day and the ledger by run; returns the number of leaves bound.

    A leaf stands for all its agency's dataset had that day, so it takes the place of what was bound of them before. A bind
    that is interrupted is taken up by the next one.
    """
    return _bind_quarantine(settings) + sum(_bind_run(settings, run) for run in settings.folder("quality", "runs").glob("[!_]*/"))


def _bind_quarantine(settings: Settings) -> int:
    folder, taken = settings.folder("quality", "quarantine"), settings.folder("quality", "quarantine", ".taken")
    for leaf in folder.glob("????-??-??-*.parquet"):
        leaf.replace(taken / leaf.name)
    days: dict[str, list[Path]] = {}
    for leaf in taken.glob("*.parquet"):
        days.setdefault(leaf.name[:10], []).append(leaf)
    for day, leaves in days.items():
        bound = folder / f"{day}.parquet"
        named = [match.groupdict() for leaf in leaves if (match := LEAF.fullmatch(leaf.name))]
        replaced = ", ".join(f"({quoted(n['dataset'])}, {quoted(n['agency_id'])})" for n in named)
        earlier = (
            f"select * from read_parquet({quoted(str(bound))}) where (dataset, agency_id) not in ({replaced}) union all by name"
        )
        with connect(settings) as con:
            rows = f"{earlier if bound.exists() else ''} select * from read_parquet({_listed(leaves)}, union_by_name = true)"
            copy(con, f"select * from ({rows}) order by dataset, agency_id, rule_code, column_name", bound)
        flush(bound)
        for leaf in leaves:
            leaf.unlink()
    return sum(map(len, days.values()))


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
