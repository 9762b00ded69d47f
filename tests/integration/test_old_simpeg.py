"""A municipality's old MariaDB and its ABK workbook, connected by one file: what the first look says, what lands, what is needed."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from click.testing import CliRunner, Result
from tests.integration.servers import Server, mariadb  # noqa: F401

from mutasi.checks import check_dataset
from mutasi.cli import main
from mutasi.landing.land import land_agency
from mutasi.landing.promote import promote_agency
from mutasi.settings import PROJECT, Settings
from mutasi.sources.connection import connection_from_environment
from mutasi.sources.registry import read_agency

pytestmark = pytest.mark.needs("mariadb")
FILES = PROJECT / "tests" / "fixtures" / "old_simpeg"
DAY = dt.date(2026, 11, 20)
# Post, then its tasks: volume a year and hours of one piece of work.
TASKS: dict[tuple[str, str], list[tuple[str, str]]] = {
    ("01.01", "S01"): [("250", "5,00")],
    ("01.01.01", "S03"): [("1.000", "0,75"), ("500", "1,00")],
    ("01.01.01", "P02"): [("2.500", "1,50"), ("12,5", "0,50"), ("10", "10,00")],
    ("01.01.02", "F01"): [("1.250", "2,00"), ("2.500", "0,50")],
}
HOURS = {("01.01", "S01"): 1250.0, ("01.01.01", "S03"): 1250.0, ("01.01.01", "P02"): 3856.25, ("01.01.02", "F01"): 3750.0}


def write_workbook(file: Path) -> None:
    """As an office fills it: a title, a header of two rows, a row of column numbers, cells merged over tasks, sums, a place and day."""
    book = openpyxl.Workbook()
    sheet = book.active
    header: list[list[Any]] = [["ANALISIS BEBAN KERJA"], [], ["NO", "KODE UNIT", "KODE JABATAN", "URAIAN TUGAS", "BEBAN KERJA"]]
    for row in [*header, [None, None, None, None, "VOLUME", "WAKTU (JAM)"], [1, 2, 3, 4, 5, 6]]:
        sheet.append(row)
    for area in ("A3:A4", "B3:B4", "C3:C4", "D3:D4", "E3:F3"):
        sheet.merge_cells(area)
    for number, ((unit, job), tasks) in enumerate(TASKS.items(), start=1):
        first = sheet.max_row + 1
        for place, (volume, hours) in enumerate(tasks):
            sheet.append([*([number, unit, job] if place == 0 else [None] * 3), f"Tugas {place + 1}", volume, hours])
        for column in "ABC":
            sheet.merge_cells(f"{column}{first}:{column}{sheet.max_row}")
        sheet.append([None, None, None, "JUMLAH", None, "1,00"])
    book.save(file)


@pytest.fixture
def agency_file(
    mariadb: Server,  # noqa: F811
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    lines = (FILES / "simpeg.sql").read_text(encoding="utf-8").splitlines()
    statements = [text.strip() for text in "\n".join(line for line in lines if not line.startswith("--")).split(";\n")]
    tables = [text.split()[2] for text in statements if text.startswith("create table")]
    mariadb.run(
        "set session sql_mode = ''",
        *(f"drop table if exists {table}" for table in tables),
        *(text for text in statements if text),
    )
    (tmp_path / "masuk").mkdir()
    write_workbook(tmp_path / "masuk" / "ABK_2025.xlsx")
    monkeypatch.setenv("AIRFLOW_CONN_REKAAN_SIMPEG", json.dumps(asdict(mariadb.reader)))
    monkeypatch.setenv("AIRFLOW_CONN_REKAAN_BERKAS", json.dumps({"conn_type": "fs", "host": str(tmp_path / "masuk")}))
    monkeypatch.setenv("MUTASI_HOME", str(settings.home))
    monkeypatch.setenv("MUTASI_PSEUDONYM_KEY", "k" * 40)
    return FILES / "agency.yml"


def check(file: Path) -> Result:
    return CliRunner().invoke(main, ["check-agency", "--live", str(file)])


def test_one_file_connects_it_and_the_need_is_that_of_the_sheets(agency_file: Path, settings: Settings) -> None:
    result = check(agency_file)
    assert (result.exit_code, result.output.splitlines()[-1]) == (0, "Everything required fits."), result.output
    assert [line for line in result.output.splitlines() if "look at" in line] == [
        "  look at: 5 rows are no records by `skip_where`."
    ], result.output

    agency = read_agency(agency_file)
    land_agency(settings, agency, DAY, "run", connection_from_environment)
    for name in agency.datasets:
        check_dataset(settings, name, DAY, "run")
    entries = {
        e.dataset: (e.rows_received, e.rows_promoted, e.rows_quarantined, e.status)
        for e in promote_agency(settings, agency, DAY, "run")
    }
    assert entries == {
        "units": (5, 5, 0, "ok"),
        "positions": (4, 4, 0, "ok"),
        "employees": (6, 6, 0, "ok"),
        "assignments": (8, 8, 0, "ok"),
        "performance_reviews": (4, 4, 0, "ok"),
        "workloads": (13, 8, 5, "ok"),
    }

    def promoted(dataset: str, columns: str, tail: str) -> list[tuple[Any, ...]]:
        files = f"{settings.home}/promoted/{dataset}/*/rekaan-*.parquet"
        return duckdb.sql(f"select {columns} from read_parquet('{files}') {tail}").fetchall()

    found = promoted("workloads", "unit_id, position_id, sum(volume * minutes_per_unit) / 60", "group by all")
    assert {(unit, post): need for unit, post, need in found} == pytest.approx(HOURS)
    assert promoted(
        "employees", "nip, employee_name, legal_status_code, golongan_code, education_level_code", "order by nip"
    ) == [
        ("196207181990011005", "Pegawai Rekaan 5", "99", "32", "40"),
        ("197001011995031001", "Pegawai Rekaan André", "01", "41", "45"),
        ("198001012005011006", "Pegawai Rekaan 6", "02", "32", "40"),
        ("198503152010012002", "Pegawai Rekaan 2", "01", "32", "40"),
        ("199005052015031003", "Pegawai Rekaan 3", "01", "23", "15"),
        ("199206172023212004", "Pegawai Rekaan 4", "71", None, "40"),
    ]
    past = promoted("assignments", "nip, valid_from, valid_to", "order by nip, valid_from")
    assert ("197001011995031001", dt.date(2012, 1, 1), dt.date(2019, 1, 1)) in past, "a row of the past was given its end"
    assert sum(valid_to is None for *_, valid_to in past) == 5
    assert promoted("performance_reviews", "year, predicate_code, score", "order by year, predicate_code") == [
        (2021, None, 86.5), (2024, "1", None), (2024, "2", None), (2024, "3", None),
    ]  # fmt: skip
    assert promoted("units", "unit_name, is_active", "order by unit_id")[1:2] == [("Dinas Rekaan – Sosial", True)]


MISTAKES = {
    (", factor: 60", ""): "look at: half of the posts need 0.025 persons or less",
    ("    fill_down: [KODE UNIT, KODE JABATAN]\n", ""): "If cells are merged over rows, set `fill_down: [KODE UNIT]`.",
    ("valid_to: sampai", "valid_to: tgl_akhir"): "look at: 1 of 5 people hold more than one definitive post today",
    ("from: kedudukan, codes", "from: sts_aktif, codes"): "(EMP-028)",
    ("golongan_code: kd_gol", "golongan_code: nama"): "is `nama` the right column?",
}


def test_what_a_newcomer_gets_wrong_is_told(agency_file: Path, tmp_path: Path) -> None:
    text = agency_file.read_text(encoding="utf-8")
    for right, wrong in MISTAKES:
        assert right in text
        text = text.replace(right, wrong)
    (tmp_path / "rekaan.yml").write_text(text, encoding="utf-8")
    said = check(tmp_path / "rekaan.yml").output
    assert [sentence for sentence in MISTAKES.values() if sentence not in said] == [], said
    assert "Pegawai Rekaan" not in said
