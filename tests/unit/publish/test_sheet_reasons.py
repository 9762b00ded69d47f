"""What the sheets say of seats that stay open and of the parts of a fit."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from tests.unit.publish.fictitious_run import NAMES, write_fictitious_run

from mutasi.publish.extracts import write_extract
from mutasi.publish.transfer_run import read_run
from mutasi.publish.transfer_sheets import REGION
from mutasi.settings import Settings

LEADERS = ("three_names", "three_names", "open_selection")


def rows(folder: Path, stem: str) -> list[dict[str, str]]:
    with (folder / "csv" / f"{stem}.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=";"))


@contextmanager
def changing(*files: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The files as tables named after them; what the tables hold in the end is put back."""
    with duckdb.connect() as con:
        for file in files:
            con.execute(f"create table {file.stem} as from '{file}'")
        yield con
        for file in files:
            con.execute(f"copy {file.stem} to '{file}'")


@pytest.mark.parametrize(
    ("viewer", "named"), [("dumai", "Dipertimbangkan TPK, lihat lembar Tiga Nama"), (REGION, "Dipertimbangkan TPK")]
)
def test_who_fills_the_posts_of_leaders_is_told(settings: Settings, viewer: str, named: str) -> None:
    """The first of three open posts has three names, the second none, and the third goes to an open selection."""
    run = read_run(write_fictitious_run(settings))
    with changing(run.folder / "out" / "unfilled_posts.parquet", run.folder / "out" / "three_names.parquet") as con:
        posts = con.execute("select post_id from unfilled_posts where post_id like 'dumai%' order by 1 limit 3").fetchall()
        for (post,), reason in zip(posts, LEADERS, strict=True):
            con.execute("update unfilled_posts set reason_code = ?, costliest_rule_code = null where post_id = ?", [reason, post])
        con.execute("update three_names set post_id = ? where agency_id = 'dumai'", posts[0])
    told = [r["Sebab tetap lowong"] for r in rows(write_extract(settings, run, viewer, NAMES), "jabatan-lowong")]
    assert {reason for reason in told if "TPK" in reason or "JPT" in reason} == {
        named,
        "Dipertimbangkan TPK, belum ada nama",
        "JPT: melalui seleksi terbuka",
    }


def test_the_fit_says_of_how_much_it_is_a_share(settings: Settings) -> None:
    """71 is what 64 of 90 points come to, where nothing is known of the talent box."""
    folder = write_extract(settings, read_run(write_fictitious_run(settings)), "dumai", NAMES)
    told = {r["Kesesuaian"] for r in rows(folder, "rapat-tim-penilai")}
    assert told == {
        "Kesesuaian 71 (64 dari 90 yang dapat dinilai): pendidikan 18, kompetensi 4, pengalaman 12, kinerja 16, minat 5, jarak 6, "
        "alasan terverifikasi 0, masa jabatan 3"
    }


def test_nearer_home_is_told_where_the_way_is_shorter_and_critical_where_a_seat_is_filled(settings: Settings) -> None:
    """Not where the new post is merely near, nor where somebody takes the place of another in a critical post."""
    run = read_run(write_fictitious_run(settings))
    with changing(run.folder / "out" / "candidates.parquet") as con:
        con.execute("update candidates set is_critical_post = true, part = 'priority'")
        con.execute("alter table candidates add column km_saved bigint")
        con.execute("alter table candidates add column gain_critical bigint default 0")
        con.execute("update candidates set km_saved = case when fit_distance > 0 and agency_to = 'dumai' then -3 end")
        con.execute("create table first as select min(candidate_id) as one from candidates where agency_to = 'dumai'")
        con.execute("update candidates set km_saved = 7, gain_critical = 1 where candidate_id = (select one from first)")
    told = rows(write_extract(settings, run, "dumai", NAMES), "rapat-tim-penilai")
    benefits = [r["Manfaat bagi pegawai"] for r in told if "tempat tinggal" in r["Manfaat bagi pegawai"]]
    assert len(told) > 1 and len(benefits) == 1 and "sekitar 7 km lebih dekat dengan tempat tinggal" in benefits[0]
    assert sum("1 kursi kritis" in r["Bila tidak disetujui"] for r in told) == 1


def test_a_post_that_the_plan_brings_to_its_need_helps_nobody_out(settings: Settings) -> None:
    """Temporary duty is for people of posts that have more than they need also after the moves."""
    run = read_run(write_fictitious_run(settings))
    before = [r["Nama"] for r in rows(write_extract(settings, run, "dumai", NAMES), "penugasan-sementara") if r["Nama"]]
    moves = run.folder / "out" / "candidates.parquet"
    with changing(run.folder / "inputs" / "transfer_posts.parquet") as con:
        con.execute(
            f"""update transfer_posts set releasable = coalesce(
            (select count(*) from '{moves}' where from_post_id = transfer_posts.post_id and solve = 'published'), 0)"""
        )
    found = rows(write_extract(settings, run, "dumai", NAMES), "penugasan-sementara")
    assert before and [r["Keterangan"] for r in found] == ["Tidak ada kelebihan yang sah pada jabatan yang sama"]


def test_who_lacks_two_things_is_not_opened_by_one(settings: Settings) -> None:
    run = read_run(write_fictitious_run(settings))
    with changing(run.folder / "out" / "unlocks.parquet") as con:
        con.execute("insert into unlocks select * replace ('R1' as rule_code, 'TMT jabatan' as item) from unlocks")
    found = rows(write_extract(settings, run, "dumai", NAMES), "bila-berkas-lengkap")
    assert len({r["NIP"] for r in found}) == len(found) > 0
    assert {r["Yang perlu dilengkapi"] for r in found} == {"SKP dua tahun terakhir; TMT jabatan"}
