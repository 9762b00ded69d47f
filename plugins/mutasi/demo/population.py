"""Generates the people in the posts: never a real person, and recognisably so.

Names are invented syllables with the family marker "Contoh" or "Rekaan", identity numbers start with 99 (no such province),
telephone numbers with 0000, and mail ends in example.invalid. Distributions follow published totals of 2025: 64 % PNS,
about 56–58 % women, half of the functional jobs teachers. Everything is drawn in whole columns.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from mutasi.demo.catalogue import JOBS
from mutasi.demo.posts import JOB_IS_HEAD, JOB_KIND, Flags, Ints, Posts, Texts

Dates = np.ndarray[tuple[int, ...], np.dtype[np.datetime64]]

GOLONGAN = np.array([f"{group}{rung}" for group in "1234" for rung in "12345"[: 5 if group == "4" else 4]], dtype=object)
PPPK_GOLONGAN = {
    "05": "I",
    "10": "IV",
    "15": "V",
    "20": "V",
    "25": "VI",
    "30": "VI",
    "35": "VII",
    "40": "IX",
    "45": "X",
    "50": "XI",
}
NONE = np.array([None], dtype=object)
TITLES = {"35": "A.Md.", "40": "S.Tr.", "45": "M.Si."}
TMT_MONTHS, TMT_SHARES = np.array([1, 3, 12, 4, 2, 5, 10]), (0.42, 0.25, 0.12, 0.11, 0.04, 0.03, 0.03)
SYLLABLES = [c + v for c in "bdklmnrst" for v in "aeio"] + ["ga", "gi", "wa", "ya"]
FIRST_BIRTH_YEAR, BIRTH_DAYS, FIRST_TMT_YEAR, TMT_SLOTS = 1950, 60 * 366, 1975, 60 * 13


@dataclass
class People:
    """One row per person, seated people first; `post` is the row number of the post, -1 for people without one."""

    post: Ints
    nip: Ints
    name: Texts
    birth: Dates
    is_female: Ints
    status: Texts
    legal: Texts
    golongan: Texts
    golongan_since: Dates
    tmt: Dates
    tmt_pns: Dates
    education: Texts
    field: Texts
    certified: Texts
    home: Texts
    title_back: Texts
    number: Ints

    def __len__(self) -> int:
        return len(self.post)


class Sequences:
    """Hands out the last three digits of NIP so that no two people of the whole country share one.

    One counter per (birth date, start month, sex); untouched pages of the array cost nothing. Numbers of a group start at
    001 in about one group of six, elsewhere at a fixed number below 100, as registers do in practice.
    """

    def __init__(self) -> None:
        self._used = np.zeros(BIRTH_DAYS * TMT_SLOTS * 2, dtype=np.uint16)

    def next(self, birth: Dates, slot: Ints, is_female: Ints) -> Ints:
        """A number from 1 to 999 for each person, given birth date, start slot and sex."""
        days = (birth - np.datetime64(f"{FIRST_BIRTH_YEAR}-01-01")).astype(np.int64)
        cell = (days * TMT_SLOTS + slot) * 2 + is_female
        order = np.argsort(cell, kind="stable")
        ordered = cell[order]
        starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
        sizes = np.diff(np.concatenate((starts, [len(ordered)])))
        rank = np.empty(len(cell), dtype=np.int64)
        rank[order] = np.arange(len(ordered)) - np.repeat(starts, sizes)
        taken = self._used[cell].astype(np.int64)
        self._used[ordered[starts]] += sizes.astype(np.uint16)
        start = (cell * 2_654_435_761 % 4_294_967_291) % 640
        sequence = 1 + np.where(start < 90, 0, start // 7) + taken + rank
        if len(sequence) and int(sequence.max()) > 999:
            raise ValueError("More than 999 generated people share birth date, start and sex: generate fewer people at once.")
        numbers: Ints = sequence
        return numbers


def build_people(
    posts: Posts,
    without_post: int,
    districts: list[str],
    base: dt.date,
    offset: int,
    sequences: Sequences,
    rng: np.random.Generator,
) -> People:
    """People for every seat of `posts` and `without_post` more; `offset` numbers them on from other agencies."""
    seats = np.repeat(np.arange(len(posts)), posts.holders)
    post = np.concatenate((seats, np.full(without_post, -1)))
    n = len(post)
    trained_for = np.where(post < 0, rng.integers(0, max(1, len(posts)), n), post)
    job = posts.job[trained_for]
    is_female = (rng.random(n) * 100 < np.array([j.female_pct for j in JOBS])[job]).astype(np.int64)
    status = _statuses(job, JOB_IS_HEAD[job], rng)
    status[post < 0] = "PNS"
    birth, tmt, slot = _dates(job, JOB_IS_HEAD[job], status, base, rng)
    education = _education(job, rng)
    contract = np.isin(status.astype(str), ("PPPK", "PPPK_PW"))
    year_of_service = (tmt.astype("datetime64[M]") + 12).astype("datetime64[D]")
    return People(
        post=post,
        nip=_nip(birth, slot, is_female, sequences.next(birth, slot, is_female)),
        name=_names(n, rng),
        birth=birth,
        is_female=is_female,
        status=status,
        legal=_legal(status, contract, rng),
        golongan=np.where(contract, _mapped(education, PPPK_GOLONGAN), _golongan(job, rng)),
        golongan_since=_golongan_since(tmt, np.datetime64(base), rng),
        tmt=tmt,
        tmt_pns=np.where(status == "PNS", year_of_service, np.datetime64("NaT")),
        education=education,
        field=np.array([j.field for j in JOBS], dtype=object)[job],
        certified=_certified(posts.sub_job[trained_for], rng),
        home=np.array(districts, dtype=object)[rng.integers(0, len(districts), n)],
        title_back=_mapped(education, TITLES),
        number=np.arange(offset, offset + n),
    )


def _nip(birth: Dates, slot: Ints, is_female: Ints, sequence: Ints) -> Ints:
    """Birth date, start (year and month; 21 in place of the month for a contract), sex and sequence as one number."""
    start = (FIRST_TMT_YEAR + slot // 13) * 100 + np.where(slot % 13 == 12, 21, slot % 13 + 1)
    return _yyyymmdd(birth) * 10**10 + start * 10**4 + (is_female + 1) * 1000 + sequence


def _legal(status: Texts, contract: Flags, rng: np.random.Generator) -> Texts:
    """Legal position: nearly all active, some on study leave (03), unpaid leave (02) or disciplined (15)."""
    drawn = rng.choice(np.array(["01", "03", "02", "15"], dtype=object), len(status), p=(0.988, 0.008, 0.002, 0.002))
    return np.where(contract, "71", np.where(status == "CPNS", "01", drawn)).astype(object)


def _golongan_since(tmt: Dates, today: np.datetime64, rng: np.random.Generator) -> Dates:
    month = today.astype("datetime64[M]")
    promoted = tmt.astype("datetime64[M]") + rng.integers(0, 48, len(tmt))
    since = np.minimum(np.maximum(month - rng.integers(1, 50, len(tmt)), promoted), month)
    dates: Dates = np.maximum(since.astype("datetime64[D]"), tmt)
    return dates


def _certified(sub_job: Texts, rng: np.random.Generator) -> Texts:
    """Four in five hold the certificate of their own subject or specialty, some none, a few another one."""
    roll = rng.random(len(sub_job))
    held = np.where(roll < 0.8, sub_job, np.where(roll < 0.85, np.array(["Umum"], dtype=object), NONE))
    return np.where(np.equal(sub_job, NONE), NONE, held)


def _statuses(job: Ints, head: Flags, rng: np.random.Generator) -> Texts:
    n = len(job)
    roll, part_time = rng.random(n), rng.random(n) < np.where(JOB_KIND[job] == "pelaksana", 0.30, 0.06)
    other = np.where(roll < 0.52, "PNS", np.where(roll < 0.54, "CPNS", np.where(part_time, "PPPK_PW", "PPPK")))
    low = np.array([j.level in ("muda", "madya", "mahir", "penyelia") for j in JOBS])[job]
    pns_only = head | (low & (roll < 0.9))
    statuses: Texts = np.where(pns_only, "PNS", other).astype(object)
    return statuses


def _dates(job: Ints, head: Flags, status: Texts, base: dt.date, rng: np.random.Generator) -> tuple[Dates, Dates, Ints]:
    """Birth date, start, and the slot of the start (year and month, or year and 12 for a contract)."""
    n, today = len(job), np.datetime64(base)
    senior = head | np.array([j.level in ("muda", "madya", "mahir") for j in JOBS])[job]
    retires = np.minimum(np.array([j.bup_age for j in JOBS])[job], 60)
    youngest = np.where(senior, 36, np.where(status == "PNS", 27, 24))
    age = youngest + (retires - 0.2 - youngest) * rng.beta(1.9, 1.8, n)
    new, contract = status == "CPNS", np.isin(status.astype(str), ("PPPK", "PPPK_PW"))
    age = np.where(new, rng.uniform(21.5, 34, n), age)
    birth = today - np.floor(age * 365.2425).astype("timedelta64[D]")
    service = np.clip(age - 20 - 14 * rng.beta(1.4, 2.4, n), 2, 36)
    year = np.where(
        new, base.year, np.where(contract, base.year - rng.integers(1, 6, n), base.year - np.floor(service).astype(np.int64))
    )
    year = np.maximum(year, _year(birth) + np.where(age > 23, 20, 19))
    month = np.where(new | contract, 3, TMT_MONTHS[rng.choice(len(TMT_MONTHS), n, p=TMT_SHARES)])
    tmt = ((year - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (month - 1)).astype("datetime64[D]")
    late = tmt > today - np.timedelta64(30, "D")
    tmt = np.where(late, (tmt.astype("datetime64[M]") - 12).astype("datetime64[D]"), tmt)
    slot = (_year(tmt) - FIRST_TMT_YEAR) * 13 + np.where(contract, 12, month - 1)
    return birth, tmt, slot


def _education(job: Ints, rng: np.random.Generator) -> Texts:
    width = max(len(j.education) for j in JOBS)
    table = np.array([[j.education[i % len(j.education)] for i in range(width)] for j in JOBS], dtype=object)
    levels: Texts = table[job, rng.integers(0, width, len(job))]
    return levels


def _golongan(job: Ints, rng: np.random.Generator) -> Texts:
    place = {str(code): i for i, code in enumerate(GOLONGAN)}
    low = np.array([place[j.golongan[0]] for j in JOBS])[job]
    high = np.array([place[j.golongan[1]] for j in JOBS])[job]
    codes: Texts = GOLONGAN[rng.integers(low, high + 1)]
    return codes


def _names(n: int, rng: np.random.Generator) -> Texts:
    """Two invented names of two or three syllables and the marker; one in forty carries an accent, as old exports do."""
    first = np.array([(a + b).title() for a in SYLLABLES for b in SYLLABLES], dtype=object)
    second = np.array([(a + b + c).title() for a in SYLLABLES[::3] for b in SYLLABLES[::2] for c in SYLLABLES[::3]], dtype=object)
    marker = np.array([" Contoh", " Rekaan"], dtype=object)[rng.integers(0, 2, n)]
    accent = np.where(rng.random(n) < 0.025, "é ", " ")
    names: Texts = first[rng.integers(0, len(first), n)] + accent + second[rng.integers(0, len(second), n)] + marker
    return names


def _mapped(values: Texts, table: dict[str, str]) -> Texts:
    result = np.full(len(values), None, dtype=object)
    for key, value in table.items():
        result[values == key] = value
    return result


def _year(dates: Dates) -> Ints:
    years: Ints = dates.astype("datetime64[Y]").astype(np.int64) + 1970
    return years


def _yyyymmdd(dates: Dates) -> Ints:
    months = dates.astype("datetime64[M]")
    day = (dates - months.astype("datetime64[D]")).astype(np.int64) + 1
    numbers: Ints = _year(dates) * 10_000 + (months.astype(np.int64) % 12 + 1) * 100 + day
    return numbers
