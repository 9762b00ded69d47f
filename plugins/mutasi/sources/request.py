"""One reading task: which dataset of which agency, from where, and into which archive folder.

It also words the errors, so that every connector names agency and dataset in the same way and none quotes a library.
"""

from __future__ import annotations

import difflib
import logging
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from mutasi.sources.agency import Agency, ConnectionRef, DatasetSource, FilesRead
from mutasi.sources.connection import Connection, SourceError

# These write URLs and statements at INFO; a URL of a per-person endpoint holds the person's number.
TALKATIVE = ("httpx", "httpcore", "sqlalchemy", "sqlalchemy.engine", "sqlalchemy.pool")
for _name in TALKATIVE:
    logging.getLogger(_name).setLevel(logging.WARNING)

PROGRESS = ".progress"
TAB = "\t"
MISTYPED, ALIKE = 0.8, 0.5
LONG_NUMBER = re.compile(r"\d{14}|\d[eE]\+?1[5-9]$")


@dataclass(frozen=True)
class Request:
    """What a connector needs to read one dataset of one agency.

    Attributes:
        connection_name: key of the connection in the agency file.
        connect: resolves the name of a connection to its address and secret.
        archive: existing folder for the files as they arrive.
        sample: read about so many rows of a database, or ask for so many persons; None reads everything.
    """

    agency: Agency
    dataset: str
    connection_name: str
    connect: Callable[[str], Connection]
    archive: Path
    sample: int | None = None

    @property
    def source(self) -> DatasetSource:
        """The dataset's section of the agency file."""
        return self.agency.datasets[self.dataset]

    @property
    def reference(self) -> ConnectionRef:
        """The connection's section of the agency file.

        Raises:
            SourceError: the agency file has no connection of that name.
        """
        found = self.agency.connections.get(self.connection_name)
        if found is None:
            raise self.error(
                f"the agency file has no connection `{self.connection_name}`; it has {', '.join(self.agency.connections)}."
            )
        return found

    @property
    def connection(self) -> Connection:
        """The connection, resolved anew at each use so that no secret is kept longer than needed.

        Raises:
            SourceError: it is not defined or not readable; names agency and dataset.
        """
        try:
            return self.connect(self.reference.name)
        except SourceError as error:
            raise self.error(str(error)) from None

    @property
    def progress(self) -> Path:
        """Folder for what a connector keeps to go on after a crash; it outlives the attempt, until the rows have landed."""
        return self.archive.parent / PROGRESS / self.dataset

    @property
    def mapped(self) -> tuple[str, ...]:
        """The source columns that the agency file speaks of, each once, in its order."""
        columns = [column.source for column in self.source.columns.values() if column.source]
        return tuple(dict.fromkeys((*columns, *self.source.skip_where, *self.source.fill_down)))

    @property
    def unread(self) -> frozenset[str]:
        """Columns that the agency file names under `ignore` and nowhere else: their values are not taken out of a database."""
        ignored = () if self.source.ignore == "*" else self.source.ignore
        return frozenset(ignored) - set(self.mapped)

    def through(self, connection_name: str, folder: str) -> Request:
        """The same task through another connection of the agency, archived in a folder below."""
        archive = self.archive / folder
        archive.mkdir(mode=0o700, parents=True, exist_ok=True)
        return replace(self, connection_name=connection_name, archive=archive)

    def error(self, sentence: str) -> SourceError:
        """A `SourceError` that begins with agency and dataset."""
        return SourceError(f"{self.agency.agency_id}, {self.dataset}: {sentence}")

    def require(self, wanted: Iterable[str], present: list[str]) -> None:
        """Check that every wanted column stands in the source exactly once.

        Raises:
            SourceError: names each missing column with the closest present one, or each that stands there twice.
        """
        wanted = list(wanted)
        missing = [column for column in wanted if column not in present]
        if missing and is_of_a_person(present):
            raise self.error(
                "the source has no header where it should stand: there is a row of data. Correct `read.header_row`, or ask the agency "
                "for an export with the names of the columns."
            )
        if missing:
            lacking = "; ".join(self._missing(column, present) for column in missing)
            is_other_row = isinstance(self.source.read, FilesRead) and 2 * len(missing) > len(wanted)
            row = " If the names of the columns stand in another row, set `read.header_row`." if is_other_row else ""
            if is_other_row and len(present) == 1 and (sign := re.search(r"[;\t|,]", present[0])):
                row = f" The columns seem to be parted by {'a tab' if sign[0] == TAB else f'`{sign[0]}`'}; set `read.delimiter`."
            raise self.error(
                f"the source lacks {lacking}. It has {_listed(present)}. Correct `columns` in the agency file, or ask the agency to "
                f"restore it.{row}"
            )
        # SQL does not tell capitals apart, so `Nama` could be filled from `NAMA`.
        folded = [name.casefold() for name in present]
        twice = [f"`{column}`" for column in wanted if folded.count(column.casefold()) > 1]
        if twice:
            raise self.error(
                f"the source has more than one column named {', '.join(twice)} (capitals aside); it is unclear which is meant, "
                "so ask the agency to rename one of them."
            )

    @staticmethod
    def _missing(column: str, present: list[str]) -> str:
        wanted, folded = column.casefold(), {name.casefold(): name for name in present}
        # What was `NIP` is `NIP_BARU` sooner than `NIK`; whether it is `NIP_LAMA` instead, only the reader knows.
        close = (
            difflib.get_close_matches(wanted, folded, n=1, cutoff=MISTYPED)
            or [name for name in folded if name.startswith(wanted)]
            or [name for name in folded if wanted in name]
            or difflib.get_close_matches(wanted, folded, n=1, cutoff=ALIKE)
        )
        names = " or ".join(f"`{folded[name]}`" for name in close[:2])
        return f"the column `{column}`{f' (closest is {names})' if names else ''}"


def forget_progress(archive: Path) -> None:
    """Remove what was kept to go on after a crash; for when the rows have landed, so that a further run asks anew."""
    shutil.rmtree(archive.parent / PROGRESS, ignore_errors=True)


def is_of_a_person(names: Iterable[str]) -> bool:
    """Whether a row of persons' data was taken for the header: a NIP or NIK stands in it. Then none of it may be shown."""
    return any(LONG_NUMBER.search(re.sub(r"[\s'.-]", "", name)) for name in names)


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:12])
    return f"{shown} and {len(names) - 12} more" if len(names) > 12 else shown or "no columns"
