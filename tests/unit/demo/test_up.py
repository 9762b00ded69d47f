"""`make up` on a home where another is up, or was."""

from __future__ import annotations

import json
import os

import click
import pytest

from mutasi.demo import up
from mutasi.settings import Settings


def mark(settings: Settings, pid: int) -> None:
    settings.folder("state")
    up.marker(settings).write_text(json.dumps({"pid": pid, "url": "http://localhost:8099"}), encoding="utf-8")


def test_a_second_airflow_on_one_home_is_refused(settings: Settings) -> None:
    mark(settings, os.getpid())
    with pytest.raises(click.ClickException, match=r"already up on .*: http://localhost:8099\. Stop it first, or use it"):
        up.up(settings, 8098)
    assert not (settings.home / "demo").exists(), "nothing was generated"
    assert up.running(settings) == "http://localhost:8099", "the first goes on"


def test_one_that_died_is_in_nobodys_way(settings: Settings) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    mark(settings, child)
    assert up.running(settings) is None
