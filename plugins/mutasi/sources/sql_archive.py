"""Rows from a driver go to the raw archive while the driver fetches the next ones.

Fetching waits for the network and writing for the processor, so one thread each costs little more than the slower of the two.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

GROUP_ROWS = 131_072
BATCHES_AHEAD = 4


class _Writer(threading.Thread):
    """Writes what is put before it; after a failure it only empties the queue, so that nobody waits for ever."""

    def __init__(self, target: Path, schema: pa.Schema) -> None:
        super().__init__(name="archive", daemon=True)
        self.target, self.schema = target, schema
        self.waiting: queue.Queue[pa.RecordBatch | None] = queue.Queue(BATCHES_AHEAD)
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            # The archive is read whole, never by a range of values; smallest and largest values in its footer serve nobody.
            with pq.ParquetWriter(self.target, self.schema, compression="zstd", write_statistics=False) as writer:
                group: list[pa.RecordBatch] = []
                while (batch := self.waiting.get()) is not None:
                    group.append(batch)
                    if sum(len(one) for one in group) >= GROUP_ROWS:
                        writer.write_table(pa.Table.from_batches(group, self.schema))
                        group = []
                # An empty group as well: a file without rows still has its columns.
                writer.write_table(pa.Table.from_batches(group, self.schema))
        except BaseException as failure:  # of any kind: it is raised again where the batches come from
            self.failure = failure
            while self.waiting.get() is not None:
                pass


def archive_batches(batches: Iterable[pa.RecordBatch], schema: pa.Schema, target: Path) -> int:
    """Write batches of one schema to a Parquet file of the archive, readable by its owner only; returns the number of rows.

    Raises:
        pa.ArrowException, OSError: the file cannot be written; whatever `batches` raises goes on as well.
    """
    unfinished = target.with_name(f".{target.name}.part")
    writer = _Writer(unfinished, schema)
    writer.start()
    rows = 0
    try:
        for batch in batches:
            writer.waiting.put(batch)
            rows += len(batch)
            if writer.failure:
                break
    finally:
        writer.waiting.put(None)
        writer.join()
    if writer.failure:
        raise writer.failure
    unfinished.chmod(0o600)
    unfinished.replace(target)
    return rows
