"""The reference pages follow from the definitions, and a stale one is noticed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mutasi import reference
from mutasi.settings import PROJECT, Settings
from mutasi.sources.datasets import datasets
from mutasi.warehouse.dictionary import DictionaryError, described, doc_blocks, model_tables

MODELS = """
version: 2
models:
  - name: shortages
    description: "Who is missing?"
    config: {meta: {promises: {keys: [[agency_id, unit_id], [shortage_id]]}}}
    columns:
      - name: agency_id
        data_type: varchar
        description: "{{ doc('agency_id') }} Never NULL."
        constraints: [{type: not_null}]
      - {name: unit_id, data_type: varchar, description: Unit}
"""


@pytest.fixture
def models(tmp_path: Path) -> Path:
    (tmp_path / "marts" / "topic").mkdir(parents=True)
    (tmp_path / "marts" / "topic" / "_topic.yml").write_text(MODELS)
    (tmp_path / "blocks.md").write_text("{% docs agency_id %}\nThe agency,\nby id.\n{% enddocs %}\n")
    return tmp_path


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The project's pages, made now."""
    home = tmp_path_factory.mktemp("home")
    return reference.pages(Settings(home=home, project=PROJECT, agencies=home))


@pytest.fixture
def checkout(tmp_path: Path, settings: Settings, fresh: dict[str, str]) -> Settings:
    """A copy of the definitions, with fresh pages."""
    for folder in ("expectations", "dbt_project/models", "dbt_project/seeds"):
        shutil.copytree(PROJECT / folder, tmp_path / "checkout" / folder)
    shutil.copy(PROJECT / "dbt_project" / "figures.yml", tmp_path / "checkout" / "dbt_project")
    copied = replace(settings, project=tmp_path / "checkout")
    pages = reference.folder_of(copied)
    pages.mkdir(parents=True)
    for name, text in fresh.items():
        (pages / name).write_text(text)
    return copied


def test_a_table_is_read_with_key_types_and_doc_blocks(models: Path) -> None:
    (found,) = model_tables(models, "marts")

    assert (found.name, found.key) == ("shortages", ("agency_id", "unit_id"))
    assert [(c.name, c.type, c.is_filled) for c in found.columns] == [
        ("agency_id", "varchar", True),
        ("unit_id", "varchar", False),
    ]
    assert found.columns[0].description == "The agency, by id. Never NULL."


def test_an_undescribed_column_is_refused_by_name(models: Path) -> None:
    file = models / "marts" / "topic" / "_topic.yml"
    file.write_text(file.read_text().replace("description: Unit", "description: ''"))

    with pytest.raises(DictionaryError, match=r"_topic\.yml: shortages\.unit_id: has no description"):
        model_tables(models, "marts")


def test_a_doc_block_that_does_not_exist_is_refused() -> None:
    with pytest.raises(DictionaryError, match="no doc block nowhere"):
        described("{{ doc('nowhere') }}", {}, "a.yml: t.c")


def test_every_doc_block_of_the_project_holds_text() -> None:
    blocks = doc_blocks(PROJECT / "dbt_project" / "models")

    assert blocks
    assert all(blocks.values())


def test_the_pages_of_a_copy_are_the_same(checkout: Settings, fresh: dict[str, str]) -> None:
    assert reference.pages(checkout) == fresh


def test_every_dataset_column_rule_and_parameter_is_on_its_page(settings: Settings, fresh: dict[str, str]) -> None:
    assert all(f"| `{c}` |" in fresh["datasets.md"] for d in datasets().values() for c in d.columns)
    assert all(f"| {rule.code} |" in fresh["rules.md"] for rule in reference.rules(settings.suites))
    assert "| `abk_effective_minutes` | 75000 | 2020-01-14 |" in fresh["parameters.md"]


@pytest.mark.parametrize(
    ("definition", "old", "new", "page"),
    [
        ("dbt_project/seeds/rules.csv", "75000", "76000", "parameters.md"),
        ("dbt_project/models/shared_columns.md", "Job title.", "Title of the job.", "marts.md"),
        ("expectations/suites/employees.json", '"nip kosong"', '"NIP kosong"', "rules.md"),
    ],
)
def test_a_changed_definition_makes_its_page_stale(checkout: Settings, definition: str, old: str, new: str, page: str) -> None:
    assert reference.outdated(checkout) == []

    file = checkout.project / definition
    file.write_text(file.read_text().replace(old, new))

    assert reference.outdated(checkout) == [page]


def test_a_page_without_a_definition_is_stale(checkout: Settings) -> None:
    (reference.folder_of(checkout) / "left_over.md").write_text("# Left over\n")

    assert reference.outdated(checkout) == ["left_over.md"]


def test_check_fails_until_the_pages_are_written(
    checkout: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MUTASI_PROJECT", str(checkout.project))
    (reference.folder_of(checkout) / "rules.md").write_text("# Old\n")

    assert reference.main(["--check"]) == 1
    assert "rules.md" in capsys.readouterr().err
    assert reference.main([]) == 0
    assert reference.main(["--check"]) == 0


def test_a_pipe_or_a_line_break_in_a_cell_does_not_break_the_table() -> None:
    assert reference.table(("a", "b"), [("x|y", "one\ntwo")]).splitlines()[-1] == "| x\\|y | one two |"
