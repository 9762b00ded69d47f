"""Seeds and views that did not change are not made twice, and no change of theirs is overlooked."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests.build_databases import build_databases

from mutasi.settings import Settings
from mutasi.warehouse import fingerprint
from mutasi.warehouse.built import build_folder, clear, opened
from mutasi.warehouse.fingerprint import ENGINES
from mutasi.warehouse.groundwork import keep_groundwork, lay_groundwork


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("MUTASI_CACHE", str(tmp_path / "cache"))
    for folder in ("seeds", "models", "macros"):
        (tmp_path / "dbt_project" / folder).mkdir(parents=True)
    (tmp_path / "dbt_project" / "dbt_project.yml").write_text("name: contoh")
    (tmp_path / "dbt_project" / "seeds" / "rules.csv").write_text("a\n1\n")
    (tmp_path / "dbt_project" / "models" / "stg_units.sql").write_text("select 1")
    return Settings(home=tmp_path / "home", project=tmp_path, agencies=tmp_path)


@pytest.fixture(autouse=True)
def night(settings: Settings) -> None:
    """A whole build: a seed, a table with a person for planners, and a view over it among what nobody else reads."""
    with build_databases(settings) as con:
        con.execute("create schema build.seeds; create table build.seeds.rules as select 1 as a")
        con.execute("create table planning.employees (nip varchar using compression uncompressed)")
        con.execute("insert into planning.employees values ('19990101')")
        con.execute("create view intermediate.numbers as select nip from planning_file.planning.employees")


def _laid(settings: Settings) -> bool:
    """Whether a build of another home begins with what was kept."""
    clear(_beside(settings))
    return lay_groundwork(_beside(settings))


def _beside(settings: Settings) -> Settings:
    return replace(settings, home=settings.project / "beside")


@pytest.mark.parametrize("changed", ["dbt_project.yml", "seeds/rules.csv", "seeds/new.csv", "models/stg_units.sql"])
def test_groundwork_is_kept_until_the_project_changes(settings: Settings, changed: str) -> None:
    assert not _laid(settings)
    keep_groundwork(settings)
    assert _laid(settings)

    (settings.dbt_project / changed).write_text("a\n2\n")
    assert not _laid(settings)
    keep_groundwork(settings)
    assert len([file for file in settings.cache("dbt").rglob("*") if file.is_file()]) == 3, (
        "that of an earlier project is forgotten"
    )


def test_groundwork_holds_seeds_and_views_and_no_row_of_a_night(settings: Settings) -> None:
    keep_groundwork(settings)
    assert _laid(settings)
    with opened(_beside(settings)) as con:
        assert con.execute("from seeds.rules").fetchall() == [(1,)]
        assert con.execute("from planning_file.planning.employees").fetchall() == []
        [(columns,)] = con.execute("select sql from duckdb_tables() where table_name = 'employees'").fetchall()
        assert "nip VARCHAR USING COMPRESSION Uncompressed" in columns, "tonight's is filled as it was made"
    with build_databases(_beside(settings)) as con:
        con.execute("create or replace table planning.employees as select '20000101' as nip")
        assert con.execute("from intermediate.numbers").fetchall() == [("20000101",)], "the view reads what tonight's table holds"


def test_what_another_home_is_forgetting_is_not_begun_with(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """One home reads the folder while another takes it away: no build begins with a part of it."""
    keep_groundwork(settings)

    copy = shutil.copyfile

    def copy_and_forget(source: Path, target: Path) -> None:
        copy(source, target)
        for folder in settings.cache("dbt").glob("*/[!.]*/"):
            shutil.rmtree(folder)

    monkeypatch.setattr(shutil, "copyfile", copy_and_forget)
    assert not _laid(settings)
    assert list(build_folder(_beside(settings)).iterdir()) == []


def test_groundwork_serves_every_home_of_a_cache(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_groundwork(settings)
    assert _laid(settings)
    monkeypatch.delenv("MUTASI_CACHE")
    assert not _laid(settings), "by itself a home keeps its own"


def test_what_homes_share_is_closed_to_other_users(settings: Settings) -> None:
    settings.project.joinpath("cache").mkdir(mode=0o777)
    assert settings.cache("dbt", "a").is_relative_to(settings.project / "cache")
    assert {folder.stat().st_mode & 0o777 for folder in [settings.cache(), *settings.cache().rglob("*")]} == {0o700}


@pytest.mark.parametrize("newer", ENGINES)
def test_groundwork_of_another_version_of_dbt_or_duckdb_is_not_used(
    settings: Settings, newer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_groundwork(settings)
    installed = fingerprint.version
    monkeypatch.setattr(fingerprint, "version", lambda name: "99.0" if name == newer else installed(name))
    assert not _laid(settings)
