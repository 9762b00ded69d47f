"""The pair rules that planners see counted per post are those by which pairs are found: one definition, in two places.

The optimiser's script runs without dbt, so that a run can be replayed and audited from its folder; dbt's macro says the same.
"""

from __future__ import annotations

import re

import jinja2
import pytest

from mutasi.recommend import reading
from mutasi.settings import PROJECT

MACRO = next(
    text
    for file in sorted((PROJECT / "dbt_project" / "macros").glob("*.sql"))
    if "macro pair_findings" in (text := file.read_text(encoding="utf-8"))
)


def findings(sql: str) -> dict[str, str]:
    """The expression of each finding, with white space folded."""
    ends = list(re.finditer(r" end as (finding_d\d)", folded := " ".join(sql.split())))
    starts = [0, *(end.end() for end in ends)]
    return {end[1]: folded[start : end.end()].lstrip(" ,") for start, end in zip(starts, ends, strict=False)}


@pytest.mark.parametrize("rule", ["finding_d1", "finding_d3", "finding_d4", "finding_d5", "finding_d6"])
def test_planners_and_the_optimiser_judge_a_pair_alike(rule: str) -> None:
    macros = jinja2.Environment().from_string(MACRO).module
    told = findings(macros.pair_findings("persons", "posts"))  # type: ignore[attr-defined]
    script = reading.text("candidates.sql")
    view = script[script.index("create or replace view judged_pairs") :]
    used = findings(
        view[view.index("posts.post_no,") + len("posts.post_no,") : view.index("from blocks")].replace(
            "'PASS' as finding_d2,", ""
        )
    )
    assert used[rule] == told[rule]
