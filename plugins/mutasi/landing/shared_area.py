"""A folder that several machines reach, and archives in it that are whole or cannot be opened.

A zip archive has its table of contents at the end, so half of one is none; it is written under another name first as well,
because a file system shows a file while it still grows. Where the folder is, a connection tells, as of those that agencies
put files into.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from mutasi.landing.snapshots import scratch
from mutasi.sources.connection import Connection, SourceError
from mutasi.sources.folders import open_folder

MANIFEST = "manifest.json"
Connect = Callable[[str], Connection]


class TransitError(RuntimeError):
    """The shared landing area cannot be used; the message says what to do."""


class NotWholeError(TransitError):
    """What lies in the shared landing area is not what was sent."""


class SharedArea:
    """The folder, opened; paths are relative to it.

    Args:
        name: the connection.
        connect: resolves it.
        scratch_folder: a closed folder of this machine for unfinished archives.

    Raises:
        TransitError: in every method, when the folder cannot be used.
        NotWholeError: when what lies there is not what was sent.
    """

    def __init__(self, name: str, connect: Connect, scratch_folder: Path) -> None:
        self.connection_name, self._scratch = name, scratch_folder
        with self.told("be opened"):
            self._files, self._root = open_folder(connect(name), self)
            # An object store answers many at once, an SFTP connection one after the other.
            self.is_object_store = bool(getattr(self._files, "async_impl", False))
            if not self.is_object_store:
                self._require_closed_folder()

    def error(self, sentence: str) -> TransitError:
        """An error that says where."""
        return TransitError(f"The shared landing area: {sentence}")

    def folders(self) -> list[str]:
        """The names of the folders in it."""
        with self.told("be listed"):
            found = self._files.ls(self._root, detail=True)
        return sorted(entry["name"].rstrip("/").rpartition("/")[2] for entry in found if entry["type"] == "directory")

    def files(self, folder: str) -> list[str]:
        """The files of a folder, by name; unfinished ones too."""
        with self.told("be listed"):
            there = f"{self._root}/{folder}"
            found = self._files.find(there) if self._files.isdir(there) else []
        return sorted(f"{folder}/{path.rpartition('/')[2]}" for path in found)

    def archives(self, folder: str) -> list[str]:
        """The archives of a folder, by name."""
        return [path for path in self.files(folder) if path.endswith(".zip")]

    def has(self, path: str) -> bool:
        """Whether a file is there."""
        with self.told("be asked"):
            return bool(self._files.exists(f"{self._root}/{path}"))

    def remove(self, path: str) -> None:
        """Remove a file."""
        with self.told("forget"):
            self._files.rm(f"{self._root}/{path}")

    def send(self, file: Path, path: str) -> None:
        """Put a file there, in one rename."""
        target = f"{self._root}/{path}"
        with self.told(f"take {path}"):
            self._files.makedirs(target.rpartition("/")[0], exist_ok=True)
            self._files.put_file(str(file), f"{target}.part")
            self._files.mv(f"{target}.part", target)

    def fetch(self, path: str, target: Path) -> None:
        """Copy a file from there, in one rename."""
        temporary = scratch(target.parent)
        with self.told(f"give {path}"):
            self._files.get_file(f"{self._root}/{path}", str(temporary))
        temporary.replace(target)

    def send_archive(self, path: str, manifest: str, parts: Mapping[str, Path]) -> None:
        """Put files there with what they say of themselves; Parquet is packed already."""
        temporary = scratch(self._scratch)
        try:
            with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
                archive.writestr(MANIFEST, manifest)
                for name, file in parts.items():
                    archive.write(file, name)
            self.send(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)

    @contextmanager
    def archive(self, path: str) -> Iterator[zipfile.ZipFile]:
        """An archive from there, opened."""
        copy = scratch(self._scratch)
        try:
            self.fetch(path, copy)
            with self.told(f"give {path}"), zipfile.ZipFile(copy) as archive:
                yield archive
        finally:
            copy.unlink(missing_ok=True)

    @contextmanager
    def told(self, doing: str) -> Iterator[None]:
        """Each file system has errors of its own, and their texts may hold addresses and secrets."""
        try:
            yield
        except (TransitError, SourceError):
            raise
        except (zipfile.BadZipFile, KeyError, ValidationError):
            sentence = f"it could not {doing}: that is not what was sent. Clear `land` of this agency."
            raise NotWholeError(f"The shared landing area: {sentence}") from None
        except Exception as error:
            raise self.error(
                f"it could not {doing} ({type(error).__name__}); check connection `{self.connection_name}`, rights and free space."
            ) from None

    def _require_closed_folder(self) -> None:
        if not self._files.isdir(self._root):
            raise self.error(f"the folder of connection `{self.connection_name}` is not there; check its `host` and the mount.")
        if "file" in self._files.protocol and Path(self._root).stat().st_mode & 0o077:
            raise self.error(f"{self._root} is open to other users of the machine; close it with chmod 700.")


def unpack(archive: zipfile.ZipFile, part: str, target: Path) -> None:
    """Write one part of an archive to a file."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with archive.open(part) as stream, target.open("wb") as copy:
        shutil.copyfileobj(stream, copy)
