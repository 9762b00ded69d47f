"""The dated rows that decide how a plan weighs things, as a run found them; a run without one of them does not start."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import MISSING, asdict, dataclass, fields

import duckdb

from mutasi.errors import NeedsAPerson

# Rows that neither make pairs lawful nor change how they fit.
ABOUT_PAIRS = frozenset(
    (
        "cap_leaving_unit_pct",
        "cap_leaving_unit_people",
        "cap_moves_per_agency",
        "cap_priority_per_agency",
        "critical_weight",
        "distance_cost_per_km",
        "involuntary_allowed",
        "involuntary_cost",
        "minimum_fit",
        "minimum_gain",
        "move_cost",
        "relocation_budget",
        "switching_cost",
    )
)

# Rows that act before a run's inputs are frozen, which therefore cannot be planned again under others.
BEFORE_A_RUN = frozenset(("plan_stale_after_days", "refusal_lasts_months"))

# What a row may hold, of all agencies or of one; those not named here hold a whole number. Nine digits, for costs are multiplied.
WHOLE = "a whole number of at most nine digits, not below 0"
ABOVE = "a whole number of at most nine digits, above 0"  # what is divided by
HOLDS = {
    "scope": ("intra_agency", "inter_agency"),
    "donor_floor": ("need", "equal_pressure"),
    "joint_move_area": ("district", "regency"),
    "involuntary_allowed": ("0", "1"),
    "relocation_budget": ("unlimited", WHOLE),
    "distance_zero_km": (ABOVE,),
    "experience_full_months": (ABOVE,),
    "training_full_hours": (ABOVE,),
}


class PolicyError(NeedsAPerson):
    """A row of the policy is missing or holds what it may not; the sentence names it."""


def _check(code: str, value: str, agency: str | None) -> None:
    """Refuse a row that holds what nobody can plan by; a word misspelt would else silently count as another one."""
    holds = HOLDS.get(code, (WHOLE,))
    is_whole = re.fullmatch("[0-9]{1,9}", value) is not None
    if value not in holds and not (is_whole and (WHOLE in holds or (ABOVE in holds and int(value) > 0))):
        of = f" of {agency}" if agency else ""
        raise PolicyError(
            f"The policy{of} cannot be {code}={value}: this row of dbt_project/seeds/transfer_policy.csv holds {' or '.join(holds)}."
        )


@dataclass(frozen=True)
class Policy:
    """Weights in points of 100, prices in thousandths of a person's relief, caps in people, moves, percent or million rupiah."""

    minimum_gain: int
    minimum_fit: int
    switching_cost: int
    weight_education: int
    weight_competence: int
    weight_experience: int
    weight_performance: int
    weight_potential: int
    weight_preference: int
    weight_distance: int
    weight_ground: int
    weight_due: int
    experience_full_months: int
    training_full_hours: int
    distance_zero_km: int
    distance_cost_per_km: int
    move_cost: int
    involuntary_allowed: int
    involuntary_cost: int
    critical_weight: int
    cap_leaving_unit_people: int
    cap_leaving_unit_pct: int
    cap_moves_per_agency: int
    cap_priority_per_agency: int
    relocation_cost: int
    relocation_cost_per_km: int
    relocation_budget: int | None = None  # "unlimited" in the policy

    @classmethod
    def read(cls, con: duckdb.DuckDBPyConnection) -> Policy:
        """The rows of `transfer_policy` in force on the day of `publication`, for all agencies; those of one agency are checked too.

        Raises:
            PolicyError: a row is missing, or holds neither a whole number nor a word that it may hold.
        """
        rows = con.execute(
            """
            select policy_code, coalesce(value, ''), agency_id
            from transfer_policy, publication
            where valid_from <= as_of and coalesce(valid_to >= as_of, true)
            order by policy_code, agency_id, valid_from
            """
        ).fetchall()
        for code, value, agency in rows:
            _check(code, value, agency)
        names = {field.name for field in fields(cls)}
        found = {
            code: None if value == "unlimited" else int(value) for code, value, agency in rows if agency is None and code in names
        }
        missing = [field.name for field in fields(cls) if field.name not in found and field.default is MISSING]
        if missing:
            raise PolicyError(
                f"The policy has no row for {', '.join(missing)}: add it to dbt_project/seeds/transfer_policy.csv as a "
                "whole number with its source and first day, then refresh."
            )
        return cls(**found)  # type: ignore[arg-type]

    def keeps_pairs(self, before: Policy, changed: Collection[str]) -> bool:
        """Whether the rows that changed allow no pair that was not allowed before: they price pairs, or forbid more of them."""
        allows_no_more = self.minimum_fit >= before.minimum_fit and self.involuntary_allowed in (0, before.involuntary_allowed)
        return ABOUT_PAIRS.issuperset(changed) and allows_no_more

    def as_dict(self) -> dict[str, int | None]:
        """The rows under their codes."""
        return asdict(self)
