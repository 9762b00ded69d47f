"""Extracts taken to a folder, a real SFTP server, a real S3 server and a real mail server: whole, once, and never with people over an open line."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any

import asyncssh
import boto3
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from moto.server import ThreadedMotoServer
from tests.unit.publish.fictitious_run import NAMES, WEEK, write_fictitious_run

from mutasi.publish.delivery import DeliveryError, deliver
from mutasi.publish.extracts import MANIFEST, ExtractError, publish_extracts, verify_extract, viewers, write_extract
from mutasi.publish.transfer_run import read_run
from mutasi.settings import PROJECT, Settings
from mutasi.sources.connection import Connection

pytestmark = pytest.mark.takes(15)

USER, PASSWORD = "mutasi", "rahasia-uji"
MAILBOXES = {
    "dumai": "bkpsdm-dumai@example.invalid",
    "pekanbaru": "bkpsdm-pekanbaru@example.invalid",
    "jakarta": "bkd-jakarta@example.invalid",
}


@pytest.fixture(scope="module")
def extracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = Settings(tmp_path_factory.mktemp("delivery") / "home", PROJECT, PROJECT / "dags" / "agencies")
    run = read_run(write_fictitious_run(settings))
    for viewer in viewers(settings, run):
        write_extract(settings, run, viewer, NAMES)
    return publish_extracts(settings, run, viewers(settings, run))


def only(**connections: Connection) -> Callable[[str], Connection | None]:
    return lambda name: connections.get(name.removeprefix("mutasi_delivery_"))


def test_a_mounted_folder_gets_every_agency_once(extracts: Path, tmp_path: Path) -> None:
    find = only(folder=Connection("fs", host=str(tmp_path / "share")))
    first = deliver(extracts, MAILBOXES, find)
    assert {r.agency_id for r in first} == set(NAMES) and all(r.is_new and r.way == "folder" for r in first)
    there = tmp_path / "share" / WEEK / extracts.name
    assert sorted(f.name for f in there.iterdir()) == sorted(NAMES)  # the region goes nowhere by itself
    for agency in NAMES:
        assert verify_extract(there / agency) > 20
        assert (there / agency).stat().st_mode & 0o777 == 0o700
    assert not any(r.is_new for r in deliver(extracts, MAILBOXES, find))


def test_an_agency_may_have_a_folder_of_its_own(extracts: Path, tmp_path: Path) -> None:
    deliver(
        extracts,
        MAILBOXES,
        only(folder_dumai=Connection("fs", host=str(tmp_path / "a")), folder_wilayah=Connection("fs", host=str(tmp_path / "b"))),
    )
    assert [f.name for f in (tmp_path / "a" / WEEK / extracts.name).iterdir()] == ["dumai"]
    assert [f.name for f in (tmp_path / "b" / WEEK / extracts.name).iterdir()] == ["wilayah"]


def test_what_was_changed_is_not_passed_on(extracts: Path, tmp_path: Path) -> None:
    file = extracts / "jakarta" / "KLASIFIKASI.txt"
    before = file.read_bytes()
    file.chmod(0o600)
    file.write_text("UMUM")
    try:
        with pytest.raises(ExtractError, match=r"KLASIFIKASI\.txt"):
            deliver(extracts, MAILBOXES, only(folder=Connection("fs", host=str(tmp_path / "share"))))
    finally:
        file.write_bytes(before)
        file.chmod(0o400)


BUCKET = "kepegawaian"


class Log(logging.Handler):
    """Collects what the server was asked, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.asked.append(record.getMessage())


