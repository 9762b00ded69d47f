"""People look like the civil service and like nobody in it."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest

from mutasi.demo import Truth
from mutasi.demo.population import Sequences


def one(con: duckdb.DuckDBPyConnection, query: str) -> float:
    return float(con.sql(query).fetchall()[0][0])


def test_nip_has_its_four_parts_and_is_unique(town: duckdb.DuckDBPyConnection) -> None:
    broken = town.sql("""
        with clean as (
            select * from employees where nip not in (select record_key from truth_defects where dataset = 'employees'))
        select count(*) filter (not regexp_full_match(nip, '\\d{18}')) as malformed,
            count(*) - count(distinct nip) as repeated,
            count(*) filter (nip[:8] <> strftime(birth_date, '%Y%m%d')) as birth,
            count(*) filter (nip[9:12] <> strftime(tmt_cpns, '%Y')) as start_year,
            count(*) filter (nip[13:14] <> case when employment_status like 'PPPK%' then '21' else strftime(tmt_cpns, '%m') end) as start_month,
            count(*) filter (nip[15:15] <> case sex when 'M' then '1' else '2' end) as sex,
            count(*) filter (nip[16:18]::int not between 1 and 999) as sequence
        from clean""").fetchall()[0]
    assert broken == (0,) * 7


def test_nip_is_unique_over_all_agencies(town: duckdb.DuckDBPyConnection) -> None:
    birth = np.full(700, np.datetime64("1980-01-01"))
    slot, sex = np.full(700, 300), np.zeros(700, dtype=np.int64)
    sequences = Sequences()
    given = np.concatenate(
        [sequences.next(birth[:400], slot[:400], sex[:400]), sequences.next(birth[400:], slot[400:], sex[400:])]
    )
    assert len(set(given.tolist())) == 700
    with pytest.raises(ValueError, match="More than 999"):
        sequences.next(birth, slot, sex)


def test_everybody_is_obviously_fictitious(town: duckdb.DuckDBPyConnection) -> None:
    assert one(town, "select count(*) from employees where not regexp_matches(employee_name, '(Contoh|Rekaan)$')") == 0
    assert (
        one(town, "select count(*) from employees where nik not like '99%' or length(nik) <> 16 or phone not like '0000%'") == 0
    )
    assert one(town, "select count(*) from employees where email not like '%@example.invalid'") == 0


BANDS = {
    "women": ("avg((sex = 'F')::int) from employees", 0.53, 0.62),
    "pns": ("avg((employment_status = 'PNS')::int) from employees", 0.58, 0.70),
    "cpns": ("avg((employment_status = 'CPNS')::int) from employees", 0.005, 0.03),
    "part_time": ("avg((employment_status = 'PPPK_PW')::int) from employees", 0.03, 0.12),
    "bachelor": ("avg((education_level_code = '40')::int) from employees", 0.50, 0.75),
    "golongan_iii": ("avg((golongan_code[1] = '3')::int) from employees where employment_status = 'PNS'", 0.5, 0.75),
    "january_start": ("avg((month(tmt_cpns) = 1)::int) from employees where employment_status = 'PNS'", 0.37, 0.47),
    "functional": ("avg((job_kind = 'jf')::int) from held", 0.52, 0.66),
    "teachers_of_functional": ("avg((job_family = 'Pendidikan')::int) from held where job_kind = 'jf'", 0.45, 0.68),
    "health_of_functional": ("avg((job_family = 'Kesehatan')::int) from held where job_kind = 'jf'", 0.14, 0.28),
    "officials": ("avg((job_kind in ('jpt', 'administrator', 'pengawas'))::int) from held", 0.05, 0.10),
    "units": ("count(distinct unit_id) from units", 500, 700),
    "repeated_names": ("1 - count(distinct unit_name) / count(*) from units", 0.18, 0.32),
    "vacancy": ("sum(open_seats) / sum(round(need_fte)) from truth_positions", 0.15, 0.25),
    "posts_without_final_sheet": ("avg((not has_final_abk)::int) from truth_positions", 0.01, 0.08),
    "retiring_within_a_year": (
        "avg((birth_date < date '1968-11-22')::int) from employees where employment_status = 'PNS'",
        0.005,
        0.06,
    ),
    "subject_certified": (
        "avg((certified_sub_job = sub_job)::int) from held join employees using (nip) where sub_job is not null",
        0.55,
        0.95,
    ),
}


@pytest.mark.parametrize("name", BANDS)
def test_distribution_stays_in_its_band(town: duckdb.DuckDBPyConnection, name: str) -> None:
    town.execute("""
        create view held as select a.nip, p.* exclude (unit_id, position_id) from assignments a join positions p
            using (unit_id, position_id) where a.assignment_type = 'D' and a.valid_to is null""")
    figure, low, high = BANDS[name]
    assert low <= one(town, f"select {figure}") <= high


def test_ages_are_lawful(town: duckdb.DuckDBPyConnection) -> None:
    usable = "employees where nip not in (select record_key from truth_defects where dataset = 'employees')"
    assert one(town, f"select min(date_diff('day', birth_date, tmt_cpns) / 365.25) from {usable}") >= 17
    assert one(town, f"select max(date_diff('day', birth_date, date '2026-11-22') / 365.25) from {usable}") <= 60
    assert one(town, f"select count(*) from {usable} and tmt_pns is null and employment_status = 'PNS'") == 0


def test_the_tree_is_a_tree_five_levels_deep(town: duckdb.DuckDBPyConnection) -> None:
    town.execute("create view planted as select record_key from truth_defects where dataset = 'units'")
    depth, reached, clean = town.sql("""
        with recursive walk as (
            select unit_id, 1 as depth from units where parent_unit_id is null
            union select u.unit_id, w.depth + 1 from units u join walk w on u.parent_unit_id = w.unit_id)
        select max(depth), count(distinct unit_id),
            (select count(distinct unit_id) from units where unit_name not in ('Unit Lingkar A', 'Unit Lingkar B', 'Unit Tanpa Induk'))
        from walk""").fetchall()[0]
    assert depth <= 5
    assert reached == clean


def test_rumbai_is_three_districts_of_pekanbaru_under_new_codes(truth: Truth) -> None:
    file = truth.folder.parent / "pekanbaru" / "unor_20261122.csv"
    found = duckdb.sql(
        f"select NamaUnor, KodeWilayah from read_csv('{file}', all_varchar=true) where Jenis = 'KECAMATAN'"
    ).fetchall()
    expected = {
        ("--Kecamatan Rumbai Barat", "14.71.06"),
        ("--Kecamatan Rumbai", "14.71.12"),
        ("--Kecamatan Rumbai Timur", "14.71.15"),
    }
    assert expected <= set(found)


def test_jakarta_is_one_agency_with_five_subtrees(truth: Truth) -> None:
    file = truth.folder.parent / "jakarta" / "unor" / "20261122.parquet"
    rows = duckdb.sql(f"select count(*) from '{file}' where unor_nama like 'Kota Administrasi Jakarta%'").fetchall()[0]
    assert rows == (5,)
