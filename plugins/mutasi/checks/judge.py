"""Great Expectations judges a DuckDB table; the failing rows stay in DuckDB.

Three steps: Great Expectations counts what its own expectations find, in one query; the failing rows of these and of the
rules written as SQL are found in one reading of the data into `failing (agency_id, _row_id, rule_code)`; Great Expectations
judges the rules written as SQL by what was found there. Counted and found must agree. No value of a row reaches Python, a log
or an exception.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import duckdb

from mutasi.checks.passes import PassError, find_rows
from mutasi.checks.suites import Rule

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuite, ExpectationValidationResult
    from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext
    from great_expectations.validator.validator import Validator

COUNTS_AND_QUERY = {
    "result_format": "BASIC",
    "partial_unexpected_count": 0,
    "exclude_unexpected_values": True,
    "return_unexpected_index_query": True,
    "unexpected_index_column_names": ["agency_id", "_row_id"],
}
ROWS_QUERY = "unexpected_rows_expectation"


class CheckError(RuntimeError):
    """A dataset could not be judged; the message names dataset and rule and holds no value of a row."""


def judge(con: duckdb.DuckDBPyConnection, url: str, table: str, rules: list[Rule], parts: Iterable[object] = (None,)) -> None:
    """Run rules over a table or view and add the failing rows to the table `failing`.

    Args:
        url: the connection as SQLAlchemy reaches it.
        parts: with each, the table shows a part of its rows; before the first it shows them all.

    Raises:
        CheckError: a rule could not be run, or its count and its rows disagree.
    """
    con.execute("create table if not exists failing (agency_id varchar, _row_id bigint, rule_code varchar)")
    written = [rule for rule in rules if rule.type == ROWS_QUERY]
    stock = [rule for rule in rules if rule.type != ROWS_QUERY]
    with _validator(url, table) as validator:
        results = _results(validator, table, stock)
        queries = {rule.code: str(rule.kwargs["unexpected_rows_query"]).format(batch=table) for rule in written}
        counts = {rule.code: _count(table, rule, results.get(rule.code)) for rule in stock}
        for code in (code for code, count in counts.items() if count):
            queries[code] = str(results[code].result["unexpected_index_query"]).rstrip().rstrip(";")
        try:
            for _ in parts:
                find_rows(con, queries)
        except PassError as error:
            [culprit] = [rule for rule in rules if rule.code == str(error)] or [rules[0]]
            raise CheckError(_not_judged(table, culprit)) from None
        results = _results(validator, table, written)
    counts |= {rule.code: _count(table, rule, results.get(rule.code)) for rule in written}
    found = dict(con.execute("select rule_code, count(*) from failing group by rule_code").fetchall())
    for rule in rules:
        if found.get(rule.code, 0) != counts[rule.code]:
            raise CheckError(
                f"{_where(table, rule)}: {counts[rule.code]} rows were counted, but its query finds {found.get(rule.code, 0)}."
            )


def _results(validator: Validator, table: str, rules: list[Rule]) -> dict[str, ExpectationValidationResult]:
    if not rules:
        return {}
    try:
        found: list[ExpectationValidationResult] = validator.graph_validate(
            configurations=suite(table, rules).expectation_configurations,
            runtime_configuration={"result_format": COUNTS_AND_QUERY},
        )
        return {r.expectation_config.meta["rule"]: r for r in found if r.expectation_config}
    except Exception as error:
        raise CheckError(f"{table}: Great Expectations could not run the suite ({type(error).__name__}).") from None


@contextmanager
def _validator(url: str, table: str) -> Iterator[Validator]:
    """Great Expectations' validator of the table.

    It and its engine are used as they are: a datasource of its context would write the whole configuration anew for every
    asset and batch, which takes longer than the queries of a small agency.
    """
    from great_expectations.core.batch import Batch
    from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData
    from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
    from great_expectations.validator.validator import Validator

    engine = SqlAlchemyExecutionEngine(connection_string=url, create_temp_table=False)
    try:
        data = SqlAlchemyBatchData(execution_engine=engine, table_name=table, create_temp_table=False)
        yield Validator(execution_engine=engine, data_context=_context(), batches=[Batch(data=data)])  # type: ignore[arg-type]
    finally:
        engine.close()


def suite(name: str, rules: list[Rule]) -> ExpectationSuite:
    """The rules as a suite of counting expectations: no row is carried to Python."""
    import great_expectations as gx

    from mutasi.checks import expectations

    return gx.ExpectationSuite(
        name=name,
        expectations=[
            {
                "type": expectations.counted(rule.type),
                "kwargs": rule.kwargs,
                "severity": rule.severity,
                "meta": {"rule": rule.code},
            }
            for rule in rules
        ],
    )


def _count(table: str, rule: Rule, result: ExpectationValidationResult | None) -> int:
    """Failing rows as Great Expectations counts them."""
    if result is None or result.exception_info.get("raised_exception", True):
        raise CheckError(_not_judged(table, rule))
    count = int(result.result["unexpected_count"])
    if bool(result.success) != (count == 0):
        raise CheckError(
            f"{_where(table, rule)} says success={result.success} with {count} failing rows; `mostly` has no place in a rule."
        )
    return count


def _where(table: str, rule: Rule) -> str:
    return f"{table}: rule {rule.code} ({rule.title})"


def _not_judged(table: str, rule: Rule) -> str:
    return f"{_where(table, rule)} could not be judged; look at its expectation in expectations/suites/{rule.dataset}.json."


@cache
def _context() -> EphemeralDataContext:
    """One context per process, in memory, silent, without telemetry."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    # Its messages quote SQL with literals and the texts of database errors, which carry values of rows.
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context
