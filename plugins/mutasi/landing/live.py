"""Looks at an agency's sources as they are and says in sentences what fits the agency file and what does not.

The rows go through the same reading and typing as at night and are forgotten afterwards. Codes are shown, because they have to
be mapped; values of identifiers, names and texts never are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mutasi.landing.examined import Examined
from mutasi.landing.findings import Finding, Tolerance
from mutasi.sources.agency import Agency, FilesRead, SiasnRead, SqlRead
from mutasi.sources.connection import Connection, SourceError
from mutasi.sources.extract import read_source
from mutasi.sources.files import left_aside
from mutasi.sources.request import Request

SAMPLE_ROWS, SAMPLE_PERSONS = 50_000, 25
SAMPLED = ("sqlite", "postgres", "postgresql", "mysql", "mariadb")


@dataclass(frozen=True)
class Look:
    """What was found in one dataset, or in all that wait for one connection; `rows` is None when nothing could be read."""

    dataset: str
    connection: str
    rows: int | None
    is_sample: bool
    findings: tuple[Finding, ...]

    @property
    def fits(self) -> bool:
        """Nothing that is required is amiss."""
        return not any(finding.stops for finding in self.findings)

    def lines(self) -> list[str]:
        """The findings as text, what stops first."""
        count = "" if self.rows is None else f": {self.rows:,} rows{' looked at' if self.is_sample else ''}"
        found = sorted(self.findings, key=lambda finding: not finding.stops)
        lines = [f"  {'DOES NOT FIT' if f.stops else 'look at'}: {f.sentence}" for f in found]
        return [f"{self.dataset} from `{self.connection}`{count}", *(lines or ["  fits"])]


def look(
    agency: Agency, connection: Callable[[str], Connection], folder: Path, tolerances: Sequence[Tolerance] = ()
) -> Iterator[Look]:
    """Look at every dataset of an agency; a connection that is not there is told once, with the datasets that wait for it.

    Args:
        agency: the agency file.
        connection: resolves the name of a connection.
        folder: a private folder for what is read; the caller removes it.
        tolerances: the rules by which the night would stop a dataset.
    """
    waiting = _waiting(agency, connection)
    for (reference, sentence), names in waiting.items():
        yield Look(", ".join(names), reference, None, False, (Finding(sentence, stops=True),))
    absent = {name for names in waiting.values() for name in names}
    for name, source in ((n, s) for n, s in agency.datasets.items() if n not in absent):
        archive = folder / name / "archive"
        archive.mkdir(mode=0o700, parents=True)
        request = Request(agency, name, source.connection, connection, archive)
        try:
            request = _sampled(request)
            found = read_source(request)
        except SourceError as error:
            yield Look(name, source.connection, None, False, (Finding(str(error), stops=True),))
            continue
        rows, findings = Examined(request, found, archive, tolerances).findings()
        if isinstance(request.source.read, FilesRead):
            findings += [Finding(sentence) for sentence in left_aside(request, request.source.read, found.archive[0])]
        is_sample = isinstance(request.source.read, SiasnRead) or (request.sample is not None and rows >= request.sample)
        if request.sample is None and rows != found.rows_received:
            causes = "A delimiter, a quote or `read.header_row` (lines are counted, blank ones too) is the usual cause."
            findings.append(Finding(f"the source counts {found.rows_received:,} rows, {rows:,} were read. {causes}", stops=True))
        yield Look(name, source.connection, rows, is_sample, tuple(findings))


def _waiting(agency: Agency, connection: Callable[[str], Connection]) -> dict[tuple[str, str], list[str]]:
    """Datasets by the connection that none can be opened without, and what is amiss with it."""
    amiss: dict[str, str] = {}
    for key, reference in agency.connections.items():
        try:
            connection(reference.name)
        except SourceError as error:
            amiss[key] = str(error)
    waiting: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, source in agency.datasets.items():
        for wanted in (source.connection, getattr(source.read, "nips_connection", None)):
            if wanted in amiss:
                waiting[wanted, amiss[wanted]].append(name)
                break
    return waiting


def _sampled(request: Request) -> Request:
    """A part of what may be large; files are read whole."""
    read = request.source.read
    is_limited = isinstance(read, SqlRead) and request.connection.conn_type in SAMPLED
    sample = SAMPLE_ROWS if is_limited else SAMPLE_PERSONS if isinstance(read, SiasnRead) else None
    return Request(request.agency, request.dataset, request.connection_name, request.connect, request.archive, sample)
