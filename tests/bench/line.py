"""One measured night: what the tasks of the nightly refresh do, in one process, without Airflow.

Runs as a process of its own, so that no step's memory is hidden behind that of an earlier measurement. Imports, dbt's parse
of the project and a home's first night are taken apart: they cost the same whatever the number of employees.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from mutasi.settings import PROJECT, Settings

if TYPE_CHECKING:
    from mutasi.sources.agency import Agency

DAY = dt.date(2026, 11, 22)
RUN = "bench"
KEY = "only-for-measurements-" * 2
COMPUTE = ("land", "check", "promote", "history", "build", "publish")


class Meter:
    """Wall seconds, processor seconds and peak memory by step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.cpu_seconds: dict[str, float] = {}
        self.peak_mb: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure a step; the kernel's high-water mark of this process starts anew with it."""
        Path("/proc/self/clear_refs").write_text("5")
        start, cpu = time.perf_counter(), time.process_time()
        yield
        self.seconds[name], self.cpu_seconds[name] = time.perf_counter() - start, time.process_time() - cpu
        status = Path("/proc/self/status").read_text()
        self.peak_mb[name] = int(status.split("VmHWM:")[1].split()[0]) / 1024


def night(
    settings: Settings, agencies: Mapping[str, Agency], day: dt.date, step: Callable[[str], AbstractContextManager[None]]
) -> None:
    """What the tasks of one night do, each inside `step`."""
    from mutasi.checks import check_datasets
    from mutasi.landing.history import refresh_history
    from mutasi.landing.land import land_agency
    from mutasi.landing.promote import promote_agency
    from mutasi.sources.connection import connection_from_environment
    from mutasi.sources.datasets import datasets
    from mutasi.warehouse import refresh

    with step("land"):
        for agency in agencies.values():
            land_agency(settings, agency, day, RUN, connection_from_environment)
    with step("check"):
        check_datasets(settings, list(datasets()), day, RUN)
    with step("promote"):
        for agency in agencies.values():
            promote_agency(settings, agency, day, RUN)
    with step("history"):
        for name in datasets():
            refresh_history(settings, name)
    with step("build"):
        refresh.build_warehouse(settings, agencies, day, RUN)
    with step("publish"):
        refresh.publish_warehouse(settings, day, RUN)


def run(source: Path, home: Path) -> Meter:
    """Take the generated agencies below `source` through one night into `home`."""
    settings = Settings(home=home, project=PROJECT, agencies=source / "demo" / "agencies")
    os.environ["MUTASI_PSEUDONYM_KEY"] = KEY
    os.environ["MUTASI_SETTLE_SECONDS"] = "0"  # the sources were generated a moment ago, by nobody who is still writing
    meter = Meter()
    with meter.step("imports"):
        import great_expectations  # noqa: F401

        from mutasi.checks import dialect, expectations, judge  # noqa: F401
        from mutasi.demo.session import demo_connections
        from mutasi.ledger import size_of
        from mutasi.sources import extract, files  # noqa: F401
        from mutasi.sources.registry import read_agencies
    agencies = read_agencies(settings.agencies)
    os.environ.update(demo_connections(Settings(home=source, project=PROJECT, agencies=settings.agencies)))
    # What a home pays once, for reading the project and laying down its seeds and views, is no part of a night.
    smallest = min(agencies, key=lambda agency_id: size_of(source / "demo" / agency_id))
    with meter.step("first_night"):
        night(settings, {smallest: agencies[smallest]}, DAY - dt.timedelta(days=1), lambda _: nullcontext())
    night(settings, agencies, DAY, meter.step)
    result = json.loads((settings.warehouse / "dbt" / "results" / f"{RUN}.json").read_text(encoding="utf-8"))
    meter.seconds["parse"] = result["parse_seconds"]
    meter.seconds["build"] -= result["parse_seconds"]
    return meter


if __name__ == "__main__":
    measured = run(Path(sys.argv[1]), Path(sys.argv[2]))
    Path(sys.argv[3]).write_text(json.dumps(vars(measured)), encoding="utf-8")
