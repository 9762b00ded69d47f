"""Seeds and views that did not change are not made twice, and no change of theirs is overlooked."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from mutasi.settings import Settings
from mutasi.warehouse import fingerprint
from mutasi.warehouse.fingerprint import ENGINES
from mutasi.warehouse.groundwork import keep_groundwork, lay_groundwork, remove_database


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("MUTASI_CACHE", str(tmp_path / "cache"))
    for folder in ("seeds", "models", "macros"):
        (tmp_path / "dbt_project" / folder).mkdir(parents=True)
    (tmp_path / "dbt_project" / "dbt_project.yml").write_text("name: contoh")
    (tmp_path / "dbt_project" / "seeds" / "rules.csv").write_text("a\n1\n")
    (tmp_path / "dbt_project" / "models" / "stg_units.sql").write_text("select 1")
    return Settings(home=tmp_path / "home", project=tmp_path, agencies=tmp_path)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A whole build: a seed, a table with a person, and a view over the table."""
    file = tmp_path / "build.duckdb"
    with duckdb.connect(str(file)) as con:
        con.execute("create schema seeds; create table seeds.rules as select 1 as a")
        con.execute("create schema marts; create table marts.employees as select '19990101' as nip")
        con.execute("create view marts.numbers as select nip from build.marts.employees")
    return file


@pytest.mark.parametrize("changed", ["dbt_project.yml", "seeds/rules.csv", "seeds/new.csv", "models/stg_units.sql"])
def test_groundwork_is_kept_until_the_project_changes(settings: Settings, database: Path, changed: str) -> None:
    assert not lay_groundwork(settings, database)
    keep_groundwork(settings, database)
    assert lay_groundwork(settings, database)

    (settings.dbt_project / changed).write_text("a\n2\n")
    assert not lay_groundwork(settings, database)
    keep_groundwork(settings, database)
    assert len([file for file in settings.cache("dbt").rglob("*") if file.is_file()]) == 1, (
        "that of an earlier project is forgotten"
    )


def test_groundwork_holds_seeds_and_views_and_no_row_of_a_night(settings: Settings, database: Path) -> None:
    keep_groundwork(settings, database)
    remove_database(database)
    lay_groundwork(settings, database)
    with duckdb.connect(str(database)) as con:
        assert con.execute("from seeds.rules").fetchall() == [(1,)]
        assert con.execute("from marts.employees").fetchall() == []
        con.execute("create or replace table marts.employees as select '20000101' as nip")
        assert con.execute("from marts.numbers").fetchall() == [("20000101",)], "the view reads what tonight's table holds"


def test_groundwork_serves_every_home_of_a_cache(settings: Settings, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_groundwork(settings, database)
    beside = Settings(home=settings.project / "beside", project=settings.project, agencies=settings.agencies)
    assert lay_groundwork(beside, database)
    monkeypatch.delenv("MUTASI_CACHE")
    assert not lay_groundwork(beside, database), "by itself a home keeps its own"


def test_what_homes_share_is_closed_to_other_users(settings: Settings) -> None:
    settings.project.joinpath("cache").mkdir(mode=0o777)
    assert settings.cache("dbt", "a").is_relative_to(settings.project / "cache")
    assert {folder.stat().st_mode & 0o777 for folder in [settings.cache(), *settings.cache().rglob("*")]} == {0o700}


@pytest.mark.parametrize("newer", ENGINES)
def test_groundwork_of_another_version_of_dbt_or_duckdb_is_not_used(
    settings: Settings, database: Path, newer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_groundwork(settings, database)
    installed = fingerprint.version
    monkeypatch.setattr(fingerprint, "version", lambda name: "99.0" if name == newer else installed(name))
    assert not lay_groundwork(settings, database)
