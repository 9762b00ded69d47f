"""Machines that land and one that keeps the warehouse: what is sent arrives whole or not at all, and stays in one place."""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.unit.landing.test_incremental import FIRST, Simpeg

from mutasi.checks.arrivals import arrivals
from mutasi.landing.incremental import last_cursor
from mutasi.landing.promote import promote_agency
from mutasi.landing.shared_area import TransitError
from mutasi.landing.snapshots import Landed, data_path, landed
from mutasi.landing.transit import VARIABLE, around_promotion, transit
from mutasi.settings import Settings
from mutasi.sources.connection import Connection

DAY = dt.date(2026, 3, 1)
ROWS = ["U1,,Dinas Contoh", "U2,U1,Bidang Rekaan"]


class Machines:
    """Landing machines with a disk each, and the warehouse's; all reach `area`."""

    def __init__(self, nights, area: Path) -> None:
        self.nights, self.area, self.warehouse = nights, area, nights.settings
        self.workers = [replace(nights.settings, home=nights.settings.home.with_name(f"worker{n}")) for n in (1, 2)]
        self.sources = nights.connection
        nights.connection = self.connection

    def connection(self, name: str) -> Connection:
        return Connection("fs", host=f"file://{self.area}") if name == "shared" else self.sources(name)

    def land(self, worker: int, day: dt.date, agency) -> None:
        self.nights.settings = self.workers[worker]
        try:
            self.nights.land(day, agency)
        finally:
            self.nights.settings = self.warehouse

    def take(self, day: dt.date = DAY) -> int:
        return transit(self.warehouse, self.connection).take(day)

    def landed(self, day: dt.date = DAY) -> dict[str, Landed]:
        return landed(self.warehouse, "units", day)

    def sent(self) -> list[Path]:
        return sorted(self.area.glob("*/*.zip"))

    def promote(self, day: dt.date, agency, **verdict) -> None:
        self.nights.judge(day, "units", **verdict)
        with around_promotion(self.warehouse, self.connection, agency, f"run-{day}"):
            promote_agency(self.warehouse, agency, day, f"run-{day}")


