"""The tables of law behind transfers, held against the published ones."""

from __future__ import annotations

import csv
from itertools import product

import pytest

from mutasi.settings import PROJECT

Rows = list[dict[str, str]]


def seed(name: str) -> Rows:
    """The rows of a seed."""
    with (PROJECT / "dbt_project" / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("result", "behaviour", "predicate"),
    [
        ("above", "below", "Kurang"), ("above", "as expected", "Baik"), ("above", "above", "Sangat Baik"),
        ("as expected", "below", "Kurang"), ("as expected", "as expected", "Baik"), ("as expected", "above", "Baik"),
        ("below", "below", "Sangat Kurang"), ("below", "as expected", "Butuh Perbaikan"), ("below", "above", "Butuh Perbaikan"),
    ],
)  # fmt: skip
def test_each_cell_of_the_predicate_matrix(result: str, behaviour: str, predicate: str) -> None:
    codes = {"above": "1", "as expected": "2", "below": "3"}
    cells = {(row["work_result_code"], row["behaviour_code"]): row["predicate_name"] for row in seed("skp_matrix")}
    assert cells[codes[result], codes[behaviour]] == predicate


def test_one_is_the_best_predicate() -> None:
    points = {row["predicate_code"]: int(row["performance_points"]) for row in seed("skp_matrix")}
    assert [points[code] for code in "12345"] == sorted(points.values(), reverse=True)


def test_the_nine_boxes_and_the_trap_of_seven_and_eight() -> None:
    boxes = {(row["performance_axis"], row["potential_axis"]): row["potential_box"] for row in seed("talent_boxes")}
    assert set(boxes) == set(product("123", repeat=2)) and sorted(boxes.values()) == list("123456789")
    assert (boxes["3", "2"], boxes["2", "3"]) == ("7", "8")  # high performance with middle potential, and the other way round
    assert (boxes["3", "3"], boxes["1", "1"], boxes["3", "1"]) == ("9", "1", "4")
    rotation = {row["potential_box"] for row in seed("talent_boxes") if row["names_rotation"] == "true"}
    assert rotation == {"4", "7", "8"}


def test_every_rule_of_the_regulations_has_a_row_with_its_source() -> None:
    rules = {row["rule_code"]: row for row in seed("transfer_rules")}
    assert {f"R{n}" for n in range(1, 13)} <= set(rules)
    assert all(row["source"] and row["title"] and row["missing_item"] and row["valid_from"] for row in rules.values())
    assert rules["R9"]["initiative"] == "own_request" and rules["R9"]["applies_to"] == "inter_agency"
    assert {code for code, row in rules.items() if row["stage"] != "before_proposal"} == {"R6", "R8"}
    assert "NOT_CHECKED" in {rules["R8"]["on_no_data"]} and "PASS" not in {row["on_missing"] for row in rules.values()}


def test_a_document_settles_a_rule_that_exists() -> None:
    codes = {row["rule_code"] for row in seed("transfer_rules")}
    routes = {row["route_code"] for row in seed("route_rules")} | {"all"}
    for row in seed("route_documents"):
        assert not row["rule_code"] or row["rule_code"] in codes
        assert set(row["route_codes"].split()) <= routes


def test_pppk_stay_unless_a_dated_row_says_otherwise() -> None:
    values = {row["value"] for row in seed("rules") if row["rule_code"] == "pppk_internal_move_allowed"}
    assert values == {"0"}
