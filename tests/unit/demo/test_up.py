"""`make up` on a home where another is up, or was."""

from __future__ import annotations

import json
import os

import click
import pytest
from click.testing import CliRunner

from mutasi.cli import main
from mutasi.demo import up
from mutasi.demo.session import siasn_service
from mutasi.settings import Settings
from mutasi.warehouse.lock import Busy, running_airflow


def mark(settings: Settings, pid: int) -> None:
    settings.folder("state")
    up.marker(settings).write_text(json.dumps({"pid": pid, "url": "http://localhost:8099"}), encoding="utf-8")


def test_a_second_airflow_on_one_home_is_refused(settings: Settings) -> None:
    mark(settings, os.getpid())
    with pytest.raises(click.ClickException, match=r"already up on .*: http://localhost:8099\. Stop it first, or use it"):
        up.up(settings, 8098)
    assert not (settings.home / "demo").exists(), "nothing was generated"
    assert up.running(settings) == "http://localhost:8099", "the first goes on"


def test_a_run_and_an_airflow_do_not_share_a_home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUTASI_HOME", str(settings.home))
    with running_airflow(settings):
        with pytest.raises(Busy, match=r"Another `make run` or `make up` is at work on .*; wait for it"):
            up.up(settings, 8098)
        refused = CliRunner().invoke(main, ["demo"])
    assert refused.exit_code == 1 and "is at work on" in refused.output
    assert not (settings.home / "demo").exists(), "nothing was generated"
    with running_airflow(settings):
        pass


def test_one_that_died_is_in_nobodys_way(settings: Settings) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    mark(settings, child)
    assert up.running(settings) is None


def test_agencies_without_a_siasn_service_need_none(settings: Settings) -> None:
    with siasn_service(settings) as connections:
        assert connections == {}
