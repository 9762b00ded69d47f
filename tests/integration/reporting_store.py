"""A published warehouse in files and in a PostgreSQL of our own, with one login for each kind of reader."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2
import pytest
from tests.build_databases import build_databases
from tests.integration import synthetic_inputs as synthetic
from tests.integration.servers import running_postgres

from mutasi.engine import named
from mutasi.settings import Settings
from mutasi.warehouse.publish import publish

OWN, FOREIGN = synthetic.KOTA, synthetic.KAB
LOGINS = {
    "dashboard": "bi_reader",
    "pemeriksa": "auditor",
    "perencana_kota": f"planner_{OWN}",
    "perencana_kab": f"planner_{FOREIGN}",
    "tanpa_instansi": "planner",
}


@dataclass
class Store:
    """Settings of a home, the address of its PostgreSQL, and what readers see there."""

    settings: Settings
    host: str
    database: str = "reporting"
    publishes: int = field(default=0)

    def url(self, user: str = "postgres") -> str:
        """The address for a login, as libpq reads it."""
        return f"postgresql://{user}@/{self.database}?host={self.host}"

    def connect(self, user: str = "postgres") -> psycopg2.extensions.connection:
        """A session, each statement by itself."""
        session = psycopg2.connect(self.url(user))
        session.autocommit = True
        return session

    def rows(self, query: str, user: str = "postgres") -> list[tuple]:
        """All rows of a query."""
        session = self.connect(user)
        try:
            with session.cursor() as cursor:
                cursor.execute(query)
                return cursor.fetchall() if cursor.description else []
        finally:
            session.close()

    def publish(self, user: str = "postgres") -> str:
        """Publish what is built; returns the run id."""
        self.publishes += 1
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MUTASI_REPORTING_URL", self.url(user))
            publish(Settings(self.settings.home, self.settings.project, self.settings.agencies), run_id=f"run-{self.publishes}")
        return f"run-{self.publishes}"

    def change(self, *statements: str) -> None:
        """Change what is built, as another night would."""
        with build_databases(self.settings) as con:
            for statement in statements:
                con.execute(statement)

    def schemas(self, prefix: str) -> list[str]:
        """Schemas whose names begin with `prefix`."""
        return [r[0] for r in self.rows(f"select nspname from pg_namespace where nspname like '{prefix}%' order by 1")]

    def tables(self, schema: str) -> list[str]:
        """Tables of a schema."""
        return [r[0] for r in self.rows(f"select tablename from pg_tables where schemaname = '{schema}' order by 1")]

    def clear(self) -> None:
        """A new database on the same server."""
        for statement in (f"drop database if exists {self.database} with (force)", f"create database {self.database}"):
            session = psycopg2.connect(f"postgresql://postgres@/postgres?host={self.host}")
            session.autocommit = True
            with session.cursor() as cursor:
                cursor.execute(statement)
            session.close()


@contextmanager
def published_store(built: Settings, folder: Path) -> Iterator[Store]:
    """A copy of what is built, which may be changed, published to a server of its own."""
    settings = Settings(home=folder / "home", project=built.project, agencies=built.agencies)
    shutil.copytree(built.home, settings.home)
    with running_postgres() as (_, address):
        store = Store(settings, str(address.query["host"]))
        store.clear()
        store.publish()
        for login, role in LOGINS.items():
            store.rows(f"create role {login} login in role {named(role)}")
        yield store


os.environ.setdefault("MUTASI_MEMORY_LIMIT", "2GB")
