"""The canonical datasets, read once from `datasets.yml`.

Every later step asks here what a dataset is: its key, its columns, their types and what may be kept of them.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from mutasi.yaml_text import from_yaml

ColumnType = Literal["id", "text", "code", "integer", "decimal", "date", "boolean"]
Privacy = Literal["none", "identity", "personal", "contact"]

# `T` is no word: PostgreSQL writes it for true, and people for "tidak".
TRUE_WORDS = ("1", "true", "y", "ya", "yes", "aktif")
FALSE_WORDS = ("0", "false", "f", "n", "tidak", "no", "nonaktif", "tidak aktif")
# What stands in the place of a date format where a spreadsheet left the number of the day.
EXCEL = "excel"

SQL_TYPES: dict[ColumnType, str] = {
    "id": "VARCHAR",
    "text": "VARCHAR",
    "code": "VARCHAR",
    "integer": "BIGINT",
    "decimal": "DOUBLE",
    "date": "DATE",
    "boolean": "BOOLEAN",
}


class Column(BaseModel):
    """One canonical column."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: ColumnType
    description: str
    required: bool = False
    privacy: Privacy = "none"
    allowed: tuple[str, ...] = ()
    since: int = 1

    @property
    def sql_type(self) -> str:
        """The DuckDB type of the column in Parquet."""
        return SQL_TYPES[self.type]

    @property
    def words(self) -> tuple[str, ...]:
        """The words that codes may be mapped to; none where any will do."""
        return (*TRUE_WORDS, *FALSE_WORDS) if self.type == "boolean" else self.allowed


class Dataset(BaseModel):
    """One canonical dataset; `key` leaves out `agency_id`, which every dataset carries first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str
    description: str
    core: bool
    key: tuple[str, ...]
    columns: dict[str, Column]

    @property
    def promoted_columns(self) -> dict[str, Column]:
        """The columns that outlive landing: all but contact data."""
        return {name: column for name, column in self.columns.items() if column.privacy != "contact"}

    def hashed_columns(self, version: int) -> list[str]:
        """The promoted columns that the change hash of `version` covers; a column added later changes no old hash."""
        return [name for name, column in self.promoted_columns.items() if column.since <= version]


@cache
def datasets() -> dict[str, Dataset]:
    """All canonical datasets by name, in the order of `datasets.yml`."""
    return {name: Dataset(name=name, **body) for name, body in _document().items() if name != "version"}


@cache
def columns_version() -> int:
    """Version of the column lists; the change hash of the history is taken over the columns of one version."""
    return int(_document()["version"])


@cache
def _document() -> dict[str, Any]:
    """Every task reads the file anew, so once is enough."""
    document: dict[str, Any] = from_yaml(files(__package__).joinpath("datasets.yml").read_text(encoding="utf-8"))
    return document
