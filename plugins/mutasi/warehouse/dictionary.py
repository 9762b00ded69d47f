"""The tables that readers get, as dbt's YAML describes them: the source of every data dictionary.

Read without running dbt, so that a page or an extract can be described in milliseconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

DOC_BLOCK = re.compile(r"{%\s*docs\s+(\w+)\s*%}(.*?){%\s*enddocs\s*%}", re.DOTALL)
DOC_CALL = re.compile(r"{{\s*doc\(\s*['\"](\w+)['\"]\s*\)\s*}}")


class DictionaryError(RuntimeError):
    """A table or column is not described; the message names file, table and column."""


@dataclass(frozen=True)
class ModelColumn:
    """A column with its DuckDB type; `is_filled` where a contract forbids NULL."""

    name: str
    type: str
    is_filled: bool
    description: str


@dataclass(frozen=True)
class ModelTable:
    """A table that dbt builds for readers: `keys` are what its uniqueness tests hold, `indexes` what readers look up by."""

    name: str
    description: str
    keys: tuple[tuple[str, ...], ...]
    columns: tuple[ModelColumn, ...]
    indexes: tuple[tuple[str, ...], ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        """The grain, which the first uniqueness test keeps true; empty for a log."""
        return self.keys[0] if self.keys else ()


def model_tables(models: Path, folder: str) -> list[ModelTable]:
    """The tables whose YAML stands below `models/<folder>`, in order of their names.

    Raises:
        DictionaryError: a table or a column lacks its description or type.
    """
    blocks = doc_blocks(models)
    found = [
        _model(file, body, blocks)
        for file in sorted((models / folder).rglob("*.yml"))
        for body in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", [])
    ]
    return sorted(found, key=lambda t: t.name)


def doc_blocks(models: Path) -> dict[str, str]:
    """dbt's doc blocks by name, each folded to one line."""
    return {
        name: fold(text)
        for file in sorted(models.rglob("*.md"))
        for name, text in DOC_BLOCK.findall(file.read_text(encoding="utf-8"))
    }


def _model(file: Path, body: dict[str, Any], blocks: dict[str, str]) -> ModelTable:
    where = f"{file.name}: {body['name']}"
    columns = tuple(_column(f"{where}.{column['name']}", column, blocks) for column in body.get("columns", []))
    indexes = body.get("config", {}).get("meta", {}).get("indexes", [])
    return ModelTable(
        body["name"], described(body.get("description", ""), blocks, where), _keys(body), columns, tuple(map(tuple, indexes))
    )


def _column(where: str, body: dict[str, Any], blocks: dict[str, str]) -> ModelColumn:
    if "data_type" not in body:
        raise DictionaryError(f"{where}: has no data_type; add it.")
    is_filled = any(constraint.get("type") == "not_null" for constraint in body.get("constraints", []))
    return ModelColumn(body["name"], body["data_type"], is_filled, described(body.get("description", ""), blocks, where))


def _keys(body: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    """The keys that the table promises to be unique, in their order."""
    return tuple(map(tuple, body.get("config", {}).get("meta", {}).get("promises", {}).get("keys", [])))


def described(text: str, blocks: dict[str, str], where: str) -> str:
    """A description with dbt's doc blocks put in.

    Raises:
        DictionaryError: it is empty or names a block that does not exist.
    """
    unknown = [name for name in DOC_CALL.findall(text) if name not in blocks]
    if unknown or not text.strip():
        raise DictionaryError(f"{where}: {f'no doc block {unknown[0]}' if unknown else 'has no description'}; add it.")
    return fold(DOC_CALL.sub(lambda m: blocks[m[1]], text))


def fold(text: str) -> str:
    """Text on one line."""
    return " ".join(text.split())
