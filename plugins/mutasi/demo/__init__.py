"""Generated agencies with known truth and known defects, at any size; every person in them is fictitious.

The truth lies in `<home>/demo/truth/` as Parquet:

positions.parquet, one row per post of the clean population on the day shown
    agency_id, unit_id, position_id
    method                  abk; wisn for nurses of hospitals and guru for schools that send their classes; NULL without a need
    abk_year                latest year with a final sheet (guru: the school year), NULL when there is none
    need_fte                abk: volume × period factor × minutes, summed over that year's final tasks, over 75,000 minutes; wisn:
                            that × 1/(1 − category allowance) + individual hours / 1,250; guru: classes, or hours / 24
    has_final_abk           false: the need is unknown, not 0
    establishment_approved  seats approved
    holders_definitive      people with a current definitive (D) assignment, whatever their legal status
    staff_present_fte       the same people without those away (legal status 02, 03, 99 …), part-time PPPK by their fte;
                            acting and additional duties never count
    acting_holders          people acting (PLT) on the post; the post stays vacant
    is_critical             declared critical
    committed_seats         seats in recruitment or promised to a move under way
    open_seats              max(0, min(need rounded, establishment) − holders − committed); NULL without a need; rounded half up,
                            teachers by the published table

plants.parquet, what was planted on purpose
    agency_id, plant, unit_id, position_id (NULL for a whole unit)
    units: overloaded (need far above staff, need ≥ 5), idle, mixed (surplus beside shortage), draft_only (need unknown)
    posts: empty_post (several seats, nobody), critical_vacant (single seat, nobody), plt_only (single seat, acting only)

people.parquet, people planted for one rule of transfers each, without another fault unless a defect hits them
    agency_id, nip, plant
    rule_code               person rule; D3: never for a post of their own subject; LOCK: under a lock; '' = no rule fails
    outcome                 NOT_ELIGIBLE, REVIEW, PASSED, NOT_CHECKED (the agency sends no such data), ELIGIBLE, or the kind of lock
                            ('' = none)

defects.parquet, one row per defective source row
    agency_id, dataset, defect, column_name, meaning
    loses_row               the row itself cannot be used (copies included: of equal rows, one stays usable)
    record_key              key columns as the defective row has them, joined by '|', an empty one as ''
    unit_id, position_id    the post that the row touches: when a person becomes unusable, this post is to be reviewed
"""

from mutasi.demo.generator import NIGHTS, SEED, SIASN_PORT, generate
from mutasi.demo.truth import Truth

__all__ = ["NIGHTS", "SEED", "SIASN_PORT", "Truth", "generate"]
