"""A folder on a real SFTP server: found, copied, and only from the server that is meant."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from mutasi.landing.shared_area import NotWholeError, SharedArea
from mutasi.sources.agency import Agency
from mutasi.sources.connection import Connection, Extract, SourceError
from mutasi.sources.extract import extract

USER, PASSWORD = "mutasi", "rahasia-uji"


class Accounts(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the server shows as its root holds `masuk`."""
    path = tmp_path / "server" / "masuk"
    path.mkdir(parents=True)
    return path


@pytest.fixture
def sftp(folder: Path) -> Iterator[Connection]:
    key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()

    async def start() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[key],
            server_factory=Accounts,
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(folder.parent).encode()),
        )

    server = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield Connection(
        "sftp",
        host=f"sftp://127.0.0.1:{server.get_port()}/masuk",
        login=USER,
        password=PASSWORD,
        extra={"host_key": key.export_public_key().decode().strip()},
    )
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)


def read(connection: Connection, archive: Path, path: str = "unor-*.csv") -> Extract:
    agency = Agency.model_validate(
        {
            "agency_id": "rekaan",
            "agency_name": "Kota Rekaan",
            "agency_kind": "city",
            "codes": {"bkn": "0000", "kemendagri": "00.00"},
            "owner": {"unit": "BKPSDM", "email": "bkpsdm@example.invalid"},
            "connections": {"main": {"type": "files", "name": "main"}},
            "datasets": {
                "units": {"connection": "main", "read": {"path": path}, "columns": {"unit_id": "Id", "unit_name": "Nama"}}
            },
        }
    )
    return extract(agency, "units", lambda _: connection, archive)


def test_the_newest_file_of_the_server(folder: Path, sftp: Connection, tmp_path: Path) -> None:
    for number, name in ((3, "old"), (1, "new"), (2, "older")):
        (folder / f"unor-{number}.csv").write_text(f"Id,Nama\n{number},{name}\n", encoding="utf-8")
        os.utime(folder / f"unor-{number}.csv", (5_000 - number, 5_000 - number))
    (folder / "unor-9.csv.part").write_text("Id", encoding="utf-8")
    found = read(sftp, tmp_path / "archive")
    assert found.batches.read_all()["Nama"].to_pylist() == ["new"]
    assert found.archive[0].read_bytes() == (folder / "unor-1.csv").read_bytes()
    assert found.archive[0].stat().st_mode & 0o077 == 0


def test_another_server_s_key_is_refused(sftp: Connection, tmp_path: Path) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    with pytest.raises(SourceError, match=r"shows another key than extra\.host_key"):
        read(replace(sftp, extra={"host_key": other}), tmp_path / "archive")
    with pytest.raises(SourceError, match=r"lacks extra\.host_key"):
        read(replace(sftp, extra={}), tmp_path / "archive")


def test_a_wrong_password_is_a_sentence_without_it(sftp: Connection, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be opened") as caught:
        read(replace(sftp, password="salah-sekali"), tmp_path / "archive")
    assert "salah-sekali" not in str(caught.value)


def test_a_server_that_is_away_and_a_folder_that_is_not_there(sftp: Connection, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be opened"):
        read(replace(sftp, host=f"{sftp.host}-lain"), tmp_path / "archive")
    with pytest.raises(SourceError, match="cannot be opened"):
        read(replace(sftp, host="sftp://127.0.0.1:1/masuk"), tmp_path / "archive")
    with pytest.raises(SourceError, match="no file matches"):
        read(sftp, tmp_path / "archive")


def test_an_address_that_no_file_system_knows(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be opened"):
        read(Connection("x", host="gopher://example.invalid/masuk"), tmp_path / "archive")


def test_an_archive_travels_over_it_and_half_of_one_is_refused(folder: Path, sftp: Connection, tmp_path: Path) -> None:
    area = SharedArea("bersama", lambda _: sftp, tmp_path)
    (tmp_path / "rows").write_bytes(b"rekaan" * 100_000)
    area.send_archive("2026-03-01/contoh.units.1.zip", "{}", {"data.parquet": tmp_path / "rows"})
    area.send_archive("2026-03-01/contoh.units.1.zip", '{"again": 1}', {"data.parquet": tmp_path / "rows"})
    [path] = area.archives("2026-03-01")
    with area.archive(path) as archive:
        assert (archive.read("manifest.json"), len(archive.read("data.parquet"))) == (b'{"again": 1}', 600_000)
    there = folder / path
    there.write_bytes(there.read_bytes()[:-9])
    with pytest.raises(NotWholeError, match="not what was sent"), area.archive(path):
        pass
    area.remove(path)
    assert not area.has(path) and [f for f in folder.rglob("*") if f.is_file()] == []
