"""SIASN: what BKN's service knows about an agency's people, asked for person by person or page by page.

Every response is archived as it came, one line each, and read from the archive. What the service counts and what was read are
two numbers: the first comes from the envelopes, the second from the archived records. A run that dies in the middle is gone on
with by the next one of the day.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mutasi.sources.agency import FilesRead, SiasnRead
from mutasi.sources.connection import Extract
from mutasi.sources.documents import response_records, stage_records
from mutasi.sources.files import read_files
from mutasi.sources.request import Request
from mutasi.sources.siasn_journal import Journal
from mutasi.sources.siasn_service import Answer, Patience, Service

NIP = "nipBaru"
RESPONSES = "responses.jsonl"
REFUSED = "refused.parquet"
PAGE_ROWS = 500
WINDOW = 256
# So many failures in a row are a service that is down, not persons it will not deliver.
HOPELESS = 25
PATIENCE = Patience()


@dataclass(frozen=True)
class Envelope:
    """What the service says around its data."""

    count: int | None
    total: int | None
    records: int
    is_delivered: bool

    @classmethod
    def of(cls, answer: Answer) -> Envelope:
        """Read `{code, data, count}`; anything else is nothing delivered."""
        try:
            document = json.loads(answer.body) if answer.is_ok else None
        except ValueError:
            document = None
        return cls.of_document(document)

    @classmethod
    def of_document(cls, document: Any) -> Envelope:
        """Read an envelope that is JSON already."""
        if not isinstance(document, dict):
            return cls(None, None, 0, is_delivered=False)
        data = document.get("data")
        records = len(data) if isinstance(data, list) else int(isinstance(data, dict))
        return cls(
            _number(document.get("count")),
            _number(document.get("total")),
            records,
            isinstance(data, list | dict) or _is_said_to_be_empty(document),
        )

    @property
    def whole(self) -> int | None:
        """Records of the whole list, if the service says: as `total`, or as a `count` larger than the page."""
        if self.total is not None:
            return self.total
        return self.count if self.count is not None and self.count > self.records else None


def _is_said_to_be_empty(document: dict[str, Any]) -> bool:
    """A history that does not exist is said in words, with HTTP 200; so is a failure (`code` 0), which must not pass for one."""
    data = document.get("data")
    if isinstance(data, str):
        return "tidak ditemukan" in data.casefold()
    is_failure = str(document.get("code")) == "0" and "data tidak ditemukan" not in str(document.get("message")).casefold()
    return data is None and not is_failure


def _number(value: Any) -> int | None:
    return int(value) if isinstance(value, int | str) and str(value).isdigit() else None


def read_siasn(request: Request, read: SiasnRead) -> Extract:
    """Ask for a list, or for every person of the agency's list of NIPs.

    Persons that the service will not deliver are counted in `refused` and listed in `refused.parquet`, nowhere else.

    Raises:
        SourceError: the service cannot be reached, does not accept us, fails for every call, or the list of NIPs is unusable.
    """
    if read.list is not None:
        return _read_list(request, read.list)
    assert read.per_nip is not None and read.nips is not None and read.nips_connection is not None
    return _read_persons(request, read.per_nip, _nips(request, read.nips, read.nips_connection, read.nips_column))


def _read_list(request: Request, path: str) -> Extract:
    responses, received, total = request.archive / RESPONSES, 0, None
    with Service(request, PATIENCE) as service, _restricted(responses) as lines:
        offset, previous = 0, b""
        while True:
            answer = service.get(path, {"limit": PAGE_ROWS, "offset": offset})
            page = Envelope.of(answer)
            if not page.is_delivered:
                raise request.error(
                    f"the list `{path}` broke off (HTTP {answer.status or 'none'}); nothing of it was taken. Try again later."
                )
            if page.records and answer.body == previous:
                raise request.error(
                    f"the service answers every page of `{path}` with the same records; it does not know `offset`."
                )
            _write(lines, {"offset": offset}, answer)
            received += page.records if page.count is None else page.count
            total = page.whole or total
            previous, offset = answer.body, offset + page.records
            # A page shorter than asked for is no end: services cap `limit` as they like.
            if request.sample is not None or page.records == 0 or (total is not None and offset >= total):
                break
    batches = stage_records(response_records(responses, None), request)
    return Extract(batches=batches, rows_received=received if total is None else total, archive=(responses,))


def _read_persons(request: Request, path: str, asked: tuple[list[str], list[str], tuple[Path, ...]]) -> Extract:
    nips, malformed, files = asked
    responses = request.archive / RESPONSES
    refused: list[tuple[str, int | None]] = [(nip, None) for nip in malformed]
    with Service(request, PATIENCE) as service, Journal(request, path) as journal:
        failures = 0
        for nip, answer in _answers(service, journal, path, [nip for nip in nips if nip not in journal], request):
            if nip in journal:
                failures = 0
                continue
            refused.append((nip, answer.status))
            failures += answer.status is None or answer.status >= 500
            if failures >= HOPELESS:
                raise request.error(f"`{path}` failed {HOPELESS} times in a row; the service is down. Try again later.")
        journal.write_to(responses, nips)
    batches = stage_records(response_records(responses, NIP), request)
    archive = (*files, responses, *_refused_file(request, refused))
    return Extract(batches=batches, rows_received=_counted(responses, path), archive=archive, refused=len(refused))


def _answers(
    service: Service, journal: Journal, path: str, nips: Sequence[str], request: Request
) -> Iterator[tuple[str, Answer]]:
    """Answers in the order of the list, a window at a time: bounded memory. What is delivered is in the journal at once."""

    def ask(nip: str) -> Answer:
        answer = service.get(f"{path.rstrip('/')}/{quote(nip, safe='')}")
        envelope = Envelope.of(answer)
        if envelope.is_delivered and (envelope.records or not _is_about_one(path)):
            journal.add(nip, answer.body)
            return Answer(answer.status)
        return answer

    with ThreadPoolExecutor(request.reference.concurrency, thread_name_prefix="siasn") as threads:
        for start in range(0, len(nips), WINDOW):
            window = nips[start : start + WINDOW]
            yield from zip(window, threads.map(ask, window), strict=True)


def _is_about_one(path: str) -> bool:
    """The endpoint gives one record a person, and every person has one."""
    return path.rstrip("/").endswith("data-utama")


def _counted(responses: Path, path: str) -> int:
    """Records of the archived responses by the service's own count."""
    if _is_about_one(path):
        with responses.open("rb") as lines:
            return sum(1 for _ in lines)
    with responses.open("rb") as lines:
        envelopes = (Envelope.of_document(json.loads(line)["response"]) for line in lines)
        return sum(envelope.records if envelope.count is None else envelope.count for envelope in envelopes)


