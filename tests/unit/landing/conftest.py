"""A tiny agency of CSV files, and nights made of it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable
from pathlib import Path

import duckdb
import pytest

from mutasi.landing.history import refresh_history
from mutasi.landing.land import land_agency
from mutasi.landing.promote import promote_agency
from mutasi.landing.snapshots import landed
from mutasi.settings import Settings
from mutasi.sources.agency import Agency
from mutasi.sources.connection import Connection

COLUMNS = {
    "units": "unit_id,parent_unit_id,unit_name",
    "positions": "unit_id,position_id,job_name,job_kind",
    "employees": "nip,employee_name,birth_date,employment_status,email",
    "assignments": "nip,unit_id,position_id,assignment_type,valid_from,valid_to",
    "workloads": "unit_id,position_id,year,task_id,volume,minutes_per_unit,status",
}


def an_agency(agency_id: str = "contoh", datasets: Iterable[str] = COLUMNS) -> Agency:
    """An agency whose files carry the canonical names."""
    return Agency.model_validate(
        {
            "agency_id": agency_id,
            "agency_name": "Pemerintah Kota Contoh",
            "agency_kind": "city",
            "codes": {"bkn": "0000", "kemendagri": "00.00"},
            "owner": {"unit": "BKPSDM", "email": "data@example.invalid"},
            "connections": {"berkas": {"type": "files", "name": f"{agency_id}_files"}},
            "datasets": {
                name: {
                    "connection": "berkas",
                    "read": {"path": f"{name}.csv"},
                    "columns": {c: c for c in COLUMNS[name].split(",")},
                    "date_format": "%d-%m-%Y",
                }
                for name in datasets
            },
        }
    )


class Nights:
    """Runs nights of one home without Airflow and without checks of its own: the verdicts are given."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings, self.folder = settings, folder

    def write(self, agency_id: str = "contoh", **rows: list[str]) -> None:
        folder = self.folder / agency_id
        folder.mkdir(parents=True, exist_ok=True)
        for name, header in COLUMNS.items():
            (folder / f"{name}.csv").write_text("\n".join([header, *rows.get(name, [])]) + "\n", encoding="utf-8")

    def connection(self, name: str) -> Connection:
        return Connection(conn_type="fs", host=str(self.folder / name.removesuffix("_files")))

    def land(self, day: dt.date, agency: Agency) -> None:
        land_agency(self.settings, agency, day, f"run-{day}", self.connection)

    def judge(self, day: dt.date, dataset: str, failures: str = "", stopped: dict[str, list[str]] | None = None) -> None:
        """Write the files that the check step leaves. `failures`: SQL rows (agency, row, key, rule, action, column)."""
        folder = self.settings.folder("checks", dataset, day.isoformat())
        rows = failures or "(null::varchar, null::bigint, null::varchar, null::varchar, null::varchar, null::varchar)"
        duckdb.sql(
            f"""copy (select * from (values {rows}) f(agency_id, _row_id, record_key, rule_code, action, column_name)
            where agency_id is not null) to '{folder / "failures.parquet"}' (format parquet)"""
        )
        verdicts = {
            agency: {"verdict": "stop" if agency in (stopped or {}) else "pass", "stopped_by": (stopped or {}).get(agency, [])}
            for agency in landed(self.settings, dataset, day)
        }
        (folder / "verdicts.json").write_text(json.dumps(verdicts), encoding="utf-8")

    def night(self, day: dt.date, *agencies: Agency) -> None:
        """Land, pass, promote and remember."""
        for agency in agencies or (an_agency(),):
            self.land(day, agency)
        for name in COLUMNS:
            self.judge(day, name)
        for agency in agencies or (an_agency(),):
            promote_agency(self.settings, agency, day, f"run-{day}")
        for name in COLUMNS:
            refresh_history(self.settings, name)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Query files below the home; {home} stands for it."""
        return duckdb.sql(query.format(home=self.settings.home)).fetchall()


@pytest.fixture
def nights(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Nights:
    monkeypatch.setenv("MUTASI_PSEUDONYM_KEY", "k" * 40)
    return Nights(settings, tmp_path / "source")


@pytest.fixture
def agency() -> Callable[..., Agency]:
    return an_agency
