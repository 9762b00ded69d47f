"""Seeds that did not change are not loaded twice, and no change of theirs is overlooked."""

from __future__ import annotations

from pathlib import Path

import pytest

from mutasi.settings import Settings
from mutasi.warehouse.seeds import begin_with_seeds, keep_seeds


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "dbt_project" / "seeds").mkdir(parents=True)
    (tmp_path / "dbt_project" / "dbt_project.yml").write_text("name: contoh")
    (tmp_path / "dbt_project" / "seeds" / "rules.csv").write_text("a\n1\n")
    return Settings(home=tmp_path / "home", project=tmp_path, agencies=tmp_path)


@pytest.mark.parametrize("changed", ["dbt_project.yml", "seeds/rules.csv", "seeds/new.csv"])
def test_seeds_are_kept_until_they_change(settings: Settings, tmp_path: Path, changed: str) -> None:
    database = tmp_path / "build.duckdb"
    assert not begin_with_seeds(settings, database)
    database.write_bytes(b"seeds of the first night")
    keep_seeds(settings, database)
    database.write_bytes(b"what a night made of them")
    assert begin_with_seeds(settings, database)
    assert database.read_bytes() == b"seeds of the first night"

    (settings.dbt_project / changed).write_text("a\n2\n")
    assert not begin_with_seeds(settings, database)
    keep_seeds(settings, database)
    assert len(list((settings.warehouse / "dbt" / "seeds").iterdir())) == 1, "seeds of an earlier version are forgotten"
