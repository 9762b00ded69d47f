"""A local stand-in for BKN's SIASN service, for the demo and the tests: same shapes, same two tokens, same bad days.

It serves generated people from a folder:

- `data-utama.jsonl`, `rw-jabatan.jsonl`, `rw-skp22.jsonl` … one record a line, found by its `nipBaru`
- `ref-unor.jsonl`, `jabatan-fungsional.jsonl` … reference lists, paged with `limit` and `offset`
- `credentials.json` with `consumer_key`, `consumer_secret`, `client_id`, `sso_username`, `sso_password`; mode 0600
- `behaviour.json` (optional) with `too_many_every` and `unavailable_every` (each so manieth call is answered 429 or 503),
  `retry_after` (seconds), `failing_nips` (always 500), `token_seconds` (life of a token), `revoke_after` (calls after which
  all tokens given so far are refused once)
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

BASE = "/apisiasn/1.0"
TOKEN = "/oauth2/token"
SSO = "/auth/realms/public-siasn/protocol/openid-connect/token"
LARGEST_PAGE = 1000

Reply = tuple[int, dict[str, Any]]


@dataclass
class Records:
    """The records of a folder: people's by endpoint and NIP, reference lists by name."""

    people: dict[str, dict[str, list[dict[str, Any]]]]
    lists: dict[str, list[dict[str, Any]]]

    @classmethod
    def read(cls, folder: Path) -> Records:
        """Read every `*.jsonl`; a file whose records carry `nipBaru` is about people."""
        people: dict[str, dict[str, list[dict[str, Any]]]] = {}
        lists: dict[str, list[dict[str, Any]]] = {}
        for file in sorted(folder.glob("*.jsonl")):
            records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
            if file.stem == "data-utama" or file.stem.startswith("rw-"):
                by_nip = people.setdefault(file.stem, defaultdict(list))
                for record in records:
                    by_nip[record["nipBaru"]].append(record)
            else:
                lists[file.stem] = records
        return cls(people, lists)


@dataclass
class Service:
    """What the stand-in knows and how it behaves; shared by all threads."""

    records: Records
    credentials: Mapping[str, str] = field(repr=False)
    behaviour: Mapping[str, Any]
    calls: int = 0
    _tokens: dict[str, float] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def read(cls, folder: Path) -> Service:
        """Read a folder.

        Raises:
            FileNotFoundError: the folder holds no `credentials.json`; there is no default secret.
        """
        behaviour = folder / "behaviour.json"
        return cls(
            records=Records.read(folder),
            credentials=json.loads((folder / "credentials.json").read_text(encoding="utf-8")),
            behaviour=json.loads(behaviour.read_text(encoding="utf-8")) if behaviour.exists() else {},
        )

    def sign_in(self, path: str, form: Mapping[str, str], authorization: str) -> Reply:
        """Give a token for the right secrets, as the gateway (client credentials) or SSO (password) does."""
        known = self.credentials
        if path == TOKEN:
            key = base64.b64encode(f"{known['consumer_key']}:{known['consumer_secret']}".encode()).decode()
            is_right = form.get("grant_type") == "client_credentials" and _same(authorization, f"Basic {key}")
        else:
            names = {"client_id": "client_id", "username": "sso_username", "password": "sso_password"}
            is_right = form.get("grant_type") == "password" and all(_same(form.get(n, ""), known[k]) for n, k in names.items())
        if not is_right:
            return 401, {"error": "invalid_client" if path == TOKEN else "invalid_grant"}
        kind, seconds = ("gateway" if path == TOKEN else "person"), self.behaviour.get("token_seconds", 300)
        token = f"{kind}-{secrets.token_urlsafe(24)}"
        with self._lock:
            self._tokens[token] = time.monotonic() + seconds
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": seconds}

    def mood(self) -> int | None:
        """The status of a bad day for this call, or None."""
        with self._lock:
            self.calls += 1
            if self.calls == self.behaviour.get("revoke_after"):
                self._tokens.clear()
            for key, status in (("too_many_every", 429), ("unavailable_every", 503)):
                if self.behaviour.get(key) and self.calls % self.behaviour[key] == 0:
                    return status
        return None

    def knows(self, authorization: str, auth: str) -> bool:
        """Both tokens are ours, of the right kind, and alive."""
        pairs = ((authorization, "Bearer ", "gateway-"), (auth, "bearer ", "person-"))
        now = time.monotonic()
        with self._lock:
            return all(
                header.startswith(scheme + kind) and self._tokens.get(header.removeprefix(scheme), 0) > now
                for header, scheme, kind in pairs
            )

    def answer(self, path: str, query: Mapping[str, str]) -> Reply:
        """The envelope for an endpoint."""
        parts = path.removeprefix(BASE).strip("/").split("/")
        if len(parts) == 3 and parts[0] == "pns" and parts[1] in self.records.people:
            return self._person(parts[1], parts[2])
        if len(parts) == 2 and parts[0] == "referensi" and parts[1] in self.records.lists:
            return self._page(parts[1], query)
        return 404, {"code": 0, "data": None, "message": "endpoint tidak ditemukan"}

    def _person(self, endpoint: str, nip: str) -> Reply:
        if nip in self.behaviour.get("failing_nips", ()):
            return 500, {"code": 0, "data": None, "message": "kesalahan pada server"}
        if nip not in self.records.people["data-utama"]:
            return 404, {"code": 0, "data": None, "message": "pns tidak ditemukan"}
        found = self.records.people[endpoint].get(nip, [])
        if endpoint == "data-utama":
            return 200, {"code": 1, "data": found[0], "count": 1}
        # The real service says in words that a history is empty.
        return 200, {"code": 1, "data": found or "Data tidak ditemukan", "count": len(found)}

    def _page(self, name: str, query: Mapping[str, str]) -> Reply:
        records = self.records.lists[name]
        offset, limit = int(query.get("offset", 0)), min(int(query.get("limit", 10)), LARGEST_PAGE)
        page = records[offset : offset + limit]
        return 200, {"code": 1, "data": page, "count": len(page), "total": len(records)}


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode(), known.encode())


