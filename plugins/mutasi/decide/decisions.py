"""Decisions that agencies send back as CSV: read, checked row by row, and turned into locks of the next plan.

The form lies in every extract (`keputusan.csv`); it names proposals by code and nobody by name. A filled form is put into
`decisions/` below the home. A row that is not clear decides nothing, and a sentence says why.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mutasi.engine import connect, quoted
from mutasi.publish.transfer_run import UnprovedRun, read_run
from mutasi.settings import Settings

WORDS = {
    "setuju": "approved",
    "disetujui": "approved",
    "tolak": "refused",
    "ditolak": "refused",
    "keberatan": "objection",
    "proses": "in_process",
    "diproses": "in_process",
}
COLUMNS = ("run_id", "candidate_id", "instansi", "keputusan", "sampai_tanggal", "alasan", "diputuskan_oleh", "tanggal_keputusan")
REQUIRED = COLUMNS[:4]
DATES = ("%d-%m-%Y", "%d/%m/%Y", "%Y-%m-%d")
LARGEST = 5_000_000  # bytes; a form of one agency has some hundred lines


@dataclass(frozen=True)
class Decision:
    """One decision of one agency about one proposal.

    Attributes:
        kind: approved, refused, objection or in_process.
        until: last day of a refusal, first day of an approved move.
        decided_on: the day that the form gives, else that of the data behind the proposal.
        is_inter_agency: the proposal leads to another agency, so both have to agree.
    """

    candidate_id: str
    person_id: str
    from_post_id: str
    to_post_id: str
    agency_id: str
    kind: str
    until: dt.date | None
    decided_on: dt.date
    is_origin: bool
    is_inter_agency: bool


class Lock(NamedTuple):
    """What a decision holds: a person, the post to be left and the one to be taken, and how long."""

    person_id: str
    kind: str
    from_post_id: str
    to_post_id: str
    until: dt.date | None
    decided_on: dt.date


@dataclass(frozen=True)
class Decisions:
    """All decisions in force, and a sentence for every row that decides nothing although it should."""

    rows: tuple[Decision, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def agreed(self) -> list[tuple[str, str]]:
        """Pairs of person and destination for which the origin agency agrees that the receiver may know the name."""
        return sorted({(d.person_id, d.to_post_id) for d in self.rows if d.is_origin and d.kind in ("approved", "in_process")})

    @property
    def locks(self) -> list[Lock]:
        """What binds the next plan. A move between agencies is approved when both have approved it."""
        both = Counter(d.candidate_id for d in self.rows if d.kind == "approved")
        found = {
            Lock(d.person_id, d.kind, d.from_post_id, d.to_post_id, d.until, d.decided_on)
            for d in self.rows
            if d.kind != "approved" or not d.is_inter_agency or both[d.candidate_id] > 1
        }
        return sorted(found, key=str)


@dataclass(frozen=True)
class _Proposal:
    data_as_of: dt.date
    person_id: str
    from_post_id: str
    to_post_id: str
    agency_from: str
    agency_to: str


class _Unclear(ValueError):
    """A row decides nothing; the sentence says why."""


def read_decisions(settings: Settings) -> Decisions:
    """Read every `decisions/*.csv` of the home; of several decisions of an agency about one proposal the latest counts.

    A proposal that several weeks repeat is one: its code is that of the person and the post. The folder is made where it is not there, so that whoever has a form finds where to put it.
    """
    found: dict[tuple[str, str], Decision] = {}
    problems: list[str] = []
    runs: dict[str, dict[str, _Proposal]] = {}
    for file in sorted(settings.folder("decisions").glob("*.csv")):
        for place, row in _rows(file, problems):
            try:
                decision = _decision(settings, runs, row)
            except _Unclear as sentence:
                problems.append(f"{file.name}, {place}: {sentence}")
                continue
            if decision is not None:
                key = (decision.candidate_id, decision.agency_id)
                earlier = found.get(key)
                if earlier and earlier.decided_on == decision.decided_on and earlier.kind != decision.kind:
                    problems.append(
                        f"{file.name}, {place}: dua keputusan berbeda pada tanggal yang sama untuk {decision.candidate_id}; yang pertama dipakai."
                    )
                elif earlier is None or decision.decided_on >= earlier.decided_on:
                    found[key] = decision
    return Decisions(tuple(found[key] for key in sorted(found)), tuple(problems))


def _rows(file: Path, problems: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of one form with their line; whatever program saved it."""
    if file.stat().st_size > LARGEST:
        problems.append(f"{file.name}: berkas terlalu besar untuk formulir keputusan; tidak dibaca.")
        return
    raw = file.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("windows-1252", errors="replace")
    header = text.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if header.count(";") >= header.count(",") else ",")
    names = [(name or "").strip().lower() for name in reader.fieldnames or []]
    if missing := [c for c in REQUIRED if c not in names]:
        problems.append(
            f"{file.name}: kolom {', '.join(missing)} tidak ada; pakai formulir keputusan.csv dari ekstrak minggu itu."
        )
        return
    reader.fieldnames = names
    for row in reader:
        yield f"baris {reader.line_num}", {c: str(row.get(c) or "").strip() for c in COLUMNS}


