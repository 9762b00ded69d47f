"""The counting forms of the stock expectations: they ask for the number of failing rows and how to find them, no more.

A stock expectation on a column also counts its empty values and carries examples into the result, and
`UnexpectedRowsExpectation` runs its query twice, once to carry rows. Here only the count is wanted; the rows stay in
DuckDB. Conditions, metrics and SQL are Great Expectations' own, and suites name the stock types, so that its own tools open
them.
"""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

import sqlalchemy as sa
from great_expectations.compatibility.pydantic import PrivateAttr
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.expectations.registry import get_expectation_impl, get_metric_kwargs
from great_expectations.validator.metric_configuration import MetricConfiguration
from great_expectations.validator.validator import ValidationDependencies

COUNT, ROWS = "unexpected_count", "unexpected_index_query"
FAILING = "table.failing_rows"


class _Counted(Expectation):
    """What all counting forms share."""

    _known: ExpectationConfiguration | None = PrivateAttr(default=None)

    @property
    def configuration(self) -> ExpectationConfiguration:
        """The stock property, worked out once: a run asks each expectation about seventy times, and nothing changes it."""
        if self._known is None:
            self._known = super().configuration
        return self._known

    @staticmethod
    def _no_dependencies(runtime_configuration: dict[str, Any] | None) -> ValidationDependencies:
        return ValidationDependencies(metric_configurations={}, result_format=(runtime_configuration or {})["result_format"])


class _CountedCondition(_Counted):
    """Expect each row to meet a condition on its columns; the result holds the count of those that do not, and their query."""

    map_metric: ClassVar[str | None] = None

    @classmethod
    def is_abstract(cls) -> bool:
        """A condition comes from a stock expectation."""
        return not cls.map_metric

    def get_validation_dependencies(
        self, execution_engine: Any = None, runtime_configuration: dict[str, Any] | None = None, **_: Any
    ) -> ValidationDependencies:
        """The two metrics of the result."""
        dependencies = self._no_dependencies(runtime_configuration)
        for metric in (f"{self.map_metric}.{COUNT}", f"{self.map_metric}.{ROWS}"):
            kwargs = get_metric_kwargs(metric, self.configuration, runtime_configuration)
            wanted = MetricConfiguration(metric, kwargs["metric_domain_kwargs"], kwargs["metric_value_kwargs"])
            dependencies.set_metric_configuration(metric, wanted)
        return dependencies

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        count = metrics[f"{self.map_metric}.{COUNT}"] or 0
        return {"success": count == 0, "result": {COUNT: count, ROWS: metrics[f"{self.map_metric}.{ROWS}"]}}


class FailingRows(TableMetricProvider):
    """How many rows each rule found, counted once for all rules."""

    metric_name = FAILING

    @metric_value(engine=SqlAlchemyExecutionEngine)
    def _sqlalchemy(cls, execution_engine: SqlAlchemyExecutionEngine, **_: Any) -> dict[str, int]:
        found = execution_engine.execute_query(sa.text("SELECT rule_code, count(*) FROM failing GROUP BY rule_code"))
        return {rule: count for rule, count in found.fetchall()}


class CountedUnexpectedRowsExpectation(_Counted, UnexpectedRowsExpectation):
    """Expect that the rule's query found no row; the result holds the number of rows and nothing else."""

    def get_validation_dependencies(
        self, execution_engine: Any = None, runtime_configuration: dict[str, Any] | None = None, **_: Any
    ) -> ValidationDependencies:
        """The one metric that all such rules share."""
        dependencies = self._no_dependencies(runtime_configuration)
        dependencies.set_metric_configuration(FAILING, MetricConfiguration(FAILING, {}, {}))
        return dependencies

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        count = metrics[FAILING].get((self.meta or {})["rule"], 0)
        return {"success": count == 0, "result": {COUNT: count}}


@cache
def counted(kind: str) -> str:
    """The type under which Great Expectations knows the counting form of a stock type.

    Raises:
        ExpectationNotFoundError: there is no such stock type.
        TypeError: the stock type judges a table or a statistic, so that no row can be said to fail.
    """
    stock = get_expectation_impl(kind)
    if issubclass(stock, UnexpectedRowsExpectation):
        return "counted_unexpected_rows_expectation"
    metric: str | None = getattr(stock, "map_metric", None)
    if not metric:
        raise TypeError(f"{kind} does not say which rows fail; write unexpected_rows_expectation instead.")
    type(f"Counted{stock.__name__}", (_CountedCondition, stock), {"__module__": __name__, "map_metric": metric})
    return f"counted_{kind}"
