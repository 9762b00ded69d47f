"""Small promoted inputs for two invented agencies, written as the steps before dbt would write them.

`kota_uji` has a few posts, each made for one rule of the marts; `kab_uji` sent units and recommendations only.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from mutasi.settings import Settings
from mutasi.sources.datasets import datasets
from mutasi.warehouse.plans import write_plans

AS_OF = "2026-10-01"
KOTA, KAB = "kota_uji", "kab_uji"
BIRTH_DATE = "1957-03-09"
NAME = "Kanari Purwarupa"
NIPS = [f"1957030919800110{n:02d}" for n in range(1, 12)]
N = dict(enumerate(NIPS, start=1))

DERIVED = {
    "identities": {c: "VARCHAR" for c in ("agency_id", "nip", "person_id", "pseudonym", "key_version")}
    | {"snapshot_date": "DATE"},
    "quarantined_posts": {c: "VARCHAR" for c in ("agency_id", "dataset", "unit_id", "position_id")} | {"snapshot_date": "DATE"},
    "agencies": {
        c: "VARCHAR"
        for c in (
            "agency_id",
            "agency_name",
            "agency_kind",
            "bkn_code",
            "kemendagri_code",
            "bps_code",
            "owner_unit",
            "owner_email",
        )
    }
    | {"data_as_of": "DATE", "is_stale": "BOOLEAN", "as_of": "DATE"},
}
CHECK_RESULTS = {
    c: "VARCHAR"
    for c in ["run_id", "agency_id", "dataset", "rule_code", "title", "severity", "action", "owner", "reason", "source", "column_name", "exception_reason"]
} | {
    "snapshot_date": "DATE", "rule_since": "DATE", "rows_checked": "BIGINT", "rows_failed": "BIGINT", "tolerance_pct": "DOUBLE",
    "is_passed": "BOOLEAN",
}  # fmt: skip
QUARANTINE = {c: "VARCHAR" for c in ["run_id", "agency_id", "dataset", "rule_code", "action", "column_name"]} | {
    "snapshot_date": "DATE",
    "rows_affected": "BIGINT",
}
RUNS = {c: "VARCHAR" for c in ["run_id", "agency_id", "dataset", "step", "status", "message"]} | {
    "snapshot_date": "DATE", "data_as_of": "DATE", "rows_received": "BIGINT", "rows_promoted": "BIGINT",
    "rows_quarantined": "BIGINT", "bytes": "BIGINT", "seconds": "DOUBLE", "peak_mb": "DOUBLE", "started_at": "TIMESTAMP",
}  # fmt: skip
FAILURES = {c: "VARCHAR" for c in ["agency_id", "record_key", "rule_code", "action", "column_name"]} | {"_row_id": "BIGINT"}

Rows = Sequence[Mapping[str, Any]]

UNITS: Rows = [
    {"unit_id": "U0", "unit_name": "Kota Uji"},
    {
        "unit_id": "U1",
        "unit_name": "Dinas Contoh",
        "parent_unit_id": "U0",
        "region_code": "14.72",
        "region_code_system": "kemendagri",
    },
    {"unit_id": "U2", "unit_name": "Seksi Umum", "parent_unit_id": "U1"},
    {"unit_id": "U3", "unit_name": "Seksi Umum", "parent_unit_id": "U0"},
    {"unit_id": "U4", "unit_name": "Unit Yatim", "parent_unit_id": "U99"},
    {"unit_id": "U5", "unit_name": "Lingkar Satu", "parent_unit_id": "U6"},
    {"unit_id": "U6", "unit_name": "Lingkar Dua", "parent_unit_id": "U5"},
]


def _post(unit: str, position: str, seats: int | None, **more: Any) -> dict[str, Any]:
    return {
        "unit_id": unit, "position_id": position, "job_id": f"J{position[1:]}", "job_name": f"Jabatan {position}",
        "job_kind": "jf", "job_level": "madya", "establishment_approved": seats,
    } | more  # fmt: skip


POSITIONS: Rows = [
    _post("U1", "P1", 3, job_name="Ajudan", job_kind="pelaksana", job_level=None),
    _post("U1", "P2", 1, bup_age=65),
    _post("U2", "P3", 3),
    _post("U3", "P4", 2),
    _post("U3", "P5", None),
    _post("U4", "P6", 1),
    _post("U4", "P7", 1),
    _post("U4", "P8", 1, is_critical=True),
    _post("U2", "P9", 1, is_critical=True),
    _post("U5", "P11", 1),
    _post("U2LAMA", "P12", 1),
]
BRIDGE: Rows = [
    {"old_unit_id": "U2LAMA", "new_unit_id": "U2", "valid_from": "2026-01-01", "decree_number": "1/2026"},
    {"old_unit_id": "U2", "new_unit_id": "U3", "valid_from": "2027-01-01"},  # not yet in force
    {"old_unit_id": "U8", "new_unit_id": "U3"},
    {"old_unit_id": "U8", "new_unit_id": "U4"},
]


def _task(unit: str, position: str, task: str, volume: float | None, minutes: float, **more: Any) -> dict[str, Any]:
    return {
        "unit_id": unit, "position_id": position, "year": 2026, "task_id": task, "volume": volume,
        "minutes_per_unit": minutes, "status": "final",
    } | more  # fmt: skip


AJUDAN = [(60, 10), (60, 20), (10, 12), (30, 15), (60, 5), (30, 5)]
WORKLOADS: Rows = [
    *[_task("U1", "P1", f"T{i}", volume, hours * 60, year=2025) for i, (volume, hours) in enumerate(AJUDAN, start=1)],
    _task("U1", "P1", "T1", 999, 75_000, year=2024),
    _task("U1", "P1", "T1", 999, 75_000, year=2026, status="draft"),
    _task("U1", "P1", "T1", 999, 75_000, year=2027),
    _task("U1", "P2", "T1", 12, 900),
    _task("U1", "P2", "T2", 20, 45, volume_period="month"),
    _task("U2LAMA", "P3", "T1", 2.5, 75_000),
    _task("U3", "P4", "T1", 5, 75_000, status="draft"),
    *[_task(u, p, "T1", 1, 75_000) for u, p in (("U3", "P5"), ("U4", "P6"), ("U4", "P7"), ("U4", "P8"), ("U2", "P9"), ("U5", "P11"), ("U2", "P12"))],
]  # fmt: skip


def _employee(n: int, **more: Any) -> dict[str, Any]:
    return {
        "nip": N[n], "employee_name": f"{NAME} {n}", "birth_date": BIRTH_DATE, "employment_status": "PNS",
        "legal_status_code": "01", "golongan_code": "31", "education_level_code": "40",
    } | more  # fmt: skip


EMPLOYEES: Rows = [
    *[_employee(n) for n in (1, 2, 3)],
    _employee(4, employment_status="PPPK_PW", legal_status_code=None),
    _employee(5),
    _employee(6, legal_status_code="03"),
    *[_employee(n) for n in (7, 8)],
    _employee(9, legal_status_code="99"),
]


def _duty(n: int, unit: str, position: str, start: str, **more: Any) -> dict[str, Any]:
    return {"nip": N[n], "unit_id": unit, "position_id": position, "assignment_type": "D", "valid_from": start} | more


ASSIGNMENTS: Rows = [
    *[_duty(n, "U1", "P1", "2024-01-01") for n in (1, 2, 3)],
    _duty(1, "U1", "P1", "2020-01-01"),  # an older decree for the same post, never closed
    _duty(4, "U2LAMA", "P3", "2026-01-01"),  # the unit before the reorganisation
    _duty(5, "U2", "P3", "2026-07-01", assignment_type="PLT"),
    _duty(6, "U2", "P3", "2020-01-01", valid_to="2026-03-31"),
    _duty(7, "U2", "P3", "2020-01-01", valid_to="2026-06-30"),
    _duty(5, "U3", "P4", "2022-01-01"),
    _duty(6, "U3", "P4", "2026-04-01"),
    _duty(7, "U3", "P5", "2026-07-01"),
    _duty(7, "U3", "P5", "2026-07-01", assignment_type="DPK", home_agency_code="5373", work_agency_code="4011"),
    _duty(8, "U4", "P7", "2023-01-01", assignment_type="DPK", home_agency_code="4011", work_agency_code="5373"),
    _duty(9, "U2", "P9", "2010-01-01"),
    _duty(9, "U8", "P1", "2001-01-01", valid_to="2009-12-31"),
    _duty(10, "U4", "P8", "2021-01-01"),  # the employee is not in use
]
REQUIREMENTS: Rows = [
    {"job_id": "J4", "job_name": "Jabatan P4", "required_count": 3},
    {"job_id": "J3", "job_name": "Jabatan P3", "sub_job_id": "s1", "sub_job_name": "Satu", "required_count": 2},
    {"job_id": "J3", "job_name": "Jabatan P3", "sub_job_id": "s2", "sub_job_name": "Dua", "required_count": 2},
]


def write_inputs(settings: Settings) -> None:
    """Write all folders that the project reads below the home of `settings`."""
    with duckdb.connect() as con:
        writer = _Writer(con, settings.home)
        agencies = [
            {"agency_id": KOTA, "agency_name": "Pemerintah Kota Uji", "agency_kind": "kota", "bkn_code": "5373", "data_as_of": AS_OF},
            {"agency_id": KAB, "agency_name": "Pemerintah Kabupaten Uji", "agency_kind": "kabupaten", "bkn_code": "5271", "data_as_of": "2026-09-30", "is_stale": True},
        ]  # fmt: skip
        writer.inputs("agencies", "agencies", [{"is_stale": False, "as_of": AS_OF} | a for a in agencies], DERIVED["agencies"])
        rows = {
            "units": UNITS, "positions": POSITIONS, "employees": EMPLOYEES, "assignments": ASSIGNMENTS, "workloads": WORKLOADS,
            "jobs": [{"job_id": "J4", "job_name": "Jabatan P4", "bup_age": 0}, {"job_id": "J3", "job_name": "Jabatan P3", "bup_age": 62}],
            "performance_reviews": [{"nip": N[1], "year": 2025, "predicate_code": "2"}],
            "unit_bridge": BRIDGE,
            "non_asn_counts": [{"unit_id": "U2LAMA", "position_id": "P3", "category": "honorer", "headcount": 2}],
            "job_requirements": REQUIREMENTS,
        }  # fmt: skip
        for name in datasets():
            writer.dataset(name, KOTA, rows.get(name, []))
        writer.dataset("units", KAB, [{"unit_id": "U0", "unit_name": "Kabupaten Uji"}])
        writer.dataset("job_requirements", KAB, [{"job_id": "J1", "job_name": "Ajudan", "required_count": 4}])
        identities = [
            {"nip": e["nip"], "person_id": f"P{n:020x}", "pseudonym": f"ASN-{n}", "key_version": "1"} for n, e in enumerate(EMPLOYEES, start=1)
        ]  # fmt: skip
        writer.inputs(
            "identities", KOTA, [{"agency_id": KOTA, "snapshot_date": AS_OF} | i for i in identities], DERIVED["identities"]
        )
        touched = [
            {"dataset": "assignments", "unit_id": "U4", "position_id": "P6"},
            {"dataset": "assignments", "unit_id": "U5", "position_id": None},
        ]
        writer.inputs("quarantined_posts", KOTA, [{"agency_id": KOTA} | t for t in touched], DERIVED["quarantined_posts"])
        _write_history(writer)
        _write_quality(writer)
    inputs = settings.home / "warehouse" / "inputs"
    write_plans(settings, inputs, dt.date.fromisoformat(AS_OF))


def _write_history(writer: _Writer) -> None:
    """Days with and without changes; the holder of P12 vanished on 15 September without an end date."""
    for name in ("units", "positions", "employees", "assignments"):
        writer.changes(name, "_none", [])
    writer.changes("units", "2026-01-01", [{"unit_id": "U2", "unit_name": "Seksi Lama", "_change": "new"}])
    writer.changes("units", "2026-05-01", [{"unit_id": "U2", "unit_name": "Seksi Umum", "_change": "changed"}])
    writer.changes("units", "2026-06-01", [{"unit_id": "U7", "unit_name": "Seksi Singkat", "_change": "new"}])
    writer.changes("units", "2026-07-01", [{"unit_id": "U7", "_change": "deleted"}])
    gone = _duty(11, "U2", "P12", "2019-01-01")
    writer.changes("assignments", "2026-01-01", [gone | {"_change": "new"}])
    writer.changes("assignments", "2026-09-15", [gone | {"_change": "deleted"}])


def _write_quality(writer: _Writer) -> None:
    run = {"run_id": "r1", "snapshot_date": AS_OF, "agency_id": KOTA, "dataset": "employees"}
    writer.write("quality/check_results/_none.parquet", [], CHECK_RESULTS)
    check = {"rule_code": "EMP-001", "title": "NIP 18 angka", "rows_checked": 10, "rows_failed": 1, "is_passed": False}
    writer.write(f"quality/check_results/{AS_OF}-employees.parquet", [run | check], CHECK_RESULTS)
    writer.write("quality/quarantine/_none.parquet", [], QUARANTINE)
    dropped = {"rule_code": "EMP-001", "action": "drop", "column_name": "nip", "rows_affected": 1}
    writer.write(f"quality/quarantine/{AS_OF}-employees.parquet", [run | dropped], QUARANTINE)
    writer.write("quality/runs/_none/_none.parquet", [], RUNS)
    step = {
        "step": "promote",
        "status": "ok",
        "rows_received": 10,
        "rows_promoted": 9,
        "rows_quarantined": 1,
        "started_at": f"{AS_OF} 02:00:00",
    }
    writer.write("quality/runs/r1/promote-kota_uji.parquet", [run | step], RUNS)
    failure = {"agency_id": KOTA, "record_key": N[10], "rule_code": "EMP-001", "action": "drop", "_row_id": 10}
    writer.write(f"checks/employees/{AS_OF}/failures.parquet", [failure], FAILURES)


class _Writer:
    """Writes dictionaries as typed Parquet through DuckDB."""

    def __init__(self, con: duckdb.DuckDBPyConnection, home: Path) -> None:
        self.con, self.home = con, home

    def write(self, path: str, rows: Rows, types: Mapping[str, str]) -> None:
        """Write `rows` to `path` below the home; absent keys become NULL."""
        target = self.home / path
        target.parent.mkdir(parents=True, exist_ok=True)
        self.con.execute(f"create or replace temp table t ({', '.join(f'{chr(34)}{n}{chr(34)} {t}' for n, t in types.items())})")
        if rows:
            self.con.executemany(
                f"insert into t values ({', '.join('?' * len(types))})", [[row.get(n) for n in types] for row in rows]
            )
        self.con.execute(f"copy t to '{target}' (format parquet)")

    def inputs(self, name: str, file: str, rows: Rows, types: Mapping[str, str]) -> None:
        """One input file and the empty one beside it."""
        self.write(f"warehouse/inputs/{name}/_none.parquet", [], types)
        self.write(f"warehouse/inputs/{name}/{file}.parquet", rows, types)

    def dataset(self, name: str, agency_id: str, rows: Rows) -> None:
        """A promoted snapshot of a canonical dataset."""
        own = {n: column.sql_type for n, column in datasets()[name].promoted_columns.items()}
        types = {"agency_id": "VARCHAR", "snapshot_date": "DATE", "_row_id": "BIGINT"} | own | {"_flags": "VARCHAR"}
        first = {"agency_id": agency_id, "snapshot_date": AS_OF, "_flags": ""}
        self.inputs(name, agency_id, [first | {"_row_id": n} | dict(row) for n, row in enumerate(rows, start=1)], types)

    def changes(self, name: str, day: str, rows: Rows) -> None:
        """The change file of a day."""
        own = {n: column.sql_type for n, column in datasets()[name].promoted_columns.items()}
        types = (
            {"agency_id": "VARCHAR"}
            | own
            | {"_change": "VARCHAR", "_row_hash": "VARCHAR", "_columns_version": "BIGINT", "_recorded_on": "DATE"}
        )
        self.write(f"history/{name}/{day}.parquet", [{"agency_id": KOTA, "_recorded_on": day} | dict(row) for row in rows], types)
