"""One machine's Airflow on the demo agencies: what `make run` and `make up` start.

Everything lives below the home: Airflow's own metadata (SQLite), the generated agencies, their connections and the demo
key for pseudonyms. The key is random and made once, so that even the demo has no secret in the repository.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mutasi.demo import NIGHTS, generate
from mutasi.demo.siasn_server import serve
from mutasi.orchestration.dates import today
from mutasi.settings import Settings

EMPLOYEES = 12_000
LARGEST_DEMO = 200_000  # beyond it a worksheet of Tanjungbalai would not hold its rows
SHELL_LINE = re.compile(r"^(?P<name>[A-Z_0-9]+)='(?P<value>.*)'$")


def ensure_demo(settings: Settings, employees: int = EMPLOYEES, as_of: dt.date | None = None) -> bool:
    """Generate the demo agencies unless they stand there already for the day; returns whether they were made now.

    The days after the first show the same population some nights later, so that a second day has a few changes to tell.
    """
    day = as_of or today()
    marker = settings.folder("demo") / "generated.json"
    made = json.loads(marker.read_text(encoding="utf-8")) if marker.exists() else {}
    if made.get("employees") == employees and made.get("as_of") == day.isoformat():
        return False
    first = dt.date.fromisoformat(made["first"]) if made.get("employees") == employees else day
    night = (day - first).days
    if not 0 <= night <= NIGHTS:
        first, night = day, 0
    generate(settings.home, employees=employees, as_of=day, night=night)
    marker.write_text(
        json.dumps({"employees": employees, "as_of": day.isoformat(), "first": first.isoformat()}), encoding="utf-8"
    )
    return True


def demo_key(settings: Settings) -> Path:
    """The demo's key for pseudonyms, made at random the first time."""
    file = settings.folder("state") / "demo-pseudonym.key"
    if not file.exists():
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(secrets.token_hex(32))
    return file


def demo_connections(settings: Settings) -> dict[str, str]:
    """The demo's connections as environment variables."""
    lines = (settings.home / "demo" / "connections.env").read_text(encoding="utf-8").splitlines()
    return {m["name"]: m["value"] for m in map(SHELL_LINE.match, lines) if m}


def airflow_environment(settings: Settings) -> dict[str, str]:
    """The environment of an Airflow on this one machine, quiet and small."""
    home = settings.folder("airflow")
    secret = home / "jwt.secret"
    if not secret.exists():
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_hex(64), encoding="utf-8")
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",  # standalone starts `airflow` by name
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(settings.project / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(settings.project / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        # SQLite has one writer at a time; on a slow disk the others wait longer than the five seconds they have by default. No longer
        # than this: the API server notes who asked before it answers whom it answers already, and waits for its own lock until then.
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db?timeout=15",
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",  # tasks outlast that
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
        "AIRFLOW__API_AUTH__JWT_SECRET": secret.read_text(encoding="utf-8"),
        "MUTASI_RETRY_SECONDS": "2",
        "MUTASI_SETTLE_SECONDS": "0",  # the generator has finished writing
        "MUTASI_APPROVERS": "Anonymous:Pejabat yang berwenang",  # everybody is the same user in the demo
        "MUTASI_HOME": str(settings.home),
        "MUTASI_PROJECT": str(settings.project),
        "MUTASI_PSEUDONYM_KEY_FILE": str(demo_key(settings)),
        **demo_connections(settings),
    }


@contextmanager
def siasn_service(settings: Settings) -> Iterator[dict[str, str]]:
    """The demo's SIASN service on a free port; yields the connection to it as an environment variable, none where no agency has it."""
    data = settings.home / "demo" / "binjai" / "siasn"
    if not data.exists():
        yield {}
        return
    with serve(data) as server:
        yield {"AIRFLOW_CONN_BINJAI_SIASN": json.dumps(server.connection())}


@contextmanager
def session(settings: Settings) -> Iterator[dict[str, str]]:
    """The demo's SIASN service is up and Airflow's metadata is migrated; yields the environment for Airflow."""
    with siasn_service(settings) as service:
        environment = {**os.environ, **airflow_environment(settings), **service}
        if not (settings.home / "airflow" / "airflow.db").exists():
            subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], env=environment, check=True, capture_output=True)
        yield environment
