"""Restricted datasets that no agency sends: they follow from what was promoted and what was quarantined."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mutasi.landing.data_files import DataFile, repeated
from mutasi.landing.snapshots import Promoted, commit, data_name, data_path, day_folder, in_use_of, scratch, sha256
from mutasi.landing.turns import Commit
from mutasi.privacy.pseudonyms import Key
from mutasi.settings import Settings
from mutasi.sources.datasets import columns_version

POST = ("unit_id", "position_id")


def promote_identities(settings: Settings, agency_id: str, day: dt.date) -> Commit | None:
    """Give every person promoted on the day an id and a pseudonym (restricted dataset `identities`); returns what makes it count.

    A person keeps the id given first, also under a new key, and the pseudonym as long as the key is the same.
    """
    employees = in_use_of(settings, "employees", day, agency_id)
    if employees is None or employees.snapshot_date != day:
        return None
    nips = pc.unique(_columns(data_path(settings, "promoted", employees), "nip")["nip"]).drop_null().sort()
    key = Key(settings.pseudonym_key)
    ids, pseudonyms = pa.nulls(len(nips), pa.string()), pa.nulls(len(nips), pa.string())
    if earlier := in_use_of(settings, "identities", day - dt.timedelta(days=1), agency_id):
        known = _columns(data_path(settings, "promoted", earlier), "nip", "person_id", "pseudonym", "key_version")
        known = known.take(pc.index_in(nips, value_set=known["nip"])).combine_chunks()
        ids = known["person_id"].combine_chunks()
        pseudonyms = pc.if_else(pc.equal(known["key_version"], key.version), known["pseudonym"], None).combine_chunks()
    people = {
        "nip": nips,
        "person_id": _filled(ids, nips, key.person_ids),
        "pseudonym": _filled(pseudonyms, nips, key.pseudonyms),
        "key_version": repeated(key.version, len(nips)),
    }
    return _promote_derived(settings, "identities", pa.table(people), agency_id, day)


def promote_quarantined_posts(settings: Settings, agency_id: str, day: dt.date) -> Commit | None:
    """Posts that a quarantined row touches: the person may well be there, so the post is for review and not vacant."""
    assignments = in_use_of(settings, "assignments", day, agency_id)
    if assignments is None:
        return None
    employees = in_use_of(settings, "employees", day, agency_id)
    held = _columns(data_path(settings, "promoted", assignments), "nip", *POST, "valid_to")
    lasting = held.filter(pc.is_null(held["valid_to"]))
    if employees:
        known = _columns(data_path(settings, "promoted", employees), "nip")["nip"]
        lasting = lasting.filter(pc.invert(pc.is_in(lasting["nip"], value_set=known)))
    touched = [_of_dataset("employees", lasting)]
    refused = settings.home / "quarantine" / "assignments" / assignments.snapshot_date.isoformat() / f"{agency_id}.parquet"
    if refused.exists():  # there is no file where no row was refused
        touched.append(_of_dataset("assignments", _columns(refused, *POST)))
    names = ["dataset", *POST]
    posts = pa.concat_tables(touched).group_by(names, use_threads=False).aggregate([])
    return _promote_derived(settings, "quarantined_posts", posts.sort_by([(name, "ascending") for name in names]), agency_id, day)


def _filled(given: pa.Array, nips: pa.Array, compute: Callable[[list[str]], list[str]]) -> pa.Array:
    """What people were given, and in its place where they were given nothing what is computed of their numbers."""
    missing = pc.is_null(given)
    return pc.replace_with_mask(given, missing, pa.array(compute(nips.filter(missing).to_pylist()), pa.string()))


def _columns(file: Path, *names: str) -> pa.Table:
    with pq.ParquetFile(file) as parquet:
        return parquet.read(columns=list(names), use_threads=False)


def _of_dataset(name: str, posts: pa.Table) -> pa.Table:
    return posts.select(POST).add_column(0, "dataset", [pa.repeat(name, len(posts))])


def _promote_derived(settings: Settings, name: str, rows: pa.Table, agency_id: str, day: dt.date) -> Commit:
    """Write a dataset that is computed here and that no agency sends."""
    unfinished = scratch(day_folder(settings, "promoted", name, day))
    date = pa.repeat(pa.scalar(day, pa.date32()), len(rows))
    rows = rows.add_column(0, "snapshot_date", [date]).add_column(0, "agency_id", [repeated(agency_id, len(rows))])
    with DataFile(unfinished, rows.schema) as file:
        file.write(rows)
    digest = sha256(unfinished)
    manifest = Promoted(
        agency_id=agency_id, dataset=name, snapshot_date=day, data_file=data_name(agency_id, digest), data_sha256=digest,
        rows_received=len(rows), rows_promoted=len(rows), rows_quarantined=0, landing_sha256="", columns_version=columns_version(),
    )  # fmt: skip
    return partial(commit, settings, "promoted", manifest, unfinished)
