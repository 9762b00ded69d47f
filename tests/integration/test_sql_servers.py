"""The sql connector against real PostgreSQL and MariaDB: SIMPEG's habits, least rights, writers at work, lost connections."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from tests.integration.servers import Server, mariadb, postgres  # noqa: F401
from tests.unit.landing.conftest import Nights

from mutasi.landing.land import land
from mutasi.landing.promote import promote_agency
from mutasi.landing.snapshots import data_path, landed, promoted
from mutasi.settings import Settings
from mutasi.sources import sql, sql_mariadb
from mutasi.sources.agency import Agency
from mutasi.sources.connection import Connection, Extract, SourceError
from mutasi.sources.extract import extract

DAY = dt.date(2026, 11, 2)
UNITS = {"unit_id": "id", "unit_name": "nama"}
PEOPLE = {"nip": "nip", "employee_name": "nama", "employment_status": {"value": "PNS"}}
both = pytest.mark.parametrize(
    "kind",
    [pytest.param("postgres", marks=pytest.mark.needs("postgres")), pytest.param("mariadb", marks=pytest.mark.needs("mariadb"))],
)


def agency(dataset: str, read: dict[str, Any], columns: dict[str, Any], **more: Any) -> Agency:
    return Agency.model_validate(
        {
            "agency_id": "contoh",
            "agency_name": "Kota Rekaan",
            "agency_kind": "city",
            "codes": {"bkn": "0000", "kemendagri": "00.00"},
            "owner": {"unit": "BKPSDM", "email": "bkpsdm@example.invalid"},
            "connections": {"simpeg": {"type": "sql", "name": "simpeg"}},
            "datasets": {dataset: {"connection": "simpeg", "read": read, "columns": columns, "ignore": "*", **more}},
        }
    )


@pytest.fixture
def server(request: pytest.FixtureRequest, kind: str) -> Server:
    found: Server = request.getfixturevalue(kind)
    return found


@dataclass(frozen=True)
class Desk:
    """Reads and lands from a server as the agency's reader."""

    folder: Path
    settings: Settings

    def read(
        self, source: Server | Connection, columns: dict[str, Any] | None = None, dataset: str = "units", **read: Any
    ) -> Extract:
        reader = source if isinstance(source, Connection) else source.reader
        return extract(agency(dataset, read, columns or UNITS), dataset, lambda _: reader, self.folder)

    def land(
        self, server: Server, columns: dict[str, Any], dataset: str, read: dict[str, Any], **more: Any
    ) -> list[tuple[Any, ...]]:
        """Land a dataset; returns the mapped columns and the three lists, in the order of the source."""
        found = land(self.settings, agency(dataset, read, columns, **more), dataset, DAY, lambda _: server.reader)
        assert found.rows_received == found.rows_landed
        file = data_path(self.settings, "landing", found)
        return duckdb.sql(f"select {', '.join(columns)}, _unreadable, _repaired from '{file}' order by _row_id").fetchall()


@pytest.fixture
def desk(tmp_path: Path, settings: Settings) -> Desk:
    return Desk(tmp_path / "archive", settings)


