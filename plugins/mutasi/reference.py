"""Writes the pages of `docs/reference/` from the definitions that the code itself reads.

A page that is typed by hand is wrong after the next change; these are compared with their sources by a test.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from mutasi.checks.suites import VOLUME, Rule, rules
from mutasi.figures import figures
from mutasi.settings import Settings
from mutasi.sources.datasets import Dataset, datasets
from mutasi.warehouse.dictionary import ModelTable, fold, model_tables

ACTIONS = {
    "stop": "the agency's dataset is not used; its earlier snapshot stays in use",
    "drop": "the row goes to quarantine",
    "blank": "the field is emptied and the row is flagged",
    "warn": "the row is used and flagged",
}
PRIVACY = {
    "none": "",
    "identity": "names a person; `planning.duckdb` only",
    "personal": "about a person; never in `reporting.duckdb`",
    "contact": "checked, then dropped before anything is promoted",
}
CODES = {"legal_statuses": "legal_status", "education_levels": "education_level", "golongan": "golongan"}
SCHEMAS = {
    "marts": ("marts", "`reporting.duckdb`", "Aggregates and posts, never persons."),
    "quality": ("quality", "`reporting.duckdb`", "What the runs and the checks did, in counts."),
    "planning": ("planning", "`planning.duckdb`", "Names people; the file is closed to everybody but its owner."),
}


def pages(settings: Settings) -> dict[str, str]:
    """The text of every page by file name; the same definitions always give the same text."""
    makers: dict[str, Callable[[Settings], str]] = {
        "datasets.md": datasets_page,
        "figures.md": figures_page,
        "marts.md": marts_page,
        "parameters.md": parameters_page,
        "rules.md": rules_page,
    }
    return {name: make(settings) for name, make in makers.items()}


def outdated(settings: Settings) -> list[str]:
    """Pages on disk that differ from their definitions, are missing, or have no definition."""
    folder, wanted = folder_of(settings), pages(settings)
    wrong = [name for name, text in wanted.items() if not (folder / name).exists() or read(folder / name) != text]
    return sorted(wrong + [file.name for file in folder.glob("*.md") if file.name not in wanted])


def folder_of(settings: Settings) -> Path:
    """Where the pages stand."""
    return settings.project / "docs" / "reference"


def datasets_page(settings: Settings) -> str:
    """What an agency lands: every canonical dataset with its columns."""
    parts = [
        head("Datasets", "plugins/mutasi/sources/datasets.yml"),
        "What every agency's data become, whatever their source looks like. `agency_id` stands first in each key and is left out "
        "below. A core dataset is needed before the agency takes part in the marts. What BKN's codes mean stands "
        "[at the end](#codes-of-bkn).",
        table(("dataset", "title", "core", "key"), [_dataset_line(d) for d in datasets().values()]),
    ]
    for dataset in datasets().values():
        parts += [f"## {dataset.name}", f"{dataset.title}. {dataset.description}", _dataset_columns(dataset)]
    return page([*parts, "## Codes of BKN", *(_codes(settings, seed, key) for seed, key in CODES.items())])


def _codes(settings: Settings, seed: str, key: str) -> str:
    """What the codes of one national list mean."""
    with (settings.dbt_project / "seeds" / f"{seed}.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    lines = [(f"`{row[f'{key}_code']}`", row[f"{key}_name"]) for row in rows]
    if "is_present" not in rows[0]:
        return table((f"{key}_code", "meaning"), lines)
    at_work = [yes(row["is_present"] == row["is_active_employee"] == "true") for row in rows]
    return table((f"{key}_code", "meaning", "at work"), [(*line, is_so) for line, is_so in zip(lines, at_work, strict=True)])


def _dataset_line(dataset: Dataset) -> tuple[str, ...]:
    return f"[{dataset.name}](#{dataset.name})", dataset.title, yes(dataset.core), names(dataset.key)


def _dataset_columns(dataset: Dataset) -> str:
    lines = [
        (f"`{name}`", c.type, yes(c.required), PRIVACY[c.privacy], c.description, names(c.allowed))
        for name, c in dataset.columns.items()
    ]
    return table(("column", "type", "required", "privacy", "meaning", "codes"), lines)


def figures_page(settings: Settings) -> str:
    """The figures that everybody quotes, each defined once."""
    found = figures(settings)
    parts = [
        head("Figures", "dbt_project/figures.yml"),
        "The figures that everybody quotes. Each is told by one table and by no other; whoever adds up rows elsewhere must come to "
        "the same. The queries give all agencies together; with another `scope` and `scope_id` those on `place_summary` give an "
        "agency, a city or a province.",
        table(("figure", "title", "unit", "table"), [(f"[{f.code}](#{f.code})", f.title, f.unit, _mart(f.model)) for f in found]),
    ]
    for figure in found:
        parts += [f"## {figure.code}", f"{figure.title}. {figure.definition}", f"```sql\n{figure.sql};\n```"]
    return page(parts)


def _mart(model: str) -> str:
    return f"[marts.{model}](marts.md#marts{model})"


def rules_page(settings: Settings) -> str:
    """Every rule of every suite, with what follows from a failure."""
    found = rules(settings.suites)
    parts = [
        head("Rules", "expectations/suites/"),
        "What a failing row causes:",
        "\n".join(f"- **{action}**: {meaning}." for action, meaning in ACTIONS.items()),
        "*stops above* is the share of an agency's rows, in percent, above which the rule stops the whole dataset; "
        "`any` means the first failing row. Nothing stands there where any number is tolerated. Except for `any`, "
        f"fewer than {max(rule.stop_needs_rows for rule in found)} failing rows never stop a dataset, unless they are all of its rows.",
        "The suite `volume` judges what arrived, one row per agency, before the rows of each dataset are judged.",
    ]
    for suite in (VOLUME, *datasets()):
        parts += [f"## {suite}", _rule_table([rule for rule in found if rule.dataset == suite])]
    return page(parts)


def _rule_table(found: Sequence[Rule]) -> str:
    lines = [
        (r.code, r.title, r.action, r.severity, _stops(r), names(r.columns), r.reason, _source(r), str(r.since)) for r in found
    ]
    return table(("code", "title", "action", "severity", "stops above", "columns", "reason", "source", "since"), lines)


def _stops(rule: Rule) -> str:
    if rule.stop_above_pct is None:
        return ""
    return "any" if rule.stop_above_pct == 0 else f"{rule.stop_above_pct:g}"


def _source(rule: Rule) -> str:
    return f"{rule.source} ({rule.bkn})" if rule.bkn and rule.bkn not in rule.source else rule.source


def parameters_page(settings: Settings) -> str:
    """Every dated threshold of law and policy."""
    file = settings.dbt_project / "seeds" / "rules.csv"
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    columns = ("rule_code", "value", "valid_from", "valid_to", "agency_id", "source")
    return page(
        [
            head("Parameters", "dbt_project/seeds/rules.csv"),
            "Thresholds of law and policy. A row counts from `valid_from` to `valid_to`, both days included; an empty `valid_to` "
            "means that it still does. A row with an `agency_id` goes before the general one.",
            table(columns, [(f"`{row['rule_code']}`", *(row[c] for c in columns[1:])) for row in rows]),
        ]
    )


def marts_page(settings: Settings) -> str:
    """The data dictionary: every table that readers get."""
    parts = [
        head("Marts", "dbt_project/models/"),
        "Every table that readers get. Both files also hold a table `publication` (in `quality` and in `planning`) with one row: "
        "`run_id`, `as_of` and `published_at` of the run that wrote the file.",
    ]
    for schema, (folder, file, meaning) in SCHEMAS.items():
        tables = model_tables(settings.dbt_project / "models", folder)
        lines = [(f"[{t.name}](#{schema}{t.name})", t.description, names(t.key)) for t in tables]
        parts += [f"## Schema {schema}", f"In {file}. {meaning}", table(("table", "question", "key"), lines)]
        for t in tables:
            columns = [(f"`{c.name}`", c.type, yes(c.is_filled), c.description) for c in t.columns]
            parts += [f"### {schema}.{t.name}", t.description, _key(t), table(("column", "type", "not null", "meaning"), columns)]
    return page(parts)


def _key(found: ModelTable) -> str:
    return f"One row per {names(found.key)}." if found.key else "A log: rows have no key of their own."


def head(title: str, source: str) -> str:
    """Title and origin of a page."""
    return f"# {title}\n\nWritten by `make docs` from `{source}`; change it there."


def page(parts: Iterable[str]) -> str:
    """Blocks of Markdown with a blank line between."""
    return "\n\n".join(parts) + "\n"


def table(columns: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A Markdown table; a pipe in a cell is escaped."""
    rows = [columns, ["---"] * len(columns), *lines]
    return "\n".join("| " + " | ".join(fold(cell).replace("|", "\\|") for cell in row) + " |" for row in rows)


def names(found: Iterable[str]) -> str:
    """Names as code, separated by commas."""
    return ", ".join(f"`{name}`" for name in found)


def yes(value: bool) -> str:
    """A tick in words: an empty cell is easier to scan than `no`."""
    return "yes" if value else ""


def read(file: Path) -> str:
    """A text file of the repository."""
    return file.read_text(encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages, or with `--check` say which are not current; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m mutasi.reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a page is not current")
    settings = Settings.from_environment()
    wrong = outdated(settings)
    if parser.parse_args(arguments).check:
        if wrong:
            sys.stderr.write(f"Not current in docs/reference: {', '.join(wrong)}. Run `make docs` and commit the result.\n")
        return 1 if wrong else 0
    folder = folder_of(settings)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = pages(settings)
    for name in wrong:
        if name in wanted:
            (folder / name).write_text(wanted[name], encoding="utf-8")
        else:
            (folder / name).unlink()
    sys.stdout.write(f"docs/reference: {', '.join(wrong) or 'nothing'} written anew.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
