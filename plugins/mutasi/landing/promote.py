"""Promotion: what the checks allow may be used, the rest goes to quarantine with its reasons.

A snapshot is promoted whole or not at all. Where a dataset is stopped, the newest earlier snapshot stays in use, simply
because no newer one is there.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path

import duckdb

from mutasi.durable import put
from mutasi.engine import connect, named, quoted, write
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
from mutasi.ledger import Entry, LedgerError, record, record_failure, timed
from mutasi.settings import Settings
from mutasi.sources.agency import Agency
from mutasi.sources.datasets import Dataset, columns_version, datasets

# The rows themselves stand in the raw archive; here they are counted, as rows that the agency file declares to be no records.
SKIPPED = "SKIP-001"


class PromotionError(NeedsAPerson):
    """An agency could not be promoted in full; each line names agency, dataset and what stays in use."""


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
        raise PromotionError("\n".join(kept))
    return entries


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
    entry.data_as_of = day
    if entry.status != "ok":
        used = in_use_of(settings, name, day, agency.agency_id)
        entry.data_as_of = used.snapshot_date if used else None
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
        with connect(settings) as con:
            con.execute(f"create temp view landed as from read_parquet({quoted(str(landed))})")
            found = _failures(settings, con, snapshot)
            promoted = 0 if stopped_by else write(con, _kept(datasets()[name], day, found), kept)
            quarantined = write(con, _refused(stopped_by), refused) if stopped_by or found.drops else 0
            entry.rows_received = snapshot.rows_received + snapshot.rows_skipped
            entry.rows_promoted, entry.rows_quarantined = promoted, quarantined + snapshot.rows_skipped
            entry.balance()
            _count_quarantined(settings, con, snapshot, entry.run_id)
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


def _verdict(settings: Settings, snapshot: Landed) -> dict[str, list[str] | str]:
    file = settings.home / "checks" / snapshot.dataset / snapshot.snapshot_date.isoformat() / "verdicts.json"
    verdict = json.loads(file.read_text(encoding="utf-8")).get(snapshot.agency_id) if file.exists() else None
    if verdict is None:
        raise PromotionError(
            f"{snapshot.agency_id}, {snapshot.dataset}: landed but never checked; run the check step for {snapshot.snapshot_date} again"
        )
    return dict(verdict)


@dataclass(frozen=True)
class Found:
    """What the checks found in a snapshot: anything at all, rows to drop, columns with values to blank."""

    any: bool
    drops: bool
    blanked: frozenset[str]


def _failures(settings: Settings, con: duckdb.DuckDBPyConnection, snapshot: Landed) -> Found:
    """Create `failures` (row and rule) and, where there are any, `marks` (row, reasons to drop it, flags, blanked columns)."""
    file = settings.home / "checks" / snapshot.dataset / snapshot.snapshot_date.isoformat() / "failures.parquet"
    con.execute(
        f"create temp table failures as from read_parquet({quoted(str(file))}) where agency_id = {quoted(snapshot.agency_id)}"
    )
    [(number, drops, blanked)] = con.execute(
        "select count(*), count(*) filter (action = 'drop'), list(distinct column_name) filter (action = 'blank') from failures"
    ).fetchall()
    if number:
        con.execute(
            """
            create temp table marks as
            select _row_id, string_agg(distinct rule_code, ' ' order by rule_code) filter (action = 'drop') as reasons,
              string_agg(distinct rule_code, ' ' order by rule_code) filter (action in ('blank', 'warn')) as flags,
              list(distinct column_name) filter (action = 'blank') as blanked
            from failures group by _row_id
            """
        )
    return Found(number > 0, drops > 0, frozenset(blanked or ()))


def _kept(dataset: Dataset, day: dt.date, found: Found) -> str:
    """The rows that may be used: promoted columns, blanked and flagged, in the order of the source."""
    snapshot_date = f"date {quoted(day.isoformat())} as snapshot_date"
    if not found.any:
        columns = ", ".join(named(c) for c in dataset.promoted_columns)
        return f"select agency_id, {snapshot_date}, _row_id, {columns}, '' as _flags from landed"
    columns = ", ".join(
        f"case when list_contains(m.blanked, {quoted(c)}) then null else l.{named(c)} end as {named(c)}"
        if c in found.blanked
        else f"l.{named(c)}"
        for c in dataset.promoted_columns
    )
    return f"""
        select l.agency_id, {snapshot_date}, l._row_id, {columns}, coalesce(' ' || m.flags || ' ', '') as _flags
        from landed as l left join marks as m using (_row_id) where m.reasons is null order by l._row_id
        """


def _refused(stopped_by: list[str]) -> str:
    """The rows that may not be used, as they landed, with the reasons; all of them where the dataset is stopped."""
    if stopped_by:
        return f"select *, {quoted(' '.join(stopped_by))} as reasons from landed"
    return "select l.*, m.reasons from landed as l join marks as m using (_row_id) where m.reasons is not null order by l._row_id"


def _count_quarantined(settings: Settings, con: duckdb.DuckDBPyConnection, snapshot: Landed, run_id: str) -> None:
    """Count by rule and column what was dropped and blanked (aggregate); one row more for rows that are no records."""
    day = snapshot.snapshot_date.isoformat()
    counted = f"""
    select {quoted(run_id)} as run_id, date {quoted(day)} as snapshot_date, {quoted(snapshot.agency_id)} as agency_id,
      {quoted(snapshot.dataset)} as dataset, rule_code, action, column_name, rows_affected
    from (
      select rule_code, action, column_name, count(distinct _row_id) as rows_affected
      from failures where action in ('drop', 'blank') group by all
      union all
      select {quoted(SKIPPED)}, 'drop', null, {snapshot.rows_skipped} where {snapshot.rows_skipped} > 0
    ) order by rule_code, column_name
    """
    target = settings.folder("quality", "quarantine") / f"{day}-{snapshot.dataset}-{snapshot.agency_id}.parquet"
    unfinished = scratch(target.parent)
    write(con, counted, unfinished)
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
            columns_version=columns_version(),
        ),
    )
