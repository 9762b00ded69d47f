"""Nights of the demo with canaries among its people, each in a process of its own; run by the tests of this folder.

    python nights.py <home> <printed>

    prepare     generate the population and plant the canaries
    good        a night in which nothing is wrong but the data
    killed      a refused password and a refused connection; the process is killed while dbt builds
    troubled    a cast error, an HTTP 500, a torn file, a missing folder; a model and a test fail

Every trouble is one whose library text would carry a value. What each prints goes to `<printed>/printed-<kind>.txt`.
"""

from __future__ import annotations

import datetime as dt
import gc
import importlib
import json
import os
import shutil
import signal
import sqlite3
import sys
import threading
import traceback
from pathlib import Path

from mutasi.demo import generate
from mutasi.demo.session import demo_connections, demo_key, siasn_service
from mutasi.settings import PROJECT, Settings

DAYS = {name: dt.date(2026, 11, 2) + dt.timedelta(days=n) for n, name in enumerate(("good", "killed", "troubled"))}
EMPLOYEES = 1_000
# Whatever could be matched by accident is left out: names, addresses and dates are nobody's in the generated population.
NAMES = {"dumai": "Kanarina Quxwzy Dumai", "binjai": "Kanarino Quxwzy Binjai", "pekanbaru": "Kanarisa Quxwzy Rumbai"}
BORN = {"dumai": dt.date(1961, 2, 27), "binjai": dt.date(1962, 2, 25), "pekanbaru": dt.date(1961, 4, 29)}
PASSWORD = "kanari-rahasia-basis-data"
WRONG_PASSWORD = "kanari-rahasia-sso-yang-salah"


def nip(agency: str) -> str:
    """A well-formed number whose first eight digits are the birth date."""
    return f"{BORN[agency]:%Y%m%d}1986032999"


def nik(agency: str) -> str:
    """A number of sixteen digits that no region gives out."""
    return f"98{BORN[agency]:%d%m%Y}424242"


def email(agency: str) -> str:
    """An address that no mail reaches."""
    return f"kanari.{agency}@kanari.invalid"


def prepare(home: Path) -> None:
    """Generate the population, put a canary in the place of the first person of three agencies, and migrate Airflow's metadata.

    All nights run on a copy of the project, so that dbt reads it once and in the last night only what was added.
    """
    from airflow.utils.db import initdb

    initdb()
    generate(home, employees=EMPLOYEES, as_of=DAYS["good"])
    project = home / "project"
    shutil.copytree(PROJECT / "dbt_project", project / "dbt_project", ignore=shutil.ignore_patterns("target", "logs"))
    (project / "expectations").symlink_to(PROJECT / "expectations")
    demo = home / "demo"
    _plant_database(next((demo / "dumai").glob("*.db")))
    _plant_text(demo / "binjai", "binjai", "%d-%m-%Y")
    _plant_text(demo / "pekanbaru", "pekanbaru", "%d/%m/%Y")


def _plant_database(file: Path) -> None:
    """Canary in every table of SIMPEG; a second person has a number that cannot be used, a third an unreadable birth date."""
    with sqlite3.connect(file) as con:
        people = [row[0] for row in con.execute("select nip_baru from pegawai where nip_baru is not null order by rowid limit 3")]
        for number, column, value in (
            (people[0], "nama", NAMES["dumai"]),
            (people[0], "tgl_lahir", f"{BORN['dumai']:%d-%m-%Y}"),
            (people[0], "nik", nik("dumai")),
            (people[0], "email", email("dumai")),
            (people[1], "email", "bukan alamat " + email("dumai")),
            (people[2], "tgl_lahir", "lahir " + email("dumai")),
        ):
            con.execute(f"update pegawai set {column} = ? where nip_baru = ?", (value, number))
        for table in ("pegawai", "riwayat_jabatan", "skp"):
            con.execute(f"update {table} set nip_baru = ? where nip_baru = ?", (nip("dumai"), people[0]))
            con.execute(f"update {table} set nip_baru = ? where nip_baru = ?", (nip("dumai") + "77", people[1]))
        # What transfers are planned from names the canary as well: in a case, in an objection, and as somebody's spouse.
        con.execute("insert into hukdis (nip_baru, no_kasus, sts) values (?, 'K-KANARI', 'P')", (nip("dumai"),))
        con.execute(
            "insert into keberatan (nip_baru, no_keberatan, tgl_terima, sts) values (?, 'B-KANARI', '01-10-2026', 'P')",
            (nip("dumai"),),
        )
        con.execute("update minat_pindah set nip_pasangan = ?, pindah_bersama = '1' where rowid = 1", (nip("dumai"),))
    con.close()


def _plant_text(folder: Path, agency: str, date_format: str) -> None:
    """The first person of a service's records or of a CSV export becomes the canary, in every file."""
    if agency == "binjai":
        first = json.loads((folder / "siasn" / "data-utama.jsonl").read_text(encoding="utf-8").splitlines()[0])
        number, changed = first["nipBaru"], {"nama": NAMES[agency], "tglLahir": f"{BORN[agency]:{date_format}}"}
        changed |= {"nik": nik(agency), "email": email(agency)}
        record = json.dumps({**first, **changed}, ensure_ascii=False)
        file = folder / "siasn" / "data-utama.jsonl"
        file.write_text("\n".join([record, *file.read_text(encoding="utf-8").splitlines()[1:]]) + "\n", encoding="utf-8")
    else:
        file = next(folder.glob("pegawai_*.csv"))
        lines = file.read_text(encoding="windows-1252").splitlines()
        header, cells = lines[0].split(";"), lines[1].split(";")
        number = cells[header.index("NIP")]
        for column, value in (
            ("Nama", NAMES[agency]),
            ("Tanggal Lahir", f"{BORN[agency]:{date_format}}"),
            ("NIK", nik(agency)),
            ("Email", email(agency)),
        ):
            cells[header.index(column)] = value
        file.write_text("\n".join([lines[0], ";".join(cells), *lines[2:]]) + "\n", encoding="windows-1252")
    digits = "".join(c for c in number if c.isdigit())
    for file in (f for f in folder.rglob("*") if f.suffix in (".csv", ".jsonl")):
        raw = file.read_bytes()
        file.write_bytes(
            raw.replace(number.encode("windows-1252"), nip(agency).encode()).replace(digits.encode(), nip(agency).encode())
        )


