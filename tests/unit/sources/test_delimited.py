"""CSV as agencies export it: every record accounted for, or an error that names the line."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pyarrow as pa
import pytest

from mutasi.sources import delimited
from mutasi.sources.connection import SourceError


def test_byte_order_mark_semicolons_and_lines_inside_quotes(folder: Path, read_units: Any) -> None:
    text = '\ufeffId;Nama;Ket\r\n"8ae4\r\n83c5";"Dinas; Contoh";-\r\n\r\n02;Kantor "Rekaan" Dua;""\r\n'
    (folder / "unor.csv").write_bytes(text.encode())
    found = read_units("*.csv", delimiter=";")
    rows = found.batches.read_all()
    assert rows.column_names == ["Id", "Nama", "Ket"]
    assert rows["Id"].to_pylist() == ["8ae4\r\n83c5", "02"], "ids are not repaired and zeros are kept"
    assert rows["Nama"].to_pylist() == ["Dinas; Contoh", 'Kantor "Rekaan" Dua']
    assert found.rows_received == 2
    assert set(rows.schema.types) == {pa.string()}


@pytest.mark.parametrize("encoding", ["windows-1252", "latin-1", "utf-16", "utf-8"])
def test_encodings(folder: Path, archive: Path, read_units: Any, encoding: str) -> None:
    (folder / "unor.csv").write_bytes("Id,Nama\n1,Balai Contoh Café\n".encode(encoding))
    found = read_units("*.csv", encoding=encoding)
    assert found.batches.read_all()["Nama"].to_pylist() == ["Balai Contoh Café"]
    assert [file.name for file in archive.iterdir()] == ["unor.csv"], "nothing but the original stays"
    assert found.archive[0].read_bytes() == (folder / "unor.csv").read_bytes()


def test_wrong_encoding_is_named(folder: Path, read_units: Any) -> None:
    (folder / "unor.csv").write_bytes("Id,Nama\n1,Rahasia Café\n".encode("windows-1252"))
    with pytest.raises(SourceError, match=r"rekaan, units: .*not written in UTF-8") as caught:
        read_units("*.csv")
    assert "Rahasia" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252"])
@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_utf_16_is_told_by_its_mark(folder: Path, read_units: Any, encoding: str, mark: bytes) -> None:
    order = "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be"
    (folder / "unor.csv").write_bytes(mark + "Id,Nama\n1,Rahasia\n".encode(order))
    with pytest.raises(SourceError, match=r"unor\.csv is not written in .* but in UTF-16; set `read\.encoding: utf-16`"):
        read_units("*.csv", encoding=encoding)
    assert read_units("*.csv", encoding="utf-16").batches.read_all()["Nama"].to_pylist() == ["Rahasia"]


def test_a_workbook_by_the_name_of_a_text_is_told(folder: Path, read_units: Any) -> None:
    with ZipFile(folder / "unor.csv", "w") as workbook:
        workbook.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(SourceError, match=r"unor\.csv is no text but a ZIP archive, as workbooks \(XLSX\) are"):
        read_units("*.csv")
    (folder / "unor.csv").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600))
    with pytest.raises(SourceError, match=r"unor\.csv is no text but a workbook of an older Excel \(XLS\)"):
        read_units("*.csv")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('Id,Nama\n"1\n1",Rahasia\n2,b\n3\n', "1 fields on line 5"),
        ("Id,Nama\n1,Rahasia\n2,b,c\n3,d\n", "3 fields on line 3"),
        ("Judul laporan\nId,Nama\n1,a\n2", "1 fields on line 4"),
        ('Id,Nama\n1,a\n2,"Rahasia\n3,c\n', "never closes one|on line"),
    ],
    ids=["too_few_after_a_broken_id", "too_many", "cut_off_in_the_last_line", "quote_never_closed"],
)
def test_defective_record_is_an_error_with_its_line(folder: Path, read_units: Any, text: str, said: str) -> None:
    (folder / "unor.csv").write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=said) as caught:
        read_units("*.csv", header_row=2 if text.startswith("Judul") else 1)
    assert "Rahasia" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_title_lines_above_the_header(folder: Path, read_units: Any) -> None:
    (folder / "unor.csv").write_text("Daftar unit\nper 2026\nId,Nama\n1,a\n", encoding="utf-8")
    found = read_units("*.csv", header_row=3)
    assert (found.batches.read_all().to_pylist(), found.rows_received) == ([{"Id": "1", "Nama": "a"}], 1)


def test_one_column_counts_empty_lines_alike(folder: Path, read_units: Any) -> None:
    (folder / "unor.csv").write_text("Id\n1\n\n3\n", encoding="utf-8")
    found = read_units("*.csv", columns={"unit_id": "Id", "unit_name": "Id"})
    assert found.batches.read_all().num_rows == found.rows_received


def test_missing_column_is_named_with_the_closest(folder: Path, read_units: Any) -> None:
    (folder / "unor.csv").write_text("id,NamaUnor\n1,a\n", encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        read_units("*.csv")
    assert "the column `Id` (closest is `id`)" in str(caught.value)
    assert "the column `Nama` (closest is `NamaUnor`)" in str(caught.value)


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("NIK,NIP_BARU", "(closest is `NIP_BARU`)"),
        ("NIK,NIP_LAMA,NIP_BARU", "(closest is `NIP_LAMA` or `NIP_BARU`)"),
        ("NIK,NO_NIP", "(closest is `NO_NIP`)"),
        ("NIPP,NIP_BARU", "(closest is `NIPP`)"),
        ("NIK,NAMA", "(closest is `NIK`)"),
    ],
)
def test_a_longer_name_is_closer_than_another_word(folder: Path, read_units: Any, header: str, told: str) -> None:
    (folder / "unor.csv").write_text(f"{header}\n", encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        read_units("*.csv", {"unit_id": "NIP", "unit_name": "NIP"})
    assert f"the column `NIP` {told}" in str(caught.value)


def test_mapped_column_that_stands_there_twice(folder: Path, read_units: Any) -> None:
    (folder / "unor.csv").write_text("Id,Nama,NAMA\n1,a,b\n", encoding="utf-8")
    with pytest.raises(SourceError, match="more than one column named `Nama`"):
        read_units("*.csv")


def test_header_only_and_empty_file(folder: Path, read_units: Any) -> None:
    (folder / "unor.csv").write_text("Id,Nama\n", encoding="utf-8")
    found = read_units("*.csv")
    assert (found.batches.read_all().num_rows, found.rows_received) == (0, 0)
    (folder / "unor.csv").write_text("", encoding="utf-8")
    with pytest.raises(SourceError, match="is empty"):
        read_units("*.csv")


def test_large_file_is_read_in_order_and_in_batches(folder: Path, read_units: Any) -> None:
    lines = "".join(f'{n},"unit\n{n}"\n' for n in range(200_000))
    (folder / "unor.csv").write_text("Id,Nama\n" + lines, encoding="utf-8")
    found = read_units("*.csv")
    batches = list(found.batches)
    assert len(batches) > 1
    ids = pa.Table.from_batches(batches)["Id"].to_numpy()
    assert (ids.astype(int) == range(200_000)).all()
    assert found.rows_received == 200_000


def test_the_count_does_not_come_from_the_parser(folder: Path, read_units: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A parser that loses a row must show as a difference."""
    whole = delimited.stage

    def loses_a_row(connection: Any, query: str, *others: Any) -> pa.RecordBatchReader:
        return whole(connection, f"select * from ({query}) offset 1", *others)

    monkeypatch.setattr(delimited, "stage", loses_a_row)
    (folder / "unor.csv").write_text("Id,Nama\n1,a\n2,b\n3,c\n", encoding="utf-8")
    found = read_units("*.csv")
    assert (found.rows_received, found.batches.read_all().num_rows) == (3, 2)


