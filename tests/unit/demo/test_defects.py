"""Each planted defect is in the sources, is written down once, and makes no vacancy."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from functools import cache
from pathlib import Path

import duckdb
import pytest

from mutasi.demo import Truth
from mutasi.demo.defects import DEFECTS
from mutasi.landing.typed import typed_query
from mutasi.sources.agency import SiasnRead
from mutasi.sources.connection import Connection
from mutasi.sources.datasets import datasets
from mutasi.sources.extract import extract
from mutasi.sources.registry import read_agencies

AGENCIES = ("binjai", "dumai", "jakarta", "pekanbaru", "tanjungbalai")


@cache
def connections(file: Path) -> dict[str, Connection]:
    found = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        name, text = line.removeprefix("AIRFLOW_CONN_").split("=", 1)
        found[name.lower()] = Connection(**json.loads(text.strip("'")))
    return found


@pytest.fixture(scope="module")
def landed(truth: Truth, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], duckdb.DuckDBPyRelation]:
    """Every dataset of every agency read by its connector (the service's records from its files) and typed."""
    known = connections(truth.folder.parent / "connections.env")
    con = duckdb.connect()
    result = {}
    for agency in read_agencies(truth.agency_files).values():
        for name, source in agency.datasets.items():
            if isinstance(source.read, SiasnRead):
                path = (source.read.per_nip or source.read.list or "").rsplit("/", 1)[-1]
                records = truth.folder.parent / agency.agency_id / "siasn" / f"{path}.jsonl"
                arrow = con.sql(
                    f"select columns(*)::varchar from read_json('{records}', format='newline_delimited')"
                ).to_arrow_table()
            else:
                arrow = extract(agency, name, known.__getitem__, tmp_path_factory.mktemp("archive")).batches.read_all()
            con.register("arrived", arrow)
            table = f"{agency.agency_id}_{name}"
            con.execute(
                f"create table {table} as {typed_query(agency.agency_id, datasets()[name], source, arrow.schema, 'arrived')}"
            )
            result[agency.agency_id, name] = con.table(table)
    return result


def noted(truth: Truth, meaning: str) -> Counter[tuple[str, str, str]]:
    rows = truth.defects.to_pylist()
    return Counter((r["agency_id"], r["dataset"], r["column_name"]) for r in rows if r["meaning"] == meaning)


@pytest.mark.parametrize(("flag", "meaning"), [("_unreadable", "date cannot be read"), ("_unmapped", "code is not mapped")])
def test_everything_is_readable_but_what_was_planted(
    truth: Truth, landed: dict[tuple[str, str], duckdb.DuckDBPyRelation], flag: str, meaning: str
) -> None:
    found: Counter[tuple[str, str, str]] = Counter()
    for (agency, dataset), table in landed.items():
        for (columns,) in table.project(flag).fetchall():
            found.update((agency, dataset, column) for column in columns.split())
    assert found == noted(truth, meaning)


def test_every_row_lands(truth: Truth, landed: dict[tuple[str, str], duckdb.DuckDBPyRelation]) -> None:
    assert {key: len(table) for key, table in landed.items()} == truth.rows


def test_every_defect_is_found_under_its_key(truth: Truth, landed: dict[tuple[str, str], duckdb.DuckDBPyRelation]) -> None:
    for (agency, dataset), table in landed.items():
        key = " || '|' || ".join(f"coalesce({c}::varchar, '')" for c in datasets()[dataset].key)
        keys = {row[0] for row in table.project(key).fetchall()}
        rows = [r for r in truth.defects.to_pylist() if (r["agency_id"], r["dataset"]) == (agency, dataset)]
        # a key that cannot be typed lands as empty
        missing = [r["defect"] for r in rows if r["record_key"].replace("00/00/0000", "").replace("|ZZ|", "||") not in keys]
        assert missing == [], (agency, dataset)


def test_every_kind_of_defect_occurs(truth: Truth) -> None:
    planted = {(r["dataset"], r["defect"]) for r in truth.defects.to_pylist()}
    assert planted == {(d.dataset, d.name) for d in DEFECTS}


def test_about_one_row_in_a_hundred_is_defective(truth: Truth) -> None:
    assert 0.006 < truth.defects.num_rows / sum(truth.rows.values()) < 0.02


def test_no_row_is_defective_twice(truth: Truth) -> None:
    rows = [r for r in truth.defects.to_pylist() if not r["defect"].startswith("duplicate")]
    keys = Counter(
        (r["agency_id"], r["dataset"], r["record_key"]) for r in rows if r["dataset"] == "employees" and r["record_key"]
    )
    assert max(keys.values()) == 1


def test_incumbents_of_single_seats_lose_a_field_and_keep_the_post(truth: Truth, facts: duckdb.DuckDBPyConnection) -> None:
    seats = facts.sql("""
        select count(*), min(p.holders_definitive), max(p.establishment_approved), max(p.open_seats)
        from defects d join positions p using (agency_id, unit_id, position_id) where d.defect like 'incumbent%'""").fetchall()[0]
    assert seats[0] >= 10
    assert seats[1:] == (1, 1, 0)


def test_unusable_people_name_the_post_they_hold(facts: duckdb.DuckDBPyConnection) -> None:
    named = facts.sql(
        "select avg((position_id is not null)::int) from defects where dataset = 'employees' and loses_row"
    ).fetchall()[0]
    assert named[0] > 0.9


def test_the_same_rows_are_defective_the_next_night(truth: Truth, tmp_path: Path) -> None:
    from mutasi.demo import generate

    later = generate(tmp_path, 6_000, as_of=dt.date(2026, 11, 23), night=1, agencies=["dumai"])
    before = {
        tuple(r.values())
        for r in truth.defects.to_pylist()
        if r["agency_id"] == "dumai" and r["dataset"] in ("units", "workloads")
    }
    after = {tuple(r.values()) for r in later.defects.to_pylist() if r["dataset"] in ("units", "workloads")}
    assert before == after
