"""The written truth equals what plain SQL finds in the sources as the agencies have them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from mutasi.demo import Truth

FACTORS = {"T": 1, "B": 12, "M": 50, "H": 250}


def frame(con: duckdb.DuckDBPyConnection, file: Path, table: str) -> None:
    """A table of a SQLite file as text columns."""
    with sqlite3.connect(file) as database:
        cursor = database.execute(f"select * from {table}")
        names = [d[0] for d in cursor.description]
        rows = cursor.fetchall()
    texts = [pa.array([None if row[n] is None else str(row[n]) for row in rows], pa.string()) for n in range(len(names))]
    con.register("rows", pa.table(texts, names=names))
    con.execute(f"create table {table} as from rows")
    con.unregister("rows")


DUMAI = """
create view need as
    with rows as (
        select distinct kd_unor as unit_id, kd_peta as position_id, tahun::int as year, no_tugas, volume::double as volume, satuan_waktu,
            menit::double as minutes from abk
        where sts = 'F' and sementara_mulai is null and length(no_tugas) = 2 and volume::double > 0 and menit::double > 0 and kd_peta like 'P%')
    select unit_id, position_id, sum(volume * minutes * {factor}) / 75000 as need
    from rows group by unit_id, position_id, year
    qualify row_number() over (partition by unit_id, position_id order by year desc) = 1;
create view staff as
    select r.kd_unor as unit_id, r.kd_peta as position_id, count(distinct r.nip_baru) filter (r.jns_tugas = '1') as holders,
        count(distinct r.nip_baru) filter (r.jns_tugas = '2') as acting,
        sum(case when r.jns_tugas = '1' and p.kedhuk in ('01', '15', '71') then coalesce(r.porsi::double, 1) else 0 end) as present
    from riwayat_jabatan r left join (select nip_baru, any_value(kedhuk) as kedhuk from pegawai group by 1) p using (nip_baru)
    where r.hapus = '0' and r.tgl_selesai is null and r.jns_tugas <> 'ZZ' group by all;
create view found as
    select distinct p.kd_unor as unit_id, p.kd_peta as position_id, n.need, coalesce(s.holders, 0) as holders,
        coalesce(s.present, 0) as present, coalesce(s.acting, 0) as acting, p.formasi::int as establishment
    from peta_jabatan p left join need n on (n.unit_id, n.position_id) = (p.kd_unor, p.kd_peta)
    left join staff s on (s.unit_id, s.position_id) = (p.kd_unor, p.kd_peta) where p.kd_unor not like 'X%'
