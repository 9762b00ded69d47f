"""Staging reads what landed without a cast that could fail: the text of a failed cast quotes the value."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mutasi.settings import PROJECT

STAGING = sorted((PROJECT / "dbt_project" / "models" / "staging").rglob("*.sql"))
# `try_cast` and `try_strptime` give NULL; everything else here raises, with the value in its message.
FAILING = re.compile(r"(?<![\w.])(cast|strptime|to_date|to_timestamp|date)\s*\(|::", re.IGNORECASE)


def failing_casts(text: str) -> list[str]:
    """Casts of columns; a NULL with a type cannot fail, nor can a moment that is a date already."""
    code = re.sub(r"--[^\n]*|\{#.*?#\}", "", text, flags=re.DOTALL)
    code = re.sub(r"cast\(\s*null\s+as\s+[\w()]+\s*\)|null::\w+", "", code, flags=re.IGNORECASE)
    code = re.sub(r"cast\(\s*(?=date_trunc\()", "(", code, flags=re.IGNORECASE)
    return [code[found.start() : found.start() + 40] for found in FAILING.finditer(code)]


@pytest.mark.parametrize("file", STAGING, ids=lambda file: file.stem)
def test_no_cast_in_staging_can_fail(file: Path) -> None:
    assert failing_casts(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("select cast(nip as bigint) from x", 1),
        ("select nip::bigint from x", 1),
        ("select strptime(born, '%d') from x", 1),
        ("select date(born) from x", 1),
        ("select try_cast(nip as bigint), try_strptime(born, '%d') from x -- cast(a as b)", 0),
        ("select cast(date_trunc('month', try_cast(month as date)) as date) from x", 0),
        ("select cast(date_trunc('month', cast(month as date)) as date) from x", 1),
        ("select cast(null as varchar) as a, born_date(x) from x", 0),
    ],
)
def test_the_search_finds_each_of_them(text: str, count: int) -> None:
    assert len(failing_casts(text)) == count
