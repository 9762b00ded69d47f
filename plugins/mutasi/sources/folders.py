"""Folders that agencies put files into, on this machine or behind an address: which files are there, and a copy of one.

Every file system is spoken to through fsspec, which Airflow's object storage uses too, so that a folder on an SFTP server is
read like a mounted one. A server must prove with its key that it is the one it was when the connection was set up.
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Protocol
from urllib.parse import urlsplit

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs

from mutasi.sources.connection import Connection, SourceError
from mutasi.sources.request import Request

# Names that browsers, office programs and transfer tools give to what is not finished.
UNFINISHED = (".part", ".partial", ".filepart", ".crdownload", ".download", ".tmp", ".temp", ".swp")
TIMES = ("mtime", "LastModified", "last_modified", "updated", "modified", "created")
CONNECT_SECONDS = 15


@dataclass(frozen=True)
class Found:
    """A file as its folder lists it: `changed` in seconds since 1970."""

    path: str
    size: int
    changed: float

    @property
    def name(self) -> str:
        """The name without its folder."""
        return PurePosixPath(self.path).name

    @property
    def is_finished_by_name(self) -> bool:
        """No tool marks it as an unfinished or a lock file."""
        return not self.name.startswith((".", "~")) and not self.name.lower().endswith(UNFINISHED)


class Folder:
    """The folder of a connection.

    Raises:
        SourceError: on construction, when the folder cannot be opened.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        connection = request.connection
        self._where = f"the folder of connection `{request.connection_name}`"
        if not connection.host:
            raise request.error(f"{self._where} cannot be opened; check its `host` and the mount.")
        try:
            self._files, self._root = open_folder(connection, request)
            is_there = self._files.isdir(self._root)
        except SourceError:
            raise
        except Exception as error:
            # Each file system has errors of its own, and their texts may hold addresses and secrets.
            raise request.error(
                f"{self._where} cannot be opened ({type(error).__name__}); check address, user, password or key, and that the "
                "server runs."
            ) from None
        if not is_there:
            raise request.error(f"{self._where} cannot be opened; check its `host` and the mount.")

    def newest(self, pattern: str) -> Found:
        """The matching file with the latest time of change; the last by name among files of one time.

        Raises:
            SourceError: the pattern leaves the folder, or no finished file matches it.
        """
        return max(self.matching(pattern), key=lambda file: (file.changed, file.name))

    def matching(self, pattern: str) -> list[Found]:
        """The finished files that match.

        Raises:
            SourceError: the pattern leaves the folder, or no finished file matches it.
        """
        path = PurePosixPath(pattern)
        if path.is_absolute() or ".." in path.parts:
            raise self._request.error("`read.path` leaves the folder of the connection; give a pattern relative to that folder.")
        try:
            found = self._listed(pattern)
            other_capitals = found or self._listed(re.sub(r"[A-Za-z]", lambda c: f"[{c[0].lower()}{c[0].upper()}]", pattern))
        except Exception as error:
            raise self._request.error(
                f"{self._where} cannot be listed ({type(error).__name__}); check permissions, or try again later."
            ) from None
        finished = [file for file in found if file.is_finished_by_name]
        if not finished:
            under_way = " What is there is still on its way." if found else ""
            capitals = (
                f" `{other_capitals[0].name}` differs in capitals alone; correct `read.path`."
                if other_capitals and not found
                else ""
            )
            raise self._request.error(
                f"no file matches `{pattern}` in {self._where}; has the agency delivered?{under_way}{capitals}"
            )
        return finished

    def _listed(self, pattern: str) -> list[Found]:
        listed = self._files.glob(f"{self._root.rstrip('/')}/{pattern}", detail=True)
        return [_found(name, info) for name, info in listed.items() if info.get("type") != "directory"]

    def copy(self, file: Found) -> Path:
        """A byte-for-byte copy in the archive, whole or not there at all.

        Raises:
            SourceError: the file is still being written, or cannot be copied.
        """
        copy, part = self._request.archive / file.name, self._request.archive / f".{file.name}.part"
        try:
            self._wait_until_settled(file)
            part.touch(mode=0o600)
            self._files.get_file(file.path, str(part))
            self._require_unchanged(file)
            if part.stat().st_size != file.size:
                raise self._writing(file)
            part.replace(copy)
        except SourceError:
            part.unlink(missing_ok=True)
            raise
        except Exception as error:
            part.unlink(missing_ok=True)
            raise self._request.error(
                f"the file {file.name} cannot be copied to the archive ({type(error).__name__}); check permissions and free space."
            ) from None
        return copy

    def _wait_until_settled(self, file: Found) -> None:
        """A file that changed a moment ago may still grow: look at it again when it has had time to."""
        settle = float(os.environ.get("MUTASI_SETTLE_SECONDS", "5"))
        age = time.time() - file.changed
        if age < settle:
            # The clock of another machine may be ahead of ours, so no wait is longer than the time to settle.
            time.sleep(min(settle - age, settle))
            self._require_unchanged(file)

    def _require_unchanged(self, file: Found) -> None:
        self._files.invalidate_cache()
        now = _found(file.path, self._files.info(file.path))
        if (now.size, now.changed) != (file.size, file.changed):
            raise self._writing(file)

    def _writing(self, file: Found) -> SourceError:
        return self._request.error(f"the file {file.name} is still being written; try again when the agency has finished.")


