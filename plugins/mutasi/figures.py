"""The figures that everybody quotes, read from `dbt_project/figures.yml`: each is defined once and told by one table."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from mutasi.settings import Settings


class Figure(BaseModel):
    """One figure.

    Attributes:
        code: its name among people and in code.
        title: its name for readers, in Indonesian.
        definition: what is counted and what is left out.
        unit: FTE, seats, people, units or ratio.
        model: the one table of schema marts that tells it.
        sql: a query on `reporting.duckdb` that gives one row with one number.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    title: str
    definition: str
    unit: str
    model: str
    sql: str


def figures(settings: Settings) -> tuple[Figure, ...]:
    """All figures in the order of their file."""
    return _read(settings.dbt_project / "figures.yml")


@cache
def _read(file: Path) -> tuple[Figure, ...]:
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    return tuple(Figure(**entry) for entry in document["figures"])
