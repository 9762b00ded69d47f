"""Every step leaves its row, also the one that fails, and a failure tells no value."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow.parquet as pq
import pytest

from mutasi.errors import NeedsAPerson
from mutasi.ledger import Entry, LedgerError, record, size_of, stepped
from mutasi.settings import Settings

DAY = dt.date(2026, 11, 20)


def row(settings: Settings) -> dict[str, Any]:
    [file] = (settings.home / "quality" / "runs" / "run").glob("*.parquet")
    [found] = pq.read_table(file).to_pylist()
    return found


def test_a_step_leaves_time_and_memory(settings: Settings) -> None:
    with stepped(settings, Entry("run", "build", DAY)) as entry:
        entry.rows_received = 3
    found = row(settings)
    assert (found["status"], found["rows_received"]) == ("ok", 3) and found["peak_mb"] > 10 and found["seconds"] is not None


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (NeedsAPerson("dumai, units: no rule in force."), "dumai, units: no rule in force."),
        (ValueError("could not convert 199001012015031001"), "ValueError"),
    ],
)
def test_a_failed_step_leaves_its_row_without_values(settings: Settings, error: Exception, message: str) -> None:
    with pytest.raises(type(error)), stepped(settings, Entry("run", "build", DAY)):
        raise error
    found = row(settings)
    assert (found["status"], found["message"]) == ("failed", message) and found["seconds"] is not None


def test_a_full_disk_does_not_hide_what_failed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.folder("quality", "runs").chmod(0o700)
    (settings.home / "quality" / "runs" / "run").write_text("a file stands where the folder should")
    with pytest.raises(NeedsAPerson, match="first"), stepped(settings, Entry("run", "build", DAY)):
        raise NeedsAPerson("first")


def test_rows_that_went_missing_are_refused(settings: Settings) -> None:
    entry = Entry("run", "promote", DAY, "dumai", "units", rows_received=3, rows_promoted=1, rows_quarantined=1)
    with pytest.raises(LedgerError, match="1 are unaccounted for"):
        record(settings, [entry])


def test_a_folder_is_as_large_as_its_files(settings: Settings) -> None:
    folder = settings.folder("reports", "checks")
    (folder / "a").write_bytes(b"123")
    (folder / "b").symlink_to("a")
    assert (size_of(settings.home), size_of(folder / "a"), size_of(folder / "none")) == (3, 3, 0)
