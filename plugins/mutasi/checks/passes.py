"""Failing rows of many rules in one reading of the data.

A rule's query is `SELECT agency_id, _row_id FROM <source> WHERE <condition>`, be it written in the suite or made by Great
Expectations for the failing rows of a rule. Those of one source are put together: each row is read once and lists
the rules that it fails. Queries of any other form (common tables, groups) run by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import duckdb

from mutasi.engine import quoted

FORM = re.compile(
    r"^\s*SELECT (?P<prefix>\w+\.)?agency_id, (?:\w+\.)?_row_id(?:, [\w\", ]+?)?\s+FROM (?P<source>[^()]+?)\s+WHERE (?P<condition>.+)$",
    re.IGNORECASE | re.DOTALL,
)
MORE = re.compile(r"\b(GROUP BY|HAVING|UNION|INTERSECT|EXCEPT|ORDER BY|LIMIT|QUALIFY|WINDOW)\b", re.IGNORECASE)


class PassError(RuntimeError):
    """A rule's query does not run; the message is the rule's code."""


def find_rows(con: duckdb.DuckDBPyConnection, queries: Mapping[str, str]) -> None:
    """Add the failing rows of each rule to `failing (agency_id, _row_id, rule_code)`; `queries` are by rule code.

    Raises:
        PassError: a query does not run.
    """
    for statement, codes in _statements(queries):
        try:
            con.execute(statement)
        except duckdb.Error:
            raise PassError(_culprit(con, {code: queries[code] for code in codes})) from None


def _statements(queries: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    sources: dict[tuple[str, str], dict[str, str]] = {}
    for code, query in queries.items():
        form = FORM.match(query)
        if form is None or MORE.search(query):
            sources[code, ""] = {code: query}
        else:
            source = " ".join(form["source"].split())
            sources.setdefault((source, form["prefix"] or ""), {})[code] = form["condition"]
    return [
        (_one_pass(*place, conditions) if len(conditions) > 1 else _alone(queries, *conditions), list(conditions))
        for place, conditions in sources.items()
    ]


def _alone(queries: Mapping[str, str], code: str) -> str:
    """Where a source has one rule, its condition can spare reading and joining."""
    return f"insert into failing select agency_id, _row_id, {quoted(code)} from ({queries[code]})"


def _one_pass(source: str, prefix: str, conditions: Mapping[str, str]) -> str:
    codes = ", ".join(f"case when {condition} then {quoted(code)} end" for code, condition in conditions.items())
    # Most rows fail nothing: no list is made for them.
    return f"""
        insert into failing
        select agency_id, _row_id, unnest(string_split(codes, ' '))
        from (select {prefix}agency_id as agency_id, {prefix}_row_id as _row_id, concat_ws(' ', {codes}) as codes from {source})
        where codes <> ''
        """


def _culprit(con: duckdb.DuckDBPyConnection, queries: Mapping[str, str]) -> str:
    """The first rule whose query does not run alone."""
    for code, query in queries.items():
        try:
            con.execute(f"select count(*) from ({query})")
        except duckdb.Error:
            return code
    return ", ".join(queries)
