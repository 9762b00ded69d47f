"""Runs in processes of their own that can be killed; the libraries are read once, in the process that they are forked from."""

from __future__ import annotations

import datetime as dt
import gc
import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

from mutasi.settings import PROJECT, Settings


def begin(what: Callable[..., None], printed: Path, *arguments: object) -> BaseProcess:
    """Call a function in a process group of its own, in the environment of now; what it prints goes to a file."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.libraries"])
    process = context.Process(target=_call, args=(what, dict(os.environ), printed, arguments), daemon=True)
    process.start()
    return process


def _call(what: Callable[..., None], environment: dict[str, str], printed: Path, arguments: tuple[object, ...]) -> None:
    gc.set_threshold(500_000)
    os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    with printed.open("wb") as stream:
        for descriptor in (1, 2):
            os.dup2(stream.fileno(), descriptor)
    what(*arguments)


def night(day: dt.date) -> None:
    """The whole DAG."""
    from airflow.dag_processing.dagbag import DagBag

    DagBag(dag_folder=str(PROJECT / "dags")).dags["nightly_refresh"].test(run_conf={"date": day.isoformat()})


def refresh(day: dt.date, run_id: str) -> None:
    """What its last two tasks do."""
    from mutasi.sources.registry import read_agencies
    from mutasi.warehouse.refresh import build_warehouse, publish_warehouse

    settings = Settings.from_environment()
    build_warehouse(settings, read_agencies(settings.agencies), day, run_id)
    publish_warehouse(settings, day, run_id)
