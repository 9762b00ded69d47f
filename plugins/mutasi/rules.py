"""The dated rules as code outside the warehouse reads them: one seed, `dbt_project/seeds/rules.csv`, for dbt and for Python."""

from __future__ import annotations

import csv
import datetime as dt

from mutasi.errors import NeedsAPerson
from mutasi.settings import Settings


class RuleError(NeedsAPerson):
    """No rule in force says what is asked; the message names rule and file."""


def rules_in_force(settings: Settings, day: dt.date) -> dict[str, str]:
    """Value by rule code of the general rules (those for all agencies) in force on `day`, as the seed writes them."""
    with (settings.dbt_project / "seeds" / "rules.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if not row["agency_id"]]
    iso = day.isoformat()
    valid = [row for row in rows if row["valid_from"] <= iso and (not row["valid_to"] or iso <= row["valid_to"])]
    return {row["rule_code"]: row["value"] for row in sorted(valid, key=lambda row: row["valid_from"])}


def rule_number(settings: Settings, code: str, day: dt.date) -> float:
    """The number that a rule sets on `day`.

    Raises:
        RuleError: no rule of that code is in force, or its value is no number.
    """
    try:
        return float(rules_in_force(settings, day)[code])
    except (KeyError, ValueError):
        raise RuleError(
            f"No rule in force on {day} gives {code} as a number: add or mend its row in dbt_project/seeds/rules.csv."
        ) from None