def _nips(request: Request, read: FilesRead, connection: str, column: str) -> tuple[list[str], list[str], tuple[Path, ...]]:
    """(NIPs to ask for, each once in the order of the list; entries that are none; the archived list)."""
    found = read_files(request.through(connection, "nips"), read)
    request.require([column], found.batches.schema.names)
    listed = found.batches.read_all()
    if listed.num_rows != found.rows_received:
        raise request.error("the list of NIPs was not read completely; ask the agency for a new export.")
    # Blanks and the apostrophe that keeps a spreadsheet from rounding are no part of a NIP.
    entries = pc.replace_substring_regex(listed.column(column).cast(pa.string()), r"[\s']", "")
    entries = pc.unique(entries.filter(pc.greater(pc.fill_null(pc.utf8_length(entries), 0), 0)))
    is_nip = pc.match_substring_regex(entries, r"^\d{18}$")
    nips = entries.filter(is_nip).slice(0, request.sample).to_pylist()
    if not nips:
        raise request.error(f"the list of NIPs holds none in its column `{column}`; check `nips` and `nips_column`.")
    return nips, entries.filter(pc.invert(is_nip)).to_pylist(), found.archive


def _write(lines: IO[bytes], key: dict[str, Any], answer: Answer) -> None:
    """One line: the key and the response as it came; line breaks between its tokens are blanks."""
    head = json.dumps(key)[:-1].encode()
    lines.write(head + b', "response": ' + answer.body.replace(b"\r", b" ").replace(b"\n", b" ") + b"}\n")


def _restricted(file: Path) -> IO[bytes]:
    """A new file that nobody else may open."""
    file.touch(mode=0o600)
    return file.open("wb")


def _refused_file(request: Request, refused: list[tuple[str, int | None]]) -> tuple[Path, ...]:
    """NIPs that were not delivered, with the HTTP status; none for an entry that is no NIP or a call without an answer."""
    if not refused:
        return ()
    file = request.archive / REFUSED
    nips, statuses = zip(*refused, strict=True)
    _restricted(file).close()
    pq.write_table(pa.table({"nip": pa.array(nips, pa.string()), "status": pa.array(statuses, pa.int64())}), file)
    return (file,)
