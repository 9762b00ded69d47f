"""The connectors against real servers: SIASN's shapes over HTTP on its bad days, and PostgreSQL."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import logging
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from tests.integration.servers import running_postgres

from mutasi.demo import siasn_knowledge
from mutasi.demo.siasn_server import Server, serve
from mutasi.settings import PROJECT
from mutasi.sources import siasn
from mutasi.sources.agency import Agency
from mutasi.sources.connection import Connection, Extract, SourceError
from mutasi.sources.extract import extract
from mutasi.sources.request import forget_progress
from mutasi.sources.siasn_service import Patience

# Runs that go on with each other ask at one address.
with socket.socket() as _free:
    _free.bind(("127.0.0.1", 0))
    PORT = _free.getsockname()[1]
NIPS = [f"19880101201001{n // 900 + 1}{n % 900 + 1:03d}" for n in range(60)]
LISTED = {"path": "nip.csv"}
EMPLOYEES = {"nip": "nipBaru", "employee_name": "nama", "employment_status": "statusPegawai"}
REVIEWS = {"nip": "nipBaru", "year": "tahun", "predicate_code": "KuadranKinerjaNilai"}
SKP = {"per_nip": "/pns/rw-skp22", "nips": LISTED, "nips_connection": "folder", "nips_column": "NIP"}
PERSON = {**SKP, "per_nip": "/pns/data-utama"}
UNITS = {"unit_id": "Id", "unit_name": "NamaUnor"}


def agency(
    dataset: str, kind: str, read: dict[str, Any], columns: dict[str, Any], rate: float = 2000, concurrency: int = 4
) -> Agency:
    pace = {"requests_per_second": rate, "concurrency": concurrency} if kind == "siasn" else {}
    return Agency.model_validate(
        {
            "agency_id": "rekaan",
            "agency_name": "Kota Rekaan",
            "agency_kind": "city",
            "codes": {"bkn": "0000", "kemendagri": "00.00"},
            "owner": {"unit": "BKPSDM", "email": "bkpsdm@example.invalid"},
            "connections": {
                "main": {"type": kind, "name": "main", **pace},
                "folder": {"type": "files", "name": "folder"},
            },
            "datasets": {dataset: {"connection": "main", "read": read, "columns": columns}},
        }
    )


def value_type(rows: pa.Table, name: str) -> pa.DataType:
    """The type of a column's values; texts may come as a dictionary."""
    kind = rows.schema.field(name).type
    return kind.value_type if pa.types.is_dictionary(kind) else kind


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the stand-in serves: 60 people, 1,201 units, a few reviews."""
    monkeypatch.setattr(siasn, "PATIENCE", Patience(attempts=10, first_wait=0.001, longest_wait=0.05))
    folder = tmp_path / "siasn"
    folder.mkdir()
    people = [{"nipBaru": nip, "nama": f"Contoh {nip[-3:]}", "statusPegawai": "PNS", "path": {"a": 1}} for nip in NIPS]
    reviews = [
        {"tahun": year, "hasilKinerjaNilai": 1, "PerilakuKerjaNilai": 2, "KuadranKinerjaNilai": 2, "nipBaru": nip}
        for nip in NIPS[::2]
        for year in (2024, 2025)
    ]
    units = [{"Id": f"U{n:05d}", "DiatasanId": None, "NamaUnor": f"Unit {n}"} for n in range(1201)]
    for name, records in (("data-utama", people), ("rw-skp22", reviews), ("ref-unor", units)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    names = ("consumer_key", "consumer_secret", "client_id", "sso_username", "sso_password")
    (folder / "credentials.json").write_text(json.dumps({name: os.urandom(8).hex() for name in names}), encoding="utf-8")
    (tmp_path / "nip.csv").write_text("NIP\n" + "\n".join(NIPS) + "\n", encoding="utf-8")
    return folder


Ask = Callable[..., Extract]


@pytest.fixture
def ask(service: Path, tmp_path: Path) -> Ask:
    """Extract from the stand-in: `ask("employees", PERSON, EMPLOYEES, behaviour={…})`."""

    def run(
        dataset: str,
        read: dict[str, Any],
        columns: dict[str, Any],
        behaviour: dict[str, Any] | None = None,
        change: Callable[[Connection], Connection] = lambda connection: connection,
        during: Callable[[Server], Any] = lambda server: None,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        **limits: Any,
    ) -> Extract:
        (service / "behaviour.json").write_text(json.dumps(behaviour or {}), encoding="utf-8")
        with serve(service, port, tls) as server:
            connections = {
                "main": change(Connection(**server.connection())),
                "folder": Connection("fs", host=str(tmp_path)),
            }
            during(server)
            found = extract(
                agency(dataset, "siasn", read, columns, **limits), dataset, connections.__getitem__, tmp_path / "archive"
            )
            run.calls = server.service.calls  # type: ignore[attr-defined]
            return found

    return run


def test_one_row_per_person_in_the_order_of_the_list(ask: Ask, tmp_path: Path) -> None:
    found = ask("employees", PERSON, EMPLOYEES)
    rows = found.batches.read_all()
    assert rows["nipBaru"].to_pylist() == NIPS
    assert rows["path"].to_pylist()[0] == '{"a":1}'
    assert {value_type(rows, name) for name in rows.column_names} == {pa.string()}
    assert (found.rows_received, found.refused) == (60, 0)
    lines = (tmp_path / "archive" / "responses.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["nip"] for line in lines] == NIPS
    assert {file.name for file in found.archive} == {"nip.csv", "responses.jsonl"}
    assert (tmp_path / "archive" / "responses.jsonl").stat().st_mode & 0o077 == 0


def test_histories_keep_the_service_s_casing(ask: Ask) -> None:
    found = ask("performance_reviews", SKP, REVIEWS)
    rows = found.batches.read_all()
    assert rows.column_names == ["tahun", "hasilKinerjaNilai", "PerilakuKerjaNilai", "KuadranKinerjaNilai", "nipBaru"]
    assert rows.num_rows == found.rows_received == 60
    assert found.refused == 0, "a person without a history is no failure"


def test_nip_is_added_where_the_history_lacks_it(ask: Ask) -> None:
    def without_nip(running: Server) -> None:
        for records in running.service.records.people["rw-skp22"].values():
            for record in records:
                del record["nipBaru"]

    found = ask("performance_reviews", SKP, REVIEWS, during=without_nip)
    assert found.batches.read_all()["nipBaru"].to_pylist() == [nip for nip in NIPS[::2] for _ in range(2)]


def test_list_is_paged_to_its_end(ask: Ask) -> None:
    found = ask("units", {"list": "/referensi/ref-unor"}, UNITS)
    assert found.batches.read_all()["Id"].to_pylist() == [f"U{n:05d}" for n in range(1201)]
    assert (found.rows_received, ask.calls) == (1201, 3)  # type: ignore[attr-defined]


def test_list_of_a_service_that_caps_its_pages(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(siasn_knowledge, "LARGEST_PAGE", 100)
    found = ask("units", {"list": "/referensi/ref-unor"}, UNITS)
    assert (found.batches.read_all().num_rows, found.rows_received) == (1201, 1201)


@pytest.mark.parametrize(
    "behaviour",
    [
        {"too_many_every": 3, "retry_after": 0},
        {"unavailable_every": 4, "retry_after": 0},
        {"too_many_every": 5, "unavailable_every": 7, "retry_after": 0},
        {"revoke_after": 20},
        {"token_seconds": 0.2},
    ],
    ids=["429", "503", "both", "tokens_revoked", "tokens_end_soon"],
)
def test_bad_days_lose_nobody(ask: Ask, behaviour: dict[str, Any]) -> None:
    found = ask("employees", PERSON, EMPLOYEES, behaviour)
    assert found.batches.read_all()["nipBaru"].to_pylist() == NIPS
    assert (found.rows_received, found.refused) == (60, 0)


def test_person_that_always_fails_is_counted_and_not_logged(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    failing = [NIPS[3], NIPS[40]]
    with caplog.at_level(logging.INFO):
        found = ask("employees", PERSON, EMPLOYEES, {"failing_nips": failing})
    assert found.batches.read_all().num_rows == found.rows_received == 58
    assert found.refused == 2
    listed = next(file for file in found.archive if file.name == "refused.parquet")
    assert pq.read_table(listed).to_pydict() == {"nip": failing, "status": [500, 500]}
    assert listed.stat().st_mode & 0o077 == 0
    assert not any(nip in caplog.text for nip in NIPS)


def test_unknown_and_malformed_nips_are_refused(ask: Ask, tmp_path: Path) -> None:
    stranger = "19990101202101" + "2999"
    text = f"NIP\n{NIPS[0]}\n'{NIPS[1][:8]} {NIPS[1][8:]}\n{NIPS[0]}\n{stranger}\n../../x\n"
    (tmp_path / "nip.csv").write_text(text, encoding="utf-8")
    found = ask("employees", PERSON, EMPLOYEES)
    assert found.batches.read_all()["nipBaru"].to_pylist() == NIPS[:2]
    assert found.refused == 2
    listed = pq.read_table(next(file for file in found.archive if file.name == "refused.parquet")).to_pydict()
    assert listed == {"nip": ["../../x", stranger], "status": [None, 404]}


def test_service_that_is_down_is_one_error(ask: Ask) -> None:
    with pytest.raises(SourceError, match=r"rekaan, employees: .*the service is down") as caught:
        ask("employees", PERSON, EMPLOYEES, {"failing_nips": NIPS})
    assert not any(nip in str(caught.value) for nip in NIPS)


@pytest.mark.parametrize("secret", ["password", "sso_password"])
def test_wrong_secret_is_tried_once(ask: Ask, secret: str) -> None:
    attempts = 0

    def count(server: Server) -> None:
        whole = server.service.sign_in

        def counted(*arguments: Any) -> Any:
            nonlocal attempts
            attempts += 1
            return whole(*arguments)

        server.service.sign_in = counted  # type: ignore[method-assign]

    def wrong(connection: Connection) -> Connection:
        if secret == "password":
            return replace(connection, password="salah")
        return replace(connection, extra={**connection.extra, "sso_password": "salah"})

    with pytest.raises(SourceError, match=r"gets no token for its .*correct the secret") as caught:
        ask("employees", PERSON, EMPLOYEES, change=wrong, during=count)
    assert attempts <= 2, "an account is locked after a few wrong passwords"
    assert "salah" not in str(caught.value)


def test_secrets_are_asked_for_and_never_sent_in_clear(ask: Ask) -> None:
    with pytest.raises(SourceError, match=r"lacks extra\.sso_url, password"):
        ask(
            "employees",
            PERSON,
            EMPLOYEES,
            change=lambda c: replace(c, password=None, extra={k: v for k, v in c.extra.items() if k != "sso_url"}),
        )
    with pytest.raises(SourceError, match="without https"):
        ask("employees", PERSON, EMPLOYEES, change=lambda c: replace(c, host="http://siasn.example.invalid"))


def test_unreachable_service(ask: Ask) -> None:
    with pytest.raises(SourceError, match="does not answer"):
        ask("employees", PERSON, EMPLOYEES, during=lambda server: server.server_close() or server.socket.close())


def test_missing_key_is_named(ask: Ask) -> None:
    with pytest.raises(SourceError, match="lacks the column `Nama` \\(closest is `nama`\\)"):
        ask("employees", PERSON, {**EMPLOYEES, "employee_name": "Nama"})


def test_the_count_comes_from_the_envelopes(ask: Ask) -> None:
    """A service that delivers fewer records than it counts must show as a difference."""

    def forgetful(server: Server) -> None:
        whole = server.service.answer

        def answer(path: str, query: Any) -> Any:
            status, document = whole(path, query)
            if path.endswith(NIPS[0]):
                document = {**document, "data": document["data"][:-1]}
            return status, document

        server.service.answer = answer  # type: ignore[method-assign]

    found = ask("performance_reviews", SKP, REVIEWS, during=forgetful)
    assert (found.rows_received, found.batches.read_all().num_rows) == (60, 59)


def test_the_count_does_not_come_from_the_parser(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = siasn.stage_records
    monkeypatch.setattr(siasn, "stage_records", lambda query, request: whole(f"select * from ({query}) offset 1", request))
    found = ask("units", {"list": "/referensi/ref-unor"}, UNITS)
    assert (found.rows_received, found.batches.read_all().num_rows) == (1201, 1200)


@pytest.mark.parametrize("behaviour", [{"page_every": 6}, {"cut_every": 7}], ids=["gateway_s_page", "cut_off"])
def test_answers_that_are_none_are_asked_for_again(ask: Ask, behaviour: dict[str, Any]) -> None:
    found = ask("employees", PERSON, EMPLOYEES, behaviour)
    assert found.batches.read_all()["nipBaru"].to_pylist() == NIPS
    assert found.refused == 0


def test_no_more_calls_than_allowed(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "nip.csv").write_text("NIP\n" + "\n".join(NIPS[:25]) + "\n", encoding="utf-8")
    seen: list[Server] = []
    start = time.monotonic()
    ask("employees", PERSON, EMPLOYEES, {"slow": 0.02}, during=seen.append, rate=50, concurrency=3)
    assert time.monotonic() - start >= 24 / 50, "25 calls at 50 a second"
    assert 1 <= seen[0].service.busiest <= 3


def test_a_busy_service_is_left_alone_for_as_long_as_it_asks(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """By every thread: the one that was told waits, and the others start nothing meanwhile."""
    monkeypatch.setattr(siasn, "PATIENCE", Patience(attempts=10, first_wait=0.001, longest_wait=2))
    calls: list[tuple[float, int | None]] = []

    def watched(server: Server) -> None:
        mood = server.service.mood

        def noted() -> int | None:
            calls.append((time.monotonic(), status := mood()))
            return status

        server.service.mood = noted  # type: ignore[method-assign]

    found = ask("employees", PERSON, EMPLOYEES, {"too_many_every": 25, "retry_after": 0.8}, during=watched, rate=200)
    assert (found.rows_received, found.refused) == (60, 0)
    refusals = [moment for moment, status in calls if status == 429]
    assert refusals
    assert calls[-1][0] - refusals[0] >= 0.8
    # The first moment is for calls that were under way.
    early = [moment - told for told in refusals for moment, _ in calls if 0.3 < moment - told < 0.8]
    assert early == []


def asked_for(server: Server) -> dict[str, int]:
    return {path.rsplit("/", 1)[-1]: times for path, times in server.service.asked.items()}


def test_a_run_that_broke_off_asks_nobody_twice(ask: Ask, service: Path) -> None:
    def breaks_off(server: Server) -> None:
        whole = server.service.answer

        def answer(path: str, query: Any) -> Any:
            if server.service.calls > 30:
                server.service._tokens.clear()
                server.service.credentials = {**server.service.credentials, "consumer_secret": "x"}
            return whole(path, query)

        server.service.answer = answer  # type: ignore[method-assign]

    servers: list[Server] = []
    with pytest.raises(SourceError):
        ask("employees", PERSON, EMPLOYEES, during=lambda server: (servers.append(server), breaks_off(server)), port=PORT)
    first = asked_for(servers[0])
    found = ask("employees", PERSON, EMPLOYEES, during=servers.append, port=PORT)
    again = asked_for(servers[1])
    assert found.batches.read_all()["nipBaru"].to_pylist() == NIPS, "in the order of the list, those of the first run too"
    assert found.rows_received == 60
    assert len(again) <= 60 - 25, "what came before the break is not asked for again"
    assert set(first) | set(again) == set(NIPS)


KILLED = """
import json, sys
from pathlib import Path
from tests.integration.test_connectors import EMPLOYEES, PERSON, agency
from mutasi.sources.connection import Connection
from mutasi.sources.extract import extract

