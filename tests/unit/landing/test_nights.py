"""Nights: what is promoted, what stays in use, what history remembers, whatever the order."""

from __future__ import annotations

import datetime as dt
import os
import time

import pytest

from mutasi.landing import history, land, promote
from mutasi.landing.history import refresh_history
from mutasi.landing.promote import PromotionError, promote_agency
from mutasi.landing.snapshots import in_use, promoted
from mutasi.sources.datasets import Column, columns_version, datasets

N1, N2, N3 = dt.date(2026, 3, 1), dt.date(2026, 3, 2), dt.date(2026, 3, 3)
ADI, BUDI, CITRA = (
    "199001012015031001,Adi Rekaan,01-01-1990,PNS,a@example.invalid",
    "198502022010011002,Budi Rekaan,02-02-1985,PNS,b@example.invalid",
    "199203032019032003,Citra Rekaan,03-03-1992,PNS,c@example.invalid",
)
HISTORY = "select nip, employee_name, _change, _recorded_on from read_parquet('{home}/history/employees/2*.parquet') order by nip, _recorded_on"


def test_rows_received_are_promoted_or_quarantined_and_contact_data_ends_here(nights, agency):
    nights.write(employees=[ADI, BUDI])
    nights.land(N1, agency())
    for name in agency().datasets:
        nights.judge(N1, name, "('contoh', 2, 'k', 'EMP-001', 'drop', null)" if name == "employees" else "")
    promote_agency(nights.settings, agency(), N1, "r")
    manifest = promoted(nights.settings, "employees", N1)["contoh"]
    assert (manifest.rows_received, manifest.rows_promoted, manifest.rows_quarantined) == (2, 1, 1)
    kept = nights.rows("describe select * from read_parquet('{home}/promoted/employees/*/*.parquet')")
    assert not {"email", "nik", "phone", "title_front"} & {row[0] for row in kept}
    assert nights.rows("select nip, reasons from read_parquet('{home}/quarantine/employees/*/*.parquet')") == [
        ("198502022010011002", "EMP-001")
    ]


def test_a_blanked_field_keeps_the_person_and_leaves_a_flag(nights, agency):
    nights.write(employees=[ADI])
    nights.land(N1, agency())
    for name in agency().datasets:
        nights.judge(N1, name, "('contoh', 1, 'k', 'EMP-004', 'blank', 'birth_date')" if name == "employees" else "")
    promote_agency(nights.settings, agency(), N1, "r")
    assert nights.rows("select nip, birth_date, _flags from read_parquet('{home}/promoted/employees/*/*.parquet')") == [
        ("199001012015031001", None, " EMP-004 ")
    ]


def test_a_stopped_dataset_keeps_yesterday_and_quarantines_the_whole_day(nights, agency):
    nights.write(employees=[ADI])
    nights.night(N1)
    nights.write(employees=[BUDI])
    nights.land(N2, agency())
    for name in agency().datasets:
        nights.judge(N2, name, stopped={"contoh": ["EMP-900"]} if name == "employees" else None)
    with pytest.raises(PromotionError, match=r"contoh, employees: stopped by EMP-900.*2026-03-01 stays in use"):
        promote_agency(nights.settings, agency(), N2, "r2")
    assert in_use(nights.settings, "employees", N2)["contoh"].snapshot_date == N1
    assert in_use(nights.settings, "units", N2)["contoh"].snapshot_date == N2
    ledger = "select rows_received, rows_promoted, rows_quarantined, status from read_parquet('{home}/quality/runs/r2/promote-*.parquet') where dataset = 'employees'"
    assert nights.rows(ledger) == [(1, 0, 1, "kept")]


def test_a_second_delivery_of_the_day_that_is_stopped_leaves_the_first_in_use(nights, agency):
    nights.write(employees=[ADI])
    nights.night(N1)
    first = in_use(nights.settings, "employees", N1)["contoh"]
    nights.write(employees=[BUDI])
    nights.land(N1, agency())
    for name in agency().datasets:
        nights.judge(N1, name, stopped={"contoh": ["EMP-900"]} if name == "employees" else None)
    for _ in range(2):  # also when the same is tried again
        with pytest.raises(
            PromotionError, match=r"contoh, employees: stopped by EMP-900.*what arrived earlier that day stays in use"
        ):
            promote_agency(nights.settings, agency(), N1, "r2")
    assert in_use(nights.settings, "employees", N1)["contoh"] == first
    refresh_history(nights.settings, "employees")
    assert nights.rows(HISTORY) == [("199001012015031001", "Adi Rekaan", "new", N1)]


