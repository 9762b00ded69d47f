"""The marts of two small invented agencies, against figures worked out by hand."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import msgpack
import pytest
import yaml
from tests.integration import synthetic_inputs as synthetic

from mutasi.settings import PROJECT, Settings
from mutasi.warehouse.build import BuildError, BuildResult, build
from mutasi.warehouse.built import build_folder, opened
from mutasi.warehouse.peek import PeekError, summary, summary_text
from mutasi.warehouse.publish import PublishError, forbidden_columns, planning_file, publish, reporting_file

pytestmark = pytest.mark.takes(90)


@pytest.fixture(scope="module")
def built(two_agencies: tuple[Settings, BuildResult]) -> tuple[Settings, BuildResult]:
    """Built with dbt's unit tests and published."""
    return two_agencies


@pytest.fixture(scope="module")
def reporting(built: tuple[Settings, BuildResult]) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(reporting_file(built[0])), read_only=True)


def _records(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return con.execute(query).fetchall()


def test_every_model_test_and_unit_test_is_green(built: tuple[Settings, BuildResult]) -> None:
    result = built[1]
    files = (PROJECT / "dbt_project" / "models").rglob("*.sql")
    models = sum("materialized='ephemeral'" not in file.read_text(encoding="utf-8") for file in files)
    assert (result.models, result.warnings) == (models, [])
    written = {file.stem for file in (PROJECT / "dbt_project" / "tests").glob("*.sql")}
    assert written <= {outcome.name for outcome in result.outcomes if outcome.kind == "test"}
    assert result.unit_tests > 50 and result.tests > len(written), "unit tests and those of seeds"


def test_texts_of_which_each_person_has_another_are_written_as_they_are(built: tuple[Settings, BuildResult]) -> None:
    with opened(built[0]) as con:
        tables = con.execute("select table_name, sql from duckdb_tables() where sql like '%person_id VARCHAR%'").fetchall()
    assert len(tables) > 10
    assert [name for name, sql in tables if "person_id VARCHAR USING COMPRESSION Uncompressed" not in sql] == []


def test_position_workload(reporting: duckdb.DuckDBPyConnection) -> None:
    rows = _records(
        reporting,
        """
        select position_id, round(need_fte, 6), staff_fte, staff_non_asn, round(pressure, 3), round(shortage_fte, 3),
          round(surplus_fte, 3), pj, ratio_reason, abk_year from marts.position_workload where agency_id = 'kota_uji'
        """,
    )
    assert {row[0]: row[1:] for row in rows} == {
        "P1": (2.256, 3.0, 0, 0.752, 0.0, 0.744, "C", None, 2025),  # 2,820 h of 1,250; draft and later year do not count
        "P2": (0.288, 0.0, 0, None, 0.288, 0.0, None, "NO_STAFF", 2026),  # 0.144 a year + 0.144 by the month
        "P3": (2.5, 0.5, 2, 5.0, 2.0, 0.0, "A", None, 2026),  # one part-time PPPK; the acting holder works elsewhere
        "P4": (None, 1.0, 0, None, None, None, None, "NO_ABK", None),  # one at work, one on study leave
        "P5": (1.0, 0.0, 0, None, 1.0, 0.0, None, "NO_STAFF", 2026),  # its holder is seconded out
        "P6": (1.0, 0.0, 0, None, 1.0, 0.0, None, "NO_STAFF", 2026),
        "P7": (1.0, 1.0, 0, 1.0, 0.0, 0.0, "B", None, 2026),  # seconded in
        "P8": (1.0, 0.0, 0, None, 1.0, 0.0, None, "NO_STAFF", 2026),
        "P9": (1.0, 0.0, 0, None, 1.0, 0.0, None, "NO_STAFF", 2026),  # its holder has retired
        "P11": (1.0, 0.0, 0, None, 1.0, 0.0, None, "NO_STAFF", 2026),
        "P12": (1.0, 0.0, 0, None, 1.0, 0.0, None, "NO_STAFF", 2026),
    }


def test_unit_workload_never_nets_shortage_against_surplus(reporting: duckdb.DuckDBPyConnection) -> None:
    rows = _records(
        reporting,
        """
        select unit_id, round(need_fte, 3), staff_fte, round(shortage_fte, 3), round(surplus_fte, 3), ej, pj, is_under_review
        from marts.unit_workload where agency_id = 'kota_uji' and has_final_abk
        """,
    )
    assert {row[0]: row[1:] for row in rows} == {
        "U1": (2.544, 3.0, 0.288, 0.744, 0.85, "C", False),
        "U2": (4.5, 0.5, 4.0, 0.0, 9.0, "A", False),
        "U3": (1.0, 1.0, 1.0, 0.0, None, None, False),  # the one at work sits in a post whose need nobody knows
        "U4": (3.0, 1.0, 2.0, 0.0, 3.0, "A", True),
        "U5": (1.0, 0.0, 1.0, 0.0, None, None, True),
    }


def test_vacancies_of_posts(reporting: duckdb.DuckDBPyConnection) -> None:
    rows = _records(
        reporting,
        """
        select position_id, status, status_reason, open_seats, holders_definitive, seats_taken_otherwise, acting_holders,
          vacant_vs_abk, vacant_vs_establishment, vacant_since from marts.vacancies where scope = 'post'
        """,
    )
    assert {row[0]: row[1:] for row in rows} == {
        "P1": ("OVERFILLED", None, 0, 3, 0, 0, 0, 0, None),
        "P2": ("FILLED", None, 0, 0, 0, 0, 0, 1, None),  # 0.288 rounds to nobody
        "P3": ("OPEN", None, 2, 1, 0, 1, 2, 2, dt.date(2026, 4, 1)),  # acting duty leaves the seat open
        "P4": ("UNKNOWN", "NO_FINAL_ABK", None, 2, 0, 0, None, 0, None),
        "P5": ("UNKNOWN", "NO_ESTABLISHMENT", None, 1, 0, 0, 0, None, None),
        "P6": ("REVIEW", "QUARANTINED_ROWS", None, 0, 0, 0, None, None, None),
        "P7": ("FILLED", None, 0, 0, 1, 0, 1, 1, None),
        "P8": ("REVIEW", "QUARANTINED_ROWS", None, 0, 0, 0, None, None, None),  # an assignment without its employee
        "P9": ("OPEN", None, 1, 0, 0, 0, 1, 1, None),  # retired on a day nobody recorded
        "P11": ("REVIEW", "HOLDER_UNPLACED", None, 0, 0, 0, None, None, None),  # a row names the unit alone
        "P12": ("OPEN", None, 1, 0, 0, 0, 1, 1, dt.date(2026, 9, 15)),  # vanished from the source that day
    }


def test_recommendations_per_job_stay_apart_from_posts(reporting: duckdb.DuckDBPyConnection) -> None:
    rows = _records(
        reporting,
        """
        select agency_id, job_id, sub_job_id, status, status_reason, need_rounded, holders_definitive, open_seats
        from marts.vacancies where scope = 'agency_job' order by all
        """,
    )
    assert rows == [
        ("kab_uji", "J1", None, "UNKNOWN", "HOLDERS_UNKNOWN", 4, None, None),
        ("kota_uji", "J3", "s1", "REVIEW", "SUB_JOB_UNPROVED", 2, 0, None),
        ("kota_uji", "J3", "s2", "REVIEW", "SUB_JOB_UNPROVED", 2, 0, None),
        ("kota_uji", "J4", None, "OPEN", None, 3, 2, 1),
    ]


def test_units_keep_their_tree_even_with_a_cycle(reporting: duckdb.DuckDBPyConnection) -> None:
    rows = _records(
        reporting,
        "select unit_id, unit_path, depth, region_code, is_orphan, is_in_cycle, has_duplicate_name from marts.dim_unit where agency_id = 'kota_uji'",
    )
    assert {row[0]: row[1:] for row in rows} == {
        "U0": ("Kota Uji", 0, None, False, False, False),
        "U1": ("Kota Uji / Dinas Contoh", 1, "14.72", False, False, False),
        "U2": ("Kota Uji / Dinas Contoh / Seksi Umum", 2, "14.72", False, False, True),
        "U3": ("Kota Uji / Seksi Umum", 1, None, False, False, True),
        "U4": ("Unit Yatim", 0, None, True, False, False),
        "U5": ("Lingkar Satu", None, None, False, True, False),
        "U6": ("Lingkar Dua", None, None, False, True, False),
    }


def test_units_that_no_reorganisation_explains_are_reported(reporting: duckdb.DuckDBPyConnection) -> None:
    orphans = _records(reporting, "select dataset, unit_id, orphan_reason, rows_affected from quality.unit_orphans order by all")
    assert orphans == [("assignments", "U8", "SPLIT", 1)]
    posts = _records(reporting, "select unit_id from marts.dim_position where position_id in ('P3', 'P12') order by all")
    assert posts == [("U2",), ("U2",)], "posts of the old unit stand under the new one"


def test_history_shows_intervals_closed_by_change_and_deletion(built: tuple[Settings, BuildResult]) -> None:
    with opened(built[0]) as con:
        rows = _records(con, "select unit_id, unit_name, valid_from, valid_to, is_current from history.hist_units order by all")
    assert rows == [
        ("U2", "Seksi Lama", dt.date(2026, 1, 1), dt.date(2026, 5, 1), False),
        ("U2", "Seksi Umum", dt.date(2026, 5, 1), None, True),
        ("U7", "Seksi Singkat", dt.date(2026, 6, 1), dt.date(2026, 7, 1), False),
    ]


def test_quality_and_planning_tables_follow_the_files(
    built: tuple[Settings, BuildResult], reporting: duckdb.DuckDBPyConnection
) -> None:
    assert _records(reporting, "select rule_code, rows_failed from quality.check_results") == [("EMP-001", 1)]
    assert _records(reporting, "select rule_code, rows_affected from quality.quarantine_summary") == [("EMP-001", 1)]
    assert _records(reporting, "select rows_received, rows_promoted, rows_quarantined from quality.runs") == [(10, 9, 1)]
    with duckdb.connect(str(planning_file(built[0])), read_only=True) as con:
        assert _records(con, "select dataset, snapshot_date, record_key from planning.planning.defect_keys") == [
            ("employees", dt.date(2026, 10, 1), synthetic.N[10])
        ]
        assert _records(con, "select count(*), count(distinct person_id), count(nip) from planning.planning.employees") == [
            (9, 9, 9)
        ]
        assert _records(con, "select position_id, legal_status_name from planning.planning.employees where nip like '%06'") == [
            ("P4", "Sedang tugas belajar")
        ]


def test_planning_is_closed_to_others_and_bears_the_same_run(
    built: tuple[Settings, BuildResult], reporting: duckdb.DuckDBPyConnection
) -> None:
    file = planning_file(built[0])
    assert oct(file.stat().st_mode & 0o777) == "0o600"
    with duckdb.connect(str(file), read_only=True) as con:
        assert _records(con, "select run_id, as_of from planning.planning.publication") == [("first", dt.date(2026, 10, 1))]
    assert _records(reporting, "select run_id, as_of from quality.publication") == [("first", dt.date(2026, 10, 1))]


def test_reporting_holds_no_person(reporting: duckdb.DuckDBPyConnection) -> None:
    schemas = _records(reporting, "select distinct schema_name from duckdb_tables()")
    assert sorted(schemas) == [("marts",), ("quality",)]
    assert _records(reporting, "select view_name from duckdb_views() where not internal") == [], "it would name files of the home"
    columns = _records(
        reporting,
        "select schema_name, table_name, column_name from duckdb_columns() where not internal and data_type = 'VARCHAR'",
    )
    assert len(columns) > 40
    canaries = [*synthetic.NIPS, synthetic.NAME, synthetic.BIRTH_DATE, "ASN-1", "P0000000000"]
    looked_for = " or ".join(f"contains(cell, '{canary}')" for canary in canaries)
    for schema, table, column in columns:
        count = _records(reporting, f'select count(*) from (select "{column}" as cell from {schema}.{table}) where {looked_for}')
        assert count == [(0,)], f"{schema}.{table}.{column}"


def test_every_published_column_is_described(reporting: duckdb.DuckDBPyConnection) -> None:
    bare = _records(
        reporting,
        """
        select table_name || '.' || column_name from duckdb_columns()
        where schema_name in ('marts', 'quality') and comment is null
        """,
    )
    assert bare == []


def test_the_project_forbids_what_the_datasets_call_personal() -> None:
    project = yaml.safe_load((PROJECT / "dbt_project" / "dbt_project.yml").read_text(encoding="utf-8"))
    assert set(project["vars"]["forbidden_columns"]) == forbidden_columns()


def test_no_value_reaches_the_files_that_dbt_leaves(built: tuple[Settings, BuildResult]) -> None:
    left = [f for folder in (built[0].warehouse / "dbt", built[0].cache("dbt")) for f in folder.rglob("*") if f.is_file()]
    assert any(f.suffix == ".msgpack" for f in left), "without the kept parse every build would parse anew"
    leaks = [f.name for f in left for nip in synthetic.NIPS if nip.encode() in f.read_bytes()]
    assert leaks == []


def test_neither_another_home_nor_another_day_makes_dbt_read_the_project_anew(built: tuple[Settings, BuildResult]) -> None:
    """dbt reads anew what depends on a variable of the environment that has changed."""
    read = [msgpack.unpackb(file.read_bytes()) for file in built[0].cache("dbt").glob("*/*.msgpack")]
    assert read and all(project["env_vars"] == {} for project in read)


def test_the_summary_shows_what_readers_see(built: tuple[Settings, BuildResult], tmp_path: Path) -> None:
    found = summary(built[0])
    assert [(a.name, a.rows_promoted, a.rows_quarantined, a.is_stale) for a in found.agencies] == [
        ("Pemerintah Kabupaten Uji", 0, 0, True),
        ("Pemerintah Kota Uji", 9, 1, False),
    ]
    assert [(s.unit, s.open_seats, s.critical_seats) for s in found.open_seats] == [
        ("Kota Uji / Dinas Contoh / Seksi Umum", 4, 2)
    ]
    assert found.shortages == []  # no unit needs five persons
    assert "reporting.duckdb" in summary_text(built[0])
    with pytest.raises(PeekError, match="run a refresh first"):
        summary(Settings(home=tmp_path, project=PROJECT, agencies=tmp_path))


def _all_rows(file: Path) -> dict[str, list[tuple[Any, ...]]]:
    with duckdb.connect(str(file), read_only=True) as con:
        tables = _records(
            con, "select schema_name, table_name from duckdb_tables() where table_name <> 'publication' order by all"
        )
        # The planning file and its schema bear one name, so names of two parts would be ambiguous.
        return {f"{s}.{t}": sorted(_records(con, f"select * from {file.stem}.{s}.{t}"), key=str) for s, t in tables}


def test_rebuilding_gives_the_same_and_errors_tell_no_value(built: tuple[Settings, BuildResult], tmp_path: Path) -> None:
    """One home, several builds, because each costs dbt's start."""
    settings = Settings(home=tmp_path / "home", project=PROJECT, agencies=PROJECT / "dags" / "agencies")
    shutil.copytree(built[0].home, settings.home)
    before = {file: _all_rows(file) for file in (reporting_file(settings), planning_file(settings))}

    shutil.rmtree(build_folder(settings))
    build(settings, run_id="two")
    publish(settings, run_id="two")
    assert {file: _all_rows(file) for file in before} == before
    assert list(settings.warehouse.glob(".*.duckdb*")) == []

    _employee_number_in_a_unit_name(settings)
    earlier = build(settings, as_of=dt.date(2026, 3, 1), run_id="earlier")
    assert earlier.as_of == dt.date(2026, 3, 1)
    with opened(settings) as con:
        assert _records(con, "select holders_definitive, acting_holders from marts.vacancies where position_id = 'P3'") == [
            (3, 0)
        ]
    with pytest.raises(PublishError) as refused:
        publish(settings, run_id="earlier")
    assert "marts.dim_unit.unit_name has 1 values" in str(refused.value)
    assert synthetic.NIPS[0] not in str(refused.value)
    assert {file: _all_rows(file) for file in before} == before, "what was published stays"

    _same_employee_twice(settings)
    with pytest.raises(BuildError) as failed:
        build(settings, run_id="red")
    assert "employees: not unique: agency_id, person_id" in str(failed.value), str(failed.value)
    assert "stg_employees: not unique: agency_id, nip" in str(failed.value), str(failed.value)
    assert not any(nip in str(failed.value) for nip in synthetic.NIPS)


def _employee_number_in_a_unit_name(settings: Settings) -> None:
    with duckdb.connect() as con:
        folder = settings.warehouse / "inputs" / "units"
        con.execute(f"create table t as select * from '{folder / 'kota_uji.parquet'}'")
        con.execute("update t set unit_name = 'Kepala ' || ? where unit_id = 'U3'", [synthetic.NIPS[0]])
        con.execute(f"copy t to '{folder / 'kota_uji.parquet'}'")


def _same_employee_twice(settings: Settings) -> None:
    with duckdb.connect() as con:
        file = settings.warehouse / "inputs" / "employees" / "kota_uji.parquet"
        con.execute(f"create table t as select * from '{file}'")
        con.execute(f"copy (select * from t union all select * from t where nip = '{synthetic.NIPS[0]}') to '{file}'")


@pytest.mark.needs("duckdb-1.2")
def test_the_oldest_supported_duckdb_reads_reporting(built: tuple[Settings, BuildResult], tmp_path: Path) -> None:
    try:
        subprocess.run([sys.executable, "-m", "uv", "--version"], check=True, capture_output=True)
        command = [sys.executable, "-m", "uv"]
    except subprocess.CalledProcessError:
        command = [str(Path(sys.executable).with_name("uv"))]
    try:
        subprocess.run(
            [*command, "venv", "-q", "-p", sys.executable, str(tmp_path / "old")], check=True, capture_output=True, timeout=120
        )
        python = tmp_path / "old" / "bin" / "python"
        subprocess.run(
            [*command, "pip", "install", "-q", "-p", str(python), "duckdb==1.2.0"], check=True, capture_output=True, timeout=180
        )
    except (OSError, subprocess.SubprocessError):
        pytest.skip("duckdb 1.2.0 cannot be installed here: no package index, or no wheel for this Python")
    script = "import duckdb, sys; con = duckdb.connect(sys.argv[1], read_only=True); print(con.execute('from marts.vacancies').fetchall().__len__())"
    read = subprocess.run([str(python), "-c", script, str(reporting_file(built[0]))], capture_output=True, text=True)
    assert (read.returncode, read.stdout.strip()) == (0, "15"), read.stderr
