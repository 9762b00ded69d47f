"""What a service has answered so far, kept so that a run that dies is gone on with and nobody is asked for twice.

The journal lies beside the attempts of one agency, dataset and day, and outlives each of them. A line is written when its
answer arrives; the last one may be cut off by the crash and is then asked for again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mutasi.sources.request import Request

ANSWERS = "answers.jsonl"
# A run of the next night, or one that is wanted because the service has changed, asks anew.
LONGEST_PAUSE_HOURS = 12


class Journal:
    """The answers to one question, by NIP; safe to write to from several threads.

    Raises:
        SourceError: on entry, when another run is asking the same at this moment.
    """

    def __init__(self, request: Request, path: str) -> None:
        self._request = request
        self._folder = request.progress
        self._question = hashlib.sha256(f"{request.connection.host} {path}".encode()).hexdigest()
        self._lines: dict[str, tuple[int, int]] = {}
        self._end = 0
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self._folder / ANSWERS
        is_recent = file.exists() and time.time() - file.stat().st_mtime <= LONGEST_PAUSE_HOURS * 3600
        if not is_recent:
            file.touch(mode=0o600)
        self._file = file.open("r+b", buffering=0)
        try:
            # The lock ends with the process, however it ends.
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise self._request.error("another run is asking the service for the same; wait until it has ended.") from None
        if not is_recent or not self._go_on():
            self._lines, self._end = {}, 0
            self._append(json.dumps({"question": self._question}).encode() + b"\n")
        self._file.truncate(self._end)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def __contains__(self, nip: str) -> bool:
        return nip in self._lines

    def add(self, nip: str, body: bytes) -> None:
        """Keep an answer as it came; line breaks between its tokens are blanks."""
        head = json.dumps({"nip": nip})[:-1].encode()
        line = head + b', "response": ' + body.replace(b"\r", b" ").replace(b"\n", b" ") + b"}\n"
        with self._lock:
            self._lines[nip] = (self._end, len(line))
            self._append(line)

    def write_to(self, file: Path, nips: Iterable[str]) -> None:
        """Write the answers of the persons, in their order, to a new file that nobody else may open."""
        file.touch(mode=0o600)
        with file.open("wb") as target:
            for nip in nips:
                if nip in self._lines:
                    start, length = self._lines[nip]
                    self._file.seek(start)
                    target.write(self._file.read(length))

    def _append(self, line: bytes) -> None:
        self._file.seek(self._end)
        rest = memoryview(line)
        while rest:
            rest = rest[self._file.write(rest) or 0 :]
        self._end += len(line)

    def _go_on(self) -> bool:
        """Take over the whole lines of an earlier attempt at the same question."""
        with self._file_again() as lines:
            if _document(lines.readline()).get("question") != self._question:
                return False
            self._end = lines.tell()
            for line in lines:
                nip = _document(line).get("nip")
                if nip is None:
                    break
                self._lines[str(nip)] = (self._end, len(line))
                self._end += len(line)
        return True

    def _file_again(self) -> Any:
        return (self._folder / ANSWERS).open("rb")


def _document(line: bytes) -> dict[str, Any]:
    """A whole line as JSON, else nothing."""
    try:
        document = json.loads(line) if line.endswith(b"\n") else {}
    except ValueError:
        document = {}
    return document if isinstance(document, dict) else {}
