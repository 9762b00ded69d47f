"""Promotion: what the checks allow may be used, the rest goes to quarantine with its reasons.

A snapshot is promoted whole or not at all. Where a dataset is stopped, the newest earlier snapshot stays in use, simply
because no newer one is there.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable

import duckdb

from mutasi.durable import flush
from mutasi.engine import connect, copy, named, quoted
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
    used = in_use_of(settings, name, day, agency.agency_id)
    entry.data_as_of = used.snapshot_date if used else None
    if entry.status != "ok":
        stays = (
            f"the snapshot of {used.snapshot_date} stays in use"
            if used
            else "no earlier snapshot exists, so the dataset is empty"
        )
        entry.message = f"{entry.message}; {stays}."


def _promote(settings: Settings, snapshot: Landed, entry: Entry) -> None:
    dataset, day, agency_id = datasets()[snapshot.dataset], snapshot.snapshot_date, snapshot.agency_id
    verdict = _verdict(settings, snapshot)
    with connect(settings) as con:
        landed = data_path(settings, "landing", snapshot)
        source, entry.bytes = quoted(str(landed)), landed.stat().st_size
        con.execute(f"create temp view landed as select * from read_parquet({source})")
        failures = settings.home / "checks" / dataset.name / day.isoformat() / "failures.parquet"
        con.execute(
            f"create temp table failures as select * from read_parquet({quoted(str(failures))}) where agency_id = {quoted(agency_id)}"
        )
        stopped = verdict["verdict"] == "stop"
        _split(con, dataset, day, stopped, verdict["stopped_by"])
        counts = con.execute("select (select count(*) from kept), (select count(*) from quarantined)").fetchone()
        assert counts is not None
        skipped = snapshot.rows_skipped
        entry.rows_received, entry.rows_promoted = snapshot.rows_received + skipped, counts[0]
        entry.rows_quarantined = counts[1] + skipped
        entry.balance()
        _write_quarantine(settings, con, snapshot, entry.run_id)
        if stopped:
            rules = ", ".join(verdict["stopped_by"])
            entry.status, entry.message = (
                "kept",
                f"{agency_id}, {dataset.name}: stopped by {rules}; see the check results of {day}",
            )
            manifest_file(settings, "promoted", dataset.name, day, agency_id).unlink(missing_ok=True)
            return
        _commit(settings, con, snapshot, counts)


def _verdict(settings: Settings, snapshot: Landed) -> dict[str, list[str] | str]:
    file = settings.home / "checks" / snapshot.dataset / snapshot.snapshot_date.isoformat() / "verdicts.json"
    verdict = json.loads(file.read_text(encoding="utf-8")).get(snapshot.agency_id) if file.exists() else None
    if verdict is None:
        raise PromotionError(
            f"{snapshot.agency_id}, {snapshot.dataset}: landed but never checked; run the check step for {snapshot.snapshot_date} again"
        )
    return dict(verdict)


def _split(con: duckdb.DuckDBPyConnection, dataset: Dataset, day: dt.date, stopped: bool, stopped_by: Iterable[str]) -> None:
    """Create `kept` (promoted columns, blanked and flagged) and `quarantined` (landing columns and reasons)."""
    dropped = (
        f"select _row_id, {quoted(' '.join(stopped_by))} as reasons from landed"
        if stopped
        else "select _row_id, string_agg(distinct rule_code, ' ' order by rule_code) as reasons from failures where action = 'drop' group by _row_id"
    )
    con.execute(f"create temp view dropped as {dropped}")
    con.execute("create temp table quarantined as select l.*, d.reasons from landed l join dropped d using (_row_id)")
    blanked = {r[0] for r in con.execute("select distinct column_name from failures where action = 'blank'").fetchall()}
    columns = ", ".join(
        f"case when list_contains(f.blanked, {quoted(c)}) then null else l.{named(c)} end as {named(c)}"
        if c in blanked
        else f"l.{named(c)}"
        for c in dataset.promoted_columns
    )
    con.execute(
        f"""
        create temp table kept as
        select l.agency_id, date {quoted(day.isoformat())} as snapshot_date, l._row_id, {columns},
          coalesce(' ' || f.flags || ' ', '') as _flags
        from landed l
        left join (
          select _row_id, string_agg(distinct rule_code, ' ' order by rule_code) as flags,
            list(distinct column_name) filter (where action = 'blank') as blanked
          from failures where action in ('blank', 'warn') group by _row_id
        ) f using (_row_id)
        where l._row_id not in (select _row_id from dropped)
        order by l._row_id
        """
    )


def _write_quarantine(settings: Settings, con: duckdb.DuckDBPyConnection, snapshot: Landed, run_id: str) -> None:
    """Keep the unusable rows (restricted) and their counts by rule and column (aggregate)."""
    day = snapshot.snapshot_date.isoformat()
    rows = settings.folder("quarantine", snapshot.dataset, day) / f"{snapshot.agency_id}.parquet"
    counts = settings.folder("quality", "quarantine") / f"{day}-{snapshot.dataset}-{snapshot.agency_id}.parquet"
    copy(con, "select * from quarantined order by _row_id", rows)
    copy(
        con,
        f"""
        select {quoted(run_id)} as run_id, date {quoted(day)} as snapshot_date, {quoted(snapshot.agency_id)} as agency_id,
          {quoted(snapshot.dataset)} as dataset, rule_code, action, column_name, rows_affected
        from (
          select rule_code, action, column_name, count(distinct _row_id) as rows_affected
          from failures where action in ('drop', 'blank') group by all
          union all
          select {quoted(SKIPPED)}, 'drop', null, {snapshot.rows_skipped} where {snapshot.rows_skipped} > 0
        ) order by rule_code, column_name
        """,
        counts,
    )
    for file in (rows, counts):  # read on all later nights, by names that the manifest does not hold
        flush(file)


def _commit(settings: Settings, con: duckdb.DuckDBPyConnection, snapshot: Landed, counts: tuple[int, ...]) -> None:
    folder = day_folder(settings, "promoted", snapshot.dataset, snapshot.snapshot_date)
    temporary = scratch(folder)
    con.execute(f"copy (select * from kept order by _row_id) to {quoted(str(temporary))} (format parquet, compression zstd)")
    file, digest = commit_data(temporary, folder, snapshot.agency_id)
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
            rows_promoted=counts[0],
            rows_quarantined=counts[1],
            landing_sha256=snapshot.data_sha256,
            cursor=snapshot.cursor,
            columns_version=columns_version(),
        ),
    )
