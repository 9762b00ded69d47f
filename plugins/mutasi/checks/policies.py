"""Dated policies of the checks: how old data may be, and which agency is excepted from which rule until when.

Rules are the same for all agencies. Where one cannot meet a rule yet, an exception in `expectations/exceptions.yml` says
why, who approved it and until which day; after that day it has no effect, and nobody has to remember to remove it.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mutasi.checks.suites import VOLUME, Rule, SuiteError
from mutasi.checks.suites import rules as all_rules
from mutasi.settings import Settings
from mutasi.sources.datasets import datasets
from mutasi.sources.sentences import one_of


class RuleException(BaseModel):
    """One agency's exception from one rule.

    Attributes:
        dataset: the dataset concerned; needed for rules on what arrived, which judge every dataset.
        valid_from, valid_to: first and last day of its effect, both included; there is always a last day.
        tolerance_pct: share of failing rows that is tolerated instead of the rule's own; empty means any number, so that the
            rule warns and no longer stops.
        reason: why, in Indonesian; the agency reads it in its report.
        approved_by: the office that approved it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    agency_id: str
    rule: str
    dataset: str | None = None
    valid_from: dt.date
    valid_to: dt.date
    tolerance_pct: float | None = Field(default=None, ge=0, le=100)
    reason: str = Field(min_length=10)
    approved_by: str = Field(min_length=3)

    @model_validator(mode="after")
    def is_in_order(self) -> RuleException:
        """It ends after it begins."""
        if self.valid_to < self.valid_from:
            raise ValueError("valid_to lies before valid_from")
        return self


def exceptions(settings: Settings, dataset: str, day: dt.date, rules: Iterable[Rule]) -> list[RuleException]:
    """The exceptions in force that day for a dataset's rules.

    Raises:
        SuiteError: an entry is incomplete, excepts from a rule that knows no exception, or two entries of one agency and rule
            overlap.
    """
    known = {rule.code: rule for rule in rules}
    found: dict[tuple[str, str], RuleException] = {}
    for entry in _entries(settings):
        rule = known.get(entry.rule)
        if rule is None or (rule.dataset == VOLUME and entry.dataset != dataset):
            continue
        where = f"exceptions.yml: {entry.agency_id}, {entry.rule}"
        if rule.is_absolute:
            raise SuiteError(
                f"{where}: this rule knows no exception, for without it rows could be lost unseen; remove the entry."
            )
        if entry.valid_from <= day <= entry.valid_to:
            if (entry.agency_id, entry.rule) in found:
                raise SuiteError(f"{where}: two entries are in force on {day}; end the older one.")
            found[entry.agency_id, entry.rule] = entry
    return list(found.values())


def require_known(settings: Settings) -> None:
    """Refuse exceptions that would be passed over in silence.

    Raises:
        SuiteError: an entry is incomplete, names no rule, or names a rule on what arrived and no dataset.
    """
    entries = _entries(settings)
    known = {rule.code: rule for rule in all_rules(settings.suites)} if entries else {}
    for entry in entries:
        where = f"exceptions.yml: {entry.agency_id}, {entry.rule}"
        if entry.rule not in known:
            raise SuiteError(f"{where}: rule {one_of(entry.rule, known)}")
        if known[entry.rule].dataset == VOLUME and entry.dataset not in datasets():
            raise SuiteError(
                f"{where}: `dataset` is needed, for the rule judges them all; {one_of(str(entry.dataset), datasets())}"
            )


def _entries(settings: Settings) -> list[RuleException]:
    file = settings.suites.parent / "exceptions.yml"
    if not file.exists():
        return []
    try:
        document: Any = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        return [RuleException(**entry) for entry in document.get("exceptions") or []]
    except ValidationError as error:
        places = error.errors(include_url=False, include_input=False)
        words = "; ".join(f"{'.'.join(str(p) for p in e['loc'])} {e['msg']}".strip() for e in places)
        raise SuiteError(f"{file}: {words}.") from None
    except (yaml.YAMLError, TypeError, AttributeError):
        raise SuiteError(f"{file}: is not a list of exceptions; see the example at its top.") from None


def stale_after(settings: Settings, dataset: str, day: dt.date) -> Callable[[str], int | None]:
    """The age in days that the data of an agency may reach; an agency's own row goes before the general one."""
    with (settings.dbt_project / "seeds" / "freshness.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["dataset"] == dataset]
    iso = day.isoformat()
    in_force = [r for r in rows if r["valid_from"] <= iso and (not r["valid_to"] or r["valid_to"] >= iso)]
    days = {r["agency_id"]: int(r["stale_after_days"]) for r in sorted(in_force, key=lambda r: r["valid_from"])}
    return lambda agency_id: days.get(agency_id, days.get(""))
