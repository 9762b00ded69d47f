"""A small agency for tests of the connectors: one dataset from one connection."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mutasi.sources.agency import Agency
from mutasi.sources.connection import Connection, Extract
from mutasi.sources.extract import extract

UNITS = {"unit_id": "Id", "unit_name": "Nama"}


def agency(kind: str, read: dict[str, Any], columns: dict[str, Any]) -> Agency:
    return Agency.model_validate(
        {
            "agency_id": "rekaan",
            "agency_name": "Kota Rekaan",
            "agency_kind": "city",
            "codes": {"bkn": "0000", "kemendagri": "00.00"},
            "owner": {"unit": "BKPSDM", "email": "bkpsdm@example.invalid"},
            "connections": {"main": {"type": kind, "name": "main"}},
            "datasets": {"units": {"connection": "main", "read": read, "columns": columns}},
        }
    )


Reader = Callable[..., Extract]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the agency puts its files."""
    path = tmp_path / "agency"
    path.mkdir()
    return path


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def read_units(folder: Path, archive: Path) -> Reader:
    """Extract `units` from the newest matching file: `read_units("*.csv", delimiter=";")`."""

    def read(path: str, columns: dict[str, Any] | None = None, **keys: Any) -> Extract:
        found = agency("files", {"path": path, **keys}, columns or UNITS)
        return extract(found, "units", lambda _: Connection("fs", host=str(folder)), archive)

    return read


@pytest.fixture
def read_table(archive: Path) -> Reader:
    """Extract `units` from a database: `read_table(connection, table="m_unor")`."""

    def read(connection: Connection, columns: dict[str, Any] | None = None, **keys: Any) -> Extract:
        return extract(agency("sql", keys, columns or UNITS), "units", lambda _: connection, archive)

    return read
