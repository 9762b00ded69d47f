"""No value of a person and no secret leaves the places that may hold it, on good nights and on bad ones."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from tests.privacy import nights
from tests.privacy.scanner import Scanner

from mutasi.settings import PROJECT

pytestmark = pytest.mark.takes(130)

AGENCIES = tuple(nights.NAMES)
# Places that may name people, relative to the folder that everything is written to; only the home's owner may enter it.
RESTRICTED = (
    "home/raw/*", "home/landing/*", "home/promoted/*", "home/quarantine/*", "home/checks/*/failures.parquet", "home/history/*",
    "home/warehouse/inputs/*", "home/warehouse/planning.duckdb", "home/warehouse/build/build.duckdb*",
    "home/warehouse/build/planning.duckdb*", "home/demo/*",
    "home/state/demo-pseudonym.key",
)  # fmt: skip
MARK = "Quxwzy"


class Nights:
    """Three nights on one home, and where they left what."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, folder / "home"
        self.printed: dict[str, str] = {}
        for name in ("airflow", "tmp", "cwd"):
            (folder / name).mkdir(mode=0o700)

    def run(self) -> None:
        """Run them, each in a process of its own, and read what each printed."""
        airflow = self.folder / "airflow"
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "MUTASI"))},
            "AIRFLOW_HOME": str(airflow),
            "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{airflow}/airflow.db",
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(airflow / "logs"),
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",  # more than the project asks for
            "AIRFLOW__API_AUTH__JWT_SECRET": "only-for-tests-" * 5,
            "MUTASI_HOME": str(self.home),
            "MUTASI_RETRY_SECONDS": "0.1",
            "MUTASI_SETTLE_SECONDS": "0",
            "MUTASI_MEMORY_LIMIT": "2GB",
            "PYTHONPATH": str(PROJECT),
            "TMPDIR": str(self.folder / "tmp"),
        }
        command = [sys.executable, str(Path(nights.__file__)), str(self.home), str(self.folder)]
        with (self.folder / "printed.txt").open("w") as printed:
            subprocess.run(
                command,
                env=environment,
                cwd=self.folder / "cwd",
                stdout=printed,
                stderr=subprocess.STDOUT,
                check=True,
            )
        self.printed = {kind: (self.folder / f"printed-{kind}.txt").read_text(encoding="utf-8") for kind in nights.DAYS}

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Query files below the home; {home} stands for it."""
        return duckdb.sql(query.format(home=self.home)).fetchall()

    def scanner(self) -> Scanner:
        """Everything that may not be found: canaries, secrets, and the numbers of all generated people."""
        words = [MARK, MARK.upper(), nights.PASSWORD, nights.WRONG_PASSWORD]
        for agency in AGENCIES:
            born = nights.BORN[agency]
            words += [nights.nip(agency), nights.nik(agency), nights.email(agency)]
            words += [born.isoformat(), f"{born:%d-%m-%Y}", f"{born:%d/%m/%Y}"]
        credentials = json.loads((self.home / "demo" / "binjai" / "siasn" / "credentials.json").read_text(encoding="utf-8"))
        words += [value for name, value in credentials.items() if name not in ("consumer_key", "client_id")]
        words.append((self.home / "state" / "demo-pseudonym.key").read_text(encoding="utf-8").strip())
        people = self.rows("select unnest([nip, nik]) from read_parquet('{home}/landing/employees/2026-11-02/*.parquet')")
        return Scanner(tuple(words), frozenset(str(number) for (number,) in people if number))


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    """A good night, one that is killed, and one in which all goes wrong that can."""
    nights_run = Nights(tmp_path_factory.mktemp("canaries"))
    nights_run.run()
    return nights_run


def test_the_nights_went_as_planned(three: Nights) -> None:
    """Without this the search below would find nothing because nothing happened."""
    assert "STATE success" in three.printed["good"], three.printed["good"][-3000:]
    assert "STATE" not in three.printed["killed"], three.printed["killed"][-3000:]
    assert (three.home / "warehouse" / "reporting.duckdb").exists()
    assert "STATE failed" in three.printed["troubled"], three.printed["troubled"][-3000:]
    said = " ".join(
        str(m)
        for (m,) in three.rows("select message from read_parquet('{home}/quality/runs/*/*.parquet') where message is not null")
    )
    for trouble in ("ConversionException", "pekanbaru, employees", "tanjungbalai, employees", "SSO account", "dumai, employees"):
        assert trouble in said, trouble
    for trouble in ("model int_quoting (CONVERSION)", "test nobody_is_a_canary (1 rows)"):
        assert trouble in three.printed["troubled"], trouble
    refused = three.rows("select nip, status from read_parquet('{home}/raw/binjai/employees/2026-11-04/*/refused.parquet')")
    assert (nights.nip("binjai"), 500) in refused


def test_canaries_reached_the_places_that_may_hold_them(three: Nights) -> None:
    landed = three.rows(
        "select agency_id, nip, employee_name, nik, email from read_parquet('{home}/landing/employees/2026-11-02/*.parquet')"
    )
    for agency in AGENCIES:
        canary = (agency, nights.nip(agency), nights.NAMES[agency], nights.nik(agency), nights.email(agency))
        assert canary in landed, agency
    kept = three.rows("select nip from read_parquet('{home}/promoted/employees/2026-11-02/*.parquet')")
    assert {(nights.nip(agency),) for agency in AGENCIES} <= set(kept)
    dropped = three.rows("select nip from read_parquet('{home}/quarantine/employees/2026-11-02/dumai.parquet')")
    assert (nights.nip("dumai") + "77",) in dropped
    planning = three.home / "warehouse" / "planning.duckdb"
    assert Scanner((MARK,)).in_file(planning), "planners need names"


def test_nothing_else_holds_a_person_or_a_secret(three: Nights) -> None:
    found = three.scanner().in_folder(three.folder, RESTRICTED)
    assert found == [], "\n".join(f"{file} [{place}]: {sorted(values)[:3]}" for file, place, values in found)


def test_the_search_covers_every_kind_of_store(three: Nights) -> None:
    """If a store moved elsewhere, the search would pass by looking at nothing."""
    # `dag.test()` runs tasks in this process, so their log is what the process printed.
    assert "Task failed with exception" in three.printed["troubled"] and "Done" in three.printed["good"]
    with sqlite3.connect(three.folder / "airflow" / "airflow.db") as con:
        for table in ("xcom", "rendered_task_instance_fields", "task_instance", "dag_run"):
            assert con.execute(f"select count(*) from {table}").fetchone()[0] > 0, table
    for pattern in ("quality/check_results/*.parquet", "quality/runs/*/*.parquet", "checks/*/*/verdicts.json", "warehouse/reporting.duckdb",
                    "warehouse/dbt/results/*.json", "quality/quarantine/*.parquet"):  # fmt: skip
        assert list(three.home.glob(pattern)), pattern


def test_restricted_places_are_closed_to_other_users(three: Nights) -> None:
    def mode(path: Path) -> int:
        return stat.S_IMODE(path.stat().st_mode)

    assert mode(three.home) == 0o700
    for name in ("raw", "landing", "promoted", "quarantine", "checks", "history", "warehouse", "state", "tmp"):
        assert mode(three.home / name) == 0o700, name
    assert mode(three.home / "warehouse" / "planning.duckdb") == 0o600
    assert mode(three.home / "state" / "demo-pseudonym.key") == 0o600
    assert mode(three.home / "demo" / "connections.env") == 0o600


def test_contact_fields_end_with_the_landing(three: Nights) -> None:
    """Identity numbers and addresses may be checked, and are gone from everything that is promoted."""
    contact = Scanner(tuple(f(agency) for agency in AGENCIES for f in (nights.nik, nights.email)))
    for place in ("promoted", "history", "warehouse"):
        assert contact.in_folder(three.home / place) == [], place


def _sqlite(file: Path, word: str) -> None:
    with sqlite3.connect(file) as con:
        con.execute("create table xcom (key text, value blob)")
        con.execute("insert into xcom values ('return_value', ?)", [json.dumps({"a": word}).encode()])
    con.close()


def _sqlite_log(file: Path, word: str) -> None:
    con = sqlite3.connect(file)
    con.execute("pragma journal_mode = wal")
    con.execute("create table note (text text)")
    con.execute("insert into note values (?)", [word])
    con.commit()
    # Copied while open: the row stands in the write-ahead log alone.
    for suffix in ("", "-wal"):
        file.with_name(f"copy.db{suffix}").write_bytes(file.with_name(file.name + suffix).read_bytes())
    con.close()


def _duckdb(file: Path, word: str) -> None:
    with duckdb.connect(str(file)) as con:
        con.execute("create schema marts; create table marts.a (n integer, struct_column struct(deep varchar))")
        con.execute("insert into marts.a values (1, {'deep': ?})", [f"{word} "])


def _comment(file: Path, word: str) -> None:
    with duckdb.connect(str(file)) as con:
        con.execute(f"create table a (n integer); comment on table a is '{word}'")


def _parquet(file: Path, word: str) -> None:
    duckdb.sql(f"copy (select 'x' as a, [{word!r}] as b) to '{file}' (format parquet, compression zstd)")


STORES: dict[str, Callable[[Path, str], object]] = {
    "task.log": lambda file, word: file.write_text(f"ERROR Could not convert string '{word}' to INT32", encoding="utf-8"),
    "verdicts.json": lambda file, word: file.write_text(json.dumps({"a": [word]}), encoding="utf-8"),
    "spill.tmp": lambda file, word: file.write_bytes(b"\0\1\2" + word.encode() + b"\0\xff"),
    "wide.bin": lambda file, word: file.write_bytes(word.encode("utf-16-le")),
    "airflow.db": _sqlite,
    "open.db": _sqlite_log,
    "reporting.duckdb": _duckdb,
    "described.duckdb": _comment,
    "results.parquet": _parquet,
}


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize(
    "word", [nights.NAMES["dumai"], nights.nip("binjai"), nights.email("pekanbaru"), "pegawai77@example.invalid"]
)
def test_the_search_finds_a_canary_in_each_kind_of_store(tmp_path: Path, store: str, word: str) -> None:
    STORES[store](tmp_path / store, word)
    scanner = Scanner((MARK, nights.email("pekanbaru")), frozenset({nights.nip("binjai")}))
    assert scanner.in_folder(tmp_path)
    assert Scanner(("tidak ada di mana pun",)).in_folder(tmp_path, ["*"]) == []
