"""What is said of a source before its first night: what would stop it, and what would pass every rule and spoil the figures."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
import pytest
from tests.unit.landing.conftest import Nights

from mutasi.checks.tolerances import tolerances
from mutasi.landing.land import land_agency
from mutasi.landing.live import Look, look
from mutasi.settings import Settings
from mutasi.sources.agency import Agency, ColumnMap
from mutasi.sources.connection import Connection, SourceError

PEOPLE = [f"19850101201001{1 + n % 2}{n:03d}" for n in range(1, 41)]


@pytest.fixture
def say(nights: Nights, settings: Settings, tmp_path: Path) -> Callable[..., Look]:
    def of(agency: Agency, **rows: list[str]) -> Look:
        nights.write(**rows)
        with TemporaryDirectory(dir=tmp_path) as folder:
            [found] = look(agency, nights.connection, Path(folder), tolerances(settings.suites))
        return found

    return of


def mapped(agency: Agency, dataset: str, **columns: Any) -> Agency:
    """The agency with other maps of some columns; that of contact data is free for them."""
    source = agency.datasets[dataset]
    others = {name: how for name, how in source.columns.items() if how.source != "email"}
    maps = {**others, **{name: ColumnMap.model_validate(how) for name, how in columns.items()}}
    return agency.model_copy(update={"datasets": {dataset: source.model_copy(update={"columns": maps})}})


@pytest.mark.parametrize(("unknown", "fits"), [(12, True), (13, False), (40, False)])
def test_a_share_of_unmapped_codes_that_would_stop_the_night_does_not_fit(say, agency, unknown, fits):
    found = say(
        mapped(agency(datasets=["units"]), "units", unit_type={"from": "parent_unit_id"}),
        units=[f"U{n},{'01' if n < unknown else 'school_primary'},Unit" for n in range(40)],
    )
    sentence = f"{unknown} of 40 rows hold a code that is not mapped; above 30 % the night stops the dataset (UNT-015)."
    assert found.fits is fits
    assert (sentence in [f.sentence for f in found.findings if f.stops]) is not fits


@pytest.mark.parametrize(("unreadable", "fits"), [(12, True), (13, False)])
def test_a_share_of_unreadable_dates_that_would_stop_the_night_does_not_fit(say, agency, unreadable, fits):
    rows = [f"{nip},U1,P{n},D,01-01-2020,{'0000-00-00' if n < unreadable else ''}" for n, nip in enumerate(PEOPLE)]
    found = say(agency(datasets=["assignments"]), assignments=rows)
    assert found.fits is fits
    assert any("(ASG-015)" in f.sentence and f.stops for f in found.findings) is not fits


@pytest.mark.parametrize("spoilt", ["{:.15}000", "1.98501012010011E+17"])
@pytest.mark.parametrize(("many", "fits"), [(2, True), (40, False)])
def test_nips_that_a_spreadsheet_rounded_are_told_with_what_to_ask_for(say, agency, spoilt, many, fits):
    rows = [f"{spoilt.format(nip) if n < many else nip},Rekaan,01-01-1985,PNS," for n, nip in enumerate(PEOPLE)]
    found = say(agency(datasets=["employees"]), employees=rows)
    assert found.fits is fits
    [told] = [f.sentence for f in found.findings if "spreadsheet" in f.sentence]
    assert f"{many} of 40 values were rounded by a spreadsheet" in told and "with this column as text" in told


def test_numbers_that_are_no_nips_are_told_with_what_to_do(say, agency):
    found = say(agency(datasets=["employees"]), employees=[f"{n:09d},Rekaan,01-01-1985,PNS," for n in range(1, 41)])
    [told] = [f.sentence for f in found.findings if f.stops and "18 digits" in f.sentence]
    assert "40 of 40 values have not 18 digits" in told and "an old NIP has 9 digits" in told


def test_a_table_without_rows_is_told_with_what_to_do(say, agency):
    units = agency(datasets=["units"])
    [told] = [f.sentence for f in say(units, units=[]).findings if f.stops]
    assert told == (
        "there are no rows below the header. Ask the agency for a complete export; if the rows stand in another file or sheet, correct "
        "`path` or `sheet`."
    )
    source = units.datasets["units"].model_copy(update={"skip_where": {"unit_name": ("*",)}})
    skipped = units.model_copy(update={"datasets": {"units": source}})
    [told] = [f.sentence for f in say(skipped, units=["U1,,Unit"]).findings if f.stops]
    assert told == "there are no rows but those that `skip_where` leaves out; correct its words."


def test_a_few_failing_rows_never_stop_and_all_rows_do(say, agency):
    units = mapped(agency(datasets=["units"]), "units", unit_type={"from": "parent_unit_id"})
    assert say(units, units=["U1,01,Unit", "U2,01,Unit", "U3,office,Unit"]).fits
    assert not say(units, units=["U1,01,Unit", "U2,01,Unit", "U3,01,Unit"]).fits


def test_dates_of_several_hands_are_told_with_the_formats_that_read_them(say, agency):
    people = agency(datasets=["employees"])
    written = ["31-01-1985", "31 Januari 1985", "31078", "31/01/1985"]
    rows = [f"{nip},Rekaan,{written[n % 4]},PNS," for n, nip in enumerate(PEOPLE)]
    [told] = [f.sentence for f in say(people, employees=rows).findings if f.sentence.startswith("birth_date")]
    more = ("%d/%m/%Y", "%d %B %Y", "excel")
    assert told.endswith(
        'Written in several ways: with `more_date_formats: ["%d/%m/%Y", "%d %B %Y", "excel"]` 40 rows would be dates.'
    )
    source = people.datasets["employees"].model_copy(update={"more_date_formats": more})
    mended = people.model_copy(update={"datasets": {"employees": source}})
    assert not [f for f in say(mended, employees=rows).findings if f.sentence.startswith("birth_date")]


@pytest.mark.parametrize("is_swapped", [True, False])
def test_days_that_a_spreadsheet_took_for_months_are_told(say, agency, is_swapped):
    born = [dt.date(1985, 1, 1) + dt.timedelta(days=37 * n) for n in range(len(PEOPLE))]
    swapped = [f"{d:%Y-%d-%m}" if d.day <= 12 else f"{d:%d/%m/%Y}" for d in born]
    mixed = [f"{d:%Y-%m-%d}" if n % 2 else f"{d:%d/%m/%Y}" for n, d in enumerate(born)]
    rows = [f"{nip},Rekaan,{d},PNS," for nip, d in zip(PEOPLE, swapped if is_swapped else mixed, strict=True)]
    told = [f.sentence for f in say(agency(datasets=["employees"]), employees=rows).findings]
    assert any("has taken the day for the month" in sentence for sentence in told) is is_swapped


def test_a_golongan_is_read_from_words_and_a_rank_without_one_is_a_code_to_be_mapped(say, agency):
    people = mapped(agency(datasets=["employees"]), "employees", golongan_code={"from": "email"})
    read = say(people, employees=[f'{nip},Rekaan,01-01-1985,PNS,"Penata Muda, III/a"' for nip in PEOPLE])
    assert not [f for f in read.findings if f.sentence.startswith("golongan_code")]
    found = say(
        people, employees=[f"{nip},Rekaan,01-01-1985,PNS,{'Penata Muda' if n < 30 else 32}" for n, nip in enumerate(PEOPLE)]
    )
    [finding] = [f for f in found.findings if f.sentence.startswith("golongan_code")]
    assert finding.stops
    assert "30 of 40 rows hold a code that is not mapped: `Penata Muda` (30). Ours are 11, 12," in finding.sentence
    assert finding.sentence.endswith("XVII. What BKN's codes mean stands at the end of docs/reference/datasets.md.")
    renamed = mapped(people, "employees", golongan_code={"from": "email", "codes": {"Penata Muda": "31"}})
    assert say(renamed, employees=[f"{PEOPLE[0]},Rekaan,01-01-1985,PNS,Penata Muda"]).fits


@pytest.mark.parametrize(
    ("volume", "norm", "told"),
    [(1250, 1, True), (1250, 60, False), (75_000, 50, True), (75_000, 1, False)],
    ids=["hours", "minutes", "fifty persons", "one person"],
)
def test_a_norm_of_another_unit_is_told_by_the_size_of_the_posts(say, agency, volume, norm, told):
    found = say(agency(datasets=["workloads"]), workloads=[f"U1,P{n},2026,1,{volume},{norm},final" for n in range(5)])
    assert any("Does the norm count minutes" in f.sentence for f in found.findings) is told
    assert found.fits


def test_a_factor_turns_hours_into_minutes(nights: Nights, settings: Settings, agency: Callable[..., Agency], say):
    sheets = ['U1,P1,2026,1,1250,"1,5",final', "U1,P2,2026,1,1250,satu,final"]
    hours = mapped(
        agency(datasets=["workloads"]), "workloads", minutes_per_unit={"from": "minutes_per_unit", "decimal": ",", "factor": 60}
    )
    assert not any("Does the norm" in f.sentence for f in say(hours, workloads=sheets).findings)
    land_agency(settings, hours, dt.date(2026, 11, 21), "run", nights.connection)
    assert nights.rows("select minutes_per_unit from '{home}/landing/**/*.parquet' order by _row_id") == [(90.0,), (None,)]


def test_merged_cells_are_guessed_and_filled(say, agency):
    sheets = ["U1,P1,2026,1,1250,60,final", *[f",,2026,{n},1250,60,final" for n in range(2, 40)]]
    merged = agency(datasets=["workloads"])
    told = [f.sentence for f in say(merged, workloads=sheets).findings if f.stops]
    assert (
        "unit_id (from `unit_id`): is required and empty in 38 of 39 rows. If cells are merged over rows, set `fill_down: [unit_id]`."
        in told
    )
    empty = [f"U1,P1,2026,{n},,60,final" for n in range(40)]
    assert not any("fill_down" in f.sentence for f in say(merged, workloads=empty).findings), (
        "no quantity is that of the row above"
    )
    source = merged.datasets["workloads"].model_copy(update={"fill_down": ("unit_id", "position_id")})
    filled = merged.model_copy(update={"datasets": {"workloads": source}})
    assert not [f.sentence for f in say(filled, workloads=sheets).findings if "fill_down" in f.sentence or f.stops]


def test_blank_rows_and_totals_are_told_with_the_words_that_leave_them_out(say, agency):
    rows = [f"U1,P1,2026,{n},1250,60,final" for n in range(30)]
    sheets = agency(datasets=["workloads"])
    told = [f.sentence for f in say(sheets, workloads=[*rows, *[",,,,,,"] * 20]).findings]
    left_out = '`skip_where: {"unit_id": [""], "position_id": [""], "year": [""], "task_id": [""]}` leaves them out.'
    assert f"20 of 50 rows are empty in every mapped column; {left_out}" in told
    assert not any("fill_down" in sentence for sentence in told), "20 rows of nothing would become 20 tasks of the last post"
    told = [f.sentence for f in say(sheets, workloads=[*rows, ",,,JUMLAH,12500,,"]).findings]
    assert (
        "unit_id (from `unit_id`): is required and empty in 1 of 31 rows. If they are totals or notes and no records, name them under "
        "`skip_where`." in told
    )
    source = sheets.datasets["workloads"].model_copy(update={"skip_where": {"unit_id": ("",)}})
    mended = sheets.model_copy(update={"datasets": {"workloads": source}})
    assert say(mended, workloads=[*rows, ",,,,,,", ",,,JUMLAH,12500,,"]).fits


def test_unmapped_codes_in_filled_cells_are_counted_where_they_are_written(say, agency):
    units = mapped(agency(datasets=["units"]), "units", unit_type={"from": "parent_unit_id"})
    source = units.datasets["units"].model_copy(update={"fill_down": ("parent_unit_id",)})
    filled = units.model_copy(update={"datasets": {"units": source}})
    told = [f.sentence for f in say(filled, units=["U1,01,Unit", "U2,,Unit", "U3,,Unit"]).findings]
    assert any("3 of 3 rows hold a code that is not mapped: `01` (1). Ours are" in s for s in told)


def read_otherwise(agency: Agency, dataset: str, **read: Any) -> Agency:
    source = agency.datasets[dataset]
    changed = source.model_copy(update={"read": source.read.model_copy(update=read)})
    return agency.model_copy(update={"datasets": {dataset: changed}})


@pytest.mark.parametrize("number", [PEOPLE[0], "19850101 201001 1 001", "'" + PEOPLE[0], "1.98501012010011E+17"])
def test_a_row_of_a_person_taken_for_the_header_is_not_shown(say, agency, number):
    people = read_otherwise(agency(datasets=["employees"]), "employees", header_row=2)
    found = say(
        people, employees=[f"{number},Arwi Rekawan,01-01-1985,PNS,arwi@example.invalid", f"{PEOPLE[1]},B,01-01-1985,PNS,"]
    )
    assert not found.fits
    text = " ".join(f.sentence for f in found.findings)
    assert "Correct `read.header_row`" in text
    assert "rekawan" not in text.lower() and "1985" not in text and "example.invalid" not in text


def test_a_header_in_another_row_is_told_and_the_columns_are_listed_once(say, agency):
    units = read_otherwise(agency(datasets=["units"]), "units", header_row=2)
    [told] = [f.sentence for f in say(units, units=["DAFTAR UNIT,,", "U1,,Unit"]).findings if "lacks" in f.sentence]
    assert told.count("`DAFTAR UNIT`") == 1
    assert told.endswith("If the names of the columns stand in another row, set `read.header_row`.")


def test_files_and_sheets_that_are_not_read_are_told(say, agency, nights: Nights):
    units = read_otherwise(agency(datasets=["units"]), "units", path="units*.csv")
    rows = ["U1,,Unit", "U2,U1,Unit"]
    assert not say(units, units=rows).findings
    (nights.folder / "contoh" / "units_dinas.csv").write_text("unit_id\n", encoding="utf-8")
    os.utime(nights.folder / "contoh" / "units_dinas.csv", (0, 0))
    [told] = [f.sentence for f in say(units, units=rows).findings]
    assert told.startswith("units.csv is read, the newest of 2 files that match `units*.csv`.")

    book = openpyxl.Workbook()
    for row in (["unit_id", "parent_unit_id", "unit_name"], ["U1", None, "Unit"], ["U2", "U1", "Unit"]):
        book.active.append(row)
    book.create_sheet("Dinas")["A3"] = "U2"
    book.create_sheet("Sheet3")
    book.save(nights.folder / "contoh" / "units.xlsx")
    [told] = [f.sentence for f in say(read_otherwise(units, "units", path="units.xlsx"), units=[]).findings]
    assert told.startswith("units.xlsx has other sheets, which are not read: `Dinas`.")


def test_people_at_two_posts_are_told_unless_their_past_has_ended(say, agency):
    now = [f"{nip},U1,P1,D,01-01-2020," for nip in PEOPLE]
    past = [f"{nip},U2,P2,D,01-01-2010," for nip in PEOPLE[:5]]
    told = [f.sentence for f in say(agency(datasets=["assignments"]), assignments=now + past).findings]
    assert any(s.startswith("5 of 40 people hold more than one definitive post today") for s in told)
    ended = [row + "31-12-2019" for row in past]
    acting = [f"{nip},U2,P2,PLT,01-01-2024," for nip in PEOPLE[5:]]
    assert say(agency(datasets=["assignments"]), assignments=now + ended + acting).findings == ()


def test_without_a_job_no_transfer_can_be_proposed(say, agency):
    rows = ["U1,P1,Analis,jf", "U2,P1,Analis,jf"]
    posts = agency(datasets=["positions"])
    assert any("no transfer can be proposed" in f.sentence for f in say(posts, positions=rows).findings)
    by_title = mapped(posts, "positions", job_id={"from": "job_name"})
    assert not any("no transfer can be proposed" in f.sentence for f in say(by_title, positions=rows).findings)
    assert any("nothing maps job_family" in f.sentence for f in say(by_title, positions=rows).findings)
    both = mapped(by_title, "positions", job_family={"from": "job_name"})
    assert not any("experience" in f.sentence for f in say(both, positions=rows).findings)


def test_without_a_legal_position_everybody_counts_as_at_work(say, agency):
    rows = [f"{PEOPLE[0]},Rekaan,01-01-1985,PNS,01"]
    people = agency(datasets=["employees"])
    assert any("everybody counts as at work" in f.sentence for f in say(people, employees=rows).findings)
    with_it = mapped(people, "employees", legal_status_code={"from": "email"})
    assert not any("everybody counts as at work" in f.sentence for f in say(with_it, employees=rows).findings)


def test_words_for_yes_and_no_are_named(say, agency):
    units = mapped(agency(datasets=["units"]), "units", is_active={"from": "parent_unit_id"})
    found = say(units, units=[f"U{n},{'T' if n else 'Y'},Unit" for n in range(3)])
    assert any("`T` (2). Understood are 1, true, y, ya, yes, aktif; 0, false," in f.sentence for f in found.findings)


def test_every_tolerance_is_of_a_rule_that_stops(settings: Settings):
    found = tolerances(settings.suites)
    assert {"UNT-015", "ASG-015", "EMP-019", "EMP-028"} <= {t.rule for t in found}
    assert {t.column for t in found if not t.values} == {"_unmapped", "_unreadable"}
    assert all(0 < t.percent < 100 for t in found)


def test_a_connection_that_is_not_there_is_told_once_with_what_waits_for_it(agency, tmp_path):
    def nothing(name: str) -> Connection:
        raise SourceError(f"the connection `{name}` is not defined.")

    [found] = look(agency(datasets=["units", "employees"]), nothing, tmp_path)
    assert found.lines() == ["units, employees from `berkas`", "  DOES NOT FIT: the connection `contoh_files` is not defined."]
    assert not found.fits
