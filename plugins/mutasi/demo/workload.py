"""Writes the workload sheets (ABK) that express each post's need, with the drafts and older years that must not count.

Volumes are multiples of a quarter, so that every sum is exact in binary floating point, and no post's need falls on a half,
so that rounding half-up has one answer in any engine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mutasi.demo.catalogue import TASKS
from mutasi.demo.posts import JOB_KIND, Floats, Ints, Posts, Texts

# PermenPANRB 1/2020: 1,250 effective hours a year; the demo's population is built to this norm, the warehouse reads its own row
EFFECTIVE_MINUTES = 75_000
PERIODS = np.array(["year", "month", "week", "day"], dtype=object)
FACTORS = np.array([1, 12, 50, 250], dtype=np.int64)
NORMS = np.array([15, 30, 45, 60, 90, 120, 180, 240, 300], dtype=np.int64)


@dataclass
class Sheets:
    """Task rows: `post` is the row number of the post, `volume` counts quarters."""

    post: Ints
    year: Ints
    task: Ints
    task_name: Texts
    quarters: Ints
    period: Texts
    minutes: Ints
    is_final: Texts


def build_sheets(posts: Posts, year: int, rng: np.random.Generator) -> Sheets:
    """Sheets of the years `year` - 2 to `year`; the last complete year is `year` - 1."""
    n = len(posts)
    draft_only = (posts.unit_plant[posts.unit] == "draft_only") | (rng.random(n) < 0.015)
    protected = (posts.plant != "") | np.isin(posts.unit_plant[posts.unit].astype(str), ("overloaded", "idle", "mixed"))
    draft_only &= ~protected
    none = (rng.random(n) < 0.02) & ~protected & ~posts.is_head & ~draft_only
    late = (rng.random(n) < 0.06) & ~protected
    older, draft = rng.random(n) < 0.30, rng.random(n) < 0.12
    wobble = rng.uniform(0.85, 1.10, n)
    every = np.arange(n)
    parts = [
        (every[~none & ~draft_only], np.where(late, year - 2, year - 1), np.ones(n), "final"),
        (every[~none & ~draft_only & ~late & older], np.full(n, year - 2), wobble, "final"),
        (every[draft_only | (draft & ~none)], np.full(n, year), wobble * 1.15, "draft"),
    ]
    post = np.concatenate([rows for rows, *_ in parts])
    years = np.concatenate([value[rows] for rows, value, *_ in parts])
    need = np.concatenate([posts.need[rows] * factor[rows] for rows, _, factor, _ in parts])
    status = np.concatenate([np.full(len(rows), word, dtype=object) for rows, _, _, word in parts])
    return _tasks(posts, post, years, need, status, rng)


def _tasks(posts: Posts, post: Ints, years: Ints, need: Floats, status: Texts, rng: np.random.Generator) -> Sheets:
    """Split each sheet's need over two to four tasks."""
    count = rng.integers(2, 5, len(post))
    sheet = np.repeat(np.arange(len(post)), count)
    first = np.concatenate(([0], np.cumsum(count)[:-1])) if len(count) else count
    task = np.arange(len(sheet)) - first[sheet]
    share = rng.uniform(0.5, 1.5, len(sheet))
    share /= np.bincount(sheet, share, minlength=len(post))[sheet]
    period, minutes = rng.choice(4, len(sheet), p=(0.45, 0.3, 0.15, 0.1)), rng.choice(NORMS, len(sheet))
    factor = FACTORS[period]
    quarters = np.maximum(1, np.rint(4 * share * need[sheet] * EFFECTIVE_MINUTES / (factor * minutes))).astype(np.int64)
    quarters = np.where(quarters >= 40, quarters // 4 * 4, quarters)
    total = np.bincount(sheet, (quarters * factor * minutes).astype(np.float64), minlength=len(post)).astype(np.int64)
    whole = 4 * EFFECTIVE_MINUTES
    on_a_half = (2 * total) % (2 * whole) == whole
    if len(post):
        quarters[first[on_a_half]] += 1
    kinds = np.where(posts.is_head, "head", JOB_KIND[posts.job])[post[sheet]]
    names = np.full(len(sheet), "", dtype=object)
    for kind, texts in TASKS.items():
        rows = kinds == kind
        names[rows] = np.array(texts, dtype=object)[task[rows]]
    order = np.lexsort((task, years[sheet], post[sheet]))
    values = (post[sheet], years[sheet], task + 1, names, quarters, PERIODS[period], minutes, status[sheet])
    return Sheets(*(value[order] for value in values))
