"""Homes share what dbt read of the project and what a build begins with, and none of them reads another's files."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import duckdb
import pytest
import yaml

from mutasi.settings import PROJECT, Settings, SettingsError
from mutasi.warehouse.build import BuildError, build
from mutasi.warehouse.built import opened

MODELS = {
    "as_table": "{{ config(materialized='table') }} select unit_id from {{ source('changes', 'units') }}",
    "as_view": "{{ config(materialized='view') }} select unit_id from {{ source('changes', 'units') }}",
    "through_view": "{{ config(materialized='table') }} select unit_id from {{ ref('as_view') }}",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three models over one real source, and a cache for all homes."""
    monkeypatch.setenv("MUTASI_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "project" / "dbt_project"
    shutil.copytree(PROJECT / "dbt_project" / "macros", folder / "macros")
    shutil.copy(PROJECT / "dbt_project" / "profiles.yml", folder)
    (folder / "models").mkdir()
    shutil.copy(PROJECT / "dbt_project" / "models" / "sources.yml", folder / "models")
    for name, query in MODELS.items():
        (folder / "models" / f"{name}.sql").write_text(query)
    (folder / "seeds").mkdir()
    (folder / "seeds" / "known.csv").write_text("code\nA\n")
    (folder / "dbt_project.yml").write_text("name: mutasi\nversion: '1.0'\nconfig-version: 2\nprofile: mutasi\n")
    return folder.parent


def home_with(folder: Path, project: Path, unit_id: str | None) -> Settings:
    """A home whose history knows one unit, or nothing at all."""
    settings = Settings(home=folder, project=project, agencies=project)
    settings.folder("warehouse")
    if unit_id:
        history = settings.folder("history", "units")
        duckdb.sql(f"copy (select '{unit_id}' as unit_id) to '{history}/2026-11-02.parquet' (format parquet)")
    return settings


def read(settings: Settings) -> set[str]:
    """What the models made of the home."""
    with opened(settings) as con:
        return {row[0] for name in MODELS for row in con.execute(f"select unit_id from {name}").fetchall()}


def test_each_home_reads_its_own_files(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (home_with(tmp_path / name, project, name) for name in ("satu", "[d]ua"))
    bare = home_with(tmp_path / "kosong", project, None)
    for strayed in (project / "dbt_project", tmp_path):  # where dbt runs, and where it was called
        home_with(strayed, project, "strayed")
    monkeypatch.chdir(tmp_path)

    build(first, run_id="first")
    kept = {file: file.stat().st_mtime_ns for file in (tmp_path / "cache").rglob("*") if file.is_file()}
    assert {file.suffix for file in kept} >= {".msgpack", ".duckdb"}
    build(second, run_id="second")
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "cache").rglob("*") if file.is_file()} == kept, "made once"
    assert (read(first), read(second)) == ({"satu"}, {"[d]ua"})
    with pytest.raises(BuildError, match=r"model as_table \(FILE\)"):
        build(bare, run_id="bare")


def test_a_path_of_a_source_is_looked_for_in_the_home_alone() -> None:
    """DuckDB looks for a name without a star in the working folder first; the profile of a shared reading names no home."""
    sources = yaml.safe_load((PROJECT / "dbt_project" / "models" / "sources.yml").read_text())["sources"]
    paths = [re.search(r"read_parquet\('([^']+)'", source["config"]["external_location"])[1] for source in sources]
    assert len(paths) == 4 and all("*" in path and not path.startswith(("/", "{", ".")) for path in paths)
    assert "env_var" not in (PROJECT / "dbt_project" / "profiles.yml").read_text()


def test_a_home_that_duckdb_would_take_for_two_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUTASI_HOME", str(tmp_path / "satu,dua"))
    with pytest.raises(SettingsError, match="no comma"):
        Settings.from_environment()
