"""Files that an agency puts into a folder: the newest one is copied as it is, and read from the copy.

Reading the copy and not the original means that what was archived is what was landed, whatever the agency does meanwhile.
"""

from __future__ import annotations

import fnmatch
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pyarrow as pa

from mutasi.sources.agency import FilesRead
from mutasi.sources.connection import Extract, SourceError
from mutasi.sources.delimited import read_delimited
from mutasi.sources.documents import read_json_array
from mutasi.sources.folders import Folder
from mutasi.sources.request import Request
from mutasi.sources.spreadsheet import other_sheets, read_spreadsheet
from mutasi.sources.staging import open_parquet, parquet_batches

Counted = tuple[pa.RecordBatchReader, int]
FORMATS = {".csv": "csv", ".txt": "csv", ".tsv": "csv", ".xlsx": "xlsx", ".xlsm": "xlsx", ".parquet": "parquet", ".json": "json"}
OTHER_TABLES = (".xls", ".xlsb", ".ods", ".htm", ".html")  # what applications name .xls is often a web page
ZIP = ".zip"


def read_files(request: Request, read: FilesRead) -> Extract:
    """Read the newest file that matches; `rows_received` is counted by another reader than the one that reads the rows.

    Raises:
        SourceError: no file matches, it is still being written, or it cannot be read completely.
    """
    folder = Folder(request)
    newest = folder.newest(read.path)
    file = folder.copy(newest)
    if file.stat().st_size == 0:
        file.unlink()
        raise request.error(f"the file {file.name} is empty; it may still be on its way. Try again later, or ask the agency.")
    if file.suffix.lower() != ZIP:
        batches, received = _reader(file, read, request)(file)
        return Extract(batches=batches, rows_received=received, archive=(file,), changed=newest.changed)
    member = _member(file, read, request)
    try:
        # Whatever reads it has it open or has read it whole when it returns, so its name is not needed after that.
        batches, received = _reader(member, read, request)(member)
    finally:
        shutil.rmtree(member.parent)
    return Extract(batches=batches, rows_received=received, archive=(file,), changed=newest.changed)


def left_aside(request: Request, read: FilesRead, archived: Path) -> Iterator[str]:
    """Sentences about files and sheets that are there and are not read, for whoever expects that they are."""
    matching = len(Folder(request).matching(read.path))
    if matching > 1:
        yield (
            f"{archived.name} is read, the newest of {matching:,} files that match `{read.path}`. If each of them holds a part, ask the "
            "agency for one file."
        )
    if (read.format or FORMATS.get(archived.suffix.lower())) == "xlsx" and (names := other_sheets(archived, read)):
        yield (
            f"{archived.name} has other sheets, which are not read: {', '.join(f'`{name}`' for name in names)}. If the rows stand "
            "there, name the sheet by `read.sheet`; if they are spread over several, ask the agency for one."
        )


def _member(file: Path, read: FilesRead, request: Request) -> Path:
    """The one file of the archive that matches `read.member`, unpacked into a folder of its own."""
    pattern = read.member or "*"
    try:
        with zipfile.ZipFile(file) as packed:
            found = [
                entry
                for entry in packed.infolist()
                if not entry.is_dir() and fnmatch.fnmatchcase(entry.filename, pattern) and _is_data(entry.filename)
            ]
            if len(found) != 1:
                raise request.error(
                    f"{len(found)} files in {file.name} match `{pattern}`, where one is wanted; set `read.member` to a pattern "
                    "that only the right one matches."
                )
            # Only the last part of the name: a name inside an archive may point anywhere.
            member = request.archive / ".member" / (PurePosixPath(found[0].filename.replace("\\", "/")).name or "member")
            member.parent.mkdir(mode=0o700)
            with packed.open(found[0]) as source, member.open("wb") as target:
                shutil.copyfileobj(source, target)
            return member
    except SourceError:
        raise
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError):
        shutil.rmtree(request.archive / ".member", ignore_errors=True)
        raise request.error(
            f"the file {file.name} is no whole ZIP archive, or needs a password; it may still be on its way. Try again later, or "
            "ask the agency for a new export."
        ) from None


def _is_data(name: str) -> bool:
    """Not what macOS and office programs put beside a file."""
    return not name.startswith("__MACOSX/") and not PurePosixPath(name).name.startswith((".", "~"))


def _reader(file: Path, read: FilesRead, request: Request) -> Callable[[Path], Counted]:
    kind = read.format or FORMATS.get(file.suffix.lower())
    readers: dict[str, Callable[[Path], Counted]] = {
        "csv": lambda path: read_delimited(path, read, request),
        "xlsx": lambda path: read_spreadsheet(path, read, request),
        "parquet": lambda path: _read_parquet(path, request),
        "json": lambda path: read_json_array(path, request),
    }
    if read.format is None and file.suffix.lower() in OTHER_TABLES:
        raise request.error(
            f"{file.name} is of a format that is not read. Open it in a spreadsheet program and save it as XLSX, or ask the agency for "
            "XLSX or CSV; to rename it is not enough."
        )
    if kind not in readers:
        raise request.error(
            f"the format of {file.name} is not clear from its name; set `read.format` to one of {', '.join(readers)}."
        )
    return readers[kind]


def _read_parquet(file: Path, request: Request) -> Counted:
    """Columns with their own types, and the number of rows that the file's footer states."""
    try:
        parquet = open_parquet(file)
        return parquet_batches(parquet), parquet.metadata.num_rows
    except (pa.ArrowInvalid, OSError):
        raise request.error(
            f"the file {file.name} is not a whole Parquet file; it may still be on its way. Try again later, or ask the "
            "agency for a new export."
        ) from None
