"""Databases: addresses, quoting, one snapshot, one type per column."""

from __future__ import annotations

import datetime as dt
import sqlite3
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy.dialects import mysql, postgresql
from tests.unit.sources.conftest import UNITS, agency

from mutasi.sources import sql, sql_plain
from mutasi.sources.agency import SqlRead
from mutasi.sources.connection import Connection, SourceError
from mutasi.sources.extract import extract
from mutasi.sources.request import Request
from mutasi.sources.sql_selection import Selection, Source


@pytest.fixture
def simpeg(tmp_path: Path) -> Connection:
    """A SQLite SIMPEG whose path needs quoting."""
    file = tmp_path / "simpeg 50% #1.db"
    with sqlite3.connect(file) as database:
        database.execute('create table "M_Unor" ("Id", "Nama", n, mixed, "order")')
        rows = [(f"{n:02d}", f"Unit 100% {n}", None if n < 6 else n, n if n % 2 else "x", n) for n in range(10)]
        database.executemany('insert into "M_Unor" values (?, ?, ?, ?, ?)', rows)
    return Connection("sqlite", host=str(file))


def test_addresses() -> None:
    server = Connection("postgres", "db.example.invalid", 5433, "reader", "p@ss/word", "simpeg", {"sslmode": "require"})
    url = sql.database_url(server)
    assert url.render_as_string(hide_password=False) == (
        "postgresql+psycopg2://reader:p%40ss%2Fword@db.example.invalid:5433/simpeg?sslmode=require"
    )
    assert "p@ss" not in repr(url)
    assert sql.database_url(Connection("mysql", "h", schema="s")).drivername == "mysql+pymysql"


def test_what_the_agency_file_ignores_is_not_kept(simpeg: Connection, archive: Path) -> None:
    """Religion, addresses and the like stand beside what is wanted; a column that nobody named is still there to be found."""
    found = agency("sql", {"table": "M_Unor"}, {**UNITS, "region_code": "mixed"})
    source = found.datasets["units"].model_copy(update={"ignore": ("order", "mixed")})
    rows = extract(found.model_copy(update={"datasets": {"units": source}}), "units", lambda _: simpeg, archive)
    table = rows.batches.read_all()
    assert table.column_names == ["Id", "Nama", "n", "mixed", "order"]
    assert table["order"].null_count == table.num_rows == rows.rows_received == 10
    assert table["mixed"].null_count == 0, "what is mapped is read, whatever else is said of it"
    assert table["n"].null_count == 6
    assert pq.read_table(archive / "raw.parquet")["order"].null_count == 10


def selected(dialect: Any, **read: Any) -> Selection:
    found = agency("sql", read, UNITS)
    request = Request(found, "units", "main", lambda name: Connection("sqlite"), Path())
    return Source(request, SqlRead(**read)).selection(dialect.identifier_preparer.quote)


@pytest.mark.parametrize(
    ("dialect", "table", "expected"),
    [
        (postgresql.dialect(), "kepeg.M_Unor", 'select source.* from kepeg."M_Unor" source'),
        (mysql.dialect(), "kepeg.order", "select source.* from kepeg.`order` source"),
    ],
)
def test_names_are_quoted_part_by_part(dialect: Any, table: str, expected: str) -> None:
    assert selected(dialect, table=table).rows() == expected


def test_query_loses_its_semicolon_and_its_last_comment_ends() -> None:
    assert selected(postgresql.dialect(), query="select 1;\n").relation == "(select 1\n) source"
    assert selected(postgresql.dialect(), query="select 1 -- all").relation == "(select 1 -- all\n) source"


def test_changes_are_asked_for_with_the_deleted_ones_and_counted_without() -> None:
    changes = selected(postgresql.dialect(), table="m_unor", cursor="updated_at", deleted="hapus = 1").after("it's")
    deleted = "case when (hapus = 1) then 1 else 0 end"
    assert changes.facts() == f"select count(*), max(updated_at) from m_unor source where {deleted} = 0"
    assert changes.rows() == (
        f"select source.*, {deleted} as _deleted from m_unor source where updated_at >= 'it''s' or updated_at is null"
    )


