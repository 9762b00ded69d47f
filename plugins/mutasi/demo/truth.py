"""What was planted, as Parquet files that tests compare with quarantine and marts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq


@dataclass(frozen=True)
class Truth:
    """The folder of truth files and what was generated.

    Attributes:
        folder: holds positions.parquet, plants.parquet, people.parquet and defects.parquet (columns: see the package's docstring).
        agencies: generated agencies in order.
        rows: source rows by (agency_id, dataset), defects and copies included.
        agency_files: folder of the agency files that read the sources.
    """

    folder: Path
    agencies: tuple[str, ...]
    agency_files: Path
    rows: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def positions(self) -> pa.Table:
        """What the marts must find per post."""
        return pq.read_table(self.folder / "positions.parquet")

    @property
    def plants(self) -> pa.Table:
        """Planted units and posts."""
        return pq.read_table(self.folder / "plants.parquet")

    @property
    def people(self) -> pa.Table:
        """Planted people with the rule that decides about them."""
        return pq.read_table(self.folder / "people.parquet")

    @property
    def defects(self) -> pa.Table:
        """Planted defective rows."""
        return pq.read_table(self.folder / "defects.parquet")


class TruthFiles:
    """Writes the truth agency by agency, so that no more than one agency is ever in memory."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._writers: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> TruthFiles:
        return self

    def add(self, name: str, table: pa.Table) -> None:
        """Append an agency's rows to one truth file."""
        writer = self._writers.get(name)
        if writer is None:
            writer = self._writers[name] = pq.ParquetWriter(self._folder / f"{name}.parquet", table.schema, compression="zstd")
        writer.write_table(table)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for writer in self._writers.values():
            writer.close()
