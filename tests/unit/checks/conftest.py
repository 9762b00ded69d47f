"""Landing snapshots of a made-up agency, written straight as Parquet, and what the checks say of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pytest

from mutasi.checks import DatasetVerdicts, check_dataset
from mutasi.engine import connect, quoted
from mutasi.landing.snapshots import (
    Landed,
    Promoted,
    Stage,
    commit,
    data_name,
    day_folder,
    scratch,
    sha256,
)
from mutasi.settings import Settings
from mutasi.sources.datasets import Dataset, datasets

DAY = dt.date(2026, 11, 20)
Row = Mapping[str, Any]

GOOD: dict[str, dict[str, Any]] = {
    "units": {"unit_id": "A", "unit_name": "Kantor Contoh"},
    "unit_bridge": {"old_unit_id": "OLD", "new_unit_id": "A"},
    "jobs": {"job_id": "J1", "job_name": "Penata Contoh", "job_kind": "jf", "bup_age": 58},
    "positions": {"unit_id": "A", "position_id": "P1", "job_id": "J1", "job_name": "Penata Contoh", "job_kind": "jf"},
    "employees": {
        "nip": "198503152010011001",
        "employee_name": "Tokoh Rekaan",
        "birth_date": dt.date(1985, 3, 15),
        "sex": "M",
        "employment_status": "PNS",
        "golongan_code": "33",
        "tmt_cpns": dt.date(2010, 1, 1),
        "tmt_pns": dt.date(2011, 1, 1),
        "education_level_code": "40",
    },
    "assignments": {
        "nip": "198503152010011001",
        "unit_id": "A",
        "position_id": "P1",
        "assignment_type": "D",
        "valid_from": dt.date(2020, 1, 1),
    },
    "performance_reviews": {
        "nip": "198503152010011001",
        "year": 2025,
        "work_result_code": "2",
        "behaviour_code": "2",
        "predicate_code": "2",
    },
    "workloads": {
        "unit_id": "A",
        "position_id": "P1",
        "year": 2026,
        "task_id": "T1",
        "task_name": "Menyusun contoh",
        "volume": 10.0,
        "minutes_per_unit": 60.0,
        "status": "final",
    },
    "non_asn_counts": {"unit_id": "A", "position_id": "P1", "category": "honorer", "headcount": 2},
    "job_requirements": {"job_id": "J1", "job_name": "Penata Contoh", "required_count": 3},
    "work_time_parameters": {"year": 2026, "available_hours": 1200.0},
    "teaching_loads": {
        "unit_id": "A",
        "teacher_kind": "subject",
        "sub_job": "Contoh",
        "grade": "7",
        "school_year": 2026,
        "class_count": 3,
        "hours_per_week": 5.0,
    },
    "unit_surveys": {"unit_id": "A", "surveyed_on": dt.date(2026, 6, 30), "respondents": 9, "perceived_load": 3.5},
    "service_metrics": {
        "unit_id": "A",
        "metric_code": "WAKTU",
        "month": dt.date(2026, 10, 1),
        "metric_value": 12.0,
        "direction": "lower_is_better",
        "unit_of_measure": "hari",
    },
    "quotas": {"unit_id": "A", "position_id": "P1", "year": 2026, "recruitment": "cpns", "status": "approved", "seats": 2},
    "planned_leavers": {"nip": "198503152010011001", "leaves_on": dt.date(2027, 1, 1), "leave_reason": "mpp"},
    "discipline": {
        "nip": "198503152010011001",
        "case_id": "K1",
        "case_status": "in_force",
        "discipline_level": "light",
        "sanction_from": dt.date(2026, 1, 1),
    },
    "study_leave": {"nip": "198503152010011001", "study_from": dt.date(2020, 9, 1), "study_to": dt.date(2022, 8, 31)},
    "trainings": {"nip": "198503152010011001", "training_id": "D1", "completed_on": dt.date(2024, 5, 1), "training_hours": 40.0},
    "assessments": {"nip": "198503152010011001", "assessed_on": dt.date(2025, 5, 1), "potential_score": 75.5},
    "preferences": {"nip": "198503152010011001", "wish_rank": 1, "wish_kind": "unit", "wish_unit_id": "A"},
    "licences": {"nip": "198503152010011001", "licence_type": "str", "licence_from": dt.date(2020, 1, 1)},
    "credit_scores": {"nip": "198503152010011001", "year": 2025, "credit_score": 87.5},
    "moves_in_process": {"nip": "198503152010011001", "move_since": dt.date(2026, 10, 1), "move_status": "proposed"},
    "job_equivalence": {"legacy_job_id": "J9", "job_id": "J1"},
    "transfer_decisions": {
        "nip": "198503152010011001",
        "decree_number": "KEP.1/2026",
        "decided_on": dt.date(2026, 10, 1),
        "decision": "refused",
    },
    "objections": {
        "nip": "198503152010011001",
        "objection_id": "B1",
        "filed_on": dt.date(2026, 10, 1),
        "objection_status": "undecided",
    },
}


class Landing:
    """Writes snapshots and has them judged."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def land(
        self, dataset: str, rows: Sequence[Row], agency: str = "contoh", stage: Stage = "landing", day: dt.date = DAY, **said: Any
    ) -> None:
        """Write the rows (each a change to the good row of the dataset) as the agency's snapshot of the day.

        `said` overrides what the manifest says.
        """
        canon = datasets()[dataset]
        folder = day_folder(self.settings, stage, dataset, day)
        temporary = scratch(folder)
        with connect(self.settings) as con:
            con.execute(f"create temp table landed ({_columns(canon)})")
            for number, row in enumerate(rows, start=1):
                marks = {"_unreadable": "", "_unmapped": "", "_repaired": ""}
                cells = {"agency_id": agency, "_row_id": number, **marks, **GOOD[dataset], **row}
                names = ", ".join(cells)
                con.execute(f"insert into landed ({names}) values ({', '.join('?' * len(cells))})", list(cells.values()))
            con.execute(f"copy landed to {quoted(str(temporary))} (format parquet)")
        digest = sha256(temporary)
        counted = {"rows_received": len(rows), "rows_landed": len(rows), "rows_refused": 0, "unknown_columns": ()}
        identity = {
            "agency_id": agency,
            "dataset": dataset,
            "snapshot_date": day,
            "data_file": data_name(agency, digest),
            "data_sha256": digest,
        }
        if stage == "promoted":
            promotion = {"rows_promoted": len(rows), "rows_quarantined": 0, "landing_sha256": digest, "columns_version": 1}
            manifest: Landed | Promoted = Promoted(**{**identity, "rows_received": len(rows), **promotion, **said})
        else:
            origin = {
                "raw_folder": "",
                "raw_files": (),
                "definition_hash": "",
                "code_version": "",
                "columns_version": 1,
                "seconds": 0.0,
            }
            landed_at = dt.datetime(2026, 11, 20, 2)
            manifest = Landed(**{**identity, **counted, **origin, "landed_at": landed_at, **said})
        commit(self.settings, stage, manifest, temporary)

    def check(self, dataset: str, day: dt.date = DAY) -> DatasetVerdicts:
        return check_dataset(self.settings, dataset, day, "run-1")

    def failures(self, dataset: str) -> set[tuple[Any, ...]]:
        """All failures as (agency, row, rule, action, column)."""
        file = self.settings.home / "checks" / dataset / DAY.isoformat() / "failures.parquet"
        columns = "agency_id, _row_id, rule_code, action, column_name"
        return set(duckdb.sql(f"select {columns} from read_parquet({quoted(str(file))})").fetchall())

    def results(self, dataset: str) -> list[dict[str, Any]]:
        """The aggregate results as dictionaries."""
        return self._quality("check_results", dataset)

    def quarantined(self, dataset: str) -> list[dict[str, Any]]:
        """What will not be promoted, counted, as dictionaries."""
        return self._quality("quarantine", dataset)

    def _quality(self, kind: str, dataset: str) -> list[dict[str, Any]]:
        file = self.settings.home / "quality" / kind / f"{DAY.isoformat()}-{dataset}.parquet"
        relation = duckdb.sql(f"select * from read_parquet({quoted(str(file))})")
        return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


def _columns(canon: Dataset) -> str:
    typed = [f"{name} {column.sql_type}" for name, column in canon.columns.items()]
    return ", ".join(
        ["agency_id varchar", "_row_id bigint", *typed, "_unreadable varchar", "_unmapped varchar", "_repaired varchar"]
    )


@pytest.fixture
def landing(settings: Settings) -> Landing:
    return Landing(settings)
