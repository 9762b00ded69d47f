"""The one door to all sources: read one dataset of one agency as it stands.

What kind of source it is, is the connection's affair; whoever lands data need not know.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from mutasi.sources.agency import Agency, FilesRead, SiasnRead, SqlRead
from mutasi.sources.connection import Connection, Earlier, Extract, SourceError
from mutasi.sources.request import Request


def extract(
    agency: Agency, dataset: str, connection: Callable[[str], Connection], archive: Path, earlier: Earlier | None = None
) -> Extract:
    """Read one dataset of an agency.

    Args:
        agency: the agency file.
        dataset: name of one of its datasets.
        connection: resolves the name of a connection to its address and secret, for example `connection_from_environment`.
        archive: folder for the raw files; made on demand, closed to other users.
        earlier: what an incremental read goes on from; None to read everything.

    Returns:
        Raw columns under the source's names. The reader is consumed once; the archive is complete when this returns.

    Raises:
        SourceError: the source cannot be read, cannot be read completely, or lacks a mapped column.
    """
    archive.mkdir(mode=0o700, parents=True, exist_ok=True)
    source = agency.datasets[dataset]
    request = Request(agency=agency, dataset=dataset, connection_name=source.connection, connect=connection, archive=archive)
    try:
        found = read_source(request, earlier)
        request.require(request.mapped, found.batches.schema.names)
    except SourceError:
        with suppress(OSError):  # what arrived in part stays, for whoever looks for the cause
            archive.rmdir()
        raise
    return found


def read_source(request: Request, earlier: Earlier | None = None) -> Extract:
    """Read what the request asks for, whichever columns it has.

    Raises:
        SourceError: the source cannot be read, or cannot be read completely.
    """
    read = request.source.read
    # Imported where used: a run over CSV files need not load SQLAlchemy, nor a database run the HTTP client.
    if isinstance(read, SqlRead):
        from mutasi.sources.sql import read_sql

        return read_sql(request, read, earlier)
    if isinstance(read, FilesRead):
        from mutasi.sources.files import read_files

        return read_files(request, read)
    from mutasi.sources.siasn import read_siasn

    assert isinstance(read, SiasnRead)
    return read_siasn(request, read)
