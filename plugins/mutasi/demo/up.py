"""`make up`: Airflow's real scheduler and web interface on this machine, on the demo agencies."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import httpx

from mutasi.demo.session import EMPLOYEES, ensure_demo, session
from mutasi.settings import Settings
from mutasi.warehouse.lock import running_airflow

START_SECONDS = 600  # a busy machine takes minutes; a process that dies is told at once
STOP_SECONDS = 20


def marker(settings: Settings) -> Path:
    """The file that says that an Airflow is up on this home."""
    return settings.home / "state" / "up.json"


def running(settings: Settings) -> str | None:
    """The address of a live `make up` on this home, if there is one."""
    file = marker(settings)
    if not file.exists():
        return None
    up = json.loads(file.read_text(encoding="utf-8"))
    with contextlib.suppress(OSError):
        os.kill(up["pid"], 0)
        return str(up["url"])
    return None


def up(settings: Settings, port: int, employees: int = EMPLOYEES) -> int:
    """Start Airflow and stay until it is interrupted; returns its exit code.

    Raises:
        click.ClickException: another is up on this home; two schedulers on one database get into each other's way.
        Busy: a `make run` is at work on this home.
    """
    already = running(settings)
    if already:
        raise click.ClickException(f"Airflow is already up on {settings.home}: {already}. Stop it first, or use it.")
    with running_airflow(settings):
        ensure_demo(settings, employees)
        return _stay(settings, port)


def _stay(settings: Settings, port: int) -> int:
    url = f"http://localhost:{port}"
    with session(settings) as environment:
        environment |= {
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__BASE_URL": url,
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
        }
        log = settings.folder("airflow", "logs") / "make-up.log"
        with log.open("w") as stream:
            command = [sys.executable, "-m", "airflow", "standalone"]
            process = subprocess.Popen(command, env=environment, stdout=stream, stderr=subprocess.STDOUT, start_new_session=True)
        signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        marker(settings).write_text(json.dumps({"pid": os.getpid(), "url": url}), encoding="utf-8")
        try:
            click.echo(f"Airflow is starting (log: {log}) …")
            _wait(url, process)
            click.echo(f"Airflow is up: {url}  (DAG nightly_refresh; no password in the demo). Stop it with Ctrl-C.")
            return process.wait()
        except KeyboardInterrupt:
            click.echo("Stopping Airflow …")
            return 0
        finally:
            marker(settings).unlink(missing_ok=True)
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the whole group: its members outlive the first process, so one waits for them, and not for ever."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        for _ in range(STOP_SECONDS * 10):
            process.poll()
            os.killpg(process.pid, 0)
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            parts = httpx.get(f"{url}/api/v2/monitor/health", timeout=5).json()
            if all(parts[p]["status"] == "healthy" for p in ("metadatabase", "scheduler", "dag_processor")):
                return
        time.sleep(1)
    raise click.ClickException("Airflow did not become healthy; the reason stands in its log.")
