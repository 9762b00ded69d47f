"""Landing: nothing is lost, nothing is guessed."""

from __future__ import annotations

import datetime as dt
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mutasi.landing import land as landing
from mutasi.landing.land import LandingError
from mutasi.landing.promote import promote_agency
from mutasi.landing.snapshots import in_use_of, landed, landed_of
from mutasi.sources.connection import Extract

DAY = dt.date(2026, 3, 1)
LANDED = "select * from read_parquet('{home}/landing/employees/*/*.parquet') order by _row_id"


def test_a_parser_that_drops_a_row_is_caught_by_the_sources_own_count(nights, agency, monkeypatch):
    nights.write(employees=["199001012015031001,Adi Rekaan,01-01-1990,PNS,", "198502022010011002,Budi Rekaan,02-02-1985,PNS,"])
    real = landing.extract

    def loses_one(*args, **kwargs):
        arrived = real(*args, **kwargs)
        table = arrived.batches.read_all()
        return Extract(table.slice(0, max(0, len(table) - 1)).to_reader(), arrived.rows_received, arrived.archive)

    monkeypatch.setattr(landing, "extract", loses_one)
    with pytest.raises(LandingError, match="contoh, employees: the source counts 2 rows, 1 were read"):
        nights.land(DAY, agency(datasets=["employees"]))
    assert not landed(nights.settings, "employees", DAY)


def test_values_that_cannot_be_read_are_named_and_not_invented(nights, agency):
    nights.write(employees=["19900101 201503 1 001,  Adi   Rekaan ,31-02-1990,HONORER,"])
    nights.land(DAY, agency(datasets=["employees"]))
    row = nights.rows(
        "select nip, employee_name, birth_date, employment_status, _unreadable, _unmapped, _repaired from (" + LANDED + ")"
    )
    assert row == [("199001012015031001", "Adi Rekaan", None, None, " birth_date ", " employment_status ", " nip employee_name ")]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("01-02-1990", dt.date(1990, 2, 1)),
        ("1990-02-01", dt.date(1990, 2, 1)),
        ("1990-02-01 00:00:00", dt.date(1990, 2, 1)),
        ("-", None),
        ("#REF!", None),
    ],
)
def test_dates_are_read_in_the_agencys_format_or_iso(nights, agency, written, read):
    nights.write(employees=[f"199001012015031001,Adi Rekaan,{written},PNS,"])
    nights.land(DAY, agency(datasets=["employees"]))
    assert nights.rows(f"select birth_date, _unreadable from ({LANDED})") == [(read, "")]


def test_landing_again_replaces_the_days_snapshot_and_an_unchanged_source_gives_the_same_bytes(nights, agency):
    nights.write(employees=["199001012015031001,Adi Rekaan,01-01-1990,PNS,"])
    nights.land(DAY, agency(datasets=["employees"]))
    first = landed(nights.settings, "employees", DAY)["contoh"]
    nights.land(DAY, agency(datasets=["employees"]))
    assert landed(nights.settings, "employees", DAY)["contoh"].data_sha256 == first.data_sha256
    assert len(list((nights.settings.home / "landing" / "employees" / str(DAY)).glob("*.parquet"))) == 1
    assert len(list((nights.settings.home / "raw" / "contoh" / "employees" / str(DAY)).iterdir())) == 1


def test_one_broken_dataset_does_not_hold_back_the_others(nights, agency):
    nights.write(employees=["199001012015031001,Adi Rekaan,01-01-1990,PNS,"], units=["U1,,Dinas Contoh"])
    (nights.folder / "contoh" / "units.csv").unlink()
    with pytest.raises(LandingError, match="units"):
        nights.land(DAY, agency(datasets=["units", "employees"]))
    assert landed(nights.settings, "employees", DAY)
    assert not landed(nights.settings, "units", DAY)
    raw = nights.settings.home / "raw" / "contoh"
    assert not list(raw.glob("units/*/*")), "an attempt that brought nothing leaves no folder"
    assert list(raw.glob("employees/*/*/*"))


