"""One measured night: what the tasks of the nightly refresh do, on two cores, without Airflow.

Runs as a process of its own, so that no step's memory is hidden behind that of an earlier measurement. Imports, dbt's parse
of the project and a home's first night are taken apart: they cost the same whatever the number of employees.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from mutasi.settings import PROJECT, Settings

if TYPE_CHECKING:
    from mutasi.sources.agency import Agency

    Task = Callable[..., None]

DAY = dt.date(2026, 11, 22)
RUN = "bench"
KEY = "only-for-measurements-" * 2
COMPUTE = ("land", "check", "promote", "history", "build", "publish")


class Meter:
    """Wall seconds, processor seconds and peak memory by step."""

    def __init__(self) -> None:
        self.cpu_elsewhere = self.mb_elsewhere = 0.0
        self.seconds: dict[str, float] = {}
        self.cpu_seconds: dict[str, float] = {}
        self.peak_mb: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure a step; the kernel's high-water mark of this process starts anew with it."""
        Path("/proc/self/clear_refs").write_text("5")
        self.cpu_elsewhere = self.mb_elsewhere = 0.0
        start, cpu = time.perf_counter(), time.process_time()
        yield
        self.seconds[name], self.cpu_seconds[name] = time.perf_counter() - start, time.process_time() - cpu
        status = Path("/proc/self/status").read_text()
        self.cpu_seconds[name] += self.cpu_elsewhere
        self.peak_mb[name] = int(status.split("VmHWM:")[1].split()[0]) / 1024 + self.mb_elsewhere


class Workers:
    """Processes that take the agencies in turn, as the scheduler's do; with one of either, this process does it."""

    def __init__(self, agencies: Mapping[str, Agency], processes: int) -> None:
        self._pool = get_context("spawn").Pool(processes) if min(len(agencies), processes) > 1 else None
        if self._pool:
            self._pool.map(_ready, range(processes), chunksize=1)

    def each(self, task: Task, meter: Meter | None, agencies: Mapping[str, Agency], *common: object) -> None:
        """Do `task` for every agency; what the processes used is added to the step that runs."""
        work = [(task, agency, *common) for agency in agencies.values()]
        used = self._pool.map(_measured, work, chunksize=1) if self._pool else [_measured(one) for one in work]
        if self._pool and meter:
            meter.cpu_elsewhere = sum(cpu for _, cpu, _ in used)
            meter.mb_elsewhere = sum({pid: mb for pid, _, mb in sorted(used, key=lambda u: u[2])}.values())


def _ready(_: int) -> None:
    """A scheduler's worker has its imports behind it."""
    from mutasi.landing import land, promote  # noqa: F401
    from mutasi.sources import extract, files  # noqa: F401

    time.sleep(1)  # so that each process takes one


def _measured(work: tuple[Task, Agency, object]) -> tuple[int, float, float]:
    """(process, processor seconds, its peak memory in MB)."""
    task, *arguments = work
    start = time.process_time()
    task(*arguments)
    return os.getpid(), time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _land(agency: Agency, settings: Settings, day: dt.date) -> None:
    from mutasi.landing.land import land_agency
    from mutasi.sources.connection import connection_from_environment

    land_agency(settings, agency, day, RUN, connection_from_environment)


def _promote(agency: Agency, settings: Settings, day: dt.date) -> None:
    from mutasi.landing.promote import promote_agency

    promote_agency(settings, agency, day, RUN)


def night(settings: Settings, agencies: Mapping[str, Agency], day: dt.date, workers: Workers, meter: Meter | None = None) -> None:
    """What the tasks of one night do."""
    from mutasi.checks import check_datasets
    from mutasi.landing.history import refresh_history
    from mutasi.sources.datasets import datasets
    from mutasi.warehouse import refresh

    step = meter.step if meter else lambda _: nullcontext()
    with step("land"):
        workers.each(_land, meter, agencies, settings, day)
    with step("check"):
        check_datasets(settings, list(datasets()), day, RUN)
    with step("promote"):
        workers.each(_promote, meter, agencies, settings, day)
    with step("history"):
        for name in datasets():
            refresh_history(settings, name)
    with step("build"):
        refresh.build_warehouse(settings, agencies, day, RUN)
    with step("publish"):
        refresh.publish_warehouse(settings, day, RUN)


def run(source: Path, home: Path, processes: int = 2, is_new: bool = False) -> Meter:
    """Take the generated agencies below `source` through one night into `home`, which had a night before unless it is to be new."""
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
    workers = Workers(agencies, processes)
    # What a home pays once, for reading the project and laying down its seeds and views, is no part of a night.
    smallest = min(agencies, key=lambda agency_id: size_of(source / "demo" / agency_id))
    with meter.step("first_night"):
        if not is_new:
            night(settings, {smallest: agencies[smallest]}, DAY - dt.timedelta(days=1), workers)
    night(settings, agencies, DAY, workers, meter)
    result = json.loads((settings.warehouse / "dbt" / "results" / f"{RUN}.json").read_text(encoding="utf-8"))
    meter.seconds["parse"] = result["parse_seconds"]
    meter.seconds["build"] -= result["parse_seconds"]
    return meter


if __name__ == "__main__":
    measured = run(Path(sys.argv[1]), Path(sys.argv[2]))
    Path(sys.argv[3]).write_text(json.dumps(vars(measured)), encoding="utf-8")
