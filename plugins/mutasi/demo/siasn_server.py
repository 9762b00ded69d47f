"""A local stand-in for BKN's SIASN service, for the demo and the tests: same shapes, same two tokens, same bad days.

It serves generated people from a folder:

- `data-utama.jsonl`, `rw-jabatan.jsonl`, `rw-skp22.jsonl` … one record a line, found by its `nipBaru`
- `ref-unor.jsonl`, `jabatan-fungsional.jsonl` … reference lists, paged with `limit` and `offset`
- `credentials.json` with `consumer_key`, `consumer_secret`, `client_id`, `sso_username`, `sso_password`; mode 0600
- `behaviour.json` (optional) with `too_many_every` and `unavailable_every` (each so manieth call is answered 429 or 503),
  `retry_after` (seconds), `failing_nips` (always 500), `token_seconds` (life of a token), `revoke_after` (calls after which
  all tokens given so far are refused once), `page_every` (each so manieth answer is a gateway's HTML page with status 200),
  `cut_every` (each so manieth answer breaks off), `slow` (seconds that every answer takes)
"""

from __future__ import annotations

import json
import ssl
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from mutasi.demo.siasn_knowledge import BASE, SSO, TOKEN, Service


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
        with self.service.serving(urlsplit(self.path).path):
            self._answer()

    def _answer(self) -> None:
        status = self.service.mood()
        if status is not None:
            return self._send(status, {"code": 0, "data": None, "message": "coba lagi"})
        if not self.service.knows(self.headers.get("Authorization", ""), self.headers.get("Auth", "")):
            return self._send(401, {"code": 0, "data": None, "message": "token tidak berlaku"})
        if self.service.is_turn("page_every"):
            return self._send_bytes(200, b"<html><body>Sedang dalam pemeliharaan</body></html>", "text/html")
        parts = urlsplit(self.path)
        return self._send(*self.service.answer(parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}))

    def _send(self, status: int, document: Mapping[str, Any]) -> None:
        self._send_bytes(status, json.dumps(document, ensure_ascii=False).encode(), "application/json")

    def _send_bytes(self, status: int, body: bytes, kind: str) -> None:
        is_cut = self.command == "GET" and self.service.is_turn("cut_every")
        self.send_response(status)
        if status in (429, 503):
            self.send_header("Retry-After", str(self.service.behaviour.get("retry_after", 1)))
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if is_cut else body)
        self.close_connection = self.close_connection or is_cut

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a path holds a person's number."""


class Server(ThreadingHTTPServer):
    """The listening server; threads end with the process."""

    daemon_threads = True

    def __init__(self, folder: Path, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.service = Service.read(folder)
        handler = type("BoundHandler", (Handler,), {"service": self.service})
        super().__init__(("127.0.0.1", port), handler)
        self.scheme = "https" if tls else "http"
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)

    @property
    def origin(self) -> str:
        """Where it listens, for example `http://127.0.0.1:18765`."""
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}"

    def connection(self) -> dict[str, Any]:
        """The parts of the Airflow connection for this server, secrets included."""
        known = self.service.credentials
        extra = {"token_url": self.origin + TOKEN, "sso_url": self.origin + SSO, "client_id": known["client_id"]}
        extra |= {key: known[key] for key in ("sso_username", "sso_password")}
        login = {"login": known["consumer_key"], "password": known["consumer_secret"]}
        return {"conn_type": "http", "host": self.origin + BASE, **login, "extra": extra}


@contextmanager
def serve(data_dir: Path, port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Serve a folder in the background; port 0 takes a free one."""
    server = Server(data_dir, port, tls)
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
