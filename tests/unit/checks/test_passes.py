"""Rules found together find the rows that each finds alone."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from mutasi.checks.passes import PassError, _statements, find_rows

QUERIES = {
    "A": "SELECT agency_id, _row_id FROM t WHERE x > 5 OR y IS NULL",
    "B": "SELECT agency_id, _row_id, x \nFROM t \nWHERE x IS NOT NULL AND NOT (x % 2 = 0)",
    "C": "SELECT b.agency_id, b._row_id FROM t b LEFT JOIN other o ON o.x = b.x WHERE o.x IS NULL AND b.x IS NOT NULL",
    "D": "SELECT b.agency_id, b._row_id FROM t b LEFT JOIN other o ON o.x = b.x WHERE o.x = 4",
    "E": "WITH many AS (SELECT x FROM t GROUP BY x HAVING count(*) > 1) SELECT t.agency_id, t._row_id FROM t JOIN many ON many.x = t.x",
    "F": "SELECT agency_id, min(_row_id) AS _row_id FROM t GROUP BY agency_id HAVING count(*) = count(y)",
    "G": "SELECT agency_id, _row_id FROM t WHERE x IN (SELECT x FROM other WHERE x > 2)",
    "N": "SELECT agency_id, _row_id FROM t WHERE NULL",
}


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute(
            "create table t as select 'a' || n % 2 as agency_id, n as _row_id, nullif(n % 7, 3) as x, nullif(n, 5) as y from range(40) r(n)"
        )
        con.execute("create table other as select n as x from range(1, 6) r(n)")
        con.execute("create table failing (agency_id varchar, _row_id bigint, rule_code varchar)")
        yield con


def test_together_and_alone_are_the_same(con: duckdb.DuckDBPyConnection) -> None:
    find_rows(con, QUERIES)
    found = con.execute("select rule_code, agency_id, _row_id from failing order by all").fetchall()
    alone = {code: con.execute(query).fetchall() for code, query in QUERIES.items()}
    assert found == sorted((code, *row[:2]) for code, rows in alone.items() for row in rows)
    assert {code for code, *_ in found} == set(QUERIES) - {"N"}


def test_each_source_is_read_once(con: duckdb.DuckDBPyConnection) -> None:
    together = sorted(codes for _, codes in _statements(QUERIES))
    assert together == [["A", "B", "G", "N"], ["C", "D"], ["E"], ["F"]]


def test_more_rules_than_bits(con: duckdb.DuckDBPyConnection) -> None:
    find_rows(con, {f"R{n}": f"SELECT agency_id, _row_id FROM t WHERE _row_id = {n % 40}" for n in range(130)})
    assert con.execute("select count(*), count(distinct rule_code) from failing").fetchall() == [(130, 130)]


def test_a_query_that_does_not_run_is_named(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(PassError, match=r"^Z$"):
        find_rows(con, {**QUERIES, "Z": "SELECT agency_id, _row_id FROM t WHERE no_such > 1"})
