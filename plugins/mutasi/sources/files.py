"""Files that an agency puts into a folder: the newest one is copied as it is, and read from the copy.

Reading the copy and not the original means that what was archived is what was landed, whatever the agency does meanwhile.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq

from mutasi.sources.agency import FilesRead
from mutasi.sources.connection import Extract
from mutasi.sources.delimited import read_delimited
from mutasi.sources.documents import read_json_array
from mutasi.sources.request import Request
from mutasi.sources.spreadsheet import read_spreadsheet
from mutasi.sources.staging import parquet_batches

Counted = tuple[pa.RecordBatchReader, int]
FORMATS = {".csv": "csv", ".txt": "csv", ".tsv": "csv", ".xlsx": "xlsx", ".xlsm": "xlsx", ".parquet": "parquet", ".json": "json"}


def read_files(request: Request, read: FilesRead) -> Extract:
    """Read the newest file that matches; `rows_received` is counted by another reader than the one that reads the rows.

    Raises:
        SourceError: no file matches, it is still being written, or it cannot be read completely.
    """
    file = _archived(_newest(request, read), request)
    batches, received = _reader(file, read, request)(file)
    return Extract(batches=batches, rows_received=received, archive=(file,))


def _newest(request: Request, read: FilesRead) -> Path:
    """The matching file with the latest time of change; the last by name among files of one time."""
    folder = Path(request.connection.host or "")
    pattern = PurePosixPath(read.path)
    if pattern.is_absolute() or ".." in pattern.parts:
        raise request.error("`read.path` leaves the folder of the connection; give a pattern relative to that folder.")
    if not request.connection.host or not folder.is_dir():
        raise request.error(
            f"the folder of connection `{request.connection_name}` cannot be opened; check its `host` and the mount."
        )
    # Office programs and transfer tools leave `~$name` and `.name` beside a file while it is open or on its way.
    found = [file for file in folder.glob(read.path) if file.is_file() and not file.name.startswith((".", "~"))]
    if not found:
        raise request.error(
            f"no file matches `{read.path}` in the folder of connection `{request.connection_name}`; has the agency delivered?"
        )
    return max(found, key=lambda file: (file.stat().st_mtime_ns, file.name))


def _archived(file: Path, request: Request) -> Path:
    """A byte-for-byte copy in the archive, whole or not there at all."""
    copy, part = request.archive / file.name, request.archive / f".{file.name}.part"
    try:
        before = file.stat()
        shutil.copyfile(file, part)
        after = file.stat()
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or part.stat().st_size != after.st_size:
            part.unlink()
            raise request.error(f"the file {file.name} is still being written; try again when the agency has finished.")
        part.chmod(0o600)
        part.replace(copy)
    except OSError:
        part.unlink(missing_ok=True)
        raise request.error(f"the file {file.name} cannot be copied to the archive; check permissions and free space.") from None
    return copy


def _reader(file: Path, read: FilesRead, request: Request) -> Callable[[Path], Counted]:
    kind = read.format or FORMATS.get(file.suffix.lower())
    readers: dict[str, Callable[[Path], Counted]] = {
        "csv": lambda path: read_delimited(path, read, request),
        "xlsx": lambda path: read_spreadsheet(path, read, request),
        "parquet": lambda path: _read_parquet(path, request),
        "json": lambda path: read_json_array(path, request),
    }
    if kind not in readers:
        raise request.error(
            f"the format of {file.name} is not clear from its name; set `read.format` to one of {', '.join(readers)}."
        )
    return readers[kind]


def _read_parquet(file: Path, request: Request) -> Counted:
    """Columns with their own types, and the number of rows that the file's footer states."""
    try:
        parquet = pq.ParquetFile(file)
        return parquet_batches(parquet), parquet.metadata.num_rows
    except (pa.ArrowInvalid, OSError):
        raise request.error(f"the file {file.name} is not a whole Parquet file; ask the agency for a new export.") from None
