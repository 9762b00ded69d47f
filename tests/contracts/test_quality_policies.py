"""The seeds of data quality say what the suites do, and what BKN published."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from mutasi.checks import rules
from mutasi.settings import PROJECT
from mutasi.sources.datasets import datasets

SEEDS = PROJECT / "dbt_project" / "seeds"


def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_each_measured_indicator_has_the_rule_that_says_it_is_the_indicator() -> None:
    by_rule = {row["rule_code"]: row["indicator"] for row in seed("bkn_indicators") if row["status"] == "measured"}
    assert by_rule == {rule.code: rule.bkn for rule in rules() if rule.bkn}


def test_all_indicators_are_there_and_only_two_cannot_be_measured() -> None:
    rows = seed("bkn_indicators")
    assert len(rows) == 27
    assert {row["indicator"] for row in rows if row["status"] == "not_measurable"} == {"TIM_2", "TIM_6"}


def test_weights_add_up() -> None:
    dimensions, indicators = {}, defaultdict(float)
    for row in seed("bkn_indicators"):
        dimensions[row["dimension"]] = float(row["dimension_weight"])
        indicators[row["dimension"]] += float(row["indicator_weight"])
    assert sum(dimensions.values()) == pytest.approx(1)
    assert all(total == pytest.approx(100, abs=0.05) for total in indicators.values())


def test_weights_are_the_published_ones(real: Path) -> None:
    with (real / "kualitas_data.csv").open(encoding="utf-8-sig", newline="") as stream:
        published = {row["kode_indikator"]: row for row in csv.DictReader(stream)}
    ours = {row["indicator"]: row for row in seed("bkn_indicators")}
    assert ours.keys() == published.keys()
    for code, row in ours.items():
        theirs = published[code]
        assert float(row["indicator_weight"]) == float(theirs["bobot_indikator"]), code
        assert (float(row["dimension_weight"]), row["dimension"]) == (float(theirs["bobot_dimensi"]), theirs["dimensi"]), code
        assert row["indicator_name"] not in (theirs["indikator"], theirs["deskripsi"]), f"{code}: write it in our words"


def test_every_dataset_has_an_age_that_it_may_reach() -> None:
    assert {row["dataset"] for row in seed("freshness") if not row["agency_id"]} == set(datasets())