@pytest.fixture
def s3() -> Iterator[tuple[Connection, Any, Log]]:
    """A bucket on a real S3 server, a client that looks into it, and the server's log."""
    server, log, logger = ThreadedMotoServer(ip_address="127.0.0.1", port=0), Log(), logging.getLogger("werkzeug")
    level = logger.level
    logger.addHandler(log)
    logger.setLevel(logging.INFO)
    server.start()
    host, port = server.get_host_and_port()
    extra = {"endpoint_override": f"{host}:{port}", "scheme": "http", "region": "us-east-1"}
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        aws_access_key_id=USER,
        aws_secret_access_key=PASSWORD,
        region_name="us-east-1",
    )
    client.create_bucket(Bucket=BUCKET)
    log.asked.clear()
    yield Connection("aws", host=f"s3://{BUCKET}/mutasi/", login=USER, password=PASSWORD, extra=extra), client, log
    server.stop()
    logger.removeHandler(log)
    logger.setLevel(level)


def test_a_bucket_gets_every_file_the_manifest_last_and_nothing_twice(
    extracts: Path, tmp_path: Path, s3: tuple[Connection, Any, Log]
) -> None:
    connection, client, log = s3
    first = deliver(extracts, MAILBOXES, only(s3=connection))
    assert {r.agency_id for r in first} == set(NAMES) and all(r.is_new and r.way == "s3" for r in first)
    root = f"mutasi/{WEEK}/{extracts.name}"
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=root):
        for found in (f["Key"] for f in page["Contents"] if not f["Key"].endswith("/")):
            target = tmp_path / found.removeprefix(root + "/")
            target.parent.mkdir(parents=True, exist_ok=True)
            client.download_file(BUCKET, found, str(target))
    assert sorted(f.name for f in tmp_path.iterdir()) == sorted(NAMES)
    assert all(verify_extract(tmp_path / agency) > 20 for agency in NAMES)
    written = [line for line in log.asked if '"PUT ' in line or '"POST ' in line]
    for agency in NAMES:
        is_manifest = [f"/{agency}/{MANIFEST}" in line for line in written if f"/{extracts.name}/{agency}/" in line]
        assert is_manifest[-1] and is_manifest == sorted(is_manifest)
    log.asked.clear()
    assert not any(r.is_new for r in deliver(extracts, MAILBOXES, only(s3=connection)))
    assert not [line for line in log.asked if '"PUT ' in line or '"POST ' in line]


def test_a_bucket_that_is_not_there_is_said_without_its_secrets(extracts: Path, s3: tuple[Connection, Any, Log]) -> None:
    missing = replace(s3[0], host="s3://tidak-ada/mutasi")
    with pytest.raises(DeliveryError, match="dumai, delivery: connection `mutasi_delivery_s3` did not take the extract") as error:
        deliver(extracts, MAILBOXES, only(s3=missing))
    assert PASSWORD not in str(error.value)


class Accounts(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)


@pytest.fixture
def sftp(tmp_path: Path) -> Iterator[tuple[Connection, Path]]:
    root = tmp_path / "server"
    (root / "keluar").mkdir(parents=True)
    key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()

    async def start() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=Accounts,
            server_host_keys=[key],
            sftp_factory=lambda c: asyncssh.SFTPServer(c, chroot=str(root)),
        )

    server = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    host_key = key.export_public_key().decode().strip()
    yield (
        Connection(
            "sftp",
            host=f"sftp://127.0.0.1:{server.get_port()}/keluar",
            login=USER,
            password=PASSWORD,
            extra={"host_key": host_key},
        ),
        root / "keluar",
    )
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)


def test_an_sftp_server_gets_it_whole(extracts: Path, sftp: tuple[Connection, Path]) -> None:
    connection, there = sftp
    receipts = deliver(extracts, MAILBOXES, only(sftp_dumai=connection))
    assert [(r.agency_id, r.way, r.is_new) for r in receipts] == [("dumai", "sftp", True)]
    assert verify_extract(there / WEEK / extracts.name / "dumai") > 20
    assert not any(r.is_new for r in deliver(extracts, MAILBOXES, only(sftp_dumai=connection)))
    (there / WEEK / extracts.name / "dumai" / MANIFEST).unlink()  # a delivery that broke off
    assert deliver(extracts, MAILBOXES, only(sftp_dumai=connection))[0].is_new


