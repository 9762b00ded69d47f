"""What readers get is promised: each table has somebody who uses it, somebody who answers for it, and a test that can fail."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from mutasi.settings import PROJECT

PROJECT_FILE = PROJECT / "dbt_project" / "dbt_project.yml"
MODELS = PROJECT / "dbt_project" / "models"
SCHEMAS = ("marts", "quality", "planning")
REF = re.compile(r"ref\('(\w+)'\)")
PROMISING = re.compile(r"^    '(\w+)',?$", re.MULTILINE)


def published() -> list[tuple[str, Path]]:
    return [(schema, file) for schema in SCHEMAS for file in sorted((MODELS / schema).rglob("*.sql"))]


@cache
def read(file: Path) -> dict:
    document: dict = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return document


@cache
def with_a_test() -> set[str]:
    """The models that a unit test builds or a query of `tests/` reads."""
    tests = [test.read_text() for test in (PROJECT / "dbt_project" / "tests").glob("*.sql")]
    by_query = {name for test in tests for name in [*REF.findall(test), *PROMISING.findall(test)]}
    return by_query | {test["model"] for file in MODELS.rglob("*.yml") for test in read(file).get("unit_tests", [])}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_schema_has_an_owner_and_enforced_contracts(schema: str) -> None:
    """On DuckDB; elsewhere the columns' types have other names."""
    told = read(PROJECT_FILE)["models"]["mutasi"][schema]
    assert told["+meta"]["owner"] and told["+contract"]["enforced"] in (True, "{{ target.type == 'duckdb' }}")


@pytest.mark.parametrize(("schema", "file"), published(), ids=[file.stem for _, file in published()])
def test_every_table_is_used_and_tested(schema: str, file: Path) -> None:
    used = {name for e in read(MODELS / "exposures.yml")["exposures"] for ref in e["depends_on"] for name in REF.findall(ref)}
    assert file.stem in used, "no exposure reads it"
    described = {m["name"]: m for yml in (MODELS / schema).rglob("*.yml") for m in read(yml).get("models", [])}
    if schema == "marts":
        assert file.stem in with_a_test(), "nothing tests it"
    assert "contract" not in described[file.stem].get("config", {}), "an exception of its own"


def test_every_promise_is_held_to() -> None:
    """The query lists its models by name, for dbt must know them before it reads what they promise."""
    listed = set(PROMISING.findall((PROJECT / "dbt_project" / "tests" / "promises_hold.sql").read_text()))
    models = [m for yml in MODELS.rglob("*.yml") for m in read(yml).get("models", [])]
    assert listed == {m["name"] for m in models if m.get("config", {}).get("meta", {}).get("promises")}


def test_what_two_tables_say_in_the_same_words_stands_in_one_place() -> None:
    told: dict[tuple[str, str], list[str]] = {}
    for model in (m for schema in SCHEMAS for yml in (MODELS / schema).rglob("*.yml") for m in read(yml).get("models", [])):
        for column in model.get("columns", []):
            if "doc(" not in column["description"]:
                told.setdefault((column["name"], column["description"]), []).append(model["name"])
    assert {place: tables for place, tables in told.items() if len(tables) > 1} == {}, "move the words to shared_columns.md"