def test_one_type_per_column_over_all_chunks(simpeg: Connection, read_table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_plain, "CHUNK_ROWS", 4)
    found = read_table(simpeg, table="M_Unor")
    rows = found.batches.read_all()
    assert {field.name: getattr(field.type, "value_type", field.type) for field in rows.schema} == {
        "Id": pa.string(),
        "Nama": pa.string(),
        "n": pa.int64(),
        "mixed": pa.string(),
        "order": pa.int64(),
    }
    assert rows["n"].to_pylist() == [None] * 6 + [6, 7, 8, 9]
    assert rows["mixed"].to_pylist() == ["x", "1", "x", "3", "x", "5", "x", "7", "x", "9"]
    assert found.rows_received == 10


def test_archive_is_what_is_landed(simpeg: Connection, archive: Path, read_table: Any) -> None:
    found = read_table(simpeg, table="M_Unor")
    assert found.archive == (archive / "raw.parquet",)
    assert [file.name for file in archive.iterdir()] == ["raw.parquet"]
    archived = pq.read_table(found.archive[0])
    assert found.batches.read_all().cast(archived.schema).equals(archived)


def test_query_with_percent_and_colon(simpeg: Connection, read_table: Any) -> None:
    found = read_table(
        simpeg, query='select "Id", "Nama", \':x\' as c from "M_Unor" where "Nama" like \'%100\\%%\' escape \'\\\' limit 3;'
    )
    assert (found.batches.read_all().num_rows, found.rows_received) == (3, 3)


def test_empty_table(simpeg: Connection, read_table: Any) -> None:
    found = read_table(simpeg, query='select * from "M_Unor" where 1 = 0')
    assert (found.batches.schema.names[:2], found.batches.read_all().num_rows, found.rows_received) == (["Id", "Nama"], 0, 0)


def test_values_that_arrow_holds_in_no_common_type() -> None:
    assert sql_plain._column((Decimal("1.50"), Decimal("22.125"), None)).to_pylist()[0].startswith("1.5")
    assert sql_plain._column((10**30, None)).to_pylist() == [str(10**30), None]
    code = uuid.UUID(int=7)
    assert sql_plain._column((code,)).to_pylist() == [str(code)]
    assert sql_plain._column((b"ab", None)).to_pylist() == ["ab", None]
    assert sql_plain._column((dt.date(2020, 1, 2),)).type == pa.date32()


def test_mistyped_path_is_an_error_and_no_new_database(tmp_path: Path, read_table: Any) -> None:
    missing = tmp_path / "none.db"
    with pytest.raises(SourceError, match="rekaan, units: the database of connection `main` cannot be opened"):
        read_table(Connection("sqlite", host=str(missing)), table="x")
    assert not missing.exists()


def test_refused_statement_says_what_to_check(simpeg: Connection, read_table: Any) -> None:
    with pytest.raises(SourceError, match="refuses to read the table `Pegawai`") as caught:
        read_table(simpeg, table="Pegawai")
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


def test_nothing_can_be_written(simpeg: Connection, read_table: Any) -> None:
    with pytest.raises(SourceError):
        read_table(simpeg, query='delete from "M_Unor" returning *')
    assert read_table(simpeg, table="M_Unor").rows_received == 10


def test_missing_driver_and_unknown_type(read_table: Any) -> None:
    with pytest.raises(SourceError, match="`dbase` is no type of database"):
        read_table(Connection("dbase"), table="x")
    with pytest.raises(SourceError, match="install `oracle"):
        read_table(Connection("oracle", "h"), table="x")


def test_the_count_does_not_come_from_the_fetch(simpeg: Connection, read_table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sql_plain._rows

    def loses_a_row(*arguments: Any) -> Any:
        return (chunk.slice(1) for chunk in whole(*arguments))

    monkeypatch.setattr(sql_plain, "_rows", loses_a_row)
    found = read_table(simpeg, table="M_Unor")
    assert (found.rows_received, found.batches.read_all().num_rows) == (10, 9)
