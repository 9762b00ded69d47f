"""Every bad input of `tests/corpus` goes through landing, checks and promotion and ends as its case says; no row is lost."""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
import zipfile
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from mutasi.checks import check_dataset
from mutasi.demo.siasn_server import serve
from mutasi.errors import NeedsAPerson
from mutasi.landing.land import LandingError, land
from mutasi.landing.promote import PromotionError, promote_agency
from mutasi.landing.snapshots import landed
from mutasi.settings import PROJECT, Settings
from mutasi.sources import siasn
from mutasi.sources.agency import Agency
from mutasi.sources.connection import Connection, SourceError
from mutasi.sources.siasn_service import Patience

CORPUS = yaml.safe_load((PROJECT / "tests" / "corpus" / "cases.yml").read_text(encoding="utf-8"))
DAY = dt.date(2026, 11, 20)
NIPS = [f"19880101201001{n % 2 + 1}{n + 1:03d}" for n in range(40)]
PEOPLE = 8
ENDINGS = {"csv": "csv", "text": "csv", "xlsx": "xlsx", "json": "json", "parquet": "parquet", "zip": "zip", "bytes": "bin"}


def test_the_corpus_is_large_and_named_once() -> None:
    names = [case["name"] for case in CORPUS["cases"]]
    assert len(names) == len(set(names)) >= 40


