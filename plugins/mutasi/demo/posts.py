"""Gives every unit its posts, decides how many people each post needs, may have and has, and plants the imbalances.

Vacancies come out at 15–25 % of the need. Planted units and posts are drawn first and named, so that a test can ask whether
the marts found exactly them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mutasi.demo.catalogue import HEAD_KINDS, JOBS, POSTS
from mutasi.demo.structure import Units

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Texts = NDArray[Any]

MEAN_FILL = 0.80
PLANT_MIN_NEED = 5.0
JOB_ROW = {job.job_id: row for row, job in enumerate(JOBS)}
JOB_KIND = np.array([job.kind for job in JOBS], dtype=object)
JOB_IS_HEAD = np.isin(JOB_KIND.astype(str), HEAD_KINDS)


@dataclass
class Posts:
    """One row per post group of an agency.

    `need` is the workload in full-time staff that the sheets will express, `holders` the people to be generated for it,
    `plant` the name of what was planted on the post ('' = nothing), `unit_plant` the same by unit.
    """

    unit: Ints
    job: Ints
    sub_job: Texts
    need: Floats
    holders: Ints
    establishment: Ints
    is_critical: Flags
    plant: Texts
    unit_plant: Texts

    def __len__(self) -> int:
        return len(self.unit)

    @property
    def is_head(self) -> Flags:
        """Posts of structural officials: one seat each."""
        flags: Flags = JOB_IS_HEAD[self.job]
        return flags

    def without_surplus(self) -> Posts:
        """The same posts in an agency that is short everywhere: no post has more people than it needs or may have."""
        need = np.where(self.is_head, self.need, np.maximum(self.need, self.holders * 1.1))
        establishment = np.maximum(self.establishment, np.floor(need + 0.5).astype(np.int64))
        unit_plant = np.where(np.isin(self.unit_plant.astype(str), ("idle", "mixed")), "", self.unit_plant)
        return replace(self, need=need, establishment=establishment, unit_plant=unit_plant)


def build_posts(units: Units, people: int, rng: np.random.Generator) -> Posts:
    """Posts whose holders add up to `people` exactly (unless heads alone exceed them)."""
    unit, job, sub_job, weight = _multiply(units, rng)
    n, head = len(unit), JOB_IS_HEAD[job]
    weight = np.where(head, 1.0, weight * np.exp(rng.normal(0, 0.3, n)))
    unit_fill = np.clip(np.exp(rng.normal(np.log(MEAN_FILL), 0.16, len(units.name))), 0.45, 1.3)
    fill = unit_fill[unit] * np.clip(np.exp(rng.normal(0.0, 0.12, n)), 0.6, 1.5)
    plant, unit_plant = np.full(n, "", dtype=object), np.full(len(units.name), "", dtype=object)
    size = np.bincount(unit[~head], weight[~head], minlength=len(units.name)).astype(np.float64)
    _plant_units(unit, head, size, fill, unit_plant, rng)
    head_rate = min(0.92, 0.3 * people / max(1, int(head.sum())))
    heads = (rng.random(n) < head_rate).astype(np.int64)
    _plant_posts(unit, head, weight, heads, plant, unit_plant, rng)
    fill[plant == "empty_post"] = 0.0
    need, holders = _scaled(weight, fill, head, heads, people, rng)
    need = np.where(head, rng.uniform(0.80, 1.30, n), need)
    rounded = np.floor(need + 0.5).astype(np.int64)
    shift = rng.choice(np.array([0, 0, 0, 0, 0, 0, 0, 1, -1, -1]), n)
    planted = (plant != "") | (unit_plant[unit] != "")
    establishment = np.where(head, 1, np.where(planted, rounded, np.maximum(rounded + shift, 0)))
    establishment = np.where(rng.random(n) < 0.8, np.maximum(establishment, np.minimum(holders, rounded + 1)), establishment)
    critical = (plant == "critical_vacant") | (rng.random(n) < 0.004)
    return Posts(unit, job, sub_job, need, holders, establishment.astype(np.int64), critical, plant, unit_plant)


def _multiply(units: Units, rng: np.random.Generator) -> tuple[Ints, Ints, Texts, Floats]:
    """Units times the posts of their kind, in the order of the units."""
    kinds = np.array(units.kind)
    parts: list[tuple[Ints, int, str | None, float, int]] = []
    for kind, templates in POSTS.items():
        rows = np.flatnonzero(kinds == kind)
        for place, post in enumerate(templates):
            kept = rows if post.pct == 100 else rows[rng.random(len(rows)) * 100 < post.pct]
            parts.append((kept, JOB_ROW[post.job_id], post.sub_job, post.weight, place))
    unit = np.concatenate([rows for rows, *_ in parts])
    sizes = [len(rows) for rows, *_ in parts]
    order = np.lexsort((np.repeat([p[4] for p in parts], sizes), unit))
    job = np.repeat(np.array([p[1] for p in parts]), sizes)
    sub_job = np.repeat(np.array([p[2] for p in parts], dtype=object), sizes)
    weight = np.repeat(np.array([p[3] for p in parts]), sizes)
    return unit[order], job[order], sub_job[order], weight[order]


def _plant_units(unit: Ints, head: Flags, size: Floats, fill: Floats, plant: Texts, rng: np.random.Generator) -> None:
    """Overloaded, idle, mixed and draft-only units, drawn among those large enough to be ranked."""
    large = np.flatnonzero(size >= PLANT_MIN_NEED)
    chosen = rng.permutation(large)
    each = max(1, len(large) // 60)
    for number, kind in enumerate(("overloaded", "idle", "mixed", "draft_only")):
        plant[chosen[number * each : (number + 1) * each]] = kind
    kinds = plant[unit]
    fill[kinds == "overloaded"] = 0.35
    fill[kinds == "idle"] = 1.7
    mixed = np.flatnonzero((kinds == "mixed") & ~head)
    turn = mixed - np.searchsorted(unit, unit[mixed])
    fill[mixed] = np.where(turn % 2 == 0, 2.3, 0.15)


def _plant_posts(
    unit: Ints, head: Flags, weight: Floats, heads: Ints, plant: Texts, unit_plant: Texts, rng: np.random.Generator
) -> None:
    """Empty posts among ordinary units; critical and acting-only posts among the single-seat ones."""
    ordinary = unit_plant[unit] == ""
    several = rng.permutation(np.flatnonzero(ordinary & ~head & (weight >= 1.8)))
    plant[several[: max(1, len(several) // 60)]] = "empty_post"
    single = rng.permutation(np.flatnonzero(ordinary & head))
    each = max(1, len(single) // 40)
    plant[single[:each]] = "critical_vacant"
    plant[single[each : 2 * each]] = "plt_only"
    heads[(plant == "critical_vacant") | (plant == "plt_only")] = 0


def _scaled(weight: Floats, fill: Floats, head: Flags, heads: Ints, people: int, rng: np.random.Generator) -> tuple[Floats, Ints]:
    """Scale the need until the holders add up to `people`; what rounding leaves is spread over posts of several seats."""
    chance = rng.random(len(weight))

    def seated(scale: float) -> tuple[Floats, Ints]:
        need = np.maximum(weight * scale, 0.55)
        return need, np.where(head, heads, np.floor(need * fill + chance)).astype(np.int64)

    low, high = 0.0, 4.0
    while int(seated(high)[1].sum()) < people and high < 1e6:
        high *= 2
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if int(seated(middle)[1].sum()) < people else (low, middle)
    need, holders = seated(high)
    rest = int(holders.sum()) - people
    seats = rng.permutation(np.flatnonzero(~head & (holders >= 1)))[: abs(rest)]
    holders[seats] -= int(np.sign(rest))
    while (rest := int(holders.sum()) - people) > 0:
        holders[np.flatnonzero(holders > 0)[-rest:]] -= 1
    return need, holders
