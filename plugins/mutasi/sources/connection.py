"""What a connector is given and what it gives back.

A connector reads one dataset of one agency as raw columns; it does not rename, type or judge. Names, types and codes are
applied afterwards in DuckDB, in one place for all connectors.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import pyarrow as pa


class SourceError(RuntimeError):
    """A source cannot be read; the message names agency, dataset and what to do, and holds no value of a row."""


@dataclass(frozen=True)
class Connection:
    """An address with its secret, resolved from a name at the moment of use.

    The parts are those of an Airflow connection, so that any secrets backend of Airflow serves.
    """

    conn_type: str
    host: str | None = None
    port: int | None = None
    login: str | None = None
    password: str | None = field(default=None, repr=False)
    schema: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Extract:
    """One dataset as it arrived.

    Attributes:
        batches: raw columns under the source's names; every value still as the source wrote it, texts also as dictionaries.
        rows_received: counted by the source itself (`count(*)`, a second reader, the service's total), never by
            counting `batches`.
        archive: the files in the raw archive, as they arrived.
        refused: records the source named but would not deliver (for example NIPs a service answered with an error).
        newest: newest value of the cursor column, from which the next incremental read may go on.
        changed: when the file that was read last changed, in seconds since 1970; None where no file says.
        is_whole: everything was read, not only what changed; `batches` are complete either way.
    """

    batches: pa.RecordBatchReader
    rows_received: int
    archive: tuple[Path, ...]
    refused: int = 0
    newest: int | str | None = None
    changed: float | None = None
    is_whole: bool = True


@dataclass(frozen=True)
class Earlier:
    """What an incremental read goes on from: the archived rows of an earlier day, and their newest cursor value."""

    raw: Path
    newest: int | str


def connection_from_environment(name: str) -> Connection:
    """Resolve a connection name from `AIRFLOW_CONN_<NAME>` (JSON or URI), as Airflow itself does.

    Raises:
        SourceError: the variable is not set or not readable.
    """
    variable = f"AIRFLOW_CONN_{name.upper()}"
    text = os.environ.get(variable)
    if not text:
        raise SourceError(f"the connection `{name}` is not defined: set {variable} or add it to Airflow's connections.")
    try:
        if text.lstrip().startswith("{"):
            parts = json.loads(text)
            extra = parts.get("extra") or {}
            return Connection(
                conn_type=parts["conn_type"],
                host=parts.get("host"),
                port=parts.get("port"),
                login=parts.get("login"),
                password=parts.get("password"),
                schema=parts.get("schema"),
                extra=json.loads(extra) if isinstance(extra, str) else extra,
            )
        url = urlsplit(text)
        return Connection(
            conn_type=url.scheme.replace("-", "_"),
            host=unquote(url.hostname or ""),
            port=url.port,
            login=unquote(url.username) if url.username else None,
            password=unquote(url.password) if url.password else None,
            schema=url.path.lstrip("/") or None,
            extra=dict(parse_qsl(url.query)),
        )
    except (ValueError, KeyError, TypeError):
        raise SourceError(
            f"{variable} is neither an Airflow connection URI nor its JSON form; see docs/runbooks/onboard-agency.md."
        ) from None
