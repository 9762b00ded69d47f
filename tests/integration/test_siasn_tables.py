"""The stand-in for SIASN serves the national code tables, and an agency file's own maps understand every code of them."""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mutasi.demo.siasn_server import serve
from mutasi.landing.land import land
from mutasi.landing.snapshots import Landed, data_path
from mutasi.settings import PROJECT, Settings
from mutasi.sources.connection import Connection
from mutasi.sources.registry import read_agency

DAY = dt.date(2026, 11, 20)
BINJAI = read_agency(PROJECT / "dags" / "agencies" / "binjai.yml")


def codes(real: Path, name: str) -> list[str]:
    return [row["id"] for row in json.loads((real / f"{name}.json").read_text(encoding="utf-8"))]


@contextmanager
def service(folder: Path, **records: Iterable[dict[str, Any]]) -> Iterator[dict[str, Connection]]:
    """Connections of the agency to a service that knows these records; `__` in a name stands for a hyphen."""
    folder.mkdir()
    for name, rows in records.items():
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name.replace('__', '-')}.jsonl").write_text(text, encoding="utf-8")
    secrets = ("consumer_key", "consumer_secret", "client_id", "sso_username", "sso_password")
    (folder / "credentials.json").write_text(json.dumps({name: os.urandom(8).hex() for name in secrets}), encoding="utf-8")
    people = (folder / "data-utama.jsonl").read_text(encoding="utf-8").splitlines() if "data__utama" in records else []
    with (folder / "nip_1.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["nip"], *([json.loads(person)["nipBaru"]] for person in people)])
    with serve(folder) as server:
        yield {"binjai_siasn": Connection(**server.connection()), "binjai_berkas": Connection("fs", host=str(folder))}


def landed(settings: Settings, found: Landed, columns: str) -> list[tuple[Any, ...]]:
    assert found.rows_received == found.rows_landed and found.rows_refused == 0
    return duckdb.sql(f"select {columns} from '{data_path(settings, 'landing', found)}' order by _row_id").fetchall()


def person(number: int, **more: str) -> dict[str, Any]:
    columns = (m.source for m in BINJAI.datasets["employees"].columns.values() if m.source)
    known = {"nama": "Tokoh Rekaan", "statusPegawai": "PNS", "jenisKelamin": "F"}
    return {**dict.fromkeys(columns), **known, "nipBaru": f"1988010120100120{number:02d}", **more}


def test_every_published_job_is_paged_and_mapped(real: Path, settings: Settings, tmp_path: Path) -> None:
    jobs = json.loads((real / "jabatanFungsional.json").read_text(encoding="utf-8"))
    with service(tmp_path / "siasn", jabatan__fungsional=jobs) as connections:
        found = land(settings, BINJAI, "jobs", DAY, connections.__getitem__)
    rows = landed(settings, found, "job_id, job_level, _unmapped, _unreadable")
    assert [row[0] for row in rows] == [job["id"] for job in jobs]
    assert {row[2:] for row in rows if row[1] is not None} == {("", "")}
    unknown = [job["id"] for job in jobs if job["jenjang"] == "XX"]
    assert [row[0] for row in rows if row[2] == " job_level "] == unknown and len(unknown) == 2


def test_every_published_status_and_rank_of_a_person_is_understood(real: Path, settings: Settings, tmp_path: Path) -> None:
    statuses, ranks, kinds = (codes(real, name) for name in ("kedudukanHukum", "golonganPns", "jenisPegawai"))
    people = [
        person(n, kedudukanPnsId=status, golRuangAkhirId=ranks[n % len(ranks)], jenisPegawaiId=kinds[n % len(kinds)])
        for n, status in enumerate(statuses)
    ]
    people.append(person(99, kedudukanPnsId="Aktif"))
    with service(tmp_path / "siasn", data__utama=people) as connections:
        found = land(settings, BINJAI, "employees", DAY, connections.__getitem__)
    *rows, in_words = landed(settings, found, "legal_status_code, golongan_code, _unmapped, _unreadable")
    assert [row[0] for row in rows] == statuses
    assert {row[1] for row in rows} == set(ranks)
    assert {row[2:] for row in rows} == {("", "")}
    assert in_words[0] is None and in_words[2] == " legal_status_code ", "a status in words is unknown, not active"


def test_every_published_duty_and_rating_is_understood(real: Path, settings: Settings, tmp_path: Path) -> None:
    duties, predicates, ratings = (codes(real, name) for name in ("jenisPenugasan", "kuadranNilai", "perilakuDanKinerja"))
    people = [person(n) for n in range(max(len(duties), len(predicates)))]
    posts = [
        {**_post(people[n]["nipBaru"]), "jenisPenugasanId": duty, "tmtJabatan": "01-02-2020"} for n, duty in enumerate(duties)
    ]
    reviews = [
        {"nipBaru": people[n]["nipBaru"], "tahun": 2025, "hasilKinerjaNilai": int(ratings[n % 3]),
         "PerilakuKerjaNilai": ratings[n % 3], "KuadranKinerjaNilai": int(predicate)}
        for n, predicate in enumerate(predicates)
    ]  # fmt: skip
    with service(tmp_path / "siasn", data__utama=people, rw__jabatan=posts, rw__skp22=reviews) as connections:
        duty = land(settings, BINJAI, "assignments", DAY, connections.__getitem__)
        review = land(settings, BINJAI, "performance_reviews", DAY, connections.__getitem__)
    assert landed(settings, duty, "assignment_type, _unmapped, _unreadable") == [(code, "", "") for code in duties]
    found = landed(settings, review, "predicate_code, work_result_code, behaviour_code, _unmapped, _unreadable")
    assert found == [(code, ratings[n % 3], ratings[n % 3], "", "") for n, code in enumerate(predicates)]


def _post(nip: str) -> dict[str, Any]:
    columns = (m.source for m in BINJAI.datasets["assignments"].columns.values() if m.source)
    return {**dict.fromkeys(columns), "nipBaru": nip, "unorId": "U1", "jabatanId": "P1"}


@pytest.mark.parametrize("name", ["instansi", "satuanKerja", "kelasJabatan"])
def test_other_lists_of_the_service_are_served_whole(real: Path, name: str, tmp_path: Path, settings: Settings) -> None:
    """The connector reads whichever list an agency file names; here a list of the service stands in for units."""
    records = json.loads((real / f"{name}.json").read_text(encoding="utf-8"))
    columns = {"unit_id": {"from": "id"}, "unit_name": {"from": "nama"}}
    document = BINJAI.model_dump(mode="json", by_alias=True)
    source = {"connection": "siasn", "read": {"list": f"/referensi/{name}"}, "columns": columns, "ignore": "*"}
    agency = type(BINJAI).model_validate({**document, "datasets": {"units": source}})
    with service(tmp_path / "siasn", **{name: records}) as connections:
        found = land(settings, agency, "units", DAY, connections.__getitem__)
    assert found.rows_received == len(records)
    assert [row[0] for row in landed(settings, found, "unit_id")] == [record["id"] for record in records]
