"""Decisions that come back as CSV: what they lock, whom they name, and a sentence for each row that is not clear."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import duckdb
import pytest
from tests.unit.publish.fictitious_run import DAY, RUN_ID, WEEK, write_fictitious_run

from mutasi.decide.decisions import COLUMNS, read_decisions
from mutasi.settings import Settings


@pytest.fixture
def proposals(settings: Settings) -> list[tuple[str, str, str, str, str]]:
    """Moves inside Dumai, then the one from Pekanbaru to Dumai."""
    folder = write_fictitious_run(settings)
    with duckdb.connect() as con:
        return con.execute(
            f"select candidate_id, person_id, to_post_id, agency_from, agency_to from '{folder}/out/candidates.parquet' "
            "where agency_to = 'dumai' order by agency_from <> agency_to, candidate_id"
        ).fetchall()


def form(
    settings: Settings, *rows: dict[str, str], name: str = "dumai.csv", encoding: str = "utf-8-sig", delimiter: str = ";"
) -> Path:
    file = settings.folder("decisions") / name
    lines = [delimiter.join(COLUMNS), *(delimiter.join({"run_id": RUN_ID, **row}.get(c, "") for c in COLUMNS) for row in rows)]
    file.write_text("\r\n".join(lines), encoding=encoding, newline="")
    return file


def row(proposal: tuple[str, ...], keputusan: str, **more: str) -> dict[str, str]:
    return {"candidate_id": proposal[0], "instansi": "dumai", "keputusan": keputusan, **more}


def test_before_the_first_form_there_is_a_folder_to_put_it_into(settings: Settings) -> None:
    assert read_decisions(settings).rows == ()
    assert (settings.home / "decisions").is_dir()


def test_what_is_decided_becomes_a_lock(settings: Settings, proposals: list[tuple[str, ...]]) -> None:
    first, second, third = proposals[:3]
    form(
        settings,
        row(first, "Setuju", sampai_tanggal="01-12-2026"),
        row(second, "tolak", alasan="masih dibutuhkan", sampai_tanggal="2027-05-01"),
        row(third, "Keberatan"),
        row(proposals[3], ""),
    )
    found = read_decisions(settings)
    assert found.problems == ()
    assert {(lock.person_id, lock.kind, lock.until) for lock in found.locks} == {
        (first[1], "approved", dt.date(2026, 12, 1)),
        (second[1], "refused", dt.date(2027, 5, 1)),
        (third[1], "objection", None),
    }


def test_a_move_between_agencies_is_approved_when_both_approve(settings: Settings, proposals: list[tuple[str, ...]]) -> None:
    foreign = proposals[-1]
    form(settings, row(foreign, "setuju"))
    assert read_decisions(settings).locks == [] and read_decisions(settings).agreed == []
    form(settings, {**row(foreign, "setuju"), "instansi": "pekanbaru"}, name="pekanbaru.csv")
    found = read_decisions(settings)
    assert found.agreed == [(foreign[1], foreign[2])] and [lock[:2] for lock in found.locks] == [(foreign[1], "approved")]


def test_the_latest_decision_of_an_agency_counts(settings: Settings, proposals: list[tuple[str, ...]]) -> None:
    form(settings, row(proposals[0], "setuju", tanggal_keputusan="02-11-2026"), name="a.csv")
    form(settings, row(proposals[0], "tolak", alasan="x", tanggal_keputusan="01-11-2026"), name="b.csv")
    assert [lock[1] for lock in read_decisions(settings).locks] == ["approved"]


def test_the_latest_counts_whichever_week_proposed_it(settings: Settings, proposals: list[tuple[str, ...]]) -> None:
    later = RUN_ID[::-1]
    shutil.copytree(settings.home / "runs" / WEEK / RUN_ID, settings.home / "runs" / "2026-W48" / later)
    form(settings, row(proposals[0], "setuju", tanggal_keputusan="16-11-2026"), name="w47.csv")
    form(settings, row(proposals[0], "tolak", alasan="x", tanggal_keputusan="23-11-2026", run_id=later), name="w48.csv")
    assert [lock.kind for lock in read_decisions(settings).locks] == ["refused"]


def test_one_agency_that_approves_twice_does_not_approve_for_the_other(
    settings: Settings, proposals: list[tuple[str, ...]]
) -> None:
    later = RUN_ID[::-1]
    shutil.copytree(settings.home / "runs" / WEEK / RUN_ID, settings.home / "runs" / "2026-W48" / later)
    form(settings, row(proposals[-1], "setuju"), row(proposals[-1], "setuju", run_id=later))
    assert read_decisions(settings).locks == []


def test_a_decision_without_a_day_is_of_the_day_of_its_data(settings: Settings, proposals: list[tuple[str, ...]]) -> None:
    form(settings, row(proposals[0], "tolak", alasan="x"))
    assert [lock.decided_on for lock in read_decisions(settings).locks] == [DAY]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"keputusan": "mungkin"}, "keputusan harus salah satu dari"),
        ({"candidate_id": "M000"}, "candidate_id tidak ada"),
        ({"run_id": "../../etc"}, "run_id tidak dikenal"),
        ({"run_id": "ffff"}, "run_id tidak dikenal"),
        ({"instansi": "jakarta"}, "instansi bukan asal maupun tujuan"),
        ({"keputusan": "tolak"}, "penolakan memerlukan alasan"),
        ({"sampai_tanggal": "31-02-2027"}, "sampai_tanggal bukan tanggal"),
    ],
)
def test_a_row_that_is_not_clear_decides_nothing_and_says_why(
    settings: Settings, proposals: list[tuple[str, ...]], change: dict[str, str], sentence: str
) -> None:
    form(settings, {**row(proposals[0], "setuju"), **change}, row(proposals[1], "setuju"))
    found = read_decisions(settings)
    assert len(found.rows) == 1 and len(found.problems) == 1
    assert found.problems[0].startswith("dumai.csv, baris 2: ") and sentence in found.problems[0]


def test_forms_saved_by_other_programs(settings: Settings, proposals: list[tuple[str, ...]]) -> None:
    form(settings, row(proposals[0], "tolak", alasan="permintaan kepala dinas – lisan"), encoding="windows-1252", delimiter=",")
    assert [lock[1] for lock in read_decisions(settings).locks] == ["refused"]
    (settings.home / "decisions" / "lain.csv").write_text("a;b\n1;2\n")
    assert "lain.csv: kolom run_id" in read_decisions(settings).problems[0]


def test_no_form_decides_nothing(settings: Settings) -> None:
    assert read_decisions(settings).rows == ()