def test_what_was_delivered_unchanged_stays_with_the_first_delivery_that_it_refers_to(nights, agency):
    nights.write(employees=[ADI], assignments=["199001012015031001,U1,P1,D,01-01-2020,"])
    nights.night(N1)
    first = {name: in_use(nights.settings, name, N1)["contoh"] for name in ("employees", "assignments")}
    nights.write(employees=[BUDI], assignments=["199001012015031001,U1,P1,D,01-01-2020,"])
    nights.land(N1, agency())
    for name in agency().datasets:  # whoever is unknown among the second people stops the assignments too
        nights.judge(N1, name, stopped={"contoh": ["EMP-900"]} if name in first else None)
    with pytest.raises(PromotionError, match="what arrived earlier that day stays in use"):
        promote_agency(nights.settings, agency(), N1, "r2")
    assert {name: in_use(nights.settings, name, N1)["contoh"] for name in first} == first


def test_unchecked_data_are_never_promoted(nights, agency):
    nights.write(employees=[ADI])
    nights.land(N1, agency())
    with pytest.raises(PromotionError, match="landed but never checked"):
        promote_agency(nights.settings, agency(), N1, "r")
    assert not in_use(nights.settings, "employees", N1)


def test_a_post_touched_by_a_quarantined_person_is_named_for_review(nights, agency):
    nights.write(
        employees=[ADI, BUDI],
        assignments=["199001012015031001,U1,P1,D,01-01-2020,", "198502022010011002,U1,P2,D,01-01-2020,"],
    )
    nights.land(N1, agency())
    for name in agency().datasets:
        nights.judge(N1, name, "('contoh', 2, 'k', 'EMP-001', 'drop', null)" if name == "employees" else "")
    promote_agency(nights.settings, agency(), N1, "r")
    assert nights.rows("select unit_id, position_id from read_parquet('{home}/promoted/quarantined_posts/*/*.parquet')") == [
        ("U1", "P2")
    ]


def test_history_holds_new_changed_and_deleted_rows_only(nights):
    nights.write(employees=[ADI, BUDI])
    nights.night(N1)
    nights.write(employees=[ADI.replace("Adi Rekaan", "Adi Contoh"), CITRA])
    nights.night(N2)
    assert nights.rows(HISTORY) == [
        ("198502022010011002", "Budi Rekaan", "new", N1),
        ("198502022010011002", None, "deleted", N2),
        ("199001012015031001", "Adi Rekaan", "new", N1),
        ("199001012015031001", "Adi Contoh", "changed", N2),
        ("199203032019032003", "Citra Rekaan", "new", N2),
    ]


def test_nights_in_any_order_leave_the_same_history(nights, settings, tmp_path):
    nightly = {N1: [ADI, BUDI], N2: [ADI, CITRA], N3: [ADI.replace("PNS", "CPNS"), BUDI, CITRA]}
    for day in (N1, N2, N3):
        nights.write(employees=nightly[day])
        nights.night(day)
    in_order = nights.rows(HISTORY)
    other = type(nights)(
        type(settings)(home=tmp_path / "other", project=settings.project, agencies=settings.agencies), nights.folder
    )
    for day in (N1, N3, N2):
        other.write(employees=nightly[day])
        other.night(day)
    assert other.rows(HISTORY) == in_order
    assert len(in_order) == 6


def test_an_absent_agency_deletes_nobody(nights, agency):
    nights.write("contoh", employees=[ADI])
    nights.write("lain", employees=[BUDI])
    nights.night(N1, agency("contoh"), agency("lain"))
    nights.night(N2, agency("contoh"))
    assert nights.rows("select count(*) from read_parquet('{home}/history/employees/2026-03-02.parquet')") == [(0,)]


def test_a_new_column_changes_nothing(nights, monkeypatch):
    nights.write(employees=[ADI, BUDI])
    nights.night(N1)
    employees, newer = datasets()["employees"], columns_version() + 1
    wider = employees.model_copy(
        update={"columns": {**employees.columns, "hobby": Column(type="text", description="x", since=newer)}}
    )
    for module in (land, promote, history):
        monkeypatch.setattr(module, "datasets", lambda: {**datasets(), "employees": wider})
    for module in (land, promote, history):
        monkeypatch.setattr(module, "columns_version", lambda: newer)
    nights.night(N2)
    changes = "select count(*) from read_parquet('{home}/history/employees/2026-03-02.parquet')"
    assert nights.rows(changes) == [(0,)]
    nights.write(employees=[ADI.replace("Adi", "Ari"), BUDI])
    nights.night(N2)
    assert nights.rows(changes) == [(1,)]


