"""Incremental nights: complete every day, from the last promoted snapshot, and whole again whenever anything does not fit."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.unit.landing.conftest import Nights

from mutasi.landing.promote import promote_agency
from mutasi.landing.snapshots import Landed, Promoted, data_path, landed, promoted
from mutasi.sources.agency import Agency
from mutasi.sources.connection import Connection

FIRST = dt.date(2026, 3, 1)


class Simpeg(Nights):
    """Nights of an agency whose units stand in one SQLite table; `day` counts from the first night."""

    read: dict[str, Any]

    def agency(self, **more: Any) -> Agency:
        return Agency.model_validate(
            {
                "agency_id": "contoh",
                "agency_name": "Pemerintah Kota Contoh",
                "agency_kind": "city",
                "codes": {"bkn": "0000", "kemendagri": "00.00"},
                "owner": {"unit": "BKPSDM", "email": "data@example.invalid"},
                "connections": {"simpeg": {"type": "sql", "name": "simpeg"}},
                "datasets": {
                    "units": {
                        "connection": "simpeg",
                        "read": self.read,
                        "columns": {"unit_id": "id", "unit_name": "nama", **more},
                        "ignore": "*",
                    }
                },
            }
        )

    def connection(self, name: str) -> Connection:
        return Connection("sqlite", host=str(self.folder))

    def run(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.folder)) as database:
            for statement in statements:
                database.execute(statement)
            database.commit()

    def go(self, day: int, promote: bool = True, failures: str = "", **more: Any) -> Landed:
        date, agency = FIRST + dt.timedelta(days=day), self.agency(**more)
        self.land(date, agency)
        if promote:
            self.judge(date, "units", failures)
            promote_agency(self.settings, agency, date, f"run-{date}")
        found = landed(self.settings, "units", date)["contoh"]
        assert found.rows_received == found.rows_landed
        return found

    def names(self, found: Landed) -> dict[str, str]:
        return dict(duckdb.sql(f"select unit_id, unit_name from '{data_path(self.settings, 'landing', found)}'").fetchall())

    def changed(self, found: Landed) -> list[str] | None:
        """The ids that were read; None when everything was."""
        file = self.settings.home / "raw" / "contoh" / "units" / str(found.snapshot_date) / found.raw_folder / "changes.parquet"
        return [row[0] for row in duckdb.sql(f"select id from '{file}' order by 1").fetchall()] if file.exists() else None

    def promoted(self, found: Landed) -> Promoted:
        return promoted(self.settings, "units", found.snapshot_date)["contoh"]


@pytest.fixture
def simpeg(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simpeg]:
    monkeypatch.setenv("MUTASI_PSEUDONYM_KEY", "k" * 40)
    nights = Simpeg(settings, tmp_path / "simpeg.db")
    nights.read = {"table": "unor", "cursor": "versi", "full_refresh_days": 4}
    nights.run(
        "create table unor (id text, nama text, versi integer, hapus integer)",
        "insert into unor values ('01', 'Satu', 1, 0), ('02', 'Dua', 2, 0), ('03', 'Tiga', 3, 0)",
    )
    yield nights


def test_each_day_is_complete_though_only_changes_are_read(simpeg: Simpeg) -> None:
    first = simpeg.go(0)
    assert (simpeg.changed(first), first.cursor.newest) == (None, 3)
    simpeg.run("update unor set nama = 'Dua baru', versi = 4 where id = '02'", "insert into unor values ('04', 'Empat', 5, 0)")
    second = simpeg.go(1)
    assert simpeg.changed(second) == ["02", "03", "04"]
    assert simpeg.names(second) == {"01": "Satu", "02": "Dua baru", "03": "Tiga", "04": "Empat"}
    assert (second.cursor.newest, second.cursor.read_whole_on) == (5, FIRST)
    assert simpeg.names(simpeg.go(2)) == simpeg.names(second), "a quiet day is the day before"


def test_quarantined_rows_are_received_again_every_day(simpeg: Simpeg) -> None:
    failure = "('contoh', 1, '01', 'UNT-001', 'drop', 'unit_name')"
    simpeg.go(0, failures=failure)
    simpeg.run("update unor set nama = 'Tiga baru', versi = 4 where id = '03'")
    second = simpeg.promoted(simpeg.go(1, failures=failure))
    assert (second.rows_received, second.rows_promoted, second.rows_quarantined) == (3, 2, 1)


def test_soft_deleted_rows_go_with_their_change_and_come_back_with_the_next(simpeg: Simpeg) -> None:
    simpeg.read |= {"deleted": "hapus = 1"}
    simpeg.go(0)
    simpeg.run("update unor set hapus = 1, versi = 4 where id = '02'")
    second = simpeg.go(1)
    assert (simpeg.changed(second), simpeg.names(second).keys()) == (["02", "03"], {"01", "03"})
    simpeg.run("update unor set hapus = 0, versi = 5 where id = '02'")
    assert simpeg.names(simpeg.go(2)).keys() == {"01", "02", "03"}


@pytest.mark.parametrize(
    "statement",
    [
        "delete from unor where id = '01'",
        "insert into unor values ('04', 'Terlambat', 1, 0)",
        "update unor set id = '01A', versi = 9 where id = '01'",
        "insert into unor values ('01', 'Kembar', 9, 0)",
    ],
    ids=["removed", "late_with_an_old_value", "key_changed", "key_twice"],
)
def test_what_changes_do_not_show_the_count_does(simpeg: Simpeg, statement: str) -> None:
    simpeg.go(0)
    simpeg.run(statement)
    second = simpeg.go(1)
    assert simpeg.changed(second) is None
    assert second.cursor.read_whole_on == second.snapshot_date
    with closing(sqlite3.connect(simpeg.folder)) as database:
        wanted = sorted(database.execute("select id, nama from unor").fetchall())
    file = data_path(simpeg.settings, "landing", second)
    assert duckdb.sql(f"select unit_id, unit_name from '{file}' order by all").fetchall() == wanted


def test_rows_without_a_cursor_value_are_always_read(simpeg: Simpeg) -> None:
    simpeg.run("insert into unor values ('00', 'Tanpa versi', null, 0)")
    simpeg.go(0)
    simpeg.run("update unor set nama = 'Tetap tanpa versi' where id = '00'")
    second = simpeg.go(1)
    assert (simpeg.changed(second), simpeg.names(second)["00"]) == (["00", "03"], "Tetap tanpa versi")


def test_a_change_that_leaves_the_cursor_comes_with_the_full_refresh(simpeg: Simpeg) -> None:
    simpeg.go(0)
    simpeg.run("update unor set nama = 'Diam-diam' where id = '01'")
    assert [simpeg.names(simpeg.go(day))["01"] for day in (1, 2, 3, 4)] == ["Satu", "Satu", "Satu", "Diam-diam"]
    assert simpeg.changed(simpeg.go(5)) == ["03"]


def test_a_night_that_was_not_promoted_is_read_again(simpeg: Simpeg) -> None:
    simpeg.go(0)
    simpeg.run("update unor set nama = 'Dua baru', versi = 9 where id = '02'")
    simpeg.go(1, promote=False)
    third = simpeg.go(2)
    assert (simpeg.changed(third), simpeg.names(third)["02"]) == (["02", "03"], "Dua baru")


def test_the_same_night_again_gives_the_same_snapshot(simpeg: Simpeg) -> None:
    simpeg.go(0)
    simpeg.run("update unor set nama = 'Dua baru', versi = 4 where id = '02'")
    once, again = simpeg.go(1), simpeg.go(1)
    assert (once.data_sha256, once.cursor.newest) == (again.data_sha256, again.cursor.newest)
    assert simpeg.changed(again) == ["02", "03"]


def test_everything_is_read_when_the_agency_file_changed_or_the_archive_is_gone(simpeg: Simpeg) -> None:
    first = simpeg.go(0)
    assert simpeg.changed(simpeg.go(1, parent_unit_id="hapus")) is None
    raw = simpeg.settings.home / "raw" / "contoh" / "units"
    second = simpeg.go(2, parent_unit_id="hapus")
    assert simpeg.changed(second) == ["03"]
    (raw / str(second.snapshot_date) / second.raw_folder / "raw.parquet").unlink()
    assert simpeg.changed(simpeg.go(3, parent_unit_id="hapus")) is None
    assert first.cursor is not None


def test_a_new_column_at_the_source_makes_a_whole_read(simpeg: Simpeg) -> None:
    simpeg.go(0)
    simpeg.run("alter table unor add column eselon text default 'II'")
    assert simpeg.changed(simpeg.go(1)) is None


def test_manifests_of_before_there_were_cursors_are_read(simpeg: Simpeg) -> None:
    first = simpeg.go(0)
    file = simpeg.settings.home / "promoted" / "units" / str(FIRST) / "contoh.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    del manifest["cursor"]
    file.write_text(json.dumps(manifest), encoding="utf-8")
    assert simpeg.promoted(first).cursor is None
    assert simpeg.changed(simpeg.go(1)) is None
