from __future__ import annotations

import os
import threading
from pathlib import Path

import duckdb
import pytest
from tests.build_databases import build_databases

from mutasi.settings import Settings
from mutasi.warehouse.built import clear
from mutasi.warehouse.publish import PublishError, publish, reporting_file


def _build(settings: Settings, unit_name: str = "Dinas Contoh", extra: str = "", night: int = 1) -> None:
    """A build database with just enough to publish; `night` fills every row so that half states show."""
    clear(settings)
    with build_databases(settings) as con:
        con.execute("create table intermediate.int_as_of as select date '2026-10-01' as as_of")
        con.execute(f"create table marts.dim_unit as select 'a' as agency_id, $1::varchar as unit_name {extra}", [unit_name])
        con.execute(f"create table marts.unit_workload as select i as unit_id, {night} as night from range(1000) as t (i)")
        con.execute(f"create table quality.runs as select i as step, {night} as night from range(1000) as t (i)")
        con.execute("create table planning.employees as select '250012310000009999' as nip")
        con.execute("comment on column marts.dim_unit.unit_name is 'Name of the unit'")


@pytest.mark.parametrize(
    "name",
    [
        "Kepala 199001012015011001",
        "199001012015011001",
        "19900101 201501 1 001",
        "NIP.199001012015212001;",
        "250012310000009999",  # of no known form, but somebody's number
    ],
)
def test_a_text_with_an_employee_number_is_refused(settings: Settings, name: str) -> None:
    _build(settings, name)
    with pytest.raises(PublishError, match=r"marts\.dim_unit\.unit_name has 1 values") as refused:
        publish(settings, run_id="r")
    assert name not in str(refused.value)
    assert not reporting_file(settings).exists()


@pytest.mark.parametrize(
    "name",
    [
        "SDN 199001 Contoh",
        "ff80808119900101201501100133c75dc",  # an id of the national service may hold such digits between letters
        "199013012015011001",  # month 13
        "100000000000000001",
        "2026-10-01",
    ],
)
def test_other_long_numbers_are_published(settings: Settings, name: str) -> None:
    _build(settings, name)
    assert publish(settings, run_id="r").rows == 2002
    with duckdb.connect(str(reporting_file(settings)), read_only=True) as con:
        assert con.execute("select unit_name from marts.dim_unit").fetchone() == (name,)
        assert con.execute("select comment from duckdb_columns() where column_name = 'unit_name'").fetchone() == (
            "Name of the unit",
        )


@pytest.mark.parametrize("column", ["nip", "employee_name", "birth_date", "person_id", "phone", "golongan_code"])
def test_a_personal_column_is_refused_even_when_empty(settings: Settings, column: str) -> None:
    _build(settings, extra=f", null::varchar as {column}")
    with pytest.raises(PublishError, match=rf"marts\.dim_unit\.{column} is a personal column"):
        publish(settings, run_id="r")


def test_nothing_built_is_said_in_a_sentence(settings: Settings) -> None:
    with pytest.raises(PublishError, match="build the warehouse first"):
        publish(settings, run_id="r")


def test_a_refused_publication_leaves_the_earlier_one_and_no_scraps(settings: Settings) -> None:
    _build(settings)
    publish(settings, run_id="good")
    _build(settings, "Kepala 199001012015011001")
    with pytest.raises(PublishError):
        publish(settings, run_id="bad")
    with duckdb.connect(str(reporting_file(settings)), read_only=True) as con:
        assert con.execute("select run_id from quality.publication").fetchone() == ("good",)
    assert [f.name for f in settings.warehouse.iterdir() if f.name.startswith(".")] == []


def test_a_log_left_by_a_stray_writer_does_not_spoil_the_new_file(settings: Settings) -> None:
    _build(settings)
    publish(settings, run_id="one")
    reporting_file(settings).with_name("reporting.duckdb.wal").write_bytes(os.urandom(64))
    publish(settings, run_id="two")
    with duckdb.connect(str(reporting_file(settings)), read_only=True) as con:
        assert con.execute("select run_id from quality.publication").fetchone() == ("two",)


def test_readers_never_see_half_a_night(settings: Settings, tmp_path: Path) -> None:
    """Readers open the file by name for each look, as dashboards do, while nights are published."""
    _build(settings, night=0)
    publish(settings, run_id="0")
    seen: list[tuple[object, ...]] = []
    done = threading.Event()

    def read() -> None:
        # A hard link per look stands for a reader in another process: within one, DuckDB would share the old file.
        look = 0
        while not done.is_set():
            look += 1
            link = tmp_path / f"look-{look}.duckdb"
            link.hardlink_to(reporting_file(settings))
            with duckdb.connect(str(link), read_only=True) as con:
                query = "select min(w.night), max(w.night), min(r.night), max(r.night), count(*) from marts.unit_workload w join quality.runs r on r.step = w.unit_id"
                seen.append(con.execute(query).fetchone() or ())

    reader = threading.Thread(target=read)
    reader.start()
    for night in range(1, 6):
        _build(settings, night=night)
        publish(settings, run_id=str(night))
    done.set()
    reader.join()
    assert len(seen) > 5
    assert all(low == high == low2 == high2 and count == 1000 for low, high, low2, high2, count in seen)