def test_a_new_column_is_empty_of_agencies_first_seen_before_it_came(nights, monkeypatch):
    """Their hash is taken over the columns of their day."""
    nights.write(employees=[ADI])
    nights.night(N1)
    seen = "select nip, employee_name, _change, _row_hash, _columns_version from read_parquet('{home}/history/employees/2026-03-01.parquet')"
    before = nights.rows(seen)
    employees, newer = datasets()["employees"], columns_version() + 1
    added = Column(type="integer", description="x", since=newer)
    wider = employees.model_copy(update={"columns": {**employees.columns, "hobbies": added}})
    monkeypatch.setattr(history, "datasets", lambda: {**datasets(), "employees": wider})
    monkeypatch.setattr(history, "columns_version", lambda: newer)
    for file in (nights.settings.home / "history" / "employees").glob("*"):
        file.unlink()
    assert refresh_history(nights.settings, "employees") == 1
    assert nights.rows(seen) == before
    kind = "select hobbies, typeof(hobbies) from read_parquet('{home}/history/employees/2026-03-01.parquet')"
    assert nights.rows(kind) == [(None, "BIGINT")]


def test_a_column_that_joins_the_key_changes_nothing(nights, monkeypatch):
    nights.write(employees=[ADI, BUDI])
    nights.night(N1)
    employees, newer = datasets()["employees"], columns_version() + 1
    column = Column(type="text", description="x", since=newer)
    wider = employees.model_copy(update={"key": ("nip", "place"), "columns": {**employees.columns, "place": column}})
    for module in (land, promote, history):
        monkeypatch.setattr(module, "datasets", lambda: {**datasets(), "employees": wider})
    for module in (land, promote, history):
        monkeypatch.setattr(module, "columns_version", lambda: newer)
    nights.write(employees=[ADI])
    nights.night(N2)
    changes = "select nip, _change from read_parquet('{home}/history/employees/2026-03-02.parquet')"
    assert nights.rows(changes) == [(BUDI[:18], "deleted")]


def test_history_is_replayed_when_a_night_is_repaired_and_left_alone_otherwise(nights):
    nights.write(employees=[ADI])
    nights.night(N1)
    nights.write(employees=[ADI, BUDI])
    nights.night(N2)
    assert refresh_history(nights.settings, "employees") == 0
    nights.write(employees=[CITRA])
    nights.night(N1)
    assert nights.rows(HISTORY) == [
        ("198502022010011002", "Budi Rekaan", "new", N2),
        ("199001012015031001", "Adi Rekaan", "new", N2),
        ("199203032019032003", "Citra Rekaan", "new", N1),
        ("199203032019032003", None, "deleted", N2),
    ]


@pytest.mark.parametrize("group", [history.ROW_GROUP, 4000, 500])
def test_agencies_and_rows_keep_their_order_and_new_agencies_come_first(nights, agency, monkeypatch, group):
    """However many of them fit into a row group."""
    monkeypatch.setattr(history, "ROW_GROUP", group)
    rows = "select agency_id, employee_name, _change from read_parquet('{home}/history/employees/%s.parquet')"
    many = [f"19900101201503{n:04},Tokoh {n},01-01-1990,PNS,a@example.invalid" for n in range(3000, 0, -1)]
    for agency_id in ("dua", "satu"):
        nights.write(agency_id, employees=many)
    nights.night(N1, agency("satu"), agency("dua"))
    written = [line.split(",")[1] for line in many]
    assert nights.rows(rows % N1) == [(agency_id, name, "new") for agency_id in ("dua", "satu") for name in written]
    nights.write("dua", employees=[many[2].replace("Tokoh", "Nama"), *many[3:], CITRA])
    nights.write("tiga", employees=[BUDI, ADI])
    nights.night(N2, agency("dua"), agency("satu"), agency("tiga"))
    assert nights.rows(rows % N2) == [
        ("tiga", "Budi Rekaan", "new"),
        ("tiga", "Adi Rekaan", "new"),
        ("dua", "Nama 2998", "changed"),
        ("dua", "Citra Rekaan", "new"),
        ("dua", None, "deleted"),
        ("dua", None, "deleted"),
    ]


def settle(home, name="employees"):
    """Let the folders of promoted days have changed an hour ago."""
    for folder in (home / "promoted" / name).iterdir():
        os.utime(folder, (time.time() - 3600,) * 2)


