"""Run dbt in this process and say what failed by name alone.

Library text may quote a row (a failed cast prints the value), so dbt writes neither log file nor run results here; what
happened is read from the results in memory, and of an error only its kind is kept.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import duckdb

from mutasi.collector import seldom_collected
from mutasi.errors import NeedsAPerson
from mutasi.settings import Settings
from mutasi.warehouse.built import clear, opened
from mutasi.warehouse.groundwork import HELD_KIND, HELD_MODELS, keep_groundwork, lay_groundwork, parsed_before

GREEN = {"success", "pass", "warn", "no-op", "skipped"}
CODES = {
    "CONVERSION": r"conversion error|could not convert|invalid input error",
    "CONTRACT": r"contract",
    "CONSTRAINT": r"constraint error",
    "MEMORY": r"out of memory|memory limit",
    "FILE": r"io error|no files found|lock on file|no such file",
    "SQL": r"binder error|catalog error|parser error|syntax error|compilation error",
}


class BuildError(NeedsAPerson):
    """The warehouse could not be built; the message names models and tests, never a value."""


@dataclass(frozen=True)
class Outcome:
    """One node of the project: its kind, name, state, wall time; of a failed test the number of rows and the promises broken."""

    kind: str
    name: str
    status: str
    seconds: float
    failures: int | None = None
    code: str | None = None
    broken: tuple[str, ...] = ()

    @property
    def is_green(self) -> bool:
        """The node did what it should."""
        return self.status in GREEN


@dataclass(frozen=True)
class BuildResult:
    """A green build: counts of nodes, wall seconds (of them: for reading the project), seconds inside nodes, tests that warn."""

    run_id: str
    as_of: dt.date | None
    models: int
    tests: int
    unit_tests: int
    seconds: float
    parse_seconds: float
    node_seconds: float
    warnings: list[str] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list, repr=False)


def build(settings: Settings, *, as_of: dt.date | None = None, run_id: str, unit_tests: bool = False) -> BuildResult:
    """Build every model into new databases and test it.

    They are a function of the input files, so the old ones are removed first: neither a killed run nor a
    model that was since deleted can leave anything behind.

    Args:
        settings: Where the inputs are and the database goes.
        as_of: Day that the marts describe; default: the day of the inputs.
        run_id: Names the result file below `warehouse/dbt/results`.
        unit_tests: Also run dbt's unit tests (for tests of the project, not for nightly builds).

    Raises:
        BuildError: a model or test failed, or the project could not be read.
    """
    start = time.perf_counter()
    clear(settings)
    outcomes, parse_seconds = _invoke(settings, as_of, unit_tests)
    seconds = round(time.perf_counter() - start, 3)
    result = BuildResult(
        run_id=run_id,
        as_of=as_of,
        models=sum(o.kind == "model" for o in outcomes),
        tests=sum(o.kind == "test" for o in outcomes),
        unit_tests=sum(o.kind == "unit_test" for o in outcomes),
        seconds=seconds,
        parse_seconds=parse_seconds,
        node_seconds=round(sum(o.seconds for o in outcomes), 3),
        warnings=[o.name for o in outcomes if o.status == "warn"],
        outcomes=outcomes,
    )
    _write_result(settings, result)
    if failed := [o for o in outcomes if not o.is_green]:
        raise BuildError(_sentence(failed, outcomes))
    return result


def _invoke(settings: Settings, as_of: dt.date | None, unit_tests: bool) -> tuple[list[Outcome], float]:
    """Parse, then build; returns the nodes and the seconds for parsing, which do not depend on the data."""
    from dbt.cli.main import dbtRunner

    from mutasi.warehouse.spared import spared

    work = settings.folder("warehouse", "dbt")
    quiet = [
        "--quiet", "--log-level", "none", "--log-level-file", "none", "--log-path", str(work / "logs"), "--no-use-colors",
        "--no-write-json", "--no-send-anonymous-usage-stats", "--no-version-check", "--no-populate-cache",
    ]  # fmt: skip
    project = [
        "--project-dir", str(settings.dbt_project), "--profiles-dir", str(settings.dbt_project), "--target-path", str(work / "target"),
    ]  # fmt: skip
    with (
        spared(),
        seldom_collected(),
        _environment(MUTASI_HOME=str(settings.home), MUTASI_AS_OF=as_of.isoformat() if as_of else ""),
    ):
        start = time.perf_counter()
        with parsed_before(settings, work / "target") as known:
            answer = dbtRunner().invoke([*quiet, "parse", *project, *known])
        parse_seconds = round(time.perf_counter() - start, 3)
        if answer.success:
            # After `parse` the result is the manifest; the runner's type says only that it is one of many.
            dbt = dbtRunner(manifest=answer.result)  # type: ignore[arg-type]
            if unit_tests:
                answer = dbt.invoke([*quiet, "build", *project])
            else:
                has_groundwork = lay_groundwork(settings)
                with _environment(MUTASI_GROUNDWORK="laid" if has_groundwork else ""):
                    answer = dbt.invoke([*quiet, "build", *project, *_nightly(has_groundwork)])
                if answer.success and not has_groundwork:
                    _close_connections()
                    keep_groundwork(settings)
    _close_connections()
    if answer.exception and not isinstance(answer.exception, Exception):  # dbt swallows Ctrl-C and the end of the time too
        raise answer.exception
    if answer.result is None or not hasattr(answer.result, "results"):
        kind = type(answer.exception).__name__
        code = error_code(str(answer.exception))
        raise BuildError(
            f"dbt stopped before the first model ({kind}, {code}); see the text with `dbt parse` in {settings.dbt_project}."
        )
    return [_outcome(r, settings) for r in answer.result.results], parse_seconds


def _nightly(has_groundwork: bool) -> list[str]:
    """What a night leaves out: unit tests and tests of seeds, which speak of files of the project, and what stands already.

    Excluding a model would exclude the tests that read it; nobody wants that here, hence the empty indirect selection.
    """
    kinds = ["unit_test", HELD_KIND] if has_groundwork else ["unit_test"]
    nodes = ["path:seeds,resource_type:test", *([HELD_MODELS] if has_groundwork else [])]
    return ["--exclude-resource-type", *kinds, "--exclude", *nodes, "--indirect-selection", "empty"]


def _outcome(result: Any, settings: Settings) -> Outcome:
    status = str(getattr(result.status, "value", result.status))
    kind = str(getattr(result.node.resource_type, "value", result.node.resource_type))
    has_failures = kind == "test" and status in {"fail", "warn"}
    return Outcome(
        kind=kind,
        name=result.node.name,
        status=status,
        seconds=round(result.execution_time, 4),
        failures=result.failures if has_failures else None,
        code=error_code(result.message or "") if status == "error" else None,
        broken=_broken(settings, result.node.compiled_code) if has_failures else (),
    )


def _broken(settings: Settings, test: str) -> tuple[str, ...]:
    """What a failed test calls the promises that were broken, where it names them; they are words of the project."""
    with opened(settings) as con:
        try:
            rows = con.execute(f"select distinct broken from ({test}) order by broken").fetchall()
        except duckdb.BinderException:
            return ()
    return tuple(row[0] for row in rows)


def error_code(text: str) -> str:
    """The kind of a library's error; the text itself may quote a row and goes no further."""
    return next((code for code, pattern in CODES.items() if re.search(pattern, text, re.IGNORECASE)), "OTHER")


