"""The columns that publishing reads from a run's tables; a run may have more, and where it has fewer the sheets stay empty there."""

from __future__ import annotations

T, N, D, B = "varchar", "bigint", "double", "boolean"

_FIT = ("education", "competence", "experience", "performance", "potential", "preference", "distance", "ground", "due")
_SIDES = {
    f"{side}_{name}": kind
    for side in ("origin", "dest")
    for name, kind in (("need", D), ("staff_before", D), ("staff_after", D), ("pressure_before", D), ("pressure_after", D))
}

CONTRACT: dict[str, tuple[str, dict[str, str]]] = {
    "transfer_posts": (
        "inputs",
        {
            "post_id": T, "agency_id": T, "unit_id": T, "position_id": T, "unit_name": T, "job_id": T, "job_name": T, "job_kind": T,
            "job_level": T, "sub_job": T, "job_class": N, "job_family": T, "need_fte": D, "need_seats": N, "staff_definitive": N,
            "staff_present_fte": D, "open_seats": N, "releasable": N, "is_critical": B, "abk_year": N, "state": T, "state_reason": T,
        },
    ),
    "transfer_people": (
        "inputs",
        {
            "person_id": T, "agency_id": T, "post_id": T, "outcome": T, "failed_rules": T, "review_rules": T, "unchecked_rules": T,
            "employment_status": T, "job_family": T, "proved_sub_job": T, "education_field": T, "months_in_post": N, "is_due": B,
            "performance_points": N, "predicate_last_year": T, "predicate_year_before": T, "potential_box": N, "has_verified_ground": B,
            "accepts_inter_agency": B,
        },
    ),
    "transfer_wishes": ("inputs", {"person_id": T, "wish_rank": N, "wish_kind": T, "wish_value": T}),
    "transfer_rules": ("inputs", {"rule_code": T, "title": T, "stage": T, "source": T, "valid_from": "date"}),
    "transfer_routes": (
        "inputs",
        {
            "origin_agency_id": T, "destination_agency_id": T, "route_code": T, "opinion": T, "through": T, "decided_by": T, "source": T,
        },
    ),
    "route_documents": ("inputs", {"document_code": T, "title": T, "provided_by": T}),
    "transfer_policy": ("inputs", {"policy_code": T, "value": T, "unit": T, "source": T, "valid_from": "date"}),
    "candidates": (
        "out",
        {
            "candidate_id": T, "solve": T, "part": T, "rank": N, "person_id": T, "from_post_id": T, "to_post_id": T, "agency_from": T,
            "agency_to": T, "chain_id": T, "chain_order": N, "chain_kind": T, "fit_points": N, **{f"fit_{name}": N for name in _FIT},
            "gain": N, "price_of_refusal": N, "runner_up_person_id": T, "runner_up_price": N, "ties": N, "initiative": T,
            "is_critical_post": B, **_SIDES, "route_code": T, "missing_documents": T, "reasons": T,
        },
    ),
    "unfilled_posts": (
        "out",
        {
            "post_id": T, "seats": N, "reason_code": T, "people_competing": N, "costliest_rule_code": T, "people_lost_by_rule": N,
            "hall_group": T,
        },
    ),
    "why_not": ("out", {"person_id": T, "outcome": T, "best_post_id": T, "reason_code": T, "price": N, "failed_rules": T}),
    "unlocks": ("out", {"person_id": T, "rule_code": T, "item": T, "post_id": T, "gain": N}),
    "frontier": (
        "out",
        {"point": T, "moves": N, "involuntary_moves": N, "imbalance": D, "critical_unfilled": N, "is_published": B},
    ),
    "units": (
        "out",
        {
            "agency_id": T, "unit_id": T, "need_fte": D, "staff_before": D, "staff_after": D, "pressure_before": D, "pressure_after": D,
            "moves_in": N, "moves_out": N,
        },
    ),
}  # fmt: skip
