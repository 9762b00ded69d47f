"""A contract that our own materialization enforces: the described columns and no others, each of the described type."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mutasi.settings import PROJECT, Settings
from mutasi.warehouse.build import BuildError, build
from mutasi.warehouse.built import opened

DESCRIBED = """
  - name: {name}
    description: "It's {name}."
    config: {{contract: {{enforced: true}}}}
    columns:
      - {{name: unit_id, data_type: varchar, description: Unit., constraints: [{{type: not_null}}]}}
      - {{name: need, data_type: "decimal(6, 2)", description: Need.}}
"""
QUERIES = {
    "as_described": "select 1.5::decimal(6, 2) as need, 'U1' as unit_id",
    "of_another_type": "select 'U1' as unit_id, 1.5::double as need",
    "with_more": "select 'U1' as unit_id, 1.5::decimal(6, 2) as need, 'x' as surprise",
    "with_less": "select 'U1' as unit_id",
    "with_a_gap": "select null::varchar as unit_id, 1.5::decimal(6, 2) as need",
}


def test_a_broken_contract_is_an_error_that_names_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUTASI_CACHE", str(tmp_path / "cache"))
    project = tmp_path / "dbt_project"
    shutil.copytree(PROJECT / "dbt_project" / "macros", project / "macros")
    shutil.copy(PROJECT / "dbt_project" / "profiles.yml", project)
    (project / "seeds").mkdir()
    (project / "seeds" / "known.csv").write_text("code\nA\n")
    (project / "models").mkdir()
    (project / "dbt_project.yml").write_text("name: mutasi\nversion: '1.0'\nconfig-version: 2\nprofile: mutasi\n")
    described = "".join(DESCRIBED.format(name=name) for name in QUERIES)
    (project / "models" / "models.yml").write_text(f"version: 2\nmodels:{described}")
    for name, query in QUERIES.items():
        (project / "models" / f"{name}.sql").write_text(f"{{{{ config(materialized='table') }}}}\n{query}")
    settings = Settings(home=tmp_path / "home", project=tmp_path, agencies=tmp_path)
    (settings.home / "warehouse").mkdir(parents=True)
    with pytest.raises(BuildError) as broken:
        build(settings, run_id="contracts")
    told = str(broken.value)
    assert all(f"model {name} (CONTRACT)" in told for name in ("of_another_type", "with_more", "with_less")), told
    assert "model with_a_gap (CONSTRAINT)" in told and "as_described" not in told
    with opened(settings) as con:
        assert con.execute("select unit_id, need from as_described").fetchall() == [("U1", 1.5)]
        comments = con.execute(
            "select comment from duckdb_columns() where table_name = 'as_described' order by column_index"
        ).fetchall()
        assert comments == [("Unit.",), ("Need.",)]
        assert con.execute("select comment from duckdb_tables() where table_name = 'as_described'").fetchall() == [
            ("It's as_described.",)
        ]