def test_history_reads_only_the_days_whose_snapshots_changed(nights):
    home = nights.settings.home
    nights.write(employees=[ADI])
    for day in (N1, N2):
        nights.night(day)
    settle(home)
    assert refresh_history(nights.settings, "employees") == 0
    unread = home / "promoted" / "employees" / str(N1) / "contoh.json"
    whole = unread.read_bytes()
    unread.write_bytes(b"not read")
    nights.write(employees=[ADI, BUDI])
    nights.night(N2)
    assert nights.rows(HISTORY) == [
        ("198502022010011002", "Budi Rekaan", "new", N2),
        ("199001012015031001", "Adi Rekaan", "new", N1),
    ]
    unread.write_bytes(whole)
    nights.write(employees=[CITRA])
    nights.night(N1)
    assert {changed for _, _, _, changed in nights.rows(HISTORY)} == {N1, N2}
    assert ("199203032019032003", "Citra Rekaan", "new", N1) in nights.rows(HISTORY)


def test_a_folder_that_changes_twice_in_one_tick_of_the_clock_is_read_again(nights, agency):
    """Its time would not tell; so a time that is not past is not believed."""
    home = nights.settings.home
    nights.write(employees=[ADI])
    nights.night(N1)
    moment = time.time() + 3600  # a clock that was set back, or the tick that is under way
    folder = home / "promoted" / "employees" / str(N1)
    os.utime(folder, (moment, moment))
    assert refresh_history(nights.settings, "employees") == 0
    nights.write(employees=[ADI, BUDI])
    nights.land(N1, agency())
    nights.judge(N1, "employees")
    promote_agency(nights.settings, agency(), N1, "r")
    os.utime(folder, (moment, moment))
    assert refresh_history(nights.settings, "employees") == 1


def test_a_withdrawn_snapshot_leaves_history(nights, agency):
    nights.write("contoh", employees=[ADI])
    nights.write("lain", employees=[BUDI])
    nights.night(N1, agency("contoh"), agency("lain"))
    nights.land(N1, agency("lain"))
    nights.judge(N1, "employees", stopped={"lain": ["EMP-090"]})
    with pytest.raises(PromotionError, match="stopped by EMP-090"):
        promote_agency(nights.settings, agency("lain"), N1, "r")
    refresh_history(nights.settings, "employees")
    assert nights.rows(HISTORY) == [("199001012015031001", "Adi Rekaan", "new", N1)]


def test_a_killed_history_step_is_made_good(nights):
    nights.write(employees=[ADI])
    nights.night(N1)
    before = nights.rows(HISTORY)
    folder = nights.settings.home / "history" / "employees"
    (folder / f"{N1}.json").unlink()  # killed between data and record
    assert refresh_history(nights.settings, "employees") == 1
    assert nights.rows(HISTORY) == before


def test_a_person_keeps_the_id_under_a_new_key(nights, monkeypatch):
    nights.write(employees=[ADI])
    nights.night(N1)
    monkeypatch.setenv("MUTASI_PSEUDONYM_KEY", "another key of at least thirty-two bytes")
    nights.settings.__dict__.pop("pseudonym_key", None)
    nights.write(employees=[ADI, BUDI])
    nights.night(N2)
    rows = nights.rows(
        "select nip, person_id, pseudonym, key_version from read_parquet('{home}/promoted/identities/*/*.parquet') order by nip, snapshot_date"
    )
    adi = [row for row in rows if row[0].startswith("1990")]
    assert adi[0][1] == adi[1][1]
    assert adi[0][2] != adi[1][2] and adi[0][3] != adi[1][3]


def test_a_source_with_dates_of_its_own_does_not_confuse_the_days(nights):
    """Assignments carry a `valid_from` that is the appointment's; what history orders by is the day of the snapshot."""
    nights.write(assignments=["199001012015031001,U1,P1,D,01-01-2020,"])
    nights.night(N1)
    nights.write(assignments=["199001012015031001,U1,P1,D,01-01-2020,31-01-2026"])
    nights.night(N2)
    nights.write(assignments=["199001012015031001,U1,P1,D,01-01-2020,31-01-2026"])
    nights.night(N3)
    files = "read_parquet('{home}/history/assignments/2*.parquet')"
    assert nights.rows(f"select valid_from, valid_to, _change, _recorded_on from {files} order by _recorded_on") == [
        (dt.date(2020, 1, 1), None, "new", N1),
        (dt.date(2020, 1, 1), dt.date(2026, 1, 31), "changed", N2),
    ]
