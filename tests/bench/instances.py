"""Synthetic planning problems from a city to the nation: lognormal agencies, skewed jobs, 38 provinces, 20 edges a person.

Surplus and shortage differ by agency, as they do in the civil service: some are short everywhere, some have people to give.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mutasi.recommend.problem import Problem
from mutasi.recommend.ties import tie_figures

EDGES_PER_PERSON = (8, 6, 6)  # within the own agency, the own province, the nation


@dataclass(frozen=True)
class Scale:
    """How many employees, how many of them may move, and how many seats stand open."""

    employees: int
    eligible: int
    openings: int


SCALES = {
    "city": Scale(5_000, 1_500, 500),
    "province": Scale(200_000, 60_000, 20_000),
    "million": Scale(1_000_000, 200_000, 80_000),
    "national": Scale(5_000_000, 600_000, 300_000),
}


@dataclass(frozen=True)
class Posts:
    """Where each post is, what job, how many hold it and how many it needs."""

    agency: npt.NDArray[np.int64]
    province: npt.NDArray[np.int64]
    job: npt.NDArray[np.int64]
    at: npt.NDArray[np.float64]
    staff: npt.NDArray[np.int64]
    need: npt.NDArray[np.int64]


def instance(scale: Scale, seed: int = 1) -> Problem:
    """A problem of this size; the same seed gives the same numbers."""
    rng = np.random.default_rng(seed)
    posts = _posts(scale, rng)
    surplus = np.maximum(posts.staff - posts.need, 0)
    home = rng.choice(np.repeat(np.arange(len(posts.job)), posts.staff), scale.eligible, replace=False)
    at_home = np.bincount(home, minlength=len(posts.job))
    edge_person, edge_post = _edges(posts, home, at_home, rng)
    seat_post, penalty = _seats(posts, rng)
    cost = _costs(posts, home, edge_person, edge_post, rng)
    person_ids = np.char.add("P", np.char.mod("%08d", np.arange(scale.eligible)))
    post_ids = np.char.add("D", np.char.mod("%08d", np.arange(len(posts.job))))
    cost[:, 4] = tie_figures(person_ids, post_ids, edge_person, edge_post)
    return Problem.of(
        person_ids,
        home.astype(np.int32),
        post_ids,
        np.maximum(0, at_home - surplus),
        seat_post.astype(np.int32),
        penalty,
        edge_post.astype(np.int32),
        edge_person.astype(np.int32),
        cost,
    )


def _posts(scale: Scale, rng: np.random.Generator) -> Posts:
    """Posts of agencies of lognormal size; the open seats come to about the scale's openings."""
    count = scale.employees // 7
    agencies = max(1, scale.employees // 7_800)
    size = rng.lognormal(0, 1, agencies)
    agency = np.sort(rng.choice(agencies, count, p=size / size.sum()))
    province_of = rng.integers(0, min(38, agencies), agencies)
    job = np.minimum(rng.zipf(1.4, count), 60) - 1
    corner = rng.uniform(0, 2_000, (38, 2))[province_of]
    at = (corner + rng.normal(0, 60, (agencies, 2)))[agency] + rng.normal(0, 8, (count, 2))
    staff = rng.poisson(7, count)
    pressure = np.exp(rng.normal(0, 0.25, agencies))[agency] * np.exp(rng.normal(0, 0.35, count))
    need = np.maximum(1, np.rint(staff * pressure)).astype(np.int64)
    short = np.maximum(need - staff, 0)
    seats = np.repeat(np.arange(count), short)
    kept = rng.choice(seats, min(scale.openings, len(seats)), replace=False)
    need = np.where(short > 0, staff + np.bincount(kept, minlength=count), need)
    return Posts(agency, province_of[agency], job, at, staff, need)


def _edges(
    posts: Posts, home: npt.NDArray[np.int64], at_home: npt.NDArray[np.int64], rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Pairs of person and post with the same job: near ones first, in agency, province and nation."""
    wanted = (posts.need > posts.staff) | (at_home > 0)
    pairs = []
    for area, wide in zip((posts.agency, posts.province, np.zeros_like(posts.agency)), EDGES_PER_PERSON, strict=True):
        key = (area * 64 + posts.job).astype(np.int64)
        offered = np.flatnonzero(wanted)
        offered = offered[np.argsort(key[offered], kind="stable")]
        first, last = np.searchsorted(key[offered], key[home]), np.searchsorted(key[offered], key[home], side="right")
        some = first + (rng.random((wide, len(home))) * (last - first)).astype(np.int64)
        there = np.broadcast_to(last > first, some.shape)
        person = np.broadcast_to(np.arange(len(home)), some.shape)
        pairs.append(person[there] * len(posts.job) + offered[some[there]])
    pair = np.unique(np.concatenate(pairs))
    person, post = pair // len(posts.job), pair % len(posts.job)
    moves = home[person] != post
    return person[moves], post[moves]


def _seats(posts: Posts, rng: np.random.Generator) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Vacant seats with their convex loss, one post in six critical."""
    short = np.maximum(posts.need - posts.staff, 0)
    seat_post = np.repeat(np.arange(len(short)), short)
    nth = np.arange(len(seat_post)) - np.repeat(np.cumsum(short) - short, short)
    need, staff = posts.need[seat_post], posts.staff[seat_post] + nth
    loss = np.rint(1_000 * ((need - staff) ** 2 - (need - staff - 1) ** 2) / need).astype(np.int64)
    critical = (rng.random(len(short)) < 1 / 6)[seat_post].astype(np.int64)
    none = np.zeros(len(seat_post), np.int64)
    return seat_post, np.column_stack([critical, loss, none, none, none])


def _costs(
    posts: Posts,
    home: npt.NDArray[np.int64],
    person: npt.NDArray[np.int64],
    post: npt.NDArray[np.int64],
    rng: np.random.Generator,
) -> npt.NDArray[np.int64]:
    """What a move costs: a least gain, missing fit in points, distance."""
    far = np.hypot(*(posts.at[home[person]] - posts.at[post]).T)
    misfit = np.clip(rng.integers(0, 40, len(home))[person] + rng.integers(0, 60, len(person)), 0, 100)
    effort = 10 + np.rint(far / 10).astype(np.int64)
    none = np.zeros(len(person), np.int64)
    return np.column_stack([none, np.full(len(person), 100), misfit, effort, none])
