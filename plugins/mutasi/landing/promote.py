"""Promotion: what the checks allow may be used, the rest goes to quarantine with its reasons.

A snapshot is promoted whole or not at all. Where a dataset is stopped, the newest earlier snapshot stays in use, simply
because no newer one is there: also what arrived earlier that day and passed.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from mutasi.durable import put
from mutasi.errors import NeedsAPerson
from mutasi.landing.derived import promote_identities, promote_quarantined_posts
from mutasi.landing.snapshots import (
    Landed,
    Promoted,
    commit,
    data_name,
    data_path,
    day_folder,
    in_use_of,
    landed_of,
    manifest_file,
    promoted_of,
    scratch,
    sha256,
)
from mutasi.landing.split import found_in, split
from mutasi.landing.turns import Commit, in_turn
from mutasi.ledger import Entry, LedgerError
from mutasi.settings import Settings
from mutasi.sources.agency import Agency
from mutasi.sources.datasets import columns_version, datasets


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
    keeps = _is_delivered_anew(settings, agency, day)
    with in_turn(settings) as turns:
        for name in agency.datasets:
            entry = Entry(run_id, "promote", day, agency.agency_id, name)
            turns.take(entry, partial(_promote_or_tell, settings, agency.agency_id, name, day, keeps))
        turns.wait()  # the others follow from what counts now
        for derive in (promote_identities, promote_quarantined_posts):
            if commit := derive(settings, agency.agency_id, day):
                turns.commit(commit)
    kept = [entry.message for entry in turns.entries if entry.status != "ok" and entry.message]
    if kept:
        raise PromotionError("\n".join(kept), rows_by_dataset(turns.entries))
    return turns.entries


def rows_by_dataset(entries: Iterable[Entry]) -> dict[str, int]:
    """Rows promoted of each dataset that was."""
    return {entry.dataset: entry.rows_promoted or 0 for entry in entries if entry.dataset and entry.status == "ok"}


def _is_delivered_anew(settings: Settings, agency: Agency, day: dt.date) -> bool:
    """Whether something landed that day beside what was promoted of it: then that came in an earlier delivery, which passed."""
    for name in agency.datasets:
        if before := promoted_of(settings, name, day, agency.agency_id):
            came = landed_of(settings, name, day, agency.agency_id)
            if came and came.data_sha256 != before.landing_sha256:
                return True
    return False


def _promote_or_tell(settings: Settings, agency_id: str, name: str, day: dt.date, keeps: bool, entry: Entry) -> Commit | None:
    """Promote a dataset, or tell in the entry why it is not and what stays in use; `keeps`: also what was promoted that day."""
    finish = None
    snapshot = landed_of(settings, name, day, agency_id)
    if snapshot is None:
        entry.status, entry.message = "failed", f"{agency_id}, {name}: nothing landed for {day}"
    else:
        try:
            finish = _promote(settings, snapshot, keeps, entry)
        except (PromotionError, LedgerError) as error:
            entry.status, entry.message = "failed", str(error).rstrip(".")
    entry.data_as_of = day - dt.timedelta(snapshot.age(day) if snapshot else 0)
    if entry.status != "ok":
        used = in_use_of(settings, name, day, agency_id)
        entry.data_as_of = day - dt.timedelta(used.age(day)) if used else None
        if used is None:
            stays = "no earlier snapshot exists, so the dataset is empty"
        elif used.snapshot_date == day:
            stays = "what arrived earlier that day stays in use"
        else:
            stays = f"the snapshot of {used.snapshot_date} stays in use"
        entry.message = f"{entry.message}; {stays}."
    return finish


def _promote(settings: Settings, snapshot: Landed, keeps: bool, entry: Entry) -> Commit:
    agency_id, name, day = snapshot.agency_id, snapshot.dataset, snapshot.snapshot_date
    verdict = _verdict(settings, snapshot)
    stopped_by = list(verdict["stopped_by"]) if verdict["verdict"] == "stop" else []
    landed = data_path(settings, "landing", snapshot)
    entry.bytes = landed.stat().st_size
    quarantine = settings.folder("quarantine", name, day.isoformat()) / f"{agency_id}.parquet"
    kept, refused = scratch(day_folder(settings, "promoted", name, day)), scratch(quarantine.parent)
    with ExitStack() as failing:
        for unfinished in (kept, refused):
            failing.callback(unfinished.unlink, missing_ok=True)
        found = found_in(_checked(settings, snapshot) / "failures.parquet", agency_id)
        promoted, quarantined = split(landed, datasets()[name], day, found, stopped_by, kept, refused)
        entry.rows_received = snapshot.rows_received + snapshot.rows_skipped
        entry.rows_promoted, entry.rows_quarantined = promoted, quarantined + snapshot.rows_skipped
        entry.balance()
        manifest = None if stopped_by else _manifest(snapshot, sha256(kept), promoted, quarantined)
        left = failing.pop_all()
    if stopped_by:
        if not keeps:  # the same data, judged otherwise
            manifest_file(settings, "promoted", name, day, agency_id).unlink(missing_ok=True)
        entry.status = "kept"
        entry.message = f"{agency_id}, {name}: stopped by {', '.join(stopped_by)}; see the check results of {day}"

    def finish() -> None:
        with left:
            if quarantined:
                put(refused, quarantine)
            else:  # an earlier attempt of the day may have refused some
                quarantine.unlink(missing_ok=True)
            if manifest:
                commit(settings, "promoted", manifest, kept)

    return finish


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


def _manifest(snapshot: Landed, digest: str, promoted: int, quarantined: int) -> Promoted:
    return Promoted(
        agency_id=snapshot.agency_id,
        dataset=snapshot.dataset,
        snapshot_date=snapshot.snapshot_date,
        data_file=data_name(snapshot.agency_id, digest),
        data_sha256=digest,
        rows_received=snapshot.rows_received,
        rows_promoted=promoted,
        rows_quarantined=quarantined,
        landing_sha256=snapshot.data_sha256,
        cursor=snapshot.cursor,
        delivered_on=snapshot.delivered_on,
        columns_version=columns_version(),
    )
