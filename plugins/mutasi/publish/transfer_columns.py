"""The tables of a run that publishing reads, with the columns it needs; where a run has fewer, the sheets stay empty there."""

from __future__ import annotations

T, N, D, B, DAY = "varchar", "bigint", "double", "boolean", "date"

INPUTS: dict[str, dict[str, str]] = {
    "transfer_posts": {
        "post_id": T, "agency_id": T, "unit_id": T, "position_id": T, "unit_name": T, "job_id": T, "job_name": T, "job_kind": T, "job_level": T,
        "sub_job": T, "job_class": N, "job_family": T, "need_fte": D, "need_seats": N, "staff_definitive": N, "staff_present_fte": D,
        "open_seats": N, "releasable": N, "is_critical": B, "abk_year": N, "unit_route_code": T, "state": T, "state_reason": T,
    },
    "transfer_people": {
        "person_id": T, "agency_id": T, "post_id": T, "outcome": T, "failed_rules": T, "review_rules": T, "unchecked_rules": T,
        "employment_status": T, "job_family": T, "proved_sub_job": T, "education_field": T, "months_in_post": N, "is_due": B,
        "performance_points": N, "predicate_last_year": T, "predicate_year_before": T, "potential_box": N, "has_verified_ground": B,
        "accepts_inter_agency": B,
    },
    "transfer_wishes": {"person_id": T, "wish_rank": N, "wish_kind": T, "wish_value": T},
    "transfer_eligibility": {"agency_id": T, "rule_code": T, "limit_value": T},
    "transfer_rules": {"rule_code": T, "title": T, "stage": T, "missing_item": T, "source": T, "valid_from": DAY},
    "transfer_routes": {
        "origin_agency_id": T, "destination_agency_id": T, "route_code": T, "is_override": B, "job_kinds": T, "opinion": T, "through": T,
        "decided_by": T, "source": T,
    },
    "route_documents": {"document_code": T, "title": T, "initiative": T, "route_codes": T, "provided_by": T, "source": T, "valid_from": DAY},
    "transfer_policy": {"policy_code": T, "value": T, "unit": T, "source": T, "valid_from": DAY},
}  # fmt: skip
_FIT = (
    "points", "education", "competence", "experience", "performance", "potential", "preference", "distance", "ground", "due", "possible",
)  # fmt: skip
_SIDE = ("need", "staff_before", "staff_after", "pressure_before", "pressure_after")

OUTPUTS: dict[str, dict[str, str]] = {
    "candidates": {
        "candidate_id": T, "solve": T, "part": T, "rank": N, "person_id": T, "from_post_id": T, "to_post_id": T, "agency_from": T, "agency_to": T,
        "chain_id": T, "chain_order": N, "chain_kind": T, **{f"fit_{name}": N for name in _FIT}, "km_saved": N, "gain": N, "gain_critical": N, "price_of_refusal": N,
        "price_of_refusal_critical": N, "price_of_refusal_fit": N, "refusal_is_exact": B, "runner_up_person_id": T, "ties": N, "initiative": T,
        "is_critical_post": B, **{f"{side}_{name}": D for side in ("origin", "dest") for name in _SIDE}, "route_code": T,
        "missing_documents": T, "companion_person_id": T,
    },
    "unfilled_posts": {
        "post_id": T, "seats": N, "reason_code": T, "people_competing": N, "costliest_rule_code": T, "people_lost_by_rule": N,
    },
    "why_not": {"person_id": T, "outcome": T, "best_post_id": T, "reason_code": T, "price": N, "failed_rules": T},
    "three_names": {"post_id": T, "agency_id": T, "place": N, "person_id": T, "way": T, "fit_points": N, "review_rules": T, "missing_items": T},
    "unlocks": {"person_id": T, "rule_code": T, "item": T, "post_id": T, "gain": N},
    "frontier": {"point": T, "moves": N, "involuntary_moves": N, "imbalance": D, "critical_unfilled": N, "is_published": B},
    "units": {
        "agency_id": T, "unit_id": T, "need_fte": D, "staff_before": D, "staff_after": D, "pressure_before": D, "pressure_after": D,
        "moves_in": N, "moves_out": N,
    },
}  # fmt: skip
