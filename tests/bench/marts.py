"""What the marts that the floor makes cost in dbt, with all that they rest on and nothing else: like beside like.

Runs after a night, as a process of its own, and builds from that night's inputs; tests of the data are left out, as the floor has none.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import dbt.cli.main  # noqa: F401  # a step of a night has its imports behind it
from tests.bench.floor import FIGURES
from tests.bench.line import DAY, Meter

from mutasi.settings import PROJECT, Settings
from mutasi.warehouse import build


def run(home: Path) -> Meter:
    """Build the floor's marts anew in a home that had a night; reading the project is taken off, as it is from a night's build."""
    nightly = build._nightly
    build._nightly = lambda has_groundwork: [*nightly(has_groundwork), "--select", *(f"+{mart}" for mart in FIGURES)]
    meter = Meter()
    with meter.step("marts"):
        built = build.build(Settings(home=home, project=PROJECT, agencies=home), as_of=DAY, run_id="marts")
    assert built.tests == 0 and set(FIGURES) < {outcome.name for outcome in built.outcomes}, built.outcomes
    meter.seconds["marts"] -= built.parse_seconds
    return meter


if __name__ == "__main__":
    Path(sys.argv[3]).write_text(json.dumps(vars(run(Path(sys.argv[2])))), encoding="utf-8")