"""


@pytest.fixture(scope="module")
def dumai(truth: Truth) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    for table in ("abk", "riwayat_jabatan", "pegawai", "peta_jabatan"):
        frame(con, truth.folder.parent / "dumai" / "simpeg.db", table)
    factor = "case satuan_waktu " + " ".join(f"when '{k}' then {v}" for k, v in FACTORS.items()) + " end"
    con.execute(DUMAI.replace("{factor}", factor))
    con.execute(f"create view truth as from read_parquet('{truth.folder}/positions.parquet') where agency_id = 'dumai'")
    con.execute(f"create view defects as from read_parquet('{truth.folder}/defects.parquet') where agency_id = 'dumai'")
    return con


def test_every_post_of_the_source_is_in_the_truth(dumai: duckdb.DuckDBPyConnection) -> None:
    pairs = dumai.sql(
        "select count(*), count(t.unit_id), count(f.unit_id) from found f full join truth t using (unit_id, position_id)"
    )
    everything, known, found = pairs.fetchall()[0]
    assert everything == known == found > 500


def test_need_holders_and_seats_equal_the_source(dumai: duckdb.DuckDBPyConnection) -> None:
    wrong = dumai.sql("""
        select count(*) filter (abs(f.need - t.need_fte) > 1e-9 or (f.need is null) <> (t.need_fte is null)),
            count(*) filter (f.holders <> t.holders_definitive),
            count(*) filter (f.acting <> t.acting_holders),
            count(*) filter (f.establishment <> t.establishment_approved),
            count(*) filter (greatest(0, case when floor(f.need + 0.5) < f.establishment then floor(f.need + 0.5) else f.establishment end
                - f.holders - t.committed_seats) is distinct from t.open_seats and f.need is not null),
            count(*) filter (f.need is null and t.open_seats is not null)
        from found f join truth t using (unit_id, position_id)
        where coalesce(t.method, 'abk') = 'abk'""").fetchall()[0]
    assert wrong == (0,) * 6


def test_every_method_of_need_occurs(facts: duckdb.DuckDBPyConnection) -> None:
    found = dict(facts.sql("select method, count(*) from positions where agency_id = 'dumai' group by all").fetchall())
    assert found["guru"] > 50 and found["wisn"] >= 3 and found["abk"] > 300


def test_present_staff_equals_the_source_where_nobody_is_unusable(dumai: duckdb.DuckDBPyConnection) -> None:
    wrong, compared = dumai.sql("""
        select count(*) filter (abs(f.present - t.staff_present_fte) > 1e-9), count(*)
        from found f join truth t using (unit_id, position_id)
        where (unit_id, position_id) not in (select (unit_id, position_id) from defects where dataset = 'employees' and loses_row)
    """).fetchall()[0]
    assert (wrong, compared > 500) == (0, True)


def test_need_never_falls_on_a_half(facts: duckdb.DuckDBPyConnection) -> None:
    assert facts.sql("select min(abs(need_fte - floor(need_fte) - 0.5)) > 1e-7 from positions where method = 'abk'").fetchall()[
        0
    ] == (True,)


PLANTED = {
    "overloaded": "sum(need_fte) >= 5 and sum(need_fte) > 1.5 * sum(staff_present_fte)",
    "idle": "sum(staff_present_fte) > sum(need_fte)",
    "mixed": "sum(greatest(0, need_fte - staff_present_fte)) >= 0.75 and sum(greatest(0, staff_present_fte - need_fte)) >= 0.75",
    "draft_only": "not bool_or(has_final_abk) and count(open_seats) = 0",
}


@pytest.mark.parametrize("kind", PLANTED)
def test_planted_units_are_what_they_are_called(facts: duckdb.DuckDBPyConnection, kind: str) -> None:
    true, planted = facts.sql(f"""
        select count(*) filter (holds), count(*) from (
            select agency_id, unit_id, {PLANTED[kind]} as holds from positions
            where (agency_id, unit_id) in (select (agency_id, unit_id) from plants where plant = '{kind}') group by all)""").fetchall()[0]
    assert planted >= 5
    assert true >= 0.9 * planted if kind in ("idle", "mixed") else true == planted


POSTS = {
    "empty_post": "holders_definitive = 0 and open_seats >= 1",
    "critical_vacant": "holders_definitive = 0 and open_seats = 1 and is_critical and acting_holders = 0",
    "plt_only": "holders_definitive = 0 and open_seats = 1 and acting_holders = 1",
}


@pytest.mark.parametrize("kind", POSTS)
def test_planted_posts_are_what_they_are_called(facts: duckdb.DuckDBPyConnection, kind: str) -> None:
    true, planted = facts.sql(f"""
        select count(*) filter ({POSTS[kind]}), count(*) from positions
        where (agency_id, unit_id, position_id) in (
            select (agency_id, unit_id, position_id) from plants where plant = '{kind}')""").fetchall()[0]
    assert true == planted >= 5


def test_the_top_of_the_shortage_list_means_something(facts: duckdb.DuckDBPyConnection) -> None:
    top = facts.sql("""
        select sum(need_fte), sum(greatest(0, need_fte - staff_present_fte)) as shortage from positions
        group by agency_id, unit_id having sum(need_fte) >= 5 order by shortage desc limit 5""").fetchall()
    assert all(shortage >= 4 for _, shortage in top)
