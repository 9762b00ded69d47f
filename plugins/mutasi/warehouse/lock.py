"""One writer at a time per home: the warehouse is one DuckDB file."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager

from mutasi.settings import Settings


class Busy(RuntimeError):
    """Another refresh holds the warehouse; the message says which process and what to do."""


@contextmanager
def writing(settings: Settings, wait_seconds: float = 900) -> Iterator[None]:
    """Hold the warehouse of this home; the lock goes with the process, so a killed run leaves none behind.

    Raises:
        Busy: it was not free within `wait_seconds`.
    """
    file = settings.folder("state") / "warehouse.lock"
    with file.open("a+") as stream:
        deadline = time.monotonic() + wait_seconds
        while True:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Busy(
                        f"Another refresh has been writing the warehouse in {settings.home} for {wait_seconds:.0f} s; "
                        "wait for it or look for its run in Airflow, then start again."
                    ) from None
                time.sleep(0.2)
        yield
