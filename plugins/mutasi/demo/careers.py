"""Puts people into posts over time: the post held now, earlier posts, acting and additional duties, and what changes by night.

About 0.2 % of the people change each night for sixty nights: some arrive or leave, some move to another unit, some are
promoted or move house. Everything is drawn once for all nights, so a later night differs from an earlier one by its events
alone.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from mutasi.demo.catalogue import JOBS, TEACHER
from mutasi.demo.population import GOLONGAN, Dates, People
from mutasi.demo.posts import JOB_KIND, Flags, Floats, Ints, Posts, Texts

NIGHTS = 60
ARRIVALS = 0.018
CHANGES_PER_NIGHT = 0.0017
EVENTS, EVENT_SHARES = np.array(["promoted", "home", "moved", "left"], dtype=object), (0.35, 0.27, 0.22, 0.16)
NEVER = np.datetime64("NaT")


@dataclass
class Assignments:
    """One row per person, post, kind and start. `number` identifies the row over all nights."""

    number: Ints
    person: Ints
    post: Ints
    kind: Texts
    valid_from: Dates
    valid_to: Dates
    fte: Floats
    is_elsewhere: Flags


@dataclass
class Events:
    """What happens to each person and in which night (0 = nothing within the horizon)."""

    kind: Texts
    night: Ints

    def shown(self, night: int) -> Flags:
        """Who is on the books in a night."""
        arrived = (self.kind != "new") | (self.night <= night)
        shown: Flags = arrived & ((self.kind != "left") | (self.night > night))
        return shown

    def passed(self, kind: str, night: int) -> Flags:
        """Whose event of that kind has happened by a night."""
        flags: Flags = (self.kind == kind) & (self.night <= night)
        return flags


def draw_events(people: People, arrivals: int, is_head: Flags, rng: np.random.Generator) -> Events:
    """The events of all nights; structural officials and people without a post have none."""
    n = len(people)
    ordinary = np.flatnonzero((people.post >= 0) & ~is_head)
    roll = rng.random(n)
    kind = np.where(roll < CHANGES_PER_NIGHT * NIGHTS, EVENTS[rng.choice(len(EVENTS), n, p=EVENT_SHARES)], "")
    night = np.where(kind != "", 1 + np.floor(roll / CHANGES_PER_NIGHT).astype(np.int64), 0)
    closed = np.ones(n, dtype=bool)
    closed[ordinary] = False
    kind[closed], night[closed] = "", 0
    new = rng.permutation(ordinary)[:arrivals]
    kind[new], night[new] = "new", rng.integers(1, NIGHTS + 1, len(new))
    return Events(kind.astype(object), night)


def live_through(people: People, events: Events, base: dt.date, night: int, districts: list[str]) -> None:
    """Apply promotions and moves of house up to a night to the people themselves."""
    promoted = np.flatnonzero(events.passed("promoted", night))
    codes = people.golongan[promoted]
    rank = np.searchsorted(GOLONGAN.astype(str), codes.astype(str)).clip(0, len(GOLONGAN) - 1)
    raised = GOLONGAN[np.minimum(rank + 1, len(GOLONGAN) - 1)]
    people.golongan[promoted] = np.where(GOLONGAN[rank] == codes, raised, codes)
    people.golongan_since[promoted] = np.datetime64(base) + events.night[promoted]
    home = np.flatnonzero(events.passed("home", night))
    known = np.array(sorted(districts), dtype=object)
    place = np.searchsorted(known.astype(str), people.home[home].astype(str))
    people.home[home] = known[(place + 1) % len(known)]


def build_assignments(
    posts: Posts, people: People, events: Events, base: dt.date, night: int, rng: np.random.Generator
) -> Assignments:
    """All assignments as the books show them in a night; rows of people who are not on the books are left out."""
    today = np.datetime64(base)
    n, seated = len(people), np.flatnonzero(people.post >= 0)
    head = np.zeros(n, dtype=bool)
    head[seated] = posts.is_head[people.post[seated]]
    back = rng.integers(30, np.where(head, 2000, 4400), n).astype("timedelta64[D]")
    start = np.maximum(today - back, people.tmt)
    arriving = events.kind == "new"
    start = np.where(arriving, today + events.night, start)
    fte = np.where(people.status == "PPPK_PW", 0.5, np.nan)
    peers = _peers(posts, rng)
    parts = [
        _current(people, events, start, seated, today, night, fte),
        _moved(people, events, peers, today, night, fte),
        _earlier(people, start, seated, peers, head, arriving, rng),
        _acting(posts, people, seated[head[seated]], today, rng),
        _additional(posts, people, seated, start, rng),
        _without_post(people, posts, today, rng),
    ]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    number = np.concatenate([part[0] + (i << 32) for i, part in enumerate(parts)])
    kept = events.shown(night)[columns[0]]
    person, post, kind, valid_from, valid_to, share, elsewhere = (column[kept] for column in columns)
    return Assignments(number[kept], person, post, kind, valid_from, valid_to, share, elsewhere.astype(bool))


Part = tuple[Ints, Ints, Texts, Dates, Dates, Floats, Flags]


def _part(person: Ints, post: Ints, kind: str, start: Dates, end: Dates | None = None, fte: Floats | None = None) -> Part:
    n = len(person)
    ends = np.full(n, NEVER, dtype="datetime64[D]") if end is None else end
    shares = np.full(n, np.nan) if fte is None else fte
    return person, post, np.full(n, kind, dtype=object), start, ends, shares, np.zeros(n, dtype=bool)


def _current(people: People, events: Events, start: Dates, seated: Ints, today: np.datetime64, night: int, fte: Floats) -> Part:
    gone = events.passed("moved", night)
    end = np.where(gone, today + events.night - 1, NEVER)
    return _part(seated, people.post[seated], "D", start[seated], end[seated], fte[seated])


def _moved(people: People, events: Events, peers: Ints, today: np.datetime64, night: int, fte: Floats) -> Part:
    moved = np.flatnonzero(events.passed("moved", night))
    return _part(moved, peers[people.post[moved]], "D", today + events.night[moved], None, fte[moved])


def _earlier(
    people: People, start: Dates, seated: Ints, peers: Ints, head: Flags, arriving: Flags, rng: np.random.Generator
) -> Part:
    """An earlier post of the same job for two fifths of those who served long enough."""
    long_enough = (start - people.tmt > np.timedelta64(400, "D")) & ~arriving
    drawn, years = rng.random(len(people)) < 0.4, rng.integers(370, 2200, len(people)).astype("timedelta64[D]")
    rows = seated[(long_enough & drawn)[seated]]
    began = np.maximum(start[rows] - years[rows], people.tmt[rows])
    return _part(rows, peers[people.post[rows]], "D", began, start[rows] - np.timedelta64(1, "D"))


def _acting(posts: Posts, people: People, officials: Ints, today: np.datetime64, rng: np.random.Generator) -> Part:
    """Officials who act (PLT) on planted posts and on some other vacant single-seat posts; the posts stay vacant."""
    vacant = posts.is_head & (posts.holders == 0)
    wanted = vacant & ((posts.plant == "plt_only") | ((posts.plant == "") & (rng.random(len(posts)) < 0.3)))
    rows = np.flatnonzero(wanted)
    if not len(officials):
        rows = rows[:0]
    person = officials[rng.integers(0, max(1, len(officials)), len(rows))] if len(rows) else rows
    return _part(person, rows, "PLT", today - rng.integers(10, 300, len(rows)).astype("timedelta64[D]"))


def _additional(posts: Posts, people: People, seated: Ints, start: Dates, rng: np.random.Generator) -> Part:
    """One teacher in twenty has an additional duty on the post held anyway; the person still counts once."""
    teaches = np.array([job.family == TEACHER for job in JOBS])[posts.job[people.post[seated]]]
    rows = seated[teaches & (rng.random(len(seated)) < 0.05)]
    return _part(rows, people.post[rows], "TT", start[rows] + np.timedelta64(20, "D"))


def _without_post(people: People, posts: Posts, today: np.datetime64, rng: np.random.Generator) -> Part:
    """People without a post: retired on the books (post closed), seconded to another agency, or just without."""
    rows = np.flatnonzero(people.post < 0)
    ordinary = np.flatnonzero(~posts.is_head)
    post = ordinary[rng.integers(0, len(ordinary), len(rows))] if len(ordinary) else rows
    turn = np.arange(len(rows)) % 3
    start, end = today - np.timedelta64(1500, "D"), today - np.timedelta64(45, "D")
    retired, seconded = turn == 0, turn == 1
    people.legal[rows[retired]] = "99"
    kept = retired | seconded
    kinds = np.where(seconded, "DPK", "D").astype(object)
    starts = np.where(seconded, end + np.timedelta64(1, "D"), np.maximum(start, people.tmt[rows]))
    ends = np.where(seconded, NEVER, end)
    ends = np.where(~np.isnat(ends) & (ends < starts), starts, ends)
    nothing = np.full(len(rows), np.nan)
    return rows[kept], post[kept], kinds[kept], starts[kept], ends[kept], nothing[kept], seconded[kept]


def _peers(posts: Posts, rng: np.random.Generator) -> Ints:
    """For each post another one of the same job (itself where the job has only one)."""
    order = np.argsort(posts.job, kind="stable")
    counts = np.bincount(posts.job, minlength=len(JOB_KIND))
    first = np.concatenate(([0], np.cumsum(counts)[:-1]))
    pick = first[posts.job] + np.floor(rng.random(len(posts)) * counts[posts.job]).astype(np.int64)
    peers: Ints = order[pick]
    return peers
