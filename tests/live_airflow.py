"""`mutasi up` as a team runs it: a real scheduler and api-server on a free port."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx

from mutasi.settings import PROJECT


def clean_environment() -> dict[str, str]:
    """The environment without what would tell Airflow or Mutasi where things are; what is made of the code alone is shared."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "MUTASI")) or k == "MUTASI_CACHE"}


class AskedAgain(httpx.HTTPTransport):
    """Asks again where the server fails, as a person would: it did nothing when SQLite's lock did not come free in time."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        for _ in range(5):
            answer = super().handle_request(request)
            if not answer.is_server_error:
                break
            answer.read()
        return answer


@contextlib.contextmanager
def live_airflow(home: Path, agencies: Path, employees: int, **watched: str) -> Iterator[httpx.Client]:
    """Start it on `home` with the agency files of `agencies` and `watched` in its environment; yields a client of its API."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**clean_environment(), **watched, "MUTASI_HOME": str(home), "MUTASI_AGENCIES": str(agencies)}
    command = [sys.executable, "-m", "mutasi.cli", "up", "--port", str(port), "--employees", str(employees)]
    process = subprocess.Popen(command, env=environment, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout and any("is up" in line for line in process.stdout), "Airflow did not start"
        with httpx.Client(base_url=f"http://localhost:{port}", timeout=300, transport=AskedAgain()) as client:
            client.headers["Authorization"] = f"Bearer {client.get('/auth/token').json()['access_token']}"
            yield client
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=90)
