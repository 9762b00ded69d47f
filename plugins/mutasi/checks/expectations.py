"""The counting form of `UnexpectedRowsExpectation`.

The stock expectation runs its query twice: once to count and once to carry rows into the result. Only the count is
wanted here; the rows stay in DuckDB. Suites name the stock type, so that Great Expectations' own tools open them.
"""

from __future__ import annotations

from typing import Any, ClassVar

from great_expectations.compatibility.pydantic import PrivateAttr
from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

COUNTED = "expect_no_rows_counted"


class ExpectNoRowsCounted(UnexpectedRowsExpectation):
    """Expect a query to find no row; the result holds the number of rows and nothing else."""

    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.row_count",)
    _known: ExpectationConfiguration | None = PrivateAttr(default=None)

    @property
    def configuration(self) -> ExpectationConfiguration:
        """The stock property, worked out once: a run asks each expectation about seventy times, and nothing changes it."""
        if self._known is None:
            self._known = super().configuration
        return self._known

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        count = metrics["unexpected_rows_query.row_count"]
        return {"success": count == 0, "result": {"observed_value": count}}
