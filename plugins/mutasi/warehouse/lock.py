"""One writer at a time per home: the warehouse is one DuckDB file, and Airflow's metadata of a demo is one too."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager

from mutasi.settings import Settings


class Busy(RuntimeError):
    """Another process holds what is wanted; the message says which and what to do."""


@contextmanager
def writing(settings: Settings, wait_seconds: float = 900) -> Iterator[None]:
    """Hold the warehouse of this home.

    Raises:
        Busy: it was not free within `wait_seconds`.
    """
    busy = (
        f"Another refresh has been writing the warehouse in {settings.home} for {wait_seconds:.0f} s; "
        "wait for it or look for its run in Airflow, then start again."
    )
    with _held(settings, "warehouse.lock", wait_seconds, busy):
        yield


@contextmanager
def running_airflow(settings: Settings) -> Iterator[None]:
    """Hold the Airflow of this home: two runs of one week would take away each other's extracts.

    Raises:
        Busy: another process runs it.
    """
    busy = f"Another `make run` or `make up` is at work on {settings.home}; wait for it, or set MUTASI_HOME to another folder."
    with _held(settings, "airflow.lock", 0, busy):
        yield


@contextmanager
def _held(settings: Settings, name: str, wait_seconds: float, busy: str) -> Iterator[None]:
    """Hold a lock that goes with the process, so that a killed run leaves none behind."""
    with (settings.folder("state") / name).open("a+") as stream:
        deadline = time.monotonic() + wait_seconds
        while True:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise Busy(busy) from None
                time.sleep(0.2)
        yield
