"""Promotion: what the checks allow may be used, the rest goes to quarantine with its reasons.

A snapshot is promoted whole or not at all. Where a dataset is stopped, the newest earlier snapshot stays in use, simply
because no newer one is there.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from mutasi.durable import put
from mutasi.errors import NeedsAPerson
from mutasi.landing.derived import promote_identities, promote_quarantined_posts
from mutasi.landing.snapshots import (
    Landed,
    Promoted,
    commit_data,
    commit_manifest,
    data_path,
    day_folder,
    in_use_of,
    landed_of,
    manifest_file,
    scratch,
)
from mutasi.landing.split import Found, found_in, split
from mutasi.ledger import Entry, LedgerError, record, record_failure, timed
from mutasi.settings import Settings
from mutasi.sources.agency import Agency
from mutasi.sources.datasets import columns_version, datasets

# The rows themselves stand in the raw archive; here they are counted, as rows that the agency file declares to be no records.
SKIPPED = "SKIP-001"
TEXTS = ("run_id", "agency_id", "dataset", "rule_code", "action", "column_name")
COUNTED = pa.schema([("snapshot_date", pa.date32()), *((name, pa.string()) for name in TEXTS), ("rows_affected", pa.int64())])


class PromotionError(NeedsAPerson):
    """An agency could not be promoted in full; each line names agency, dataset and what stays in use.

    Attributes:
        promoted: rows by dataset of what could be promoted.
    """

    def __init__(self, sentences: str, promoted: dict[str, int] | None = None) -> None:
        super().__init__(sentences)
        self.promoted = promoted or {}


def promote_agency(settings: Settings, agency: Agency, day: dt.date, run_id: str) -> list[Entry]:
    """Promote every dataset that the agency landed for the day.

    Returns:
        One ledger entry per dataset.

    Raises:
        PromotionError: a dataset is missing or was stopped; what could be promoted is.
    """
    entries: list[Entry] = []
    for name in agency.datasets:
        entries.append(Entry(run_id, "promote", day, agency.agency_id, name))
        try:
            _promote_timed(settings, agency, name, day, entries[-1])
        except Exception as error:  # a full disk, a defect: it ends the task, and the ledger tells where
            record_failure(settings, entries, error)
            raise
    promote_identities(settings, agency.agency_id, day)
    promote_quarantined_posts(settings, agency.agency_id, day)
    record(settings, entries)
    kept = [entry.message for entry in entries if entry.status != "ok" and entry.message]
    if kept:
        raise PromotionError("\n".join(kept), rows_by_dataset(entries))
    return entries


def rows_by_dataset(entries: Iterable[Entry]) -> dict[str, int]:
    """Rows promoted of each dataset that was."""
    return {entry.dataset: entry.rows_promoted or 0 for entry in entries if entry.dataset and entry.status == "ok"}


def _promote_timed(settings: Settings, agency: Agency, name: str, day: dt.date, entry: Entry) -> None:
    with timed(entry):
        snapshot = landed_of(settings, name, day, agency.agency_id)
        if snapshot is None:
            entry.status, entry.message = "failed", f"{agency.agency_id}, {name}: nothing landed for {day}"
        else:
            try:
                _promote(settings, snapshot, entry)
            except (PromotionError, LedgerError) as error:
                entry.status, entry.message = "failed", str(error).rstrip(".")
    entry.data_as_of = day - dt.timedelta(snapshot.age(day) if snapshot else 0)
    if entry.status != "ok":
        used = in_use_of(settings, name, day, agency.agency_id)
        entry.data_as_of = day - dt.timedelta(used.age(day)) if used else None
        stays = (
            f"the snapshot of {used.snapshot_date} stays in use"
            if used
            else "no earlier snapshot exists, so the dataset is empty"
        )
        entry.message = f"{entry.message}; {stays}."


def _promote(settings: Settings, snapshot: Landed, entry: Entry) -> None:
    agency_id, name, day = snapshot.agency_id, snapshot.dataset, snapshot.snapshot_date
    verdict = _verdict(settings, snapshot)
    stopped_by = list(verdict["stopped_by"]) if verdict["verdict"] == "stop" else []
    landed = data_path(settings, "landing", snapshot)
    entry.bytes = landed.stat().st_size
    quarantine = settings.folder("quarantine", name, day.isoformat()) / f"{agency_id}.parquet"
    kept, refused = scratch(day_folder(settings, "promoted", name, day)), scratch(quarantine.parent)
    try:
        found = found_in(_checked(settings, snapshot) / "failures.parquet", agency_id)
        promoted, quarantined = split(landed, datasets()[name], day, found, stopped_by, kept, refused)
        entry.rows_received = snapshot.rows_received + snapshot.rows_skipped
        entry.rows_promoted, entry.rows_quarantined = promoted, quarantined + snapshot.rows_skipped
        entry.balance()
        _count_quarantined(settings, snapshot, entry.run_id, found)
        if quarantined:
            put(refused, quarantine)
        else:  # an earlier attempt of the day may have refused some
            quarantine.unlink(missing_ok=True)
        if not stopped_by:
            _commit(settings, snapshot, kept, promoted, quarantined)
            return
        manifest_file(settings, "promoted", name, day, agency_id).unlink(missing_ok=True)
        entry.status = "kept"
        entry.message = f"{agency_id}, {name}: stopped by {', '.join(stopped_by)}; see the check results of {day}"
    finally:
        kept.unlink(missing_ok=True)
        refused.unlink(missing_ok=True)


def _checked(settings: Settings, snapshot: Landed) -> Path:
    return settings.home / "checks" / snapshot.dataset / snapshot.snapshot_date.isoformat()


def _verdict(settings: Settings, snapshot: Landed) -> dict[str, list[str] | str]:
    file = _checked(settings, snapshot) / "verdicts.json"
    verdict = json.loads(file.read_text(encoding="utf-8")).get(snapshot.agency_id) if file.exists() else None
    if verdict is None:
        raise PromotionError(
            f"{snapshot.agency_id}, {snapshot.dataset}: landed but never checked; run the check step for {snapshot.snapshot_date} again"
        )
    return dict(verdict)


def _count_quarantined(settings: Settings, snapshot: Landed, run_id: str, found: Found) -> None:
    """Count by rule and column what was dropped and blanked (aggregate); one row more for rows that are no records."""
    day = snapshot.snapshot_date
    counts = [count for count in found.counts if count[1] in ("drop", "blank")]
    if snapshot.rows_skipped:
        counts.append((SKIPPED, "drop", None, snapshot.rows_skipped))
    of_all = {"run_id": run_id, "snapshot_date": day, "agency_id": snapshot.agency_id, "dataset": snapshot.dataset}
    rows = [of_all | dict(zip(COUNTED.names[-4:], count, strict=True)) for count in counts]
    target = settings.folder("quality", "quarantine") / f"{day.isoformat()}-{snapshot.dataset}-{snapshot.agency_id}.parquet"
    unfinished = scratch(target.parent)
    pq.write_table(pa.Table.from_pylist(rows, COUNTED), unfinished)
    put(unfinished, target)


def _commit(settings: Settings, snapshot: Landed, kept: Path, promoted: int, quarantined: int) -> None:
    file, digest = commit_data(kept, kept.parent, snapshot.agency_id)
    commit_manifest(
        settings,
        "promoted",
        Promoted(
            agency_id=snapshot.agency_id,
            dataset=snapshot.dataset,
            snapshot_date=snapshot.snapshot_date,
            data_file=file.name,
            data_sha256=digest,
            rows_received=snapshot.rows_received,
            rows_promoted=promoted,
            rows_quarantined=quarantined,
            landing_sha256=snapshot.data_sha256,
            cursor=snapshot.cursor,
            delivered_on=snapshot.delivered_on,
            columns_version=columns_version(),
        ),
    )
