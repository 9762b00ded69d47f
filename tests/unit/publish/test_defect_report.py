"""The report that an agency gets back: what is wrong, what changed, and keys in one restricted sheet only."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook

from mutasi import indonesian as id_
from mutasi.ledger import Entry, record
from mutasi.publish import workbook, write_checks_page, write_defect_report

DAY = dt.date(2026, 11, 20)
BEFORE = dt.date(2026, 11, 19)
NIPS = {"selesai": "197707071999031771", "masih": "197707071999031772", "baru": "197707071999031773"}
PERSON = {"birth_date": dt.date(1977, 7, 7), "tmt_cpns": dt.date(1999, 3, 1), "sex": "M"}


def people(*without_name: str) -> list[dict[str, Any]]:
    """Everybody; those named have no name, which EMP-011 reports."""
    return [{**PERSON, "nip": nip, **({"employee_name": None} if who in without_name else {})} for who, nip in NIPS.items()]


def sheet(folder: Path, name: str) -> list[list[Any]]:
    book = load_workbook(folder / "laporan-kualitas-data.xlsx")
    return [list(row) for row in book[name].iter_rows(values_only=True)]


def html(folder: Path) -> str:
    return (folder / "laporan-kualitas-data.html").read_text()


def not_received(folder: Path) -> str:
    """What the headline says did not come."""
    return html(folder).split("dataset tidak diterima (")[1].split(").")[0]


@pytest.fixture
def two_days(landing: Any, agency: Any) -> Path:
    """Yesterday two persons had no name, today another two, one of them the same."""
    for day, without in ((BEFORE, ("selesai", "masih")), (DAY, ("masih", "baru"))):
        landing.land("employees", people(*without), agency="dumai", day=day)
        landing.check("employees", day)
    return write_defect_report(landing.settings, agency, DAY)


def test_it_says_what_is_new_what_is_resolved_and_what_is_still_there(two_days: Path, agency: Any) -> None:
    [finding] = [row for row in sheet(two_days, "Temuan") if row[1] == "EMP-011"]
    assert finding[0] == "Data utama pegawai" and finding[2] == "Nama pegawai kosong"
    assert finding[5:7] == [2, 3] and finding[8:11] == [1, 1, 1]
    assert finding[3] == agency.datasets["employees"].columns["employee_name"].source != "employee_name", "in their own words"
    assert {row[4] for row in sheet(two_days, "Kunci") if row[2] == "EMP-011"} == {finding[3]}
    assert f"kolom {finding[3]}" in html(two_days)
    keys = {row[5]: row[0] for row in sheet(two_days, "Kunci") if row[2] == "EMP-011"}
    assert keys == {NIPS["selesai"]: "Selesai", NIPS["masih"]: "Masih ada", NIPS["baru"]: "Baru"}
    assert "Dibandingkan dengan 19 November 2026" in html(two_days)


def test_keys_stand_in_the_restricted_sheet_only(two_days: Path) -> None:
    assert all(nip not in html(two_days) for nip in NIPS.values())
    book = load_workbook(two_days / "laporan-kualitas-data.xlsx")
    for name in ("Ringkasan", "Temuan"):
        assert not any(nip in str(row) for row in book[name].iter_rows(values_only=True) for nip in NIPS.values())
    assert "RAHASIA" in str(book["Kunci"]["A1"].value) and "TERBATAS" in str(book["Ringkasan"]["A1"].value)
    assert "TERBATAS" in html(two_days)
    assert two_days.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in two_days.iterdir()} == {0o600}


def test_a_nip_stays_text_and_a_key_is_no_formula(landing: Any, agency: Any) -> None:
    landing.land("units", [{}, {"unit_id": "=1+1", "parent_unit_id": "Z", "unit_name": "Lain"}], agency="dumai")
    landing.land("employees", people("baru"), agency="dumai")
    for dataset in ("units", "employees"):
        landing.check(dataset)
    book = load_workbook(write_defect_report(landing.settings, agency, DAY) / "laporan-kualitas-data.xlsx")
    cells = [cell for row in book["Kunci"].iter_rows(min_row=5) for cell in row if cell.value]
    [nip] = {c.data_type + c.number_format for c in cells if c.value == NIPS["baru"]}
    assert nip == "s@"
    assert {c.data_type for c in cells if c.value == "=1+1"} == {"s"}


def test_a_delivery_that_failed_is_reported_and_is_no_repair(landing: Any, agency: Any) -> None:
    landing.land("employees", people("masih"), agency="dumai", day=BEFORE)
    landing.check("employees", BEFORE)
    failed = Entry(
        "r2", "land", DAY, "dumai", "employees", status="failed", message="dumai, employees: the server does not answer."
    )
    record(landing.settings, [failed])
    folder = write_defect_report(landing.settings, agency, DAY)
    assert "Tidak diterima" in html(folder) and "the server does not answer" in html(folder)
    assert [row for row in sheet(folder, "Kunci")[4:] if any(row)] == []
    assert "Belum ada pengiriman sebelumnya sebagai pembanding" in html(folder)


def test_a_delivery_that_failed_is_told_also_where_an_earlier_one_of_the_day_came(landing: Any, agency: Any) -> None:
    landing.land("employees", people(), agency="dumai")
    landing.check("employees")
    came = {"rows_received": 3, "rows_promoted": 3, "rows_quarantined": 0}
    record(landing.settings, [Entry("r1", "land", DAY, "dumai", "employees", rows_received=3)])
    record(landing.settings, [Entry("r1", "promote", DAY, "dumai", "employees", **came)])
    folder = write_defect_report(landing.settings, agency, DAY)
    assert "Data utama pegawai" not in not_received(folder)
    failed = Entry("r2", "land", DAY, "dumai", "employees", status="failed", message="dumai, employees: the source lacks NIP.")
    record(landing.settings, [failed])
    record(landing.settings, [Entry("r2", "promote", DAY, "dumai", "employees", **came)])
    folder = write_defect_report(landing.settings, agency, DAY)
    assert "Data utama pegawai" in not_received(folder)
    assert "the source lacks NIP" in html(folder)


def test_a_first_delivery_that_was_stopped_claims_no_earlier_data(landing: Any, agency: Any) -> None:
    landing.land("units", [{"parent_unit_id": "A"}], agency="dumai")
    landing.check("units")
    record(
        landing.settings,
        [Entry("r2", "promote", DAY, "dumai", "units", status="kept", rows_received=1, rows_promoted=0, rows_quarantined=1)],
    )
    text = html(write_defect_report(landing.settings, agency, DAY))
    assert "1 dataset dihentikan (Unit organisasi (unor)); belum ada data yang dapat dipakai." in text
    assert "data sebelumnya" not in text


def test_a_stopped_dataset_comes_first_with_the_data_that_stay_in_use(landing: Any, agency: Any) -> None:
    landing.land("units", [{}], agency="dumai", stage="promoted", day=BEFORE)
    landing.land("units", [{"parent_unit_id": "A"}], agency="dumai")
    landing.check("units")
    record(
        landing.settings,
        [Entry("r2", "promote", DAY, "dumai", "units", status="kept", rows_received=1, rows_promoted=0, rows_quarantined=1)],
    )
    folder = write_defect_report(landing.settings, agency, DAY)
    assert "1 dataset dihentikan (Unit organisasi (unor)); data sebelumnya tetap dipakai." in html(folder)
    assert "Data 19 November 2026" in html(folder)
    first = sheet(folder, "Temuan")[3]
    assert first[1] in {"UNT-006", "UNT-007"} and first[11] == "Menghentikan dataset"


def test_keys_beyond_the_workbook_lie_beside_it(landing: Any, agency: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "KEYS_IN_WORKBOOK", 1)
    landing.land("employees", people("masih", "baru"), agency="dumai")
    landing.check("employees")
    folder = write_defect_report(landing.settings, agency, DAY)
    total = pq.read_metadata(folder / "kunci.parquet").num_rows
    assert total >= 2 and f"1 kunci; seluruh {total} kunci ada pada kunci.parquet" in str(sheet(folder, "Kunci"))


def test_a_day_written_again_replaces_its_report(two_days: Path, landing: Any, agency: Any) -> None:
    before = html(two_days)
    assert html(write_defect_report(landing.settings, agency, DAY)) == before
    assert {file.name for file in two_days.iterdir()} == {"laporan-kualitas-data.html", "laporan-kualitas-data.xlsx"}


def test_the_page_of_rules_has_every_rule_and_no_value(two_days: Path, landing: Any) -> None:
    from mutasi.checks import rules

    text = write_checks_page(landing.settings, DAY).read_text()
    assert all(rule.code in text for rule in rules())
    assert not any(nip in text for nip in NIPS.values())
    assert ">dumai<" in text and "Belum ada pemeriksaan" not in text


def test_a_run_for_one_agency_hides_no_other_on_the_page_of_rules(landing: Any) -> None:
    landing.land("employees", people("baru"), agency="dumai", day=BEFORE)
    landing.land("employees", people("masih"), agency="binjai", day=BEFORE)
    landing.check("employees", BEFORE)
    landing.land("employees", people(), agency="binjai", day=DAY)
    landing.check("employees", DAY)
    text = write_checks_page(landing.settings, DAY).read_text()
    lines = [re.sub("<[^>]+>", "|", row) for row in text.split("<tr>")]
    [dumai] = [line for line in lines if line.startswith("|dumai|")]
    [binjai] = [line for line in lines if line.startswith("|binjai|")]
    assert "19 November 2026" in dumai and "20 November 2026" in binjai
    [rule] = [line for line in lines if "|EMP-011" in line]
    assert "|2|" in rule and "|1|" in rule, "both were judged, dumai alone fails"


def test_the_page_of_rules_can_be_written_before_the_first_check(landing: Any) -> None:
    assert "Belum ada pemeriksaan" in write_checks_page(landing.settings, DAY).read_text()


def test_numbers_and_dates_are_written_as_in_indonesia() -> None:
    assert (id_.number(1234567.25, 1), id_.number(None), id_.number(12)) == ("1.234.567,3", "–", "12")
    assert (id_.percent(1, 8), id_.percent(1, 100_000), id_.percent(0, 5), id_.percent(1, 0)) == (
        "12,5 %",
        "< 0,1 %",
        "0,0 %",
        "–",
    )
    assert id_.weekday(dt.date(2026, 11, 22)) == "Minggu, 22 November 2026"