connections = {"main": Connection(**json.loads(sys.argv[1])), "folder": Connection("fs", host=sys.argv[2])}
extract(agency("employees", "siasn", PERSON, EMPLOYEES), "employees", connections.__getitem__, Path(sys.argv[2], "archive"))
"""


def test_a_killed_run_asks_nobody_twice(service: Path, tmp_path: Path) -> None:
    (service / "behaviour.json").write_text(json.dumps({"slow": 0.05}), encoding="utf-8")
    with serve(service) as server:
        run = subprocess.Popen([sys.executable, "-c", KILLED, json.dumps(server.connection()), str(tmp_path)], cwd=PROJECT)
        while len(server.service.asked) < 20 and run.poll() is None:
            time.sleep(0.01)
        run.send_signal(signal.SIGKILL)
        assert run.wait() == -signal.SIGKILL
        connections = {"main": Connection(**server.connection()), "folder": Connection("fs", host=str(tmp_path))}
        found = extract(
            agency("employees", "siasn", PERSON, EMPLOYEES), "employees", connections.__getitem__, tmp_path / "archive"
        )
        twice = [path for path, times in server.service.asked.items() if times > 1]
    assert found.batches.read_all()["nipBaru"].to_pylist() == NIPS
    # The four calls that were under way when it was killed were answered to nobody.
    assert len(twice) <= 4 + 1


def test_what_was_kept_ends_with_the_landing(ask: Ask, tmp_path: Path) -> None:
    ask("employees", PERSON, EMPLOYEES)
    kept = tmp_path / ".progress" / "employees" / "answers.jsonl"
    assert kept.stat().st_mode & 0o077 == 0
    forget_progress(tmp_path / "archive")
    assert not kept.exists()


def test_an_old_journal_and_another_question_are_not_gone_on_with(ask: Ask, tmp_path: Path) -> None:
    ask("employees", PERSON, EMPLOYEES, port=PORT)
    kept = tmp_path / ".progress" / "employees" / "answers.jsonl"
    servers: list[Server] = []
    ask("employees", PERSON, EMPLOYEES, during=servers.append, port=PORT)
    assert not servers[0].service.asked
    os.utime(kept, (1_000, 1_000))
    ask("employees", PERSON, EMPLOYEES, during=servers.append, port=PORT)
    assert len(servers[1].service.asked) == 60
    ask("employees", SKP, {**EMPLOYEES, "employee_name": "tahun", "employment_status": "tahun"}, during=servers.append, port=PORT)
    assert len(servers[2].service.asked) == 60


def test_a_line_cut_off_by_the_crash_is_asked_for_again(ask: Ask, tmp_path: Path) -> None:
    ask("employees", PERSON, EMPLOYEES, port=PORT)
    kept = tmp_path / ".progress" / "employees" / "answers.jsonl"
    kept.write_bytes(kept.read_bytes()[:-9])
    servers: list[Server] = []
    found = ask("employees", PERSON, EMPLOYEES, during=servers.append, port=PORT)
    assert len(servers[0].service.asked) == 1
    assert found.batches.read_all()["nipBaru"].to_pylist() == NIPS


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's certificate that no authority has signed, and where it lies."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, file


def test_a_certificate_that_nobody_vouches_for_is_refused(
    ask: Ask, tls: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    context, file = tls
    servers: list[Server] = []
    with pytest.raises(SourceError, match="certificate this machine does not trust"):
        ask("employees", PERSON, EMPLOYEES, during=servers.append, tls=context)
    assert not servers[0].service.asked
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    assert ask("employees", PERSON, EMPLOYEES, tls=context).rows_received == 60


@pytest.fixture(scope="module")
def postgres() -> Iterator[Connection]:
    """A real PostgreSQL with one table of every kind of column."""
    with running_postgres() as (_, address):
        engine = sa.create_engine(address)
        with engine.begin() as session:
            session.exec_driver_sql(
                'create table "M_Unor" ("Id" text, "Nama" text, since date, at timestamptz, fte numeric, is_on boolean)'
            )
            session.exec_driver_sql(
                """insert into "M_Unor" select lpad(n::text, 6, '0'), 'Unit ' || n, date '2020-01-01' + mod(n, 900), now(), n / 8.0, mod(n, 2) = 0
                from generate_series(1, 120000) n"""
            )
        engine.dispose()
        extra = {key: str(value) for key, value in address.query.items()}
        host = address.host or extra.pop("host", None)
        yield Connection("postgres", host=host, login=address.username, schema=address.database, extra=extra)


@pytest.mark.needs("postgres")
def test_postgres_is_streamed_with_its_types(postgres: Connection, tmp_path: Path) -> None:
    columns = {"unit_id": "Id", "unit_name": "Nama", "valid_from": "since"}
    found = extract(agency("units", "sql", {"table": "M_Unor"}, columns), "units", lambda _: postgres, tmp_path / "archive")
    rows = found.batches.read_all()
    assert rows.num_rows == found.rows_received == 120_000
    types = [value_type(rows, name) for name in ("since", "is_on", "fte", "at")]
    assert types == [pa.date32(), pa.bool_(), pa.string(), pa.string()]
    assert rows["Id"][0].as_py() == "000001"


@pytest.mark.needs("postgres")
def test_postgres_is_read_only(postgres: Connection, tmp_path: Path) -> None:
    read = {"query": 'with gone as (delete from "M_Unor" returning *) select * from gone'}
    with pytest.raises(SourceError, match="refuses to read the query"):
        extract(agency("units", "sql", read, {"unit_id": "Id", "unit_name": "Nama"}), "units", lambda _: postgres, tmp_path / "a")