@pytest.mark.parametrize("case", CORPUS["cases"], ids=lambda case: case["name"].replace(" ", "_"))
def test_bad_input(case: dict[str, Any], settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUTASI_PSEUDONYM_KEY", "k" * 40)
    monkeypatch.setattr(siasn, "PATIENCE", Patience(attempts=8, first_wait=0.001, longest_wait=0.02))
    outcome, dataset = case["outcome"], case["dataset"]
    with ExitStack() as servers:
        connections = connections_for(case, tmp_path / "source", servers)
        agency = agency_for(case)
        if "error" in outcome:
            with pytest.raises((SourceError, LandingError)) as caught:
                land(settings, agency, dataset, DAY, connections.__getitem__)
            assert outcome["error"] in str(caught.value)
            assert not isinstance(caught.value, NeedsAPerson), "a later attempt may find it mended"
            assert not landed(settings, dataset, DAY)
            return
        snapshot = land(settings, agency, dataset, DAY, connections.__getitem__)
    verdict = check_dataset(settings, dataset, DAY, "run")["contoh"]
    assert outcome.get("stopped") in (verdict.stopped_by or [None]), verdict.stopped_by
    received, promoted, quarantined = ledger(settings, agency)
    assert snapshot.rows_refused == outcome.get("refused", 0)
    assert (promoted, quarantined) == (outcome.get("promoted", 0), outcome.get("quarantined", 0))
    assert received == promoted + quarantined == snapshot.rows_received + snapshot.rows_skipped
    if "stopped" not in outcome:
        assert dropping_rules(settings, dataset) == outcome.get("rules", {})
        assert outcome.get("flags", {}).items() <= flags(settings, dataset).items()


def ledger(settings: Settings, agency: Agency) -> tuple[int, int, int]:
    """(received, promoted, quarantined) as the ledger has it, also for a dataset that was stopped."""
    with suppress(PromotionError):
        promote_agency(settings, agency, DAY, "run")
    [row] = rows(settings, "quality/runs/run/promote-*.parquet", "rows_received, rows_promoted, rows_quarantined")
    return row


def dropping_rules(settings: Settings, dataset: str) -> dict[str, int]:
    return dict(rows(settings, f"quality/quarantine/*-{dataset}.parquet", "rule_code, rows_affected", "action = 'drop'"))


def flags(settings: Settings, dataset: str) -> dict[str, int]:
    found = rows(
        settings, f"promoted/{dataset}/*/contoh-*.parquet", "unnest(string_split(trim(_flags), ' ')) as flag, count(*)", by="flag"
    )
    return dict(found)


def rows(settings: Settings, files: str, columns: str, where: str = "true", by: str | None = None) -> list[Any]:
    group = f" group by {by}" if by else ""
    return duckdb.sql(f"select {columns} from read_parquet('{settings.home}/{files}') where {where}{group}").fetchall()


def agency_for(case: dict[str, Any]) -> Agency:
    dataset, read = case["dataset"], dict(case.get("read", {}))
    kind = "siasn" if "siasn" in case else "sql" if "sqlite" in case else "files"
    columns = case.get("columns", CORPUS["defaults"][dataset])
    if kind == "files":
        read.setdefault("path", f"{dataset}.*")
        if "bytes" in case:
            read.setdefault("format", "xlsx")
    elif kind == "siasn":
        read = {"per_nip": "/pns/data-utama", "nips": {"path": "nip.csv"}, "nips_connection": "folder"}
        columns = {"nip": "nipBaru", "employee_name": "nama", "birth_date": "tglLahir", "employment_status": "status"}
    if "decimal" in case:
        columns = {
            c: {"from": s, "decimal": case["decimal"]} if c in ("volume", "minutes_per_unit") else s for c, s in columns.items()
        }
    source = {"connection": "main", "read": read, "columns": columns, "date_format": "%d-%m-%Y"}
    return Agency.model_validate(
        {
            "agency_id": "contoh",
            "agency_name": "Kota Contoh",
            "agency_kind": "city",
            "codes": {"bkn": "0000", "kemendagri": "00.00"},
            "owner": {"unit": "BKPSDM", "email": "bkpsdm@example.invalid"},
            "connections": {
                "main": {"type": kind, "name": "main", **({"requests_per_second": 2000} if kind == "siasn" else {})},
                "folder": {"type": "files", "name": "folder"},
            },
            "datasets": {dataset: {**source, **{key: case[key] for key in ("skip_where", "fill_down") if key in case}}},
        }
    )


def connections_for(case: dict[str, Any], folder: Path, servers: ExitStack) -> dict[str, Connection]:
    """Write the input and say where it is."""
    folder.mkdir()
    if "siasn" in case:
        server = servers.enter_context(serve(service(folder, case["siasn"])))
        return {"main": Connection(**server.connection()), "folder": Connection("fs", host=str(folder))}
    if "sqlite" in case:
        if case["sqlite"] is not None:
            with sqlite3.connect(folder / "simpeg.db") as database:
                for statement in case["sqlite"]:
                    database.execute(statement)
        return {"main": Connection("sqlite", host=str(folder / "simpeg.db"))}
    for kind, ending in ENDINGS.items():
        if kind in case:
            file = folder / case.get("file_name", f"{case['dataset']}.{ending}")
            write(kind, case[kind], file, case.get("encoding", "utf-8"))
            if "damage" in case:
                file.write_bytes(file.read_bytes()[: -case["damage"]["cut"]])
    return {"main": Connection("fs", host=str(folder))}


def write(kind: str, content: Any, file: Path, encoding: str) -> None:
    if kind == "xlsx":
        book = openpyxl.Workbook()
        for cells in content:
            book.active.append(cells)
        book.save(file)
    elif kind == "parquet":
        pq.write_table(pa.table({name: pa.array(cells) for name, cells in content.items()}), file)
    elif kind == "zip":
        with zipfile.ZipFile(file, "w") as archive:
            for name, text in content.items():
                archive.writestr(name, text)
    elif kind == "bytes":
        file.write_bytes(bytes.fromhex(content))
    else:
        file.write_bytes(content.encode(encoding))


def service(folder: Path, behaviour: dict[str, Any]) -> Path:
    """A SIASN service that knows `people` persons."""
    nips = NIPS[: behaviour.get("people", PEOPLE)]
    data = folder / "siasn"
    data.mkdir()
    people = ({"nipBaru": nip, "nama": "Rekaan", "tglLahir": "01-01-1988", "status": "PNS"} for nip in nips)
    (data / "data-utama.jsonl").write_text("".join(json.dumps(person) + "\n" for person in people), encoding="utf-8")
    secrets = ("consumer_key", "consumer_secret", "client_id", "sso_username", "sso_password")
    (data / "credentials.json").write_text(json.dumps({name: os.urandom(8).hex() for name in secrets}), encoding="utf-8")
    failing = nips[: behaviour.get("failing", 0)]
    (data / "behaviour.json").write_text(json.dumps({**behaviour, "failing_nips": failing}), encoding="utf-8")
    (folder / "nip.csv").write_text("nip\n" + "\n".join(nips) + "\n", encoding="utf-8")
    return data