def test_a_server_that_refuses_is_a_sentence_without_secrets(
    extracts: Path, sftp: tuple[Connection, Path], tmp_path: Path
) -> None:
    connection, _ = sftp
    wrong = replace(connection, password="salah-sekali")
    find = only(sftp_dumai=wrong, folder=Connection("fs", host=str(tmp_path / "share")))
    with pytest.raises(DeliveryError, match="dumai, delivery: connection `mutasi_delivery_sftp_dumai` did not take") as caught:
        deliver(extracts, MAILBOXES, find)
    assert "salah-sekali" not in str(caught.value)
    assert (tmp_path / "share" / WEEK / extracts.name / "pekanbaru" / MANIFEST).exists()  # the others were delivered
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    with pytest.raises(DeliveryError, match="shows another key"):
        deliver(extracts, MAILBOXES, only(sftp_dumai=replace(connection, extra={"host_key": other})))


class Mailbox:
    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.was_closed_line: list[bool] = []

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        self.messages.append(BytesParser(policy=default).parsebytes(envelope.content))  # type: ignore[attr-defined]
        self.was_closed_line.append(session.ssl is not None)  # type: ignore[attr-defined]
        return "250 OK"


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False).sign(key, hashes.SHA256())
    )  # fmt: skip
    (tmp_path / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    return tmp_path / "cert.pem", context


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def smtp(certificate: tuple[Path, ssl.SSLContext]) -> Iterator[tuple[Connection, Mailbox]]:
    mailbox = Mailbox()

    def login(*given: object) -> AuthResult:
        return AuthResult(success=given[-1] == LoginPassword(USER.encode(), PASSWORD.encode()))

    server = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=_free_port(),
        tls_context=certificate[1],
        require_starttls=True,
        authenticator=login,
        auth_required=True,
    )
    server.start()
    port = server.server.sockets[0].getsockname()[1]
    yield (
        Connection(
            "smtp",
            "localhost",
            port,
            USER,
            PASSWORD,
            extra={"from_email": "mutasi@example.invalid", "ca_file": str(certificate[0])},
        ),
        mailbox,
    )
    server.stop()


def test_a_mail_tells_in_numbers_and_names_nobody(extracts: Path, smtp: tuple[Connection, Mailbox]) -> None:
    connection, mailbox = smtp
    assert {r.way for r in deliver(extracts, MAILBOXES, only(smtp=connection))} == {"smtp"}
    assert sorted(m["To"] for m in mailbox.messages) == sorted(MAILBOXES.values()) and all(mailbox.was_closed_line)
    [message] = [m for m in mailbox.messages if "Dumai" in m["Subject"]]
    text = message.get_content()
    assert (
        "Usulan prioritas : " in text
        and extracts.name in text
        and "Rekaan" not in text
        and list(message.iter_attachments()) == []
    )


def test_files_go_over_a_closed_line_only(extracts: Path, smtp: tuple[Connection, Mailbox]) -> None:
    connection, mailbox = smtp
    deliver(extracts, MAILBOXES, only(smtp_dumai=replace(connection, extra={**connection.extra, "attach": "true"})))
    [message] = mailbox.messages
    assert [a.get_filename() for a in message.iter_attachments()] == ["usulan-mutasi.xlsx", "laporan-usulan-mutasi.pdf"]
    with pytest.raises(DeliveryError, match="not sent over an open line"):
        deliver(
            extracts,
            MAILBOXES,
            only(smtp_dumai=replace(connection, extra={**connection.extra, "attach": "true", "security": "none"})),
        )
    with pytest.raises(DeliveryError, match="SSLCertVerificationError"):
        deliver(extracts, MAILBOXES, only(smtp_dumai=replace(connection, extra={})))
    assert len(mailbox.messages) == 1