def _decision(settings: Settings, runs: dict[str, dict[str, _Proposal]], row: dict[str, str]) -> Decision | None:
    """What one row decides; None where it is left blank.

    Raises:
        _Unclear: it decides nothing.
    """
    if not row["keputusan"]:
        return None
    kind = WORDS.get(row["keputusan"].lower())
    if kind is None:
        raise _Unclear(f"keputusan harus salah satu dari {', '.join(sorted(set(WORDS)))}.")
    proposals = _proposals(settings, runs, row["run_id"])
    proposal = proposals.get(row["candidate_id"])
    if proposal is None:
        raise _Unclear("candidate_id tidak ada dalam rencana run_id itu; salin keduanya dari formulir tanpa mengubahnya.")
    if row["instansi"] not in (proposal.agency_from, proposal.agency_to):
        raise _Unclear("instansi bukan asal maupun tujuan usulan ini.")
    if kind == "refused" and not row["alasan"]:
        raise _Unclear("penolakan memerlukan alasan.")
    return Decision(
        candidate_id=row["candidate_id"],
        person_id=proposal.person_id,
        from_post_id=proposal.from_post_id,
        to_post_id=proposal.to_post_id,
        agency_id=row["instansi"],
        kind=kind,
        until=_date(row, "sampai_tanggal"),
        decided_on=_date(row, "tanggal_keputusan") or proposal.data_as_of,
        is_origin=row["instansi"] == proposal.agency_from,
        is_inter_agency=proposal.agency_from != proposal.agency_to,
    )


def _proposals(settings: Settings, runs: dict[str, dict[str, _Proposal]], run_id: str) -> dict[str, _Proposal]:
    """The proposals of a run by their code, each run read once."""
    if run_id not in runs:
        if not run_id.isalnum():
            raise _Unclear("run_id tidak dikenal.")
        folders = sorted((settings.home / "runs").glob(f"*/{run_id}"))
        if len(folders) != 1:
            raise _Unclear("run_id tidak dikenal.")
        try:
            run = read_run(folders[0])
        except UnprovedRun:
            raise _Unclear("run_id menunjuk rencana yang tidak terbit.") from None
        with connect(settings) as con:
            rows = con.execute(
                "select candidate_id, person_id, from_post_id, to_post_id, agency_from, agency_to "
                f"from read_parquet({quoted(str(run.folder / 'out' / 'candidates.parquet'))})"
            ).fetchall()
        runs[run_id] = {row[0]: _Proposal(run.data_as_of, *row[1:]) for row in rows}
    return runs[run_id]


def _date(row: dict[str, str], column: str) -> dt.date | None:
    text = row[column]
    if not text:
        return None
    for form in DATES:
        try:
            return dt.datetime.strptime(text, form).date()
        except ValueError:
            continue
    raise _Unclear(f"{column} bukan tanggal; tulis sebagai hh-bb-tttt.")
