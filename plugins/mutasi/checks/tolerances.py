"""How many rows of a dataset may fail before the night stops it, for whoever looks at a source before its first night."""

from __future__ import annotations

from pathlib import Path

from mutasi.checks.suites import LIST_COLUMNS, VOLUME, rules
from mutasi.landing.findings import Tolerance

IN_SET = "expect_column_values_to_be_in_set"


def tolerances(folder: Path) -> list[Tolerance]:
    """The rules of all suites that compare one column with a list and stop the dataset above a share of its rows."""
    found = []
    for rule in rules(folder):
        if rule.dataset != VOLUME and rule.type == IN_SET and rule.stop_above_pct is not None:
            column = rule.kwargs["column"]
            values = () if column in LIST_COLUMNS else tuple(rule.kwargs["value_set"])
            found.append(Tolerance(rule.dataset, rule.code, column, values, rule.stop_above_pct, rule.stop_needs_rows))
    return found