@pytest.fixture
def machines(nights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machines:
    monkeypatch.setenv(VARIABLE, "shared")
    (tmp_path / "area").mkdir(mode=0o700)
    return Machines(nights, tmp_path / "area")


def files(folder: Path) -> list[str]:
    return sorted(f.name for f in folder.rglob("*") if f.is_file())


def test_what_two_machines_land_arrives_as_if_it_had_landed_here(machines: Machines, agency: Callable) -> None:
    for number, name in enumerate(("contoh", "rekaan")):
        machines.nights.write(name, units=ROWS[: number + 1])
        machines.land(number, DAY, agency(name, ["units"]))
    assert machines.landed() == {} and machines.take() == 2
    assert {name: s.rows_landed for name, s in machines.landed().items()} == {"contoh": 1, "rekaan": 2}
    for a in arrivals(machines.warehouse, DAY)("units"):
        assert a.is_readable
    assert [f.name for f in (machines.warehouse.home / "raw").rglob("*.csv")] == ["units.csv"] * 2
    assert machines.sent() == [], "nothing of a person stays on the way"
    for worker in machines.workers:
        assert [f for f in files(worker.home) if not f.startswith("land-")] == []


def test_without_the_variable_everything_lands_here(machines: Machines, agency: Callable, monkeypatch) -> None:
    monkeypatch.delenv(VARIABLE)
    machines.nights.write(units=ROWS)
    machines.nights.land(DAY, agency(datasets=["units"]))
    assert transit(machines.warehouse, machines.connection) is None
    assert machines.landed().keys() == {"contoh"} and machines.sent() == []


def test_half_of_an_archive_is_never_used_wherever_it_was_cut(machines: Machines, agency: Callable, caplog) -> None:
    machines.nights.write(units=ROWS)
    machines.land(0, DAY, agency(datasets=["units"]))
    [sent] = machines.sent()
    whole = sent.read_bytes()
    sent.with_suffix(".zip.part").write_bytes(whole)  # killed before it got its name
    for cut in range(0, len(whole), max(1, len(whole) // 40)):
        sent.write_bytes(whole[:cut])  # a storage that shows what is not finished
        assert machines.take() == 0
        assert machines.landed() == {}
    assert "is not what was sent" in caplog.text and "Clear `land`" in caplog.text
    sent.write_bytes(whole)
    assert machines.take() == 1 and machines.landed().keys() == {"contoh"}


def test_one_that_is_not_whole_holds_back_no_other_and_the_next_attempt_heals(machines: Machines, agency: Callable) -> None:
    machines.nights.write("contoh", units=ROWS)
    machines.nights.write("rekaan", units=ROWS)
    machines.land(0, DAY, agency("contoh", ["units"]))
    [broken] = machines.sent()
    broken.write_bytes(broken.read_bytes()[:-30])
    machines.land(1, DAY, agency("rekaan", ["units"]))
    assert machines.take() == 1 and machines.landed().keys() == {"rekaan"}
    machines.land(1, DAY, agency("contoh", ["units"]))
    assert machines.take() == 1 and machines.landed().keys() == {"contoh", "rekaan"}


def test_a_value_that_changed_on_the_way_is_refused(machines: Machines, agency: Callable) -> None:
    machines.nights.write(units=ROWS)
    machines.land(0, DAY, agency(datasets=["units"]))
    [sent] = machines.sent()
    with zipfile.ZipFile(sent) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    raw = next(name for name in parts if name.endswith("units.csv"))
    parts[raw] = parts[raw].replace(b"Bidang", b"Bagian")
    with zipfile.ZipFile(sent, "w") as archive:  # its check sums fit, the manifest's do not
        for name, content in parts.items():
            archive.writestr(name, content)
    assert machines.take() == 0 and machines.landed() == {}


def test_the_latest_attempt_counts_and_its_raw_files_alone_are_kept(machines: Machines, agency: Callable) -> None:
    for worker, rows in ((0, ROWS[:1]), (1, ROWS)):
        machines.nights.write(units=rows)
        machines.land(worker, DAY, agency(datasets=["units"]))
    assert len(machines.sent()) == 2 and machines.take() == 2
    [snapshot] = machines.landed().values()
    assert snapshot.rows_landed == 2 and data_path(machines.warehouse, "landing", snapshot).exists()
    assert [f.name for f in (machines.warehouse.home / "raw").glob("*/*/*/*")] == [snapshot.raw_folder]


def test_what_nobody_took_goes_with_the_age_of_snapshots_and_a_late_landing_stays(machines: Machines, agency: Callable) -> None:
    """An attempt of long ago that was cut off, one whose archive is damaged, and one of today, all of the same old day."""
    machines.nights.write("contoh", units=ROWS)
    machines.land(0, DAY, agency())
    [sent, *others] = machines.sent()
    long_ago = (dt.datetime.now(dt.UTC) - dt.timedelta(days=100)).strftime("%Y%m%dT%H%M%S%f")
    for name in (f"contoh.units.{long_ago}.zip", f"contoh.units.{long_ago}.zip.part"):
        sent.with_name(name).write_bytes(b"half of it")
    assert machines.take(DAY + dt.timedelta(days=1)) == 0
    assert files(machines.area / str(DAY)) == sorted(f.name for f in (sent, *others))
    assert machines.take() == 1 + len(others)


def test_a_take_that_was_killed_before_it_forgot_is_taken_again(machines: Machines, agency: Callable) -> None:
    machines.nights.write(units=ROWS)
    machines.land(0, DAY, agency(datasets=["units"]))
    [sent] = machines.sent()
    whole = sent.read_bytes()
    machines.take()
    first = machines.landed()
    sent.write_bytes(whole)
    assert machines.take() == 1 and machines.landed() == first and machines.sent() == []


def test_the_ledger_tells_of_what_did_not_land_elsewhere(machines: Machines, agency: Callable) -> None:
    machines.nights.write(units=ROWS)
    (machines.nights.folder / "contoh" / "employees.csv").unlink()
    contoh = agency(datasets=["units", "employees"])
    with pytest.raises(Exception, match="employees"):
        machines.land(0, DAY, contoh)
    machines.take()
    with around_promotion(machines.warehouse, machines.connection, contoh, f"run-{DAY}"):
        pass
    [file] = (machines.warehouse.home / "quality" / "runs").glob("*/land-contoh.parquet")
    told = {row["dataset"]: row["status"] for row in pq.read_table(file).to_pylist()}
    assert told == {"units": "ok", "employees": "failed"} and machines.landed().keys() == {"contoh"}


def test_an_area_that_is_gone_or_open_to_others_is_refused(machines: Machines, agency: Callable) -> None:
    machines.nights.write(units=ROWS)
    machines.area.chmod(0o755)
    with pytest.raises(TransitError, match="open to other users"):
        machines.land(0, DAY, agency(datasets=["units"]))
    machines.area.rmdir()
    with pytest.raises(TransitError, match="connection `shared` is not there"):
        machines.land(0, DAY, agency(datasets=["units"]))


class Elsewhere(Machines):
    """Incremental reads of a database, each night on another machine."""

    def __init__(self, simpeg: Simpeg, area: Path) -> None:
        self.sources = simpeg.connection
        super().__init__(simpeg, area)

    def night(self, day: int, **verdict) -> list[str] | None:
        date, agency = FIRST + dt.timedelta(days=day), self.nights.agency()
        self.land(day % 2, date, agency)
        self.take(date)
        self.promote(date, agency, **verdict)
        [found] = self.landed(date).values()
        return self.nights.changed(found)


@pytest.fixture
def elsewhere(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    monkeypatch.setenv("MUTASI_PSEUDONYM_KEY", "k" * 40)
    monkeypatch.setenv(VARIABLE, "shared")
    (tmp_path / "area").mkdir(mode=0o700)
    simpeg = Simpeg(settings, tmp_path / "simpeg.db")
    simpeg.read = {"table": "unor", "cursor": "versi", "full_refresh_days": 9}
    simpeg.run(
        "create table unor (id text, nama text, versi integer)", "insert into unor values ('01', 'Satu', 1), ('02', 'Dua', 2)"
    )
    yield Elsewhere(simpeg, tmp_path / "area")


def test_an_incremental_read_goes_on_on_another_machine(elsewhere: Elsewhere) -> None:
    assert elsewhere.night(0) is None
    elsewhere.nights.run("insert into unor values ('03', 'Tiga', 3)")
    assert elsewhere.night(1) == ["02", "03"]
    [found] = elsewhere.landed(FIRST + dt.timedelta(days=1)).values()
    assert elsewhere.nights.names(found).keys() == {"01", "02", "03"}
    assert not list(elsewhere.workers[1].home.rglob("earlier.parquet"))


def test_a_night_that_was_stopped_moves_the_place_back(elsewhere: Elsewhere) -> None:
    elsewhere.night(0)
    elsewhere.night(1)
    with pytest.raises(Exception, match="stopped by"):
        elsewhere.night(1, stopped={"contoh": ["UNT-001"]})
    used = json.loads(zip_manifest(elsewhere.area / "cursors" / "contoh.units.zip"))
    assert used["snapshot_date"] == FIRST.isoformat()


def test_a_late_night_and_a_damaged_cursor_read_everything(elsewhere: Elsewhere, tmp_path: Path) -> None:
    elsewhere.night(3)
    assert elsewhere.night(2) is None, "the cursor is of a later day"
    cursor = elsewhere.area / "cursors" / "contoh.units.zip"
    shared = transit(elsewhere.workers[0], elsewhere.connection)
    archive = elsewhere.workers[0].folder("raw", "contoh", "units", "x", "y")
    tomorrow = FIRST + dt.timedelta(days=4)
    assert last_cursor(elsewhere.workers[0], elsewhere.nights.agency(), "units", tomorrow, archive, shared)
    cursor.write_bytes(cursor.read_bytes()[:-40])
    assert last_cursor(elsewhere.workers[0], elsewhere.nights.agency(), "units", tomorrow, archive, shared) is None


def zip_manifest(file: Path) -> bytes:
    with zipfile.ZipFile(file) as archive:
        return archive.read("manifest.json")
