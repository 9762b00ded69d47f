"""What dbt reads: for every dataset one folder with the snapshot in use of every agency, as hard links.

The warehouse is thereby a pure function of files: the rule which snapshot counts is applied once, here, and can be
applied again for any earlier day. An agency without a usable snapshot of every core dataset is left out whole, because
units without their people would all look vacant.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from mutasi.engine import named
from mutasi.landing.data_files import ARROW_TYPES
from mutasi.landing.snapshots import Promoted, data_path, in_use, link, scratch
from mutasi.ledger import SCHEMA as RUNS_SCHEMA
from mutasi.settings import Settings
from mutasi.sources.agency import Agency
from mutasi.sources.datasets import datasets
from mutasi.warehouse.plans import write_plans

TYPED = {
    "identities": "agency_id varchar, snapshot_date date, nip varchar, person_id varchar, pseudonym varchar, key_version varchar",
    "quarantined_posts": "agency_id varchar, snapshot_date date, dataset varchar, unit_id varchar, position_id varchar",
}
CHECK_RESULTS = (
    "run_id varchar, snapshot_date date, agency_id varchar, dataset varchar, rule_code varchar, title varchar, severity varchar, "
    "action varchar, owner varchar, reason varchar, source varchar, rule_since date, column_name varchar, rows_checked bigint, "
    "rows_failed bigint, tolerance_pct double, exception_reason varchar, is_passed boolean"
)
QUARANTINE = (
    "snapshot_date date, run_id varchar, agency_id varchar, dataset varchar, rule_code varchar, action varchar, column_name varchar, "
    "rows_affected bigint"
)
FAILURES = "agency_id varchar, _row_id bigint, record_key varchar, rule_code varchar, action varchar, column_name varchar"


def link_inputs(settings: Settings, agencies: Mapping[str, Agency], as_of: dt.date) -> dict[str, dt.date]:
    """Lay out `warehouse/inputs` for the day, in one rename.

    Returns:
        The agencies that take part, each with the date of its oldest core snapshot (its data are as of then).
    """
    used = {name: in_use(settings, name, as_of) for name in [*datasets(), *TYPED]}
    present = _present(used, agencies)
    warehouse = settings.folder("warehouse")
    fresh = warehouse / f".inputs-{os.getpid()}"
    shutil.rmtree(fresh, ignore_errors=True)
    for name, snapshots in used.items():
        folder = fresh / name
        folder.mkdir(parents=True)
        for agency_id, snapshot in snapshots.items():
            if agency_id in present:
                link(data_path(settings, "promoted", snapshot), folder / f"{agency_id}.parquet")
    _write_agencies(fresh, agencies, present, as_of)
    write_plans(settings, fresh, as_of)
    _write_empty(settings, fresh)
    _swap(fresh, warehouse / "inputs")
    return present


def _present(used: Mapping[str, Mapping[str, Promoted]], agencies: Mapping[str, Agency]) -> dict[str, dt.date]:
    core = [name for name, dataset in datasets().items() if dataset.core] + ["identities"]
    return {
        agency_id: min(used[name][agency_id].snapshot_date for name in core if name != "identities")
        for agency_id in agencies
        if all(agency_id in used[name] for name in core)
    }


def _write_agencies(fresh: Path, agencies: Mapping[str, Agency], present: Mapping[str, dt.date], as_of: dt.date) -> None:
    rows = [agency for agency_id, agency in agencies.items() if agency_id in present]
    table = pa.table(
        {
            "agency_id": pa.array([a.agency_id for a in rows], pa.string()),
            "agency_name": pa.array([a.agency_name for a in rows], pa.string()),
            "agency_kind": pa.array([a.agency_kind for a in rows], pa.string()),
            "bkn_code": pa.array([a.codes.bkn for a in rows], pa.string()),
            "kemendagri_code": pa.array([a.codes.kemendagri for a in rows], pa.string()),
            "bps_code": pa.array([a.codes.bps for a in rows], pa.string()),
            "owner_unit": pa.array([a.owner.unit for a in rows], pa.string()),
            "owner_email": pa.array([a.owner.email for a in rows], pa.string()),
            "data_as_of": pa.array([present[a.agency_id] for a in rows], pa.date32()),
            "is_stale": pa.array([present[a.agency_id] < as_of for a in rows], pa.bool_()),
            "as_of": pa.array([as_of] * len(rows), pa.date32()),
        }
    )
    (fresh / "agencies").mkdir()
    pq.write_table(table, fresh / "agencies" / "agencies.parquet")


def _write_empty(settings: Settings, fresh: Path) -> None:
    """A typed file without rows in every folder, so that a dataset nobody sends still has its columns."""
    typed = dict(TYPED)
    for name, dataset in datasets().items():
        columns = ", ".join(f"{named(c)} {column.sql_type}" for c, column in dataset.promoted_columns.items())
        typed[name] = f"agency_id varchar, snapshot_date date, _row_id bigint, {columns}, _flags varchar"
    for name, columns in typed.items():
        _empty(columns, fresh / name / "_none.parquet")
    for name, dataset in datasets().items():
        columns = ", ".join(f"{named(c)} {column.sql_type}" for c, column in dataset.promoted_columns.items())
        history = f"agency_id varchar, {columns}, _change varchar, _row_hash varchar, _columns_version bigint, _recorded_on date"
        _empty(history, settings.folder("history", name) / "_none.parquet")
    _empty(CHECK_RESULTS, settings.folder("quality", "check_results") / "_none.parquet")
    _empty(FAILURES, settings.folder("checks", "_none", "_none") / "failures.parquet")
    _empty(QUARANTINE, settings.folder("quality", "quarantine") / "_none.parquet")
    pq.write_table(RUNS_SCHEMA.empty_table(), settings.folder("quality", "runs", "_none") / "_none.parquet")


def _empty(columns: str, target: Path) -> None:
    """Have a file without rows at `target`; `columns` as in SQL."""
    pairs = [column.strip().rsplit(" ", 1) for column in columns.split(",")]
    schema = pa.schema([(name.strip('"'), ARROW_TYPES[kind.upper()]) for name, kind in pairs])
    buffer = pa.BufferOutputStream()
    pq.write_table(schema.empty_table(), buffer)
    content = buffer.getvalue().to_pybytes()
    if not target.exists() or target.read_bytes() != content:
        unfinished = scratch(target.parent)
        unfinished.write_bytes(content)
        unfinished.replace(target)


def _swap(fresh: Path, target: Path) -> None:
    """Replace the folder; only dbt reads it, and dbt runs under the same lock."""
    old = target.with_name(f".inputs-old-{os.getpid()}")
    if target.exists():
        target.rename(old)
    fresh.rename(target)
    shutil.rmtree(old, ignore_errors=True)
