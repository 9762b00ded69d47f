"""What planners read of policy and law is Indonesian: the seeds' English stays in the seeds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import mutasi.publish
from mutasi import indonesian as id_
from mutasi.publish.charts import labels
from mutasi.settings import PROJECT

SEEDS = PROJECT / "dbt_project" / "seeds"
ENGLISH = re.compile(
    r"\b(policy|people|points|moves|move|map|posts?|of|and|the|with|text|flag|unlimited|test|open|leave|other|value|limits|here|number|row)\b",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def words() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute(id_.NUMBERS.read_text(encoding="utf-8"))
        con.execute((Path(mutasi.publish.__file__).parent / "words.sql").read_text(encoding="utf-8"))
        yield con


def test_every_row_of_the_policy_has_indonesian_words(words: duckdb.DuckDBPyConnection) -> None:
    rows = words.execute(
        f"""select policy_code, title, coalesce(meaning[value], value), case when meaning[value] is null then unit_word(unit) end, unit
        from read_csv('{SEEDS / "transfer_policy.csv"}', all_varchar = true) left join policy_words using (policy_code)"""
    ).fetchall()
    assert len(rows) > 30
    for code, title, value, unit, in_english in rows:
        assert title and not ENGLISH.search(title), code
        assert not re.search("[a-z]", value) or not ENGLISH.search(value), code
        assert unit is None or unit, f"{code}: {in_english} has no word"


def test_every_letter_of_the_seed_has_a_short_name(words: duckdb.DuckDBPyConnection) -> None:
    rows = words.execute(
        "select document_code, words from read_csv(?, all_varchar = true) left join document_words using (document_code)",
        [str(SEEDS / "route_documents.csv")],
    ).fetchall()
    assert rows and not [code for code, short in rows if not short or "," in short]


@pytest.mark.parametrize(
    ("need", "shown"),
    [
        (2.4, "2,4"), (1.75, "1,8"), (2.25, "2,3"), (2.5, "2,5"), (1.4928, "1,49"), (1.4572, "1,46"), (1.4964, "1,496"), (1.4999, "1,4999"),
        (0.98, "1,0"), (12, "12,0"),
    ],
)  # fmt: skip
def test_a_need_reads_as_it_is_rounded(words: duckdb.DuckDBPyConnection, need: float, shown: str) -> None:
    assert words.execute("select fte(?::double)", [need]).fetchone() == (shown,)


def test_queries_and_sentences_write_a_number_alike(words: duckdb.DuckDBPyConnection) -> None:
    """Halves above all: what is no half in binary is one on paper."""
    values = [n / 1000 for n in range(-30, 30_000, 5)] + [1234567.125]
    told = words.execute("select one(x), two(x) from (select unnest(?) as x)", [values]).fetchall()
    assert told == [(id_.number(x, 1), id_.number(x, 2)) for x in values]
    assert (id_.number(2.25, 1), id_.number(1.005, 2), id_.number(1234567), id_.number(None)) == ("2,3", "1,01", "1.234.567", "–")


def test_the_basis_of_a_rule_is_the_law_without_remarks(words: duckdb.DuckDBPyConnection) -> None:
    rows = words.execute(
        f"""select source, basis(source) from read_csv('{SEEDS / "transfer_rules.csv"}', all_varchar = true)
        union all select source, basis(source) from read_csv('{SEEDS / "transfer_policy.csv"}', all_varchar = true)"""
    ).fetchall()
    assert rows and not [basis for _, basis in rows if not basis or ENGLISH.search(basis)]
    said = dict(rows)
    assert said["PP 11/2017 Ps 190(3); Peraturan BKN 5/2019 Ps 3"] == "PP 11/2017 Ps 190(3); Peraturan BKN 5/2019 Ps 3"


def test_units_that_would_read_alike_are_told_apart() -> None:
    names = [f"Kecamatan {name} / Sekretariat Kecamatan / Subbagian Umum" for name in ("Sail", "Pekanbaru Kota")]
    found = labels([*names, "Inspektorat"], 40)
    assert len(set(found.values())) == 3 and all(len(label) <= 40 for label in found.values())
    assert found["Inspektorat"] == "Inspektorat" and "Pekanbaru Kota" in found[names[1]]