def test_an_error_that_is_not_ours_ends_the_task_and_stands_in_the_ledger_without_its_text(nights, agency, monkeypatch):
    real = landing.commit_landed

    def full(settings, snapshot, *files) -> None:
        if snapshot.dataset == "units":
            raise OSError("no space left for 199001012015031001")
        real(settings, snapshot, *files)

    nights.write(employees=["199001012015031001,Adi Rekaan,01-01-1990,PNS,"], units=["U1,,Dinas Contoh"])
    monkeypatch.setattr("mutasi.landing.land.commit_landed", full)
    with pytest.raises(OSError, match="no space"):
        nights.land(DAY, agency(datasets=["units", "employees"]))
    [file] = (nights.settings.home / "quality" / "runs").glob("*/land-*.parquet")
    rows = pq.read_table(file).to_pylist()
    assert [(row["dataset"], row["status"], row["message"]) for row in rows] == [
        ("units", "failed", "OSError"),
        ("employees", "ok", None),
    ]
    assert all(row["seconds"] is not None for row in rows)
    assert (list(landed(nights.settings, "units", DAY)), list(landed(nights.settings, "employees", DAY))) == ([], ["contoh"])
    assert not list((nights.settings.home / "landing").rglob(".*")), "what was not finished is removed"


def test_a_defect_ends_the_task_and_what_was_to_follow_has_no_row(nights, agency, monkeypatch):
    def defect(*_: object) -> None:
        raise KeyError("199001012015031001")

    nights.write(employees=["199001012015031001,Adi Rekaan,01-01-1990,PNS,"], units=["U1,,Dinas Contoh"])
    monkeypatch.setattr("mutasi.landing.land.landed_rows", defect)
    with pytest.raises(KeyError):
        nights.land(DAY, agency(datasets=["units", "employees"]))
    [file] = (nights.settings.home / "quality" / "runs").glob("*/land-*.parquet")
    [row] = pq.read_table(file).to_pylist()
    assert (row["dataset"], row["status"], row["message"]) == ("units", "failed", "KeyError") and row["seconds"] is not None


def test_columns_that_nobody_mapped_are_named_in_the_manifest(nights, agency):
    nights.write(units=["U1,,Dinas Contoh"])
    file = nights.folder / "contoh" / "units.csv"
    file.write_text("unit_id,parent_unit_id,unit_name,agama\nU1,,Dinas Contoh,x\n", encoding="utf-8")
    nights.land(DAY, agency(datasets=["units"]))
    assert landed(nights.settings, "units", DAY)["contoh"].unknown_columns == ("agama",)


def test_source_types_are_kept(nights, agency, monkeypatch):
    table = pa.table(
        {
            "nip": ["1"],
            "employee_name": ["A"],
            "birth_date": pa.array([dt.date(1990, 2, 1)]),
            "employment_status": ["PNS"],
            "email": [None],
        }
    )
    monkeypatch.setattr(landing, "extract", lambda *a, **k: Extract(table.to_reader(), 1, ()))
    nights.land(DAY, agency(datasets=["employees"]))
    assert nights.rows(f"select birth_date, _unreadable from ({LANDED})") == [(dt.date(1990, 2, 1), "")]


def test_typed_numbers_and_dates_hold_what_can_be_meant_and_nothing_else(nights, agency, monkeypatch):
    values = {
        "volume": pa.array([2.5, float("nan"), float("inf"), -1.0]),
        "minutes_per_unit": pa.array([1, 2, None, 4]),
        "year": pa.array([2026.0, 2026.5, 9999.0, 2027.0]),
    }
    table = pa.table({name: values.get(name, pa.array(["2"] * 4)) for name in agency().datasets["workloads"].columns})
    monkeypatch.setattr(landing, "extract", lambda *a, **k: Extract(table.to_reader(), 4, ()))
    one = agency(datasets=["workloads"])
    source = one.datasets["workloads"].model_copy(update={"nulls": ("9999.0", "-")})
    nights.land(DAY, one.model_copy(update={"datasets": {"workloads": source}}))
    rows = "select volume, minutes_per_unit, year, _unreadable from read_parquet('{home}/landing/workloads/*/*.parquet') order by _row_id"
    assert nights.rows(rows) == [
        (2.5, 1.0, 2026, ""),
        (None, 2.0, None, " year volume "),
        (None, None, None, " volume "),
        (-1.0, 4.0, 2027, ""),
    ]


