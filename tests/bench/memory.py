"""Memory of this process and of all that it started, added up while they run; pages that they share count once (Linux)."""

from __future__ import annotations

import os
import threading
from pathlib import Path

SECONDS = 0.5  # between two looks


class Watch:
    """The most memory that the tree of processes held at one time, in megabytes, since the watch began."""

    def __init__(self) -> None:
        self.peak_mb = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(SECONDS):
            self.peak_mb = max(self.peak_mb, sum(map(_held_mb, _tree(os.getpid()))))


def _tree(pid: int) -> list[int]:
    try:
        told = " ".join(file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/children"))
    except OSError:  # it ended while we looked
        return []
    return [pid, *(one for child in told.split() for one in _tree(int(child)))]


def _held_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