def trouble_landing(home: Path) -> None:
    """The service fails for its canary, a quote is never closed beside one, a folder is gone, and a cast quotes a name."""
    service = home / "demo" / "binjai" / "siasn" / "behaviour.json"
    service.write_text(json.dumps({"failing_nips": [nip("binjai")]}), encoding="utf-8")
    file = next((home / "demo" / "pekanbaru").glob("pegawai_*.csv"))
    torn = file.read_text(encoding="windows-1252").replace(NAMES["pekanbaru"], f'"{NAMES["pekanbaru"]}', 1)
    file.write_text(torn, encoding="windows-1252")
    shutil.rmtree(home / "demo" / "tanjungbalai")

    # Landing casts nothing that could fail; so that it fails all the same, its query is made to.
    from mutasi.landing import rows

    typed = rows.typed_query

    def failing(agency_id: str, dataset: object, *arguments: object) -> str:
        query = typed(agency_id, dataset, *arguments)  # type: ignore[arg-type]
        is_victim = (agency_id, dataset.name) == ("dumai", "employees")  # type: ignore[attr-defined]
        return f"select * from ({query}) where cast(employee_name as integer) > 0" if is_victim else query

    rows.plain_columns = lambda *_: frozenset()  # type: ignore[assignment]
    rows.typed_query = failing  # type: ignore[assignment]


def trouble_connections() -> dict[str, str]:
    """A wrong password, and a database that refuses."""
    service = json.loads(os.environ["AIRFLOW_CONN_BINJAI_SIASN"])
    service["extra"]["sso_password"] = WRONG_PASSWORD
    refused = {
        "conn_type": "postgres",
        "host": "127.0.0.1",
        "port": 1,
        "login": "kanari",
        "password": PASSWORD,
        "schema": "simpeg",
    }
    return {"AIRFLOW_CONN_BINJAI_SIASN": json.dumps(service), "AIRFLOW_CONN_DUMAI_SIMPEG": json.dumps(refused)}


def trouble_warehouse(home: Path) -> None:
    """A model that quotes a name and a test that fails on one."""
    project = home / "project"
    models = project / "dbt_project" / "models" / "intermediate"
    (models / "int_quoting.sql").write_text(
        "select cast(employee_name as integer) as broken, nip from {{ ref('stg_employees') }}", encoding="utf-8"
    )
    test = f"select nip, employee_name from {{{{ ref('employees') }}}} where employee_name like '{NAMES['dumai'][:9]}%'"
    (project / "dbt_project" / "tests" / "nobody_is_a_canary.sql").write_text(test, encoding="utf-8")


def kill_while_building() -> None:
    """Kill this process, uncatchably, once dbt has been at work for a moment."""
    from mutasi.warehouse import build

    invoke = build._invoke

    def doomed(*arguments: object) -> object:
        threading.Timer(1.5, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
        return invoke(*arguments)  # type: ignore[arg-type]

    build._invoke = doomed  # type: ignore[assignment]


def night(home: Path, kind: str) -> str:
    """Run the DAG for one night; returns the state of the run."""
    settings = Settings(home=home, project=PROJECT, agencies=PROJECT / "dags" / "agencies")
    environment = {"MUTASI_HOME": str(home), "MUTASI_PSEUDONYM_KEY_FILE": str(demo_key(settings)), **demo_connections(settings)}
    environment |= {"MUTASI_PROJECT": str(home / "project"), "MUTASI_AGENCIES": str(settings.agencies)}
    if kind == "troubled":
        trouble_landing(home)
        trouble_warehouse(home)
    with siasn_service(settings) as service:
        os.environ |= {**environment, **service}
        if kind == "killed":
            os.environ |= trouble_connections()
            kill_while_building()
        from airflow.dag_processing.dagbag import DagBag

        dag = DagBag(dag_folder=str(PROJECT / "dags")).dags["nightly_refresh"]
        run = dag.test(run_conf={"date": DAYS[kind].isoformat(), "agencies": []})
    return str(run.state)


def in_a_process_of_its_own(home: Path, kind: str, printed: Path) -> None:
    """Fork, so that the libraries are read once; nothing of them is at work yet."""
    sys.stdout.flush()
    if process := os.fork():
        os.waitpid(process, 0)
        return
    with printed.open("w", encoding="utf-8") as stream:
        for descriptor in (1, 2):
            os.dup2(stream.fileno(), descriptor)
        code = 1
        try:
            if kind == "prepare":
                prepare(home)
            else:
                sys.stdout.write(f"STATE {night(home, kind)}\n")
            code = 0
        except Exception:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


if __name__ == "__main__":
    importlib.import_module("tests.libraries")  # here, and not where the tests import this file
    gc.set_threshold(500_000)
    for what in ("prepare", *DAYS):
        in_a_process_of_its_own(Path(sys.argv[1]), what, Path(sys.argv[2]) / f"printed-{what}.txt")