def test_a_typed_date_that_stands_for_none_is_none(nights, agency, monkeypatch):
    table = pa.table({"nip": ["1", "2"], "birth_date": pa.array([dt.date(1900, 1, 1), dt.date(1990, 2, 1)])})
    monkeypatch.setattr(landing, "extract", lambda *a, **k: Extract(table.to_reader(), 2, ()))
    one = agency(datasets=["employees"])
    columns = {name: one.datasets["employees"].columns[name] for name in table.column_names}
    source = one.datasets["employees"].model_copy(update={"nulls": ("1900-01-01",), "columns": columns})
    nights.land(DAY, one.model_copy(update={"datasets": {"employees": source}}))
    assert nights.rows(f"select birth_date, _unreadable from ({LANDED})") == [(None, ""), (dt.date(1990, 2, 1), "")]


def test_empty_cells_hold_what_stands_above_and_never_what_stands_in_a_subtotal(nights, agency):
    rows = [
        ",,2026,0,1,1,final",
        "U1,P1,2026,1,10,60,final",
        "-, ,,2,20,60,",
        "JUMLAH,X,,,30,,",
        ",P2,2025,3,5,60,",
        "U2,,,4,6,60,draft",
    ]
    nights.write(workloads=rows)
    document = agency(datasets=["workloads"]).model_dump(mode="json", by_alias=True)
    document["datasets"]["workloads"]["fill_down"] = ["unit_id", "position_id", "year", "status"]
    document["datasets"]["workloads"]["skip_where"] = {"unit_id": ["JUMLAH"]}
    nights.land(DAY, type(agency()).model_validate(document))
    columns = "_row_id, unit_id, position_id, year, task_id, status"
    assert nights.rows(f"select {columns} from read_parquet('{{home}}/landing/workloads/*/*.parquet') order by _row_id") == [
        (1, None, None, 2026, "0", "final"),
        (2, "U1", "P1", 2026, "1", "final"),
        (3, "U1", "P1", 2026, "2", "final"),
        (5, "U1", "P2", 2025, "3", "final"),
        (6, "U2", "P2", 2025, "4", "draft"),
    ]
    [snapshot] = landed(nights.settings, "workloads", DAY).values()
    assert (snapshot.rows_received, snapshot.rows_landed, snapshot.rows_skipped) == (5, 5, 1)
    document["datasets"]["workloads"]["fill_down"] = ["unt_id"]
    with pytest.raises(LandingError, match=r"lacks the column `unt_id` \(closest is `unit_id`\)"):
        nights.land(DAY, type(agency()).model_validate(document))


def test_rows_that_are_no_records_are_counted_and_not_lost(nights, agency):
    rows = ["U1,,Dinas Contoh", ",,JUMLAH  DINAS", "U2,U1,Sekretariat", ",,", ",,jumlah"]
    nights.write(units=rows)
    document = agency(datasets=["units"]).model_dump(mode="json", by_alias=True)
    document["datasets"]["units"]["skip_where"] = {"unit_id": [""], "unit_name": ["JUMLAH*", ""]}
    counting = type(agency()).model_validate(document)
    nights.land(DAY, counting)
    nights.judge(DAY, "units")
    snapshot = landed(nights.settings, "units", DAY)["contoh"]
    assert (snapshot.rows_received, snapshot.rows_landed, snapshot.rows_skipped) == (2, 2, 3)
    [entry] = promote_agency(nights.settings, counting, DAY, "run")
    assert (entry.rows_received, entry.rows_promoted, entry.rows_quarantined) == (5, 2, 3)
    kept = nights.rows("select _row_id, unit_id from read_parquet('{home}/landing/units/*/*.parquet') order by _row_id")
    assert kept == [(1, "U1"), (3, "U2")], "the position in the source stays"


def test_a_snapshot_knows_when_its_file_was_delivered(nights, agency, settings):
    nights.write(units=["U1,,Unit"])
    sent = dt.datetime(2026, 11, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=7)))  # still October in London
    os.utime(nights.folder / "contoh" / "units.csv", (0, sent.timestamp()))
    day = dt.date(2026, 11, 21)
    nights.night(day, agency(datasets=["units"]))
    for snapshot in (landed_of(settings, "units", day, "contoh"), in_use_of(settings, "units", day, "contoh")):
        assert snapshot is not None
        assert (snapshot.delivered_on, snapshot.age(day)) == (dt.date(2026, 11, 1), 20)
    told = nights.rows("select data_as_of from '{home}/quality/runs/*/promote*.parquet' where dataset = 'units'")
    assert told == [(dt.date(2026, 11, 1),)]
