"""Prepares the demo agencies for the containers of docker-compose.yml: Dumai's SIMPEG in MariaDB, the services by their names.

Run as `python -m mutasi.demo.stack`. It writes `demo/connections.json` below the home, which Airflow reads there instead of
the file of secrets.
"""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa

from mutasi.demo.session import EMPLOYEES, demo_connections, ensure_demo
from mutasi.engine import named
from mutasi.settings import Settings

DATABASE, LOGIN = "simpeg", "simpeg"
TYPES = {"TEXT": "varchar(255)", "INTEGER": "bigint", "REAL": "double"}
BATCH_ROWS = 2_000


@click.command()
@click.option("--siasn", required=True, help="Address of the SIASN service, for example http://127.0.0.1:18765.")
@click.option("--simpeg", help="Host of a MariaDB with an empty database `simpeg`; without it Dumai stays a file.")
@click.option("--simpeg-password-file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--employees", type=click.IntRange(1_000, 200_000), default=EMPLOYEES, show_default=True)
def main(siasn: str, simpeg: str | None, simpeg_password_file: Path | None, employees: int) -> None:
    """Generate the demo agencies and say where they are found."""
    settings = Settings.from_environment()
    ensure_demo(settings, employees)
    connections = {n.removeprefix("AIRFLOW_CONN_").lower(): json.loads(v) for n, v in demo_connections(settings).items()}
    connections["binjai_siasn"] = _at(connections["binjai_siasn"], siasn)
    if simpeg and simpeg_password_file:
        password = simpeg_password_file.read_text(encoding="utf-8").strip()
        address = sa.URL.create("mysql+pymysql", LOGIN, password, simpeg, database=DATABASE, query={"charset": "utf8mb4"})
        rows = copy_simpeg(Path(connections["dumai_simpeg"]["host"]), sa.create_engine(address))
        connections["dumai_simpeg"] = {
            "conn_type": "mysql",
            "host": simpeg,
            "login": LOGIN,
            "password": password,
            "schema": DATABASE,
        }
        click.echo(f"Dumai's SIMPEG is in MariaDB: {rows:,} rows")
    file = settings.home / "demo" / "connections.json"
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        json.dump(connections, stream, indent=1)
    click.echo(f"{len(connections)} connections in {file}")


def _at(connection: dict[str, Any], origin: str) -> dict[str, Any]:
    """The connection to the demo's service under another address."""
    text = json.dumps(connection)
    here = connection["extra"]["token_url"].removesuffix("/oauth2/token")
    moved: dict[str, Any] = json.loads(text.replace(here, origin))
    return moved


def copy_simpeg(source: Path, target: sa.Engine) -> int:
    """Copy every table of a SQLite database; returns the rows copied. Tables of the same names are replaced."""
    copied = 0
    with sqlite3.connect(source) as file, target.connect() as database:
        for (table,) in file.execute("select name from sqlite_master where type = 'table'").fetchall():
            columns = [(row[1], TYPES[row[2]]) for row in file.execute(f"pragma table_info({named(table)})").fetchall()]
            listed = ", ".join(f"`{name}` {kind}" for name, kind in columns)
            database.exec_driver_sql(f"drop table if exists `{table}`")
            database.exec_driver_sql(f"create table `{table}` ({listed})")
            insert = f"insert into `{table}` values ({', '.join(['%s'] * len(columns))})"
            rows = file.execute(f"select * from {named(table)}")
            while batch := rows.fetchmany(BATCH_ROWS):
                database.exec_driver_sql(insert, [tuple(row) for row in batch])
                copied += len(batch)
            database.commit()
    return copied


if __name__ == "__main__":
    main()
