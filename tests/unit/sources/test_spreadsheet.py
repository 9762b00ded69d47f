"""XLSX as people fill it in: titles above the header, gaps, errors, dates, and NIPs typed as numbers."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest

from mutasi.sources import spreadsheet
from mutasi.sources.connection import SourceError

FULL = 198801012010011001


def save(file: Path, rows: list[list[Any]], title: str = "Data", row: int = 1, column: int = 1) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for i, values in enumerate(rows):
        for j, value in enumerate(values):
            sheet.cell(row + i, column + j, value)
    book.create_sheet("Lain")["A1"] = "x"
    book.save(file)


def rewrite(file: Path, old: str, new: str) -> None:
    """Change the sheet's XML as another program would write it."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    text = members["xl/worksheets/sheet1.xml"].decode()
    assert re.search(old, text)
    members["xl/worksheets/sheet1.xml"] = re.sub(old, new, text).encode()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_rounded_nip_is_not_made_up(folder: Path, read_units: Any) -> None:
    save(folder / "a.xlsx", [["Id", "Nama"], [float(FULL), "a"], [str(FULL), "b"], [123456789012345, "c"]])
    ids = read_units("*.xlsx").batches.read_all()["Id"].to_pylist()
    assert ids[1:] == [str(FULL), "123456789012345"]
    assert not re.fullmatch(r"\d{18}", ids[0]), "a number that lost digits must not look like a NIP"


def test_number_that_the_file_holds_in_full_comes_out_in_full(folder: Path, read_units: Any) -> None:
    save(folder / "a.xlsx", [["Id", "Nama"], [float(FULL), "a"]])
    rewrite(folder / "a.xlsx", r"<v>1\.98[^<]*</v>", f"<v>{FULL}</v>")
    assert read_units("*.xlsx").batches.read_all()["Id"].to_pylist() == [str(FULL)]


def test_cells_become_text(folder: Path, read_units: Any) -> None:
    when = dt.datetime(2020, 1, 2, 3, 4, 5)
    save(folder / "a.xlsx", [["Id", "Nama", "Tgl", "Jam", "Ya", "Nilai"], ["01", "#REF!", dt.date(1988, 1, 31), when, True, 1.5]])
    row = read_units("*.xlsx").batches.read_all().to_pylist()[0]
    expected = {"Id": "01", "Nama": "#REF!", "Tgl": "1988-01-31", "Jam": "2020-01-02 03:04:05", "Ya": "true", "Nilai": "1.5"}
    assert row == expected


@pytest.mark.parametrize(
    ("row", "column"), [(1, 1), (3, 1), (4, 3)], ids=["at_the_top", "blank_rows_above", "blank_rows_and_columns"]
)
def test_where_the_table_stands(folder: Path, read_units: Any, row: int, column: int) -> None:
    gap: list[Any] = [None, None]
    save(folder / "a.xlsx", [["Id", "Nama"], ["1", "a"], gap, ["2", ""], gap, [float(FULL), "c"]], row=row, column=column)
    found = read_units("*.xlsx", header_row=row)
    assert found.batches.read_all()["Id"].to_pylist() == ["1", "2", "1.98801012010011e+17"]
    assert found.rows_received == 3


def test_title_above_the_header_and_sheet_by_name(folder: Path, read_units: Any) -> None:
    save(folder / "a.xlsx", [["Daftar unit"], [], ["Id", "Nama"], ["1", "a"], ["2", "b"]], title="Unit Kerja")
    found = read_units("*.xlsx", header_row=3, sheet="Unit Kerja")
    assert (found.batches.read_all()["Nama"].to_pylist(), found.rows_received) == (["a", "b"], 2)
    with pytest.raises(SourceError, match="no sheet `Unit`; it has `Unit Kerja`, `Lain`"):
        read_units("*.xlsx", sheet="Unit")
    with pytest.raises(SourceError, match="holds no header"):
        read_units("*.xlsx", header_row=2)


def test_prefixed_xml_and_rows_without_numbers(folder: Path, read_units: Any) -> None:
    save(folder / "a.xlsx", [["Id", "Nama"], ["1", "a"], ["2", "b"]])
    rewrite(folder / "a.xlsx", r'<row r="\d+">', "<row>")
    found = read_units("*.xlsx")
    assert found.batches.read_all().num_rows == found.rows_received == 2


def test_not_a_workbook(folder: Path, read_units: Any) -> None:
    (folder / "a.xlsx").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(SourceError, match="no readable XLSX"):
        read_units("*.xlsx")


def test_header_only(folder: Path, read_units: Any) -> None:
    save(folder / "a.xlsx", [["Id", "Nama"]])
    found = read_units("*.xlsx")
    assert (found.batches.read_all().num_rows, found.rows_received) == (0, 0)


def test_the_count_does_not_come_from_the_parser(folder: Path, read_units: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = spreadsheet._records
    monkeypatch.setattr(spreadsheet, "_records", lambda cells, start: whole(cells, start).slice(1))
    save(folder / "a.xlsx", [["Id", "Nama"], ["1", "a"], ["2", "b"], ["3", "c"]])
    found = read_units("*.xlsx")
    assert (found.rows_received, found.batches.read_all().num_rows) == (3, 2)


def test_long_numbers_need_both_readers_to_agree() -> None:
    same = spreadsheet._same_cells
    assert not same(pa.array(["198801012010021008"]), pa.array(["1.98801012010011E+17"]))
    assert same(pa.array(["198801012010011000", None]), pa.array(["1.98801012010011E+17", "#REF!"]))
    assert not same(pa.array(["x"]), pa.array(["#REF!"]))


def test_merged_header_of_two_rows(folder: Path, read_units: Any) -> None:
    rows = [["DAFTAR PEMANGKU", None, None, None], ["Id", "Nama", "Jumlah", None], [None, None, "PNS", "PPPK"], ["1", "a", 3, 4]]
    save(folder / "a.xlsx", rows, row=2)
    book = openpyxl.load_workbook(folder / "a.xlsx")
    for area in ("A3:A4", "B3:B4", "C3:D3"):
        book["Data"].merge_cells(area)
    book.save(folder / "a.xlsx")
    found = read_units("*.xlsx", header_row=[3, 4])
    assert found.batches.schema.names == ["Id", "Nama", "Jumlah PNS", "Jumlah PPPK"]
    assert (found.batches.read_all().num_rows, found.rows_received) == (1, 1)


def test_a_header_of_several_lines_is_one_name(folder: Path, read_units: Any) -> None:
    save(folder / "a.xlsx", [["Id", "Nama\nUnit  Kerja"], ["1", "a"]])
    found = read_units("*.xlsx", {"unit_id": "Id", "unit_name": "Nama Unit Kerja"})
    assert found.batches.schema.names == ["Id", "Nama Unit Kerja"]
