"""Columns that are passed on unread: what is landed is the same as if every value had been read."""

from __future__ import annotations

import datetime as dt
import random

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from mutasi.landing import rows as module
from mutasi.landing.plain import plain_columns
from mutasi.landing.rows import landed_rows
from mutasi.landing.typed import typed_query
from mutasi.settings import Settings
from mutasi.sources.agency import ColumnMap, DatasetSource, FilesRead
from mutasi.sources.connection import Extract
from mutasi.sources.datasets import Column, datasets

EMPLOYEES = datasets()["employees"]
NIP = "199001012015031001"
# Per type what may be passed on, and beside it what has to be read.
TEXTS = {
    "nip": (
        [NIP, "19901010201503100", "19901010201503100X"],
        [f"'{NIP}", f" {NIP}", "1.99E+17", f"{NIP}.0", "19900101.201503.1.001", f"{NIP}\u200b", "", "-", f"{NIP}\n"],
    ),
    "id": (["1471011234567890", "A.1/2-x_y"], [" 1471", "14 71", "-", "'1471", '="1471"', "14\u00a071", "1471\n", ""]),
    "text": (
        ["Siti Rekaan", "Désa", "a.b@example.invalid"],
        [" Budi", "Budi  R", "Budi\tR", "NULL", "Budi\n", "\u00a0", "", "-"],
    ),
    "code": (["M", "F", "m", "X"], ["M ", "", "-", "M\n"]),  # one that nobody mapped is emptied, and not read
    "golongan": (["31", "45", "031", "VII"], ["III/a", "Penata (III/c)", "PENATA III C", " 31", "", "-"]),
}


def source_of(names: list[str], **changes: object) -> DatasetSource:
    columns = {name: ColumnMap(**{"from": f"s_{name}"}) for name in names}
    return DatasetSource(connection="lake", read=FilesRead(path="x.csv"), columns=columns).model_copy(update=changes)


def landed(settings: Settings, source: DatasetSource, rows: pa.Table) -> tuple[pa.Table, int]:
    groups = list(landed_rows(settings, "contoh", EMPLOYEES, source, Extract(rows.to_reader(7), len(rows), ())))
    schema = pa.schema([field.with_type(getattr(field.type, "value_type", field.type)) for field in groups[0][0].schema])
    return pa.concat_tables([group.cast(schema) for group, _ in groups]), sum(skipped for _, skipped in groups)


def kind_of(name: str, column: Column) -> str:
    return name if name == "nip" else "golongan" if name == "golongan_code" else column.type