class Wording(Protocol):
    """Who words the errors, and what the connection is called in them."""

    @property
    def connection_name(self) -> str:
        """Name of the connection."""

    def error(self, sentence: str) -> Exception:
        """An error that says who and what."""


def open_folder(connection: Connection, request: Wording) -> tuple[AbstractFileSystem, str]:
    """(file system, folder in it) of a connection whose `host` is a path or an address.

    Raises:
        Exception: as worded by `request`, when an SFTP server shows no key or another one.
    """
    host = str(connection.host)
    scheme = urlsplit(host).scheme if "://" in host else "file"
    if scheme not in ("sftp", "ssh"):
        files, root = url_to_fs(host, **({} if scheme == "file" else dict(connection.extra)), skip_instance_cache=True)
        return files, str(root)
    parts = urlsplit(host)
    return _sftp(connection, parts.hostname or "", parts.port, request), parts.path or "/"


def _sftp(connection: Connection, server: str, port: int | None, request: Wording) -> AbstractFileSystem:
    """An SFTP server that shows the expected key.

    Raises:
        SourceError: the connection names no key, or the server shows another one.
    """
    import paramiko
    from fsspec.implementations.sftp import SFTPFileSystem

    known = str(connection.extra.get("host_key", "")).split()[:2]
    if len(known) != 2:
        raise request.error(
            f"the connection `{request.connection_name}` lacks extra.host_key, by which the server is known; take it from "
            "`ssh-keyscan` and compare it with what the agency tells."
        )

    class ExpectedKey(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]
        def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
            if [key.get_name(), key.get_base64()] != known:
                raise request.error(
                    f"the server of connection `{request.connection_name}` shows another key than extra.host_key; ask the "
                    "agency whether the server was renewed before you change it."
                )

    secret: dict[str, Any] = {"password": connection.password}
    if connection.extra.get("key_file"):
        secret = {"key_filename": connection.extra["key_file"], "passphrase": connection.password}
    return SFTPFileSystem(
        server,
        port=connection.port or port or 22,
        username=connection.login,
        host_key_policy=ExpectedKey(),
        # Only what the connection says: keys of whoever runs this must not open anything.
        look_for_keys=False,
        allow_agent=False,
        timeout=CONNECT_SECONDS,
        skip_instance_cache=True,
        **secret,
    )


def _found(name: str, info: dict[str, Any]) -> Found:
    moment = next((info[key] for key in TIMES if info.get(key) is not None), 0.0)
    changed = moment.timestamp() if isinstance(moment, datetime) else float(moment)
    return Found(path=str(info.get("name", name)), size=int(info.get("size") or 0), changed=changed)