def _sentence(failed: list[Outcome], outcomes: list[Outcome]) -> str:
    def told(o: Outcome) -> str:
        reason = o.code or (f"{o.failures} rows" if o.failures is not None else o.status)
        return f"{o.kind.replace('_', ' ')} {o.name} ({'; '.join([reason, *o.broken])})"

    skipped = sum(o.status == "skipped" for o in outcomes)
    more = f", and {len(failed) - 10} more" if len(failed) > 10 else ""
    return (
        f"The warehouse was not built: {', '.join(told(o) for o in failed[:10])}{more}; {skipped} nodes were skipped. "
        f"What was published before stays. Run `dbt build --select {failed[0].name}` in dbt_project for the library's own text."
    )


def _write_result(settings: Settings, result: BuildResult) -> None:
    """Leave states and times by node, which hold no value of any row."""
    name = re.sub(r"[^\w.+-]", "-", result.run_id)
    document = asdict(result) | {"as_of": result.as_of.isoformat() if result.as_of else None}
    file = settings.folder("warehouse", "dbt", "results") / f"{name}.json"
    file.write_text(json.dumps(document, indent=1), encoding="utf-8")


def _close_connections() -> None:
    """Let go of the file: within one process DuckDB refuses to open it again with other settings."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    environment = DuckDBConnectionManager._ENV
    if environment is not None:
        environment.close()
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    """Set environment variables for dbt and put back what stood there."""
    before: Mapping[str, str | None] = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
