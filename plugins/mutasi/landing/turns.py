"""The datasets of an agency in turn, each with its row in the ledger; what waits for the disk is done beside those that follow.

A file is flushed before it gets its name, and the manifest that names it after that. A small agency would wait longer for this than
it computes, and a disk flushes many files in the time of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress

from mutasi.ledger import Entry, record, timed
from mutasi.settings import Settings

FLUSHES = 16  # at once
Commit = Callable[[], None]


class Turns:
    """What a step did for one agency so far: `entries` are its rows in the ledger."""

    def __init__(self, disk: ThreadPoolExecutor) -> None:
        self.entries: list[Entry] = []
        self._disk = disk
        self._commits: list[tuple[Entry | None, Future[None]]] = []

    def take(self, entry: Entry, work: Callable[[Entry], Commit | None]) -> None:
        """Do the work of a dataset, and the commit that it returns beside what comes next.

        Raises:
            Exception: as `work` does; it stands in the entry.
        """
        self.entries.append(entry)
        try:
            with timed(entry):
                commit = work(entry)
        except Exception as error:
            entry.fail(error)
            raise
        if commit:
            self.commit(commit, entry)

    def commit(self, commit: Commit, entry: Entry | None = None) -> None:
        """Have something committed beside what comes next; an entry is told if it fails."""
        self._commits.append((entry, self._disk.submit(commit)))

    def wait(self) -> None:
        """Until all of it is committed.

        Raises:
            Exception: of the first commit that failed; each stands in its entry.
        """
        failed = [(entry, error) for entry, commit in self._commits if (error := commit.exception())]
        self._commits.clear()
        for entry, error in failed:
            if entry:
                entry.fail(error)
        if failed:
            raise failed[0][1]


@contextmanager
def in_turn(settings: Settings) -> Iterator[Turns]:
    """One step of one agency; when it is left everything is committed, and the ledger tells what was done, also where it ended early."""
    with ThreadPoolExecutor(FLUSHES) as disk:
        turns = Turns(disk)
        try:
            try:
                yield turns
            finally:
                turns.wait()
        except Exception:
            with suppress(OSError):  # a full disk is told by the step itself
                record(settings, turns.entries)
            raise
    record(settings, turns.entries)
