"""Drop everything, restore, build: the same marts."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from mutasi.settings import PROJECT, Settings
from mutasi.sources.registry import read_agencies
from mutasi.warehouse.refresh import build_warehouse, publish_warehouse

pytestmark = pytest.mark.takes(25)
DEPLOY = PROJECT / "deploy"


def test_a_home_restored_from_its_backup_gives_the_same_marts(first_night, tmp_path: Path) -> None:
    home = first_night.copy(tmp_path / "home")
    before = home.marts()
    archive = tmp_path / "backup.tar.gz"
    subprocess.run([DEPLOY / "backup.sh", home.path, archive], check=True, capture_output=True)
    assert archive.stat().st_mode & 0o077 == 0
    shutil.rmtree(home.path)

    subprocess.run([DEPLOY / "restore.sh", archive, home.path], check=True, capture_output=True)
    assert not (home.path / "warehouse").exists() and home.path.stat().st_mode & 0o077 == 0
    with home.environment():
        settings = Settings(home.path, home.settings.project, home.settings.agencies)
        build_warehouse(settings, read_agencies(settings.agencies), home.day, "restored")
        publish_warehouse(settings, home.day, "restored")
    assert before.keys() == home.marts().keys()
    assert {name for name, rows in home.marts().items() if rows != before[name]} == set()


def test_a_key_is_not_in_the_backup_and_a_full_folder_is_not_overwritten(tmp_path: Path) -> None:
    home, archive = tmp_path / "home", tmp_path / "b.tar.gz"
    (home / "state").mkdir(parents=True)
    (home / "history").mkdir()
    (home / "history" / "2026-01-01.parquet").write_text("rows")
    (home / "state" / "demo-pseudonym.key").write_text("secret")
    subprocess.run([DEPLOY / "backup.sh", home, archive], check=True, capture_output=True)
    listed = subprocess.run(["tar", "tzf", archive], check=True, capture_output=True, text=True).stdout
    assert "./history/2026-01-01.parquet" in listed and "key" not in listed
    refused = subprocess.run([DEPLOY / "restore.sh", archive, home], capture_output=True, text=True, check=False)
    assert refused.returncode == 1 and "not empty" in refused.stderr


def test_a_backup_waits_for_the_refresh(tmp_path: Path) -> None:
    script = (DEPLOY / "backup.sh").read_text(encoding="utf-8")
    home = tmp_path / "home"
    home.mkdir()
    impatient = tmp_path / "backup.sh"
    impatient.write_text(script.replace("--wait 1800", "--wait 1"), encoding="utf-8")
    from mutasi.warehouse.lock import writing

    with writing(Settings(home, PROJECT, PROJECT)):
        ran = subprocess.run(["bash", impatient, home, tmp_path / "b.tar.gz"], capture_output=True, text=True, check=False)
    assert ran.returncode == 1 and "nothing was backed up" in ran.stderr
    assert not (tmp_path / "b.tar.gz").exists()
