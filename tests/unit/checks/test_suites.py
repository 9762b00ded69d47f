"""The suites are Great Expectations' own files, and every rule says all that Mutasi needs to act on it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from mutasi.checks import Rule, rules
from mutasi.settings import PROJECT
from mutasi.sources.datasets import datasets

SUITES = sorted((PROJECT / "expectations" / "suites").glob("*.json"))


def test_there_is_a_suite_for_every_dataset_and_for_what_arrives() -> None:
    assert {file.stem for file in SUITES} == {*datasets(), "volume"}


def test_a_rule_code_is_used_once() -> None:
    assert [code for code, times in Counter(r.code for r in rules()).items() if times > 1] == []


@pytest.mark.parametrize("file", SUITES, ids=lambda file: file.stem)
def test_great_expectations_opens_the_suite_as_it_stands(file: Path) -> None:
    import great_expectations as gx

    document = json.loads(file.read_text())
    suite = gx.get_context(mode="ephemeral").suites.add(gx.ExpectationSuite(**document))
    assert len(suite.expectations) == len(document["expectations"])
    assert [e.severity for e in suite.expectations] == [e["severity"] for e in document["expectations"]]
    assert "id" not in json.dumps([list(e) for e in document["expectations"]])


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.code)
def test_a_rule_can_be_acted_on(rule: Rule) -> None:
    assert all(getattr(rule, name).strip() for name in ("title", "fix", "owner", "reason", "source", "description"))
    if rule.action == "stop":
        assert rule.severity == "critical"
    if rule.severity == "info":
        assert rule.action == "warn"


def test_each_indicator_of_bkn_has_one_rule() -> None:
    indicators = [r.bkn for r in rules() if r.bkn]
    assert len(indicators) == len(set(indicators))
    assert {"COM_2", "COM_3", "COM_4", "COM_6", "COM_7", "ACC_1", "TIM_4", "TIM_5", "CON_1", "CON_2", "CON_3", "CON_4"} <= set(
        indicators
    )