def test_header_of_two_rows_below_a_title(folder: Path, read_units: Any) -> None:
    text = "DAFTAR UNIT,,\nper 2026,,\nUnit,,Jumlah\nId,Nama,\n1,a,3\n2,b,4\n"
    (folder / "unor.csv").write_text(text, encoding="utf-8")
    found = read_units("*.csv", {"unit_id": "Unit Id", "unit_name": "Unit Nama"}, header_row=[3, 4])
    assert found.batches.schema.names == ["Unit Id", "Unit Nama", "Jumlah"]
    assert (found.batches.read_all()["Unit Id"].to_pylist(), found.rows_received) == (["1", "2"], 2)


def test_header_rows_that_the_file_does_not_have(folder: Path, read_units: Any) -> None:
    (folder / "unor.csv").write_text("Id,Nama\n", encoding="utf-8")
    with pytest.raises(SourceError, match="no header in row 2"):
        read_units("*.csv", header_row=[1, 2])


def test_the_file_is_called_by_its_own_name_whatever_its_encoding(folder: Path, read_units: Any) -> None:
    (folder / "unor.csv").write_bytes("Daftar Unit é\n".encode("windows-1252"))
    with pytest.raises(SourceError, match=r"the file unor\.csv has no header in row 3"):
        read_units("unor.csv", encoding="windows-1252", header_row=3)
    (folder / "unor.csv").write_bytes('Id,Nama\n1,"é\n'.encode("windows-1252") + b"2,b\n" * 3)
    with pytest.raises(SourceError, match=r"unor\.csv"):
        read_units("unor.csv", encoding="windows-1252")


@pytest.mark.parametrize("title", ["", '"DAFTAR\nUNIT",\r\n'])
def test_a_line_break_within_a_cell_of_the_header(folder: Path, read_units: Any, title: str) -> None:
    text = title + 'Id,"Nama\nUnit"\r\n1,"a\nb"\r\n2,c\r\n'
    (folder / "unor.csv").write_bytes(text.encode())
    columns = {"unit_id": "Id", "unit_name": "Nama Unit"}
    found = read_units("*.csv", columns, header_row=1 + title.count("\n"))
    assert (found.batches.read_all().to_pylist(), found.rows_received) == (
        [{"Id": "1", "Nama Unit": "a\nb"}, {"Id": "2", "Nama Unit": "c"}],
        2,
    )
    assert [file.name for file in found.archive] == ["unor.csv"]


def test_another_delimiter_is_guessed(folder: Path, read_units: Any) -> None:
    for sign, name in ((";", "`;`"), ("\t", "a tab")):
        (folder / "unor.csv").write_text(f"Id{sign}Nama\n1{sign}a\n", encoding="utf-8")
        with pytest.raises(SourceError, match=f"parted by {name}; set `read.delimiter`"):
            read_units("*.csv")


def test_a_single_column_below_a_header_of_two_lines(folder: Path, read_units: Any) -> None:
    (folder / "unor.csv").write_bytes(b'"Nama\nUnit"\r\n1\r\n2\r\n')
    found = read_units("*.csv", {"unit_id": "Nama Unit", "unit_name": "Nama Unit"})
    assert (found.batches.read_all()["Nama Unit"].to_pylist(), found.rows_received) == (["1", "2"], 2)
