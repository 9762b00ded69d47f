"""Restricted datasets that no agency sends: they follow from what was promoted and what was quarantined."""

from __future__ import annotations

import datetime as dt
from functools import partial

import duckdb

from mutasi.engine import connect, quoted, write
from mutasi.landing.snapshots import Promoted, commit, data_name, data_path, day_folder, in_use_of, scratch, sha256
from mutasi.landing.turns import Commit
from mutasi.privacy.pseudonyms import create_identities
from mutasi.settings import Settings
from mutasi.sources.datasets import columns_version


def promote_identities(settings: Settings, agency_id: str, day: dt.date) -> Commit | None:
    """Give every person promoted on the day an id and a pseudonym (restricted dataset `identities`); returns what makes it count."""
    employees = in_use_of(settings, "employees", day, agency_id)
    if employees is None or employees.snapshot_date != day:
        return None
    known = in_use_of(settings, "identities", day - dt.timedelta(days=1), agency_id)
    with connect(settings) as con:
        create_identities(
            con,
            f"read_parquet({quoted(str(data_path(settings, 'promoted', employees)))})",
            f"read_parquet({quoted(str(data_path(settings, 'promoted', known)))})" if known else None,
            settings.pseudonym_key,
        )
        return _promote_derived(settings, con, "identities", "select * from identities", agency_id, day)


def promote_quarantined_posts(settings: Settings, agency_id: str, day: dt.date) -> Commit | None:
    """Posts that a quarantined row touches: the person may well be there, so the post is for review and not vacant."""
    assignments = in_use_of(settings, "assignments", day, agency_id)
    if assignments is None:
        return None
    employees = in_use_of(settings, "employees", day, agency_id)
    refused = settings.home / "quarantine" / "assignments" / assignments.snapshot_date.isoformat() / f"{agency_id}.parquet"
    known = (
        f"select nip from read_parquet({quoted(str(data_path(settings, 'promoted', employees)))})"
        if employees
        else "select null where false"
    )
    # Where no row was refused there is no file.
    from_refused = f"union all select 'assignments', unit_id, position_id from read_parquet({quoted(str(refused))})"
    with connect(settings) as con:
        query = f"""
            select distinct {quoted(agency_id)} as agency_id, date {quoted(day.isoformat())} as snapshot_date, dataset, unit_id, position_id
            from (
              select 'employees' as dataset, unit_id, position_id from read_parquet({quoted(str(data_path(settings, "promoted", assignments)))})
              where valid_to is null and nip not in ({known})
              {from_refused if refused.exists() else ""}
            ) order by all
        """
        return _promote_derived(settings, con, "quarantined_posts", query, agency_id, day)


def _promote_derived(
    settings: Settings, con: duckdb.DuckDBPyConnection, name: str, query: str, agency_id: str, day: dt.date
) -> Commit:
    """Write a dataset that is computed here and that no agency sends."""
    unfinished = scratch(day_folder(settings, "promoted", name, day))
    rows = write(con, query, unfinished)
    digest = sha256(unfinished)
    manifest = Promoted(
        agency_id=agency_id, dataset=name, snapshot_date=day, data_file=data_name(agency_id, digest), data_sha256=digest,
        rows_received=rows, rows_promoted=rows, rows_quarantined=0, landing_sha256="", columns_version=columns_version(),
    )  # fmt: skip
    return partial(commit, settings, "promoted", manifest, unfinished)