@pytest.mark.parametrize("seed", range(12))
def test_passed_on_or_read_is_the_same(seed: int, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A column is passed on or read, at once or by groups; the landed rows, types and lists of columns are the same."""
    chance = random.Random(seed)
    names = ["nip", "employee_name", "sex", "golongan_code", "nik", "phone", "title_front", "home_district_code"]
    cells = {}
    for name in names:
        fine, amiss = TEXTS[kind_of(name, EMPLOYEES.columns[name])]
        pool = [*fine, None] if chance.random() < 0.5 else [*fine, None, chance.choice(amiss)]
        cells[f"s_{name}"] = pa.array([chance.choice(pool) for _ in range(60)], pa.string())
    days = [dt.date(1990, 1, 1), None, dt.date(2015, 3, 1)]
    cells["s_birth_date"] = pa.array([chance.choice(days) for _ in range(60)], pa.date32())
    left_out = {"skip_where": {"s_sex": ["F"]}} if seed % 3 == 0 else {}
    rows, source = pa.table(cells), source_of([*names, "birth_date"], **left_out)
    assert "birth_date" in plain_columns(EMPLOYEES, source, rows)
    passed_on = landed(settings, source, rows)
    monkeypatch.setattr(module, "HELD_ROWS", 0)
    monkeypatch.setattr(module, "ROW_GROUP", 2048)
    assert landed(settings, source, rows) == passed_on
    assert (passed_on[1] > 0) == bool(left_out) and list(passed_on[0].column_names)[2:-3] == list(EMPLOYEES.columns)
    with duckdb.connect() as con:
        con.register("arrived", rows)
        read = con.sql(typed_query("contoh", EMPLOYEES, source, rows.schema, "arrived")).to_arrow_table()
    wanted = read.filter(pc.invert(read["_is_skipped"])).drop_columns("_is_skipped") if left_out else read
    assert wanted == passed_on[0]


@pytest.mark.parametrize(
    ("odd", "left_out"),
    [({}, ()), ({"s_sex": "m "}, ()), ({"s_employee_name": " Budi"}, ()), ({}, ("s_sex",)), ({"s_sex": None}, ())],
)
def test_codes_that_nobody_mapped_are_listed_read_or_not(
    odd: dict[str, str], left_out: tuple[str, ...], settings: Settings
) -> None:
    """They are emptied and named in the order of the agency file, whether something else of the dataset must be read or not."""
    cells = {
        "s_sex": ["M", "X", "F", "Q", None],
        "s_employment_status": ["PNS", "HNR", "?", "PPPK", "HNR"],
        "s_employee_name": ["Siti"] * 5,
    }
    rows = pa.table({name: [odd.get(name, values[0]), *values[1:]] * 3 for name, values in cells.items()})
    source = source_of(["employment_status", "sex", "employee_name"], skip_where={name: ["Q"] for name in left_out})
    found, skipped = landed(settings, source, rows)
    listed = [
        " sex " if odd.get("s_sex") else "",
        " employment_status sex ",
        " employment_status ",
        " sex ",
        " employment_status ",
    ]
    sexes, statuses = [None if "s_sex" in odd else "M", None, "F", None, None], ["PNS", None, None, "PPPK", None]
    kept = [n for n in range(5) if not (left_out and n == 3)]
    assert found["_unmapped"].to_pylist() == [listed[n] for n in kept] * 3 and skipped == 3 * len(left_out)
    assert found["sex"].to_pylist() == [sexes[n] for n in kept] * 3
    assert found["employment_status"].to_pylist() == [statuses[n] for n in kept] * 3


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, kind in (("nip", "nip"), ("nik", "id"), ("employee_name", "text"), ("sex", "code"), ("golongan_code", "golongan"))
                        for value in TEXTS[kind][1]]
)  # fmt: skip
def test_one_value_that_must_be_read_is_enough(name: str, value: str) -> None:
    """Among good values one that would be changed, emptied or listed keeps its column from being passed on."""
    fine = TEXTS[kind_of(name, EMPLOYEES.columns[name])][0]
    source = source_of([name])
    assert plain_columns(EMPLOYEES, source, pa.table({f"s_{name}": [*fine, None]})) == {name}
    assert plain_columns(EMPLOYEES, source, pa.table({f"s_{name}": [*fine, value]})) == frozenset()


def test_what_the_agency_file_changes_is_read() -> None:
    """A map of codes, a prefix, cells filled from above and words for nothing that look like a value."""
    rows = pa.table(
        {"s_sex": ["M", "F"], "s_nik": ["14", "15"], "s_birth_date": pa.array([dt.date(1990, 1, 1)] * 2, pa.date32())}
    )
    names = ["sex", "nik", "birth_date"]
    plain = source_of(names)
    assert plain_columns(EMPLOYEES, plain, rows) == set(names)
    coded = {
        "sex": ColumnMap(**{"from": "s_sex", "codes": {"M": "F"}}),
        "nik": ColumnMap(**{"from": "s_nik", "strip_prefix": "1"}),
    }
    assert plain_columns(EMPLOYEES, source_of(names, columns={**plain.columns, **coded}), rows) == {"birth_date"}
    assert plain_columns(EMPLOYEES, source_of(names, fill_down=("s_sex", "s_nik", "s_birth_date")), rows) == frozenset()
    assert plain_columns(EMPLOYEES, source_of(names, nulls=("1990-01-01", "14")), rows) == {"sex"}


def test_numbers_are_passed_on_as_they_are_typed() -> None:
    """Whole numbers are; a fraction is read where none may be, and what is not finite everywhere."""
    reviews = datasets()["performance_reviews"]
    source = source_of(["year", "score"])
    whole = pa.table({"s_year": [2025, None], "s_score": pa.array([1.5, None])})
    assert plain_columns(reviews, source, whole) == {"year", "score"}
    other = pa.table({"s_year": pa.array([2025.0, 2025.5]), "s_score": pa.array([1.5, float("nan")])})
    assert plain_columns(reviews, source, other) == frozenset()


def test_rows_that_are_no_records_are_left_out_of_columns_that_are_passed_on(settings: Settings) -> None:
    """Also where every canonical column is; those that nothing maps are empty, and each row keeps its place in the source."""
    jobs = datasets()["jobs"]
    names = list(jobs.columns)
    rows = pa.table(
        {f"s_{name}": [1, 2, 3] if name == "bup_age" else ["jf", None, "jf"] for name in names} | {"s_job_level": ["muda"] * 3}
    )
    for mapped in (names, names[1:]):
        source = source_of(mapped, skip_where={"s_job_kind": [""]})
        [(found, skipped)] = landed_rows(settings, "contoh", jobs, source, Extract(rows.to_reader(), 3, ()))
        wanted = [
            {"agency_id": "contoh", "_row_id": n, **{c: rows[f"s_{c}"][n - 1].as_py() if c in mapped else None for c in names}}
            for n in (1, 3)
        ]
        assert found.select(["agency_id", "_row_id", *names]).to_pylist() == wanted
        assert (skipped, found["_unreadable"].to_pylist()) == (1, ["", ""])
