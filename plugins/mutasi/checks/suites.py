"""The rules as people read them: every expectation of every suite with its code, action, owner, reason and source.

The suites are Great Expectations' own JSON, so that its tools open them; what Mutasi does about a failure stands in each
expectation's `meta`. A rule that lacks any of it is refused before anything runs.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from mutasi.settings import Settings
from mutasi.sources.datasets import datasets

VOLUME = "volume"
LIST_COLUMNS = ("_unreadable", "_unmapped", "_repaired", "_unknown", "_emptied")
Action = Literal["stop", "drop", "blank", "warn"]
Severity = Literal["critical", "warning", "info"]


class SuiteError(ValueError):
    """A suite cannot be used; the message names file and rule and says what to do."""


class Rule(BaseModel):
    """One expectation and what follows from its failure.

    Attributes:
        dataset: the suite's name: a dataset, or `volume` for rules on what arrived, which judge every dataset.
        action: `stop` keeps the agency's earlier snapshot, `drop` quarantines the row, `blank` empties `columns` and
            flags the row, `warn` flags it.
        columns: what is blanked, or what the rule is about; `_unreadable`, `_unmapped` and `_repaired` stand for the
            columns that they list, `_unknown` and `_emptied` for those of the source that appeared or ran empty.
        title, fix: for the agency, in Indonesian.
        bkn: indicator of BKN's data quality index, where the rule is one.
        since: day from which the rule in this form applies.
        stop_above_pct: more failing rows of an agency than this percentage stop its dataset; None tolerates any number.
        stop_needs_rows: fewer failing rows than this do not stop, unless all fail or `stop_above_pct` is 0.
        needs: columns and other datasets without which the rule says nothing: where an agency delivers none of a column or
            no row of a dataset, it counts as not judged (no rows checked), not as passed.
        is_absolute: no agency can be excepted from it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: str
    code: str
    type: str
    kwargs: dict[str, Any]
    severity: Severity
    description: str
    action: Action
    columns: tuple[str, ...]
    title: str
    fix: str
    owner: str
    reason: str
    source: str
    bkn: str | None
    since: dt.date
    stop_above_pct: float | None
    stop_needs_rows: int
    needs: tuple[str, ...] = ()
    is_absolute: bool = False

    @model_validator(mode="after")
    def is_consistent(self) -> Rule:
        """What the action needs must be there."""
        if self.action == "stop" and self.stop_above_pct is None:
            raise ValueError("action stop needs stop_above_pct")
        if self.action == "blank" and not self.columns:
            raise ValueError("action blank needs columns")
        if "row_condition" in self.kwargs:
            raise ValueError("row_condition is left out of Great Expectations' row query; write unexpected_rows_expectation")
        known = datasets()[self.dataset].columns if self.dataset != VOLUME else {}
        unknown = [c for c in self.columns if c not in known and c not in LIST_COLUMNS]
        if unknown:
            raise ValueError(f"columns: {', '.join(unknown)} is not a column of {self.dataset}")
        unheard = [name for name in self.needs if name not in known and name not in datasets()]
        if unheard:
            raise ValueError(f"needs: {', '.join(unheard)} is neither a column of {self.dataset} nor a dataset")
        return self


def read_suite(folder: Path, name: str) -> list[Rule]:
    """The rules of one suite, in the order of its file.

    Raises:
        SuiteError: the file is absent or not JSON, or a rule lacks a key or carries an unknown one.
    """
    file = folder / f"{name}.json"
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise SuiteError(f"{file}: is missing or not JSON; restore it or mend it.") from None
    found = [_rule(name, document, expectation) for expectation in document["expectations"]]
    codes = [rule.code for rule in found]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise SuiteError(f"{file}: {', '.join(twice)} is used twice; give every rule its own code.")
    return found


def rules(folder: Path | None = None) -> list[Rule]:
    """All rules of all suites: what arrived first, then the datasets in their order.

    Raises:
        SuiteError: see `read_suite`.
    """
    folder = folder or Settings.from_environment().suites
    return [rule for name in (VOLUME, *datasets()) for rule in read_suite(folder, name)]


def _rule(suite: str, document: dict[str, Any], expectation: dict[str, Any]) -> Rule:
    meta = dict(expectation.get("meta", {}))
    code = meta.pop("rule", "a rule without code")
    try:
        return Rule(
            dataset=suite,
            code=code,
            type=expectation["type"],
            kwargs=expectation["kwargs"],
            severity=expectation["severity"],
            description=expectation["description"],
            stop_needs_rows=document["meta"]["stop_needs_rows"],
            **meta,
        )
    except KeyError as error:
        raise SuiteError(f"{suite}.json: {code}: {error.args[0]} is missing; add it.") from None
    except (ValidationError, TypeError) as error:
        places = error.errors(include_url=False, include_input=False) if isinstance(error, ValidationError) else []
        words = "; ".join(f"{'.'.join(str(p) for p in e['loc'])} {e['msg']}".strip() for e in places) or str(error)
        raise SuiteError(f"{suite}.json: {code}: {words}.") from None
