"""A skip is seen: it is listed with its reason, and fails where the run requires what the test lacked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mutasi.settings import PROJECT

LACKING = PROJECT / "tests" / "fixtures" / "skips" / "lacking.py"


@pytest.mark.parametrize(("required", "code"), [("", 0), ("mariadb", 0), ("postgres,mariadb", 1)])
def test_a_skip_of_what_is_required_fails(required: str, code: int) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(LACKING)]
    environment = {**os.environ, "MUTASI_REQUIRE": required}
    run = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == code, run.stdout
    assert "no server here" in run.stdout
    assert ("postgres is required here" in run.stdout) == bool(code)


def test_the_clean_machine_requires_every_server_that_a_test_may_lack() -> None:
    sources = "".join(
        file.read_text(encoding="utf-8") for file in (PROJECT / "tests").rglob("test_*.py") if file != Path(__file__)
    )
    needed = {part.split('"')[0] for part in sources.split('mark.needs("')[1:]}
    [line] = [line for line in (PROJECT / ".ci" / "run").read_text(encoding="utf-8").splitlines() if "MUTASI_REQUIRE=" in line]
    assert set(line.split("=")[1].split(",")) == needed
