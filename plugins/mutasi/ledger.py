"""Every step of a run leaves rows here: how many came, how many stayed, how long it took.

`received = promoted + quarantined` is asserted while the row is written, so a run that loses rows cannot look green.
"""

from __future__ import annotations

import datetime as dt
import resource
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from mutasi.durable import put_for_good
from mutasi.settings import Settings

SCHEMA = pa.schema(
    [
        ("run_id", pa.string()),
        ("agency_id", pa.string()),
        ("dataset", pa.string()),
        ("step", pa.string()),
        ("snapshot_date", pa.date32()),
        ("status", pa.string()),
        ("rows_received", pa.int64()),
        ("rows_promoted", pa.int64()),
        ("rows_quarantined", pa.int64()),
        ("seconds", pa.float64()),
        ("peak_mb", pa.float64()),
        ("bytes", pa.int64()),
        ("data_as_of", pa.date32()),
        ("message", pa.string()),
        ("started_at", pa.timestamp("us")),
    ]
)


class LedgerError(RuntimeError):
    """Rows went missing between two steps; the message says where and how many."""


@dataclass
class Entry:
    """One row of `quality.runs`; see that table for the meaning of the columns."""

    run_id: str
    step: str
    snapshot_date: dt.date
    agency_id: str | None = None
    dataset: str | None = None
    status: str = "ok"
    rows_received: int | None = None
    rows_promoted: int | None = None
    rows_quarantined: int | None = None
    seconds: float | None = None
    peak_mb: float | None = None
    bytes: int | None = None
    data_as_of: dt.date | None = None
    message: str | None = None
    started_at: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC).replace(tzinfo=None))

    def fail(self, error: BaseException) -> None:
        """Tell an error. Our own are sentences without values; of others, which may quote a row, the kind alone is kept."""
        is_ours = type(error).__module__.partition(".")[0] == "mutasi"
        self.status, self.message = "failed", str(error) if is_ours else type(error).__name__

    def balance(self) -> None:
        """Assert that nothing was lost.

        Raises:
            LedgerError: the three counts are known and do not add up.
        """
        if None not in (self.rows_received, self.rows_promoted, self.rows_quarantined):
            lost = self.rows_received - self.rows_promoted - self.rows_quarantined  # type: ignore[operator]
            if lost:
                raise LedgerError(
                    f"{self.agency_id}, {self.dataset}: {self.rows_received} rows were received, but {self.rows_promoted} were "
                    f"promoted and {self.rows_quarantined} quarantined; {abs(lost)} are unaccounted for. Nothing was promoted."
                )


@contextmanager
def timed(entry: Entry) -> Iterator[Entry]:
    """Fill seconds and peak memory of the process around a step."""
    start = time.perf_counter()
    try:
        yield entry
    finally:
        entry.seconds = round(time.perf_counter() - start, 3)
        entry.peak_mb = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


@contextmanager
def stepped(settings: Settings, entry: Entry) -> Iterator[Entry]:
    """Time a step and leave its row, also where it fails: who looks for the night finds what kept it."""
    try:
        with timed(entry):
            yield entry
    except Exception as error:
        record_failure(settings, [entry], error)
        raise
    record(settings, [entry])


def record_failure(settings: Settings, entries: list[Entry], error: Exception) -> None:
    """Write the rows of a step whose last one failed."""
    entries[-1].fail(error)
    with suppress(OSError):  # a full disk is told by the task itself
        record(settings, entries)


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files below a folder; 0 where there is nothing."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file() and not file.is_symlink())


def record(settings: Settings, entries: list[Entry]) -> None:
    """Write the rows of one step as one Parquet file, in one rename."""
    if not entries:
        return
    for entry in entries:
        entry.balance()
    first = entries[0]
    folder = settings.folder("quality", "runs", first.run_id)
    subject = first.agency_id or first.dataset or "all"
    columns = {f.name: [getattr(entry, f.name) for entry in entries] for f in fields(Entry)}
    table = pa.table({name: columns[name] for name in SCHEMA.names}, schema=SCHEMA)
    target = folder / f"{first.step}-{subject}.parquet"
    temporary = folder / f".{uuid.uuid4().hex}"
    pq.write_table(table, temporary)
    put_for_good(temporary, target)
