"""Writes the demo's connections as environment lines, and the random credentials of its SIASN service."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from mutasi.sources.agency import Agency

HOST = "127.0.0.1"


def write_connections(folder: Path, agencies: list[Agency], siasn_port: int) -> Path:
    """Write `connections.env` (mode 0600): one `AIRFLOW_CONN_…='{json}'` line per connection of the agencies."""
    lines = []
    for agency in agencies:
        home = folder / agency.agency_id
        for name, reference in agency.connections.items():
            match reference.type:
                case "sql":
                    parts: dict[str, object] = {"conn_type": "sqlite", "host": str(home / f"{name}.db")}
                case "files":
                    parts = {"conn_type": "fs", "host": str(home)}
                case "siasn":
                    parts = _service(home / "siasn", siasn_port)
            text = json.dumps(parts).replace("'", "'\\''")
            lines.append(f"AIRFLOW_CONN_{reference.name.upper()}='{text}'\n")
    file = folder / "connections.env"
    _private(file, "".join(dict.fromkeys(lines)))
    return file


def _service(folder: Path, port: int) -> dict[str, object]:
    """The service's connection; credentials are made once per folder, so that a running service keeps accepting them."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / "credentials.json"
    if not file.exists():
        names = ("consumer_key", "consumer_secret", "client_id", "sso_username", "sso_password")
        _private(file, json.dumps({name: secrets.token_urlsafe(24) for name in names}))
    known: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    base = f"http://{HOST}:{port}"
    return {
        "conn_type": "http",
        "host": base,
        "login": known["consumer_key"],
        "password": known["consumer_secret"],
        "extra": {
            "token_url": f"{base}/oauth2/token",
            "sso_url": f"{base}/auth/realms/public-siasn/protocol/openid-connect/token",
            "client_id": known["client_id"],
            "sso_username": known["sso_username"],
            "sso_password": known["sso_password"],
        },
    }


def _private(file: Path, text: str) -> None:
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