class Handler(BaseHTTPRequestHandler):
    """HTTP around a `Service`, which stands in the class that `serve` derives."""

    protocol_version = "HTTP/1.1"
    # Headers and body are two writes; without this a call waits 40 ms for the kernel to join them.
    disable_nagle_algorithm = True
    service: Service

    def do_POST(self) -> None:
        """Tokens."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        path = urlsplit(self.path).path
        if path not in (TOKEN, SSO):
            return self._send(404, {"error": "not_found"})
        form = {name: values[0] for name, values in parse_qs(body).items()}
        return self._send(*self.service.sign_in(path, form, self.headers.get("Authorization", "")))

    def do_GET(self) -> None:
        """Data."""
        status = self.service.mood()
        if status is not None:
            return self._send(status, {"code": 0, "data": None, "message": "coba lagi"})
        if not self.service.knows(self.headers.get("Authorization", ""), self.headers.get("Auth", "")):
            return self._send(401, {"code": 0, "data": None, "message": "token tidak berlaku"})
        parts = urlsplit(self.path)
        return self._send(*self.service.answer(parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}))

    def _send(self, status: int, document: Mapping[str, Any]) -> None:
        body = json.dumps(document, ensure_ascii=False).encode()
        self.send_response(status)
        if status in (429, 503):
            self.send_header("Retry-After", str(self.service.behaviour.get("retry_after", 1)))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a path holds a person's number."""


class Server(ThreadingHTTPServer):
    """The listening server; threads end with the process."""

    daemon_threads = True

    def __init__(self, folder: Path, port: int) -> None:
        self.service = Service.read(folder)
        handler = type("BoundHandler", (Handler,), {"service": self.service})
        super().__init__(("127.0.0.1", port), handler)

    @property
    def origin(self) -> str:
        """Where it listens, for example `http://127.0.0.1:18765`."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def connection(self) -> dict[str, Any]:
        """The parts of the Airflow connection for this server, secrets included."""
        known = self.service.credentials
        extra = {"token_url": self.origin + TOKEN, "sso_url": self.origin + SSO, "client_id": known["client_id"]}
        extra |= {key: known[key] for key in ("sso_username", "sso_password")}
        login = {"login": known["consumer_key"], "password": known["consumer_secret"]}
        return {"conn_type": "http", "host": self.origin + BASE, **login, "extra": extra}


@contextmanager
def serve(data_dir: Path, port: int = 0) -> Iterator[Server]:
    """Serve a folder in the background; port 0 takes a free one."""
    server = Server(data_dir, port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="siasn-server", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


if __name__ == "__main__":
    with Server(Path(sys.argv[1]), int(sys.argv[2])) as listening:
        listening.serve_forever()
