"""What decides a plan is what was published, and nothing of that says how old somebody is, or which sex or religion."""

from __future__ import annotations

import re

import pytest
import yaml

from mutasi.recommend.reading import PLANNING_TABLES
from mutasi.settings import PROJECT

NEVER = re.compile(r"(^|_)(sex|gender|age|ages|birth|born|religion)(_|$)")
COLUMNS = {
    model["name"]: [column["name"] for column in model.get("columns", [])]
    for file in sorted((PROJECT / "dbt_project" / "models" / "planning").glob("**/*.yml"))
    for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", [])
} | {
    seed.stem: seed.read_text(encoding="utf-8").splitlines()[0].split(",")
    for seed in (PROJECT / "dbt_project" / "seeds").glob("*.csv")
}
PUBLISHED_AS_IT_IS = {"publication"}  # written when the night is published, not by dbt


@pytest.mark.parametrize("table", sorted(set(PLANNING_TABLES) - PUBLISHED_AS_IT_IS))
def test_no_column_tells_age_sex_or_religion(table: str) -> None:
    assert COLUMNS[table], f"{table} is not described"
    assert not [column for column in COLUMNS[table] if NEVER.search(column)]


def test_the_pattern_would_see_one() -> None:
    assert [column for column in COLUMNS["employees"] if NEVER.search(column)]