@pytest.fixture
def fast_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing may fall back on the slower driver."""
    monkeypatch.setattr(sql, "say_slower", lambda reason: pytest.fail(f"the fast driver refused: {reason}"))


# --- habits of SIMPEG on MariaDB ---------------------------------------------------------------------------------------


@pytest.mark.needs("mariadb")
@pytest.mark.usefixtures("fast_only")
def test_old_and_new_encodings_stand_side_by_side(mariadb: Server, desk: Desk) -> None:  # noqa: F811
    mariadb.run(
        "create or replace table lama (id char(4), nama varchar(50)) engine=myisam character set latin1",
        "create or replace table baru (id char(4), nama varchar(50)) engine=innodb character set utf8mb4",
        "insert into lama values ('01', 'Désa Rekaan')",
        "insert into baru values ('02', 'Ruang Ḥaḍar 😀')",
    )
    rows = desk.read(mariadb, query="select * from lama union all select * from baru").batches.read_all()
    assert rows.to_pylist() == [{"id": "01", "nama": "Désa Rekaan"}, {"id": "02", "nama": "Ruang Ḥaḍar 😀"}]
    assert desk.read(mariadb, table="lama").batches.read_all()["nama"].to_pylist() == ["Désa Rekaan"]


@pytest.mark.needs("mariadb")
@pytest.mark.usefixtures("fast_only")
def test_zero_dates_are_nothing_or_unreadable_and_never_a_day(mariadb: Server, desk: Desk) -> None:  # noqa: F811
    with mariadb.admin.connect() as session:
        for statement in (
            "set sql_mode = ''",
            "create or replace table tanggal (nip varchar(20), nama varchar(20), lahir date not null, cpns datetime not null)",
            "insert into tanggal values ('198501012010011001', 'Rekaan A', '0000-00-00', '0000-00-00 00:00:00')",
            "insert into tanggal values ('198501012010011002', 'Rekaan B', '1985-00-00', '2010-01-01 08:30:00')",
            "commit",
        ):
            session.exec_driver_sql(statement)
    columns = {**PEOPLE, "birth_date": "lahir", "tmt_cpns": "cpns"}
    zero = ["", "0000-00-00", "0000-00-00 00:00:00"]
    rows = desk.land(mariadb, columns, "employees", {"table": "tanggal"}, nulls=zero)
    assert [row[3:6] for row in rows] == [(None, None, ""), (None, dt.date(2010, 1, 1), " birth_date ")]
    assert desk.land(mariadb, columns, "employees", {"table": "tanggal"})[0][5].split() == ["birth_date", "tmt_cpns"]


@pytest.mark.needs("mariadb")
@pytest.mark.usefixtures("fast_only")
@pytest.mark.parametrize("kind_of_nip", ["varchar(30)", "bigint", "bigint unsigned", "decimal(18,0)", "char(25)"])
def test_nip_of_18_digits_survives_every_type(mariadb: Server, desk: Desk, kind_of_nip: str) -> None:  # noqa: F811
    written = "'19850101 201001 1 001'" if "char" in kind_of_nip else "198501012010011001"
    mariadb.run(
        f"create or replace table nip (nip {kind_of_nip}, nama varchar(20))", f"insert into nip values ({written}, 'Rekaan')"
    )
    ((nip, *_, repaired),) = desk.land(mariadb, PEOPLE, "employees", {"table": "nip"})
    assert (nip, "nip" in repaired) == ("198501012010011001", "char" in kind_of_nip)


@pytest.mark.needs("mariadb")
@pytest.mark.usefixtures("fast_only")
def test_every_kind_of_column_arrives_and_photographs_do_not(mariadb: Server, desk: Desk) -> None:  # noqa: F811
    mariadb.run(
        """create or replace table jenis (id char(3), nama text, a tinyint(1), b bigint unsigned, c decimal(12,2), d enum('P','L'),
        e set('x','y'), f json, foto mediumblob, g varbinary(20), h year, i time, j double, k float, l bit(1), m smallint,
        n int(5) zerofill, o longtext, p datetime(6), `q ``r` int)""",
        """insert into jenis values ('007', 'teks\\nbaris', 1, 18446744073709551615, 1234567.50, 'P', 'x,y', '{"a": 1}', 0xffd8ff,
        'abc', 2020, '10:11:12', 1.5, 2.5, 1, -3, 7, 'panjang', '2020-01-02 03:04:05.000006', 5)""",
        "insert into jenis (id) values ('008')",
    )
    columns = {**UNITS, "region_code": "g"}
    first, second = desk.read(mariadb, columns, table="jenis").batches.read_all().to_pylist()
    assert first == {
        "id": "007", "nama": "teks\nbaris", "a": 1, "b": "18446744073709551615", "c": "1234567.50", "d": "P", "e": "x,y",
        "f": '{"a": 1}', "foto": None, "g": "abc", "h": "2020", "i": "10:11:12", "j": 1.5, "k": 2.5, "l": "1", "m": -3,
        "n": "00007", "o": "panjang", "p": "2020-01-02 03:04:05.000006", "q `r": 5,
    }  # fmt: skip
    assert set(second.values()) == {"008", None}


@pytest.mark.needs("mariadb")
@pytest.mark.usefixtures("fast_only")
def test_reviews_are_numbers_before_2022_and_predicates_after(mariadb: Server, desk: Desk) -> None:  # noqa: F811
    mariadb.run(
        "create or replace table riwayat_skp (nip varchar(30), tahun year, nilai decimal(5,2), predikat varchar(20))",
        "insert into riwayat_skp values ('198501012010011001', 2021, 91.25, null), ('198501012010011001', 2023, null, 'Baik')",
    )
    columns = {"nip": "nip", "year": "tahun", "score": "nilai", "predicate_code": {"from": "predikat", "codes": {"Baik": "2"}}}
    rows = desk.land(mariadb, columns, "performance_reviews", {"table": "riwayat_skp"})
    assert [row[1:4] for row in rows] == [(2021, 91.25, None), (2023, None, "2")]


@pytest.mark.needs("mariadb")
@pytest.mark.usefixtures("fast_only")
def test_tables_are_joined_and_percent_signs_are_no_placeholders(mariadb: Server, desk: Desk) -> None:  # noqa: F811
    mariadb.run(
        "create or replace table m_unor (id varchar(5), nama varchar(30))",
        "create or replace table m_induk (id varchar(5), id_induk varchar(5))",
        "insert into m_unor values ('01', 'Dinas 100% Rekaan'), ('02', 'Bidang Rekaan'), ('03', 'Dinas Lain')",
        "insert into m_induk values ('02', '01')",
        "create or replace view v_unor as select u.id, u.nama, i.id_induk from m_unor u left join m_induk i on i.id = u.id",
    )
    query = """
        select u.id, u.nama, i.id_induk, date_format('2020-01-02', '%d-%m-%Y') as sejak -- with `%` and; a comment
        from m_unor u left join m_induk i on i.id = u.id where u.nama like '%Rekaan%';
    """
    rows = desk.read(mariadb, query=query).batches.read_all().to_pylist()
    assert sorted(tuple(row.values()) for row in rows) == [
        ("01", "Dinas 100% Rekaan", None, "02-01-2020"),
        ("02", "Bidang Rekaan", "01", "02-01-2020"),
    ]
    assert desk.read(mariadb, table="v_unor").rows_received == desk.read(mariadb, table="simpeg.v_unor").rows_received == 3


@pytest.mark.needs("mariadb")
def test_what_the_fast_driver_cannot_run_is_read_by_the_other(
    mariadb: Server,  # noqa: F811
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mariadb.run("create or replace table biasa (id char(2), nama text)", "insert into biasa values ('01', 'A'), ('02', 'B')")

    def refuses(*_: Any) -> None:
        raise sql_mariadb.NotReadable("parser")

    monkeypatch.setattr(sql_mariadb.MariaReading, "_reader", refuses)
    found = desk.read(mariadb, table="biasa", cursor="id")
    assert (found.rows_received, found.newest, found.batches.read_all()["id"].to_pylist()) == (2, "02", ["01", "02"])


# --- PostgreSQL's own kinds ---------------------------------------------------------------------------------------------


@pytest.mark.needs("postgres")
def test_postgres_kinds(postgres: Server, desk: Desk) -> None:  # noqa: F811
    postgres.run(
        "drop table if exists jenis; drop type if exists jk; create type jk as enum ('P', 'L')",
        """create table jenis (id char(4), nama varchar(20), lahir date, sampai date, a numeric, b numeric(18,0), c jk, d jsonb, foto bytea,
        e uuid, f int[], g timestamptz, h timestamp, i boolean, j smallint, k real, l interval, "M""n" int, m money)""",
        """insert into jenis values ('01', 'Rekaan', '1985-01-02', 'infinity', 1.50, 198501012010011001, 'P', '{"a": 1}', 'ab',
        '00000000-0000-0000-0000-000000000007', '{1,2}', '2020-01-01 00:00:00', '2020-01-01 12:00:00', true, 3, 1.5, '1 day', 5, 12)""",
    )
    (row,) = desk.read(postgres, table="jenis").batches.read_all().to_pylist()
    assert {key: row[key] for key in ("lahir", "sampai", "a", "b", "c", "foto", "e", "f", "g", "h", "i", 'M"n')} == {
        "lahir": dt.date(1985, 1, 2), "sampai": "infinity", "a": "1.50", "b": "198501012010011001", "c": "P", "foto": None,
        "e": "00000000-0000-0000-0000-000000000007", "f": "{1,2}", "g": "2020-01-01 00:00:00",
        "h": dt.datetime(2020, 1, 1, 12), "i": True, 'M"n': 5,
    }  # fmt: skip


@pytest.mark.needs("postgres")
def test_a_moment_with_time_zone_keeps_the_agencys_day(postgres: Server, desk: Desk) -> None:  # noqa: F811
    postgres.run(
        "drop table if exists zona; create table zona (nip text, nama text, lahir timestamptz)",
        f"alter role {postgres.reader.login} set timezone to 'Asia/Jayapura'",
        "insert into zona values ('198501012010011001', 'Rekaan', '1985-01-02 00:00:00+09')",
    )
    try:
        ((*_, born, unreadable, _),) = desk.land(postgres, {**PEOPLE, "birth_date": "lahir"}, "employees", {"table": "zona"})
    finally:
        postgres.run(f"alter role {postgres.reader.login} reset timezone")
    assert (born, unreadable) == (dt.date(1985, 1, 2), "")


# --- what holds on both -------------------------------------------------------------------------------------------------


@both
@pytest.mark.usefixtures("fast_only")
def test_empty_table_keeps_its_columns(server: Server, desk: Desk) -> None:
    server.run("drop table if exists kosong", "create table kosong (id char(4), nama varchar(9), since date)")
    found = desk.read(server, table="kosong")
    assert (found.rows_received, found.batches.read_all().num_rows, found.batches.schema.names) == (0, 0, ["id", "nama", "since"])


@both
@pytest.mark.usefixtures("fast_only")
def test_soft_deleted_rows_are_not_received(server: Server, desk: Desk) -> None:
    _units(server)
    server.run("update unor set hapus = 1 where id in ('02', '03')", "update unor set hapus = null where id = '04'")
    found = desk.read(server, table="unor", deleted="hapus = 1")
    assert (found.rows_received, sorted(found.batches.read_all()["id"].to_pylist())) == (3, ["01", "04", "05"])


@both
@pytest.mark.usefixtures("fast_only")
def test_what_the_agency_file_ignores_never_leaves_the_server(server: Server, desk: Desk) -> None:
    server.run(
        "drop table if exists pegawai_lengkap",
        "create table pegawai_lengkap (id varchar(5), nama varchar(30), agama varchar(20), nikah date, anak int, tinggi numeric(5,1))",
        "insert into pegawai_lengkap values ('01', 'Rekaan', 'kanari', '2001-02-03', 2, 160.5)",
    )
    read = {"table": "pegawai_lengkap", "cursor": "nikah"}
    found = agency("units", read, UNITS, ignore=["agama", "nikah", "anak"])
    rows = extract(found, "units", lambda _: server.reader, desk.folder)
    (row,) = rows.batches.read_all().to_pylist()
    assert (row["agama"], row["nikah"], row["anak"]) == (None, None, None)
    assert (row["id"], row["nama"], str(row["tinggi"])) == ("01", "Rekaan", "160.5"), "a column nobody named is still found"
    assert (rows.rows_received, rows.newest) == (1, "2001-02-03"), "the database looks at what it does not send"
    assert b"kanari" not in (desk.folder / "raw.parquet").read_bytes()


@both
@pytest.mark.parametrize("changes", ["update unor set nama = 'x'", "delete from unor"])
def test_the_reader_needs_no_more_than_select(server: Server, desk: Desk, changes: str) -> None:
    _units(server)
    import sqlalchemy as sa

    url = sql.database_url(server.reader)
    if url.host and url.host.startswith("/"):
        url = url.set(host="").update_query_dict({"host": url.host})
    with sa.create_engine(url).connect() as session, pytest.raises(sa.exc.DBAPIError, match="denied"):
        session.exec_driver_sql(changes)
    assert desk.read(server, table="unor").rows_received == 5


@both
@pytest.mark.usefixtures("fast_only")
def test_writers_go_on_and_the_count_is_of_the_rows_moment(server: Server, desk: Desk) -> None:
    _units(server, 400)
    writes = [
        statement
        for n in range(4)
        for statement in (
            f"insert into unor (id, nama) values ('{900 + n}', 'baru')",
            "update unor set nama = 'diubah' where id = '01'",
        )
    ]
    with server.meanwhile(*writes, after=0.5) as times:
        begin = time.time()
        found = desk.read(server, query=f"select u.*, {_pause(server)} as jeda from unor u")
        end = time.time()
    rows = found.batches.read_all()
    assert found.rows_received == rows.num_rows == 400
    assert begin < times[0][0] and times[-1][1] < end, "the writers are to be at work while the rows are read"
    assert max(done - begun for begun, done in times) < 1, "nobody waits for the reader"
    assert server.one("select count(*) from unor") == 404


@pytest.mark.needs("mariadb")
@pytest.mark.usefixtures("fast_only")
def test_a_table_without_snapshots_is_copied_aside_for_its_writers(mariadb: Server, desk: Desk) -> None:  # noqa: F811
    _units(mariadb, 5, engine="myisam")
    seen = []
    plain = sql_mariadb.MariaReading._reader
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sql_mariadb.MariaReading, "_reader", lambda self, text: seen.append(text) or plain(self, text))
        assert desk.read(mariadb, table="unor").rows_received == 5
    assert seen[0].startswith("select sql_buffer_result ")


@both
def test_wrong_password_is_a_sentence_without_it(
    server: Server, desk: Desk, caplog: pytest.LogCaptureFixture, capfd: Any
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(SourceError, match="cannot be opened; check address, password") as caught:
        desk.read(server.with_password("r4hasia#1"), table="unor")
    _silent(caught, caplog, capfd, "r4hasia")


@both
@pytest.mark.parametrize(
    ("read", "sentence"),
    [
        ({"table": "tidak_ada"}, "refuses to read the table `tidak_ada`; check its name, its columns and the right to read it"),
        (
            {"query": "select id, nama from unor where nama = 'Canary' and tak_ada = 1"},
            "refuses to read the query of the agency file",
        ),
        ({"query": "select id, nama from unor where"}, "refuses to read the query of the agency file"),
        ({"table": "unor", "cursor": "diubah"}, "the cursor column and the condition for deleted rows"),
        ({"query": "select a.id, b.id, a.nama from unor a join unor b on a.id = b.id"}, "gives several columns the same name"),
        ({"table": "rahasia"}, "refuses to read the table `rahasia`"),
    ],
)
def test_refusals_are_sentences(
    server: Server, desk: Desk, caplog: pytest.LogCaptureFixture, capfd: Any, read: dict[str, Any], sentence: str
) -> None:
    _units(server)
    if server.kind == "postgres":
        server.run(f"create table if not exists rahasia (id text); revoke all on rahasia from {server.reader.login}")
    with caplog.at_level(logging.DEBUG), pytest.raises(SourceError, match=sentence) as caught:
        desk.read(server, **read)
    assert str(caught.value).startswith("contoh, units: ")
    _silent(caught, caplog, capfd, "Canary")


@both
def test_a_connection_lost_half_way_leaves_nothing(
    server: Server, desk: Desk, caplog: pytest.LogCaptureFixture, capfd: Any
) -> None:
    _units(server, 400)
    reader = server.reader.login
    kill = (
        f"select pg_terminate_backend(pid) from pg_stat_activity where usename = '{reader}'"
        if server.kind == "postgres"
        else f"kill connection user {reader}"
    )
    with (
        caplog.at_level(logging.DEBUG),
        server.meanwhile(kill, after=1.5),
        pytest.raises(SourceError, match="broke off while the query of the agency file was read") as caught,
    ):
        desk.read(server, query=f"select u.*, 'Canary' as c, {_pause(server)} as jeda from unor u")
    _silent(caught, caplog, capfd, "Canary")
    assert not list(desk.folder.glob("*.parquet"))


@both
def test_the_count_is_the_databases_own(server: Server, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    _units(server)

    def loses_a_row(batches: Any, schema: pa.Schema, target: Path) -> None:
        whole(((b.slice(1) if b.num_rows else b) for b in batches), schema, target)

    module = sql_mariadb if server.kind == "mariadb" else __import__("mutasi.sources.sql_postgres", fromlist=["_"])
    whole: Callable[..., None] = module.archive_batches
    monkeypatch.setattr(module, "archive_batches", loses_a_row)
    found = desk.read(server, table="unor")
    assert (found.rows_received, found.batches.read_all().num_rows) == (5, 4)


# --- incremental --------------------------------------------------------------------------------------------------------


class ServerNights(Nights):
    """Nights of one agency whose units stand in a server."""

    reader: Connection

    def connection(self, name: str) -> Connection:
        return self.reader

    def go(self, day: int, found: Agency, promote: bool = True) -> None:
        """Land and, unless told otherwise, promote night `day`."""
        date = DAY + dt.timedelta(days=day)
        self.land(date, found)
        if promote:
            self.judge(date, "units", "('contoh', 1, '01', 'UNT-001', 'drop', 'unit_name')")
            promote_agency(self.settings, found, date, f"run-{date}")

    def names(self, day: int) -> dict[str, str]:
        """Unit names that landed, by id."""
        found = landed(self.settings, "units", DAY + dt.timedelta(days=day))["contoh"]
        assert found.rows_received == found.rows_landed
        file = data_path(self.settings, "landing", found)
        return dict(duckdb.sql(f"select unit_id, unit_name from '{file}' order by 1").fetchall())


@pytest.fixture
def nights(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ServerNights:
    monkeypatch.setenv("MUTASI_PSEUDONYM_KEY", "k" * 40)
    return ServerNights(settings, tmp_path)


INCREMENTAL = {"table": "unor", "cursor": "diubah", "full_refresh_days": 5, "deleted": "hapus = 1"}


@both
@pytest.mark.usefixtures("fast_only")
def test_a_changed_table_is_read_by_what_changed_and_is_complete_every_day(server: Server, nights: ServerNights) -> None:
    _units(server, cursor=True)
    nights.reader = server.reader
    found = agency("units", INCREMENTAL, UNITS)
    nights.go(0, found)
    server.run(
        "update unor set nama = 'Diubah', diubah = '2026-02-01 00:00:00' where id = '02'",
        "update unor set hapus = 1, diubah = '2026-02-01 00:00:00' where id = '03'",
        "insert into unor values ('06', 'Baru', 0, '2026-02-01 00:00:01')",
    )
    nights.go(1, found)
    assert nights.names(1) == {"01": "Unit 1", "02": "Diubah", "04": "Unit 4", "05": "Unit 5", "06": "Baru"}
    second = promoted(nights.settings, "units", DAY + dt.timedelta(days=1))["contoh"]
    assert second.rows_received == second.rows_promoted + second.rows_quarantined == 5
    assert second.rows_quarantined == 1
    assert second.cursor is not None
    assert (str(second.cursor.newest), second.cursor.read_whole_on) == ("2026-02-01 00:00:01", DAY)
    raw = nights.settings.home / "raw" / "contoh" / "units" / str(second.snapshot_date) / second.cursor.raw_folder
    changes = duckdb.sql(f"select id from '{raw / 'changes.parquet'}' order by 1").fetchall()
    assert changes == [("02",), ("03",), ("05",), ("06",)], "what changed, and the newest row of before"


@both
@pytest.mark.usefixtures("fast_only")
def test_a_row_removed_without_a_trace_is_found_out_by_the_count(server: Server, nights: ServerNights) -> None:
    _units(server, cursor=True)
    nights.reader = server.reader
    found = agency("units", INCREMENTAL, UNITS)
    nights.go(0, found)
    server.run("delete from unor where id = '04'")
    nights.go(1, found)
    assert nights.names(1).keys() == {"01", "02", "03", "05"}
    second = promoted(nights.settings, "units", DAY + dt.timedelta(days=1))["contoh"]
    assert second.cursor is not None
    assert second.cursor.read_whole_on == second.snapshot_date


def _units(server: Server, rows: int = 5, engine: str = "innodb", cursor: bool = False) -> None:
    """A fresh table of units."""
    moments = (dt.datetime(2026, 1, 1) + dt.timedelta(seconds=n) for n in range(1, rows + 1))
    values = ", ".join(f"('{n:02d}', 'Unit {n}', 0, '{moment}')" for n, moment in enumerate(moments, 1))
    ending = "" if server.kind == "postgres" else f" engine={engine}"
    server.run(
        "drop table if exists unor",
        f"create table unor (id varchar(5), nama varchar(30), hapus smallint, diubah timestamp null){ending}",
        f"insert into unor values {values}",
        *([] if cursor else ["alter table unor drop column diubah"]),
    )


def _pause(server: Server) -> str:
    """An expression that makes every row cost a hundredth of a second."""
    return "pg_sleep(0.01)::text" if server.kind == "postgres" else "sleep(0.01)"


def _silent(caught: Any, caplog: pytest.LogCaptureFixture, capfd: Any, word: str) -> None:
    """No secret and no value, in the sentence, its cause, the logs or what a driver prints by itself."""
    printed = capfd.readouterr()
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
    assert word not in f"{caught.value}{caplog.text}{printed.out}{printed.err}"
