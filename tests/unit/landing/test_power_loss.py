"""What counts is on disk before its name is: a failing power supply leaves whole files or none."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mutasi.durable import put
from mutasi.landing.history import refresh_history
from mutasi.landing.promote import promote_agency
from mutasi.ledger import Entry, record

DAY = dt.date(2026, 3, 1)
# What the next run makes anew.
DISPOSABLE = ("tmp", "warehouse", "raw")

_events: list[tuple[str, str, str]] = []
_listening: list[bool] = []


def _hear(event: str, arguments: tuple) -> None:
    if _listening and event == "os.rename":
        _events.append(("rename", os.fspath(arguments[0]), os.fspath(arguments[1])))


sys.addaudithook(_hear)  # there is no way to take a hook away


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str, str]]]:
    """Renames and flushes in their order."""
    flush = os.fsync

    def fsync(handle: int) -> None:
        _events.append(("flush", str(Path(f"/proc/self/fd/{handle}").readlink()), ""))
        flush(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    _events.clear()
    _listening.append(True)
    yield _events
    _listening.clear()


def unsafe(events: list[tuple[str, str, str]], home: Path) -> list[str]:
    """Files that got their name before their content was flushed."""
    flushed: set[str] = set()
    found = []
    for kind, first, second in events:
        if kind == "flush":
            flushed.add(first)
        elif Path(second).is_relative_to(home) and Path(second).relative_to(home).parts[0] not in DISPOSABLE:
            is_link = Path(second).stat().st_nlink > 1  # of a file that was flushed under its first name
            if first not in flushed and not is_link:
                found.append(str(Path(second).relative_to(home)))
            flushed.discard(first)
    return found


def test_a_night_names_nothing_that_is_not_on_disk(nights, agency, heard) -> None:
    nights.write(units=["U1,,Dinas Contoh"], employees=["199001012015031001,Adi Rekaan,01-01-1990,PNS,"])
    contoh = agency(datasets=["units", "employees"])
    nights.land(DAY, contoh)
    for name in contoh.datasets:
        nights.judge(DAY, name, f"('{contoh.agency_id}', 1, 'U1', 'ORG-001', 'drop', null::varchar)" if name == "units" else "")
    promote_agency(nights.settings, contoh, DAY, "run")
    for name in contoh.datasets:
        refresh_history(nights.settings, name)
    record(nights.settings, [Entry("run", "check", DAY)])
    home = nights.settings.home
    named = {Path(second).relative_to(home).parts[0] for kind, _, second in heard if kind == "rename"}
    assert {"landing", "promoted", "history", "quality", "quarantine"} <= named
    late = {str(Path(path).relative_to(home)) for kind, path, _ in heard if kind == "flush" and Path(path).is_relative_to(home)}
    assert [file for file in unsafe(heard, home) if file not in late] == []
    # When a step has told the ledger that it ended, so has the disk.
    assert heard[-1][:2] == ("flush", str(home / "quality" / "runs" / "run"))


def test_a_name_before_its_content_is_noticed(nights, heard) -> None:
    home = nights.settings.folder("history", "units")
    for number, give in enumerate((put, Path.replace)):
        (home / "unfinished").write_text("x")
        give(home / "unfinished", home / f"{number}.parquet")
    assert unsafe(heard, nights.settings.home) == ["history/units/1.parquet"]
