"""Files that are not finished are left alone, and archives give the one file that is meant."""

from __future__ import annotations

import os
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mutasi.errors import NeedsAPerson
from mutasi.sources.connection import SourceError

ROWS = "Id,Nama\n1,a\n"


@pytest.mark.parametrize("name", ["~$unor.csv", ".unor.csv", "unor.csv.part", "unor.csv.crdownload", "unor.CSV.FILEPART"])
def test_names_of_unfinished_files(folder: Path, read_units: Any, name: str) -> None:
    (folder / name).write_text(ROWS, encoding="utf-8")
    with pytest.raises(SourceError, match="no file matches"):
        read_units("*")
    (folder / "older.csv").write_text(ROWS, encoding="utf-8")
    os.utime(folder / "older.csv", (1, 1))
    assert read_units("*").archive[0].name == "older.csv"


def test_a_file_that_grows_is_not_read(folder: Path, archive: Path, read_units: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUTASI_SETTLE_SECONDS", "0.4")
    file = folder / "unor.csv"
    file.write_text(ROWS, encoding="utf-8")

    def go_on() -> None:
        time.sleep(0.15)
        with file.open("a", encoding="utf-8") as lines:
            lines.write("2,b\n")

    writer = threading.Thread(target=go_on)
    writer.start()
    with pytest.raises(SourceError, match="still being written; try again") as caught:
        read_units("*.csv")
    writer.join()
    assert not isinstance(caught.value, NeedsAPerson), "a later attempt may succeed"
    assert not archive.exists()
    assert read_units("*.csv").rows_received == 2


def test_only_a_young_file_is_waited_for(folder: Path, read_units: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUTASI_SETTLE_SECONDS", "30")
    (folder / "unor.csv").write_text(ROWS, encoding="utf-8")
    os.utime(folder / "unor.csv", (1_000, 1_000))
    start = time.monotonic()
    read_units("*.csv")
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("name", ["unor.csv", "unor.json", "unor.xlsx", "unor.parquet", "unor.zip"])
def test_an_empty_file_is_one_on_its_way(folder: Path, read_units: Any, name: str) -> None:
    (folder / name).touch()
    with pytest.raises(SourceError, match="is empty; it may still be on its way"):
        read_units("*")


def packed(file: Path, **members: str) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), text)
    return file


def test_one_member_of_a_zip(folder: Path, archive: Path, read_units: Any) -> None:
    packed(folder / "unor.zip", data__unor_csv=ROWS, data__baca_txt="catatan")
    found = read_units("*.zip", member="data/*.csv")
    assert (found.batches.read_all()["Nama"].to_pylist(), found.rows_received) == (["a"], 1)
    assert [file.name for file in found.archive] == ["unor.zip"], "archived as it arrived"
    assert [file.name for file in archive.iterdir()] == ["unor.zip"]


def test_a_zip_that_does_not_say_which(folder: Path, read_units: Any) -> None:
    packed(folder / "unor.zip", a_csv=ROWS, b_csv=ROWS)
    with pytest.raises(SourceError, match=r"2 files in unor\.zip match `\*\.csv`, where one is wanted"):
        read_units("*.zip", member="*.csv")
    with pytest.raises(SourceError, match=r"0 files in unor\.zip match"):
        read_units("*.zip", member="*.xlsx")


def test_a_member_s_name_leads_nowhere_else(folder: Path, archive: Path, read_units: Any) -> None:
    with zipfile.ZipFile(folder / "unor.zip", "w") as file:
        file.writestr("../../../unor.csv", ROWS)
    assert read_units("*.zip").rows_received == 1
    assert not list(folder.parent.glob("unor.csv"))


def test_a_zip_without_its_end(folder: Path, read_units: Any) -> None:
    whole = packed(folder / "unor.zip", a_csv=ROWS).read_bytes()
    (folder / "unor.zip").write_bytes(whole[:-25])
    with pytest.raises(SourceError, match="no whole ZIP archive"):
        read_units("*.zip")


def test_a_parquet_member(folder: Path, tmp_path: Path, read_units: Any) -> None:
    pq.write_table(pa.table({"Id": ["1"], "Nama": ["a"]}), tmp_path / "unor.parquet")
    with zipfile.ZipFile(folder / "unor.zip", "w") as file:
        file.write(tmp_path / "unor.parquet", "unor.parquet")
    assert read_units("*.zip").batches.read_all().num_rows == 1
