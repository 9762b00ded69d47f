"""Which file is read, that it is archived as it is, and the formats that carry their own count."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.sources.conftest import UNITS, agency

from mutasi.sources import documents
from mutasi.sources.connection import SourceError, connection_from_environment
from mutasi.sources.extract import extract


def csv(file: Path, name: str, seconds: int) -> None:
    file.write_text(f"Id,Nama\n1,{name}\n", encoding="utf-8")
    os.utime(file, (seconds, seconds))


def test_newest_file_by_time_then_by_name(folder: Path, read_units: Any) -> None:
    csv(folder / "unor-3.csv", "old", 1_000)
    csv(folder / "unor-1.csv", "new", 2_000)
    csv(folder / "unor-2.csv", "new, last by name", 2_000)
    csv(folder / "~$unor-9.csv", "lock of an office program", 3_000)
    csv(folder / ".unor-9.csv", "upload under way", 3_000)
    (folder / "unor-2.csv").write_text("Id,Nama\n1,last by name\n", encoding="utf-8")
    os.utime(folder / "unor-2.csv", (2_000, 2_000))
    found = read_units("unor-*.csv")
    assert found.batches.read_all()["Nama"].to_pylist() == ["last by name"]
    assert found.archive[0].name == "unor-2.csv"
    assert found.archive[0].stat().st_mode & 0o077 == 0


def test_nothing_there(folder: Path, read_units: Any) -> None:
    with pytest.raises(SourceError, match=r"rekaan, units: no file matches `\*.csv`"):
        read_units("*.csv")
    with pytest.raises(SourceError, match="leaves the folder"):
        read_units("../*.csv")
    folder.rmdir()
    with pytest.raises(SourceError, match="cannot be opened"):
        read_units("*.csv")


def test_a_name_in_other_capitals_is_told(folder: Path, read_units: Any) -> None:
    (folder / "UNOR_2026.CSV").write_text("Id,Nama\n1,a\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r"`UNOR_2026\.CSV` differs in capitals alone; correct `read\.path`"):
        read_units("unor_*.csv")
    assert read_units("UNOR_*.CSV").rows_received == 1


def test_a_connection_that_nobody_defined_names_agency_dataset_and_what_to_set(archive: Path) -> None:
    units = agency("files", {"path": "*.csv"}, UNITS)
    with pytest.raises(SourceError, match=r"^rekaan, units: the connection `\w+` is not defined: set AIRFLOW_CONN_\w+ or add it"):
        extract(units, "units", connection_from_environment, archive)


def test_unclear_format_asks_for_it(folder: Path, read_units: Any) -> None:
    (folder / "unor.dat").write_text("Id,Nama\n1,a\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r"set `read.format`"):
        read_units("*.dat")
    assert read_units("*.dat", format="csv").rows_received == 1


def test_parquet_keeps_its_types(folder: Path, read_units: Any) -> None:
    pq.write_table(pa.table({"Id": [1, 2], "Nama": ["a", None]}), folder / "unor.parquet")
    found = read_units("*.parquet")
    rows = found.batches.read_all()
    repeated = pa.dictionary(pa.int32(), pa.string())
    assert (rows.schema.types, rows.num_rows, found.rows_received) == ([pa.int64(), repeated], 2, 2)
    assert rows.to_pylist() == [{"Id": 1, "Nama": "a"}, {"Id": 2, "Nama": None}]


def test_cut_off_parquet(folder: Path, read_units: Any) -> None:
    pq.write_table(pa.table({"Id": [1], "Nama": ["a"]}), folder / "unor.parquet")
    whole = (folder / "unor.parquet").read_bytes()
    (folder / "unor.parquet").write_bytes(whole[:-20])
    with pytest.raises(SourceError, match="not a whole Parquet file"):
        read_units("*.parquet")


def test_json_values_become_text_without_loss(folder: Path, read_units: Any) -> None:
    records = '[{"Id": 198801012010011001, "x\'\\"y": true}, {"Id": "02", "Nama": {"a": [1]}, "$.n": null}]'
    (folder / "unor.json").write_text(records, encoding="utf-8")
    found = read_units("*.json")
    assert found.batches.schema.names == ["Id", "x'\"y", "Nama", "$.n"]
    assert found.batches.read_all().to_pylist() == [
        {"Id": "198801012010011001", "x'\"y": "true", "Nama": None, "$.n": None},
        {"Id": "02", "x'\"y": None, "Nama": '{"a":[1]}', "$.n": None},
    ]
    assert found.rows_received == 2


@pytest.mark.parametrize("text", ['[{"Id": 1, "Nama": "Rahasia"},', '{"Id": 1}', "[1]", " ", '[{"Id": 1}] x'])
def test_json_that_is_not_whole(folder: Path, read_units: Any, text: str) -> None:
    (folder / "unor.json").write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match="not one JSON array of objects") as caught:
        read_units("*.json")
    assert "Rahasia" not in str(caught.value)


def test_json_without_records_has_the_mapped_columns(folder: Path, read_units: Any) -> None:
    (folder / "unor.json").write_text("[]", encoding="utf-8")
    found = read_units("*.json")
    assert (found.batches.schema.names, found.batches.read_all().num_rows, found.rows_received) == (["Id", "Nama"], 0, 0)


def test_the_count_of_json_does_not_come_from_the_parser(folder: Path, read_units: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = documents.stage_records
    monkeypatch.setattr(documents, "stage_records", lambda query, request: whole(f"select * from ({query}) offset 1", request))
    (folder / "unor.json").write_text(json.dumps([{"Id": n, "Nama": "a"} for n in range(3)]), encoding="utf-8")
    found = read_units("*.json")
    assert (found.rows_received, found.batches.read_all().num_rows) == (3, 2)


def test_no_rest_is_left_beside_the_archive(folder: Path, archive: Path, read_units: Any) -> None:
    csv(folder / "unor.csv", "a", 1)
    read_units("*.csv")
    assert [file.name for file in archive.iterdir()] == ["unor.csv"]
    assert archive.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["unor.xls", "unor.XLS", "unor.ods", "unor.html"])
def test_a_table_of_another_format_is_to_be_saved_anew(folder: Path, read_units: Any, name: str) -> None:
    (folder / name).write_text("<table><tr><td>Rahasia</td></tr></table>", encoding="utf-8")
    with pytest.raises(SourceError, match="save it as XLSX") as told:
        read_units("unor.*")
    assert name in str(told.value) and "Rahasia" not in str(told.value)
