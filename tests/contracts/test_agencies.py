"""Every agency file of the repository is usable, maps columns that exist, and holds no secret."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import duckdb
import pytest
import yaml

from mutasi.demo import Truth, generate
from mutasi.settings import PROJECT
from mutasi.sources.agency import Agency, ColumnMap, ConnectionRef, DatasetSource, FilesRead, SiasnRead, SqlRead
from mutasi.sources.connection import Connection
from mutasi.sources.datasets import datasets
from mutasi.sources.extract import extract
from mutasi.sources.registry import read_agencies, read_agency

FOLDER = PROJECT / "dags" / "agencies"
CODES = {
    "pekanbaru": ("5371", "14.71", "1471"),
    "dumai": ("5373", "14.72", "1473"),
    "binjai": ("5273", "12.75", "1276"),
    "tanjungbalai": ("5275", "12.74", "1272"),
    "jakarta": ("6000", "31", "31"),
}


@pytest.fixture(scope="module")
def agencies() -> dict[str, Agency]:
    return read_agencies(FOLDER)


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    return generate(tmp_path_factory.mktemp("demo"), 800, as_of=dt.date(2026, 11, 22))


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yml")), ids=lambda file: file.stem)
def test_file_is_valid(file: Path) -> None:
    assert read_agency(file).datasets


def test_the_five_agencies_of_the_demo_have_their_own_code_in_each_system(agencies: dict[str, Agency]) -> None:
    found = {a.agency_id: (a.codes.bkn, a.codes.kemendagri, a.codes.bps) for a in agencies.values() if a.agency_id in CODES}
    assert found == CODES


@pytest.mark.parametrize("system", ["bkn", "kemendagri", "bps"])
def test_no_two_agencies_have_one_code(agencies: dict[str, Agency], system: str) -> None:
    codes = [code for a in agencies.values() if (code := getattr(a.codes, system)) is not None]
    assert sorted(codes) == sorted(set(codes))


def test_file_and_agency_have_the_same_name(agencies: dict[str, Agency]) -> None:
    assert {file.stem for file in FOLDER.glob("*.yml")} == {*agencies, "template"}


def test_every_core_dataset_is_delivered(agencies: dict[str, Agency]) -> None:
    core = {name for name, dataset in datasets().items() if dataset.core}
    assert {a.agency_id: core - set(a.datasets) for a in agencies.values() if core - set(a.datasets)} == {}


def test_all_three_kinds_of_connection_are_in_use(agencies: dict[str, Agency]) -> None:
    assert {c.type for a in agencies.values() for c in a.connections.values()} == {"sql", "files", "siasn"}


def test_connection_names_belong_to_one_agency(agencies: dict[str, Agency]) -> None:
    names = [c.name for a in agencies.values() for c in a.connections.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yml")), ids=lambda file: file.stem)
def test_no_address_and_no_secret_stands_in_a_file(file: Path) -> None:
    code = "\n".join(line.split("#", 1)[0] for line in file.read_text(encoding="utf-8").splitlines()).lower()
    assert re.findall(r"\b(password|secret|token|login)\b|://", code) == []


def test_template_uses_every_key_and_explains_every_section() -> None:
    text = (FOLDER / "template.yml").read_text(encoding="utf-8")
    keys: set[str] = set()

    def walk(node: object) -> None:
        if isinstance(node, dict):
            keys.update(str(key) for key in node)
            for value in node.values():
                walk(value)

    walk(yaml.safe_load(text))
    models = (Agency, ConnectionRef, DatasetSource, SqlRead, FilesRead, SiasnRead, ColumnMap)
    wanted = {field.alias or name for model in models for name, field in model.model_fields.items()} - {"list"}
    assert wanted - keys == set()
    assert "`list`" in text
    comments = sum("#" in line for line in text.splitlines())
    assert comments >= 40


def test_every_mapped_column_exists_in_the_generated_source(truth: Truth, agencies: dict[str, Agency], tmp_path: Path) -> None:
    known: dict[str, Connection] = {}
    for line in (truth.folder.parent / "connections.env").read_text(encoding="utf-8").splitlines():
        name, text = line.removeprefix("AIRFLOW_CONN_").split("=", 1)
        known[name.lower()] = Connection(**json.loads(text.strip("'")))
    for agency in (agencies[agency_id] for agency_id in CODES):  # others have no generated source
        for name, source in agency.datasets.items():
            if isinstance(source.read, SiasnRead):
                path = (source.read.per_nip or source.read.list or "").rsplit("/", 1)[-1]
                columns = duckdb.sql(f"from '{truth.folder.parent}/{agency.agency_id}/siasn/{path}.jsonl'").columns
            else:
                columns = extract(agency, name, known.__getitem__, tmp_path / agency.agency_id / name).batches.schema.names
            mapped = {m.source for m in source.columns.values() if m.source is not None}
            ignored = set(source.ignore) if isinstance(source.ignore, tuple) else set()
            assert mapped | ignored == set(columns), (agency.agency_id, name)
