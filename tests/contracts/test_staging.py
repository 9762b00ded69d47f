"""Staging reads what agencies sent: a cast that fails would print the value, perhaps a person's, into dbt's log."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mutasi.settings import PROJECT

MODELS = sorted((PROJECT / "dbt_project" / "models" / "staging").rglob("*.sql"))
FAILING = re.compile(r"(?<!try_)\b(?:cast|strptime|to_date|to_timestamp)\s*\(|::|\berror\s*\(", re.IGNORECASE)
COMMENTS = re.compile(r"\{#.*?#\}|--[^\n]*", re.DOTALL)


@pytest.mark.parametrize("file", MODELS, ids=lambda file: file.stem)
def test_staging_casts_only_what_may_fail_quietly(file: Path) -> None:
    assert FAILING.findall(COMMENTS.sub("", file.read_text(encoding="utf-8"))) == []


def test_the_search_sees_casts_that_raise() -> None:
    assert len(MODELS) > 20
    assert [bool(FAILING.search(sql)) for sql in ("cast(x as date)", "x::date", "strptime(x, '%d')", "CAST (x as int)")] == [
        True
    ] * 4
    assert not FAILING.search("try_cast(x as date), try_strptime(x, '%d'), broadcast(x)")
