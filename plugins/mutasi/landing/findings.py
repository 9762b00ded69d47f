"""What is said of a source before its first night, and the rules by which the night would stop it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tolerance:
    """A rule of the night that stops a dataset when more than `percent` of its rows, and at least `rows`, fail.

    `column` is `_unreadable`, `_unmapped`, or a column that has to hold one of `values`.
    """

    dataset: str
    rule: str
    column: str
    values: tuple[str, ...]
    percent: float
    rows: int


@dataclass(frozen=True)
class Finding:
    """One sentence; `stops` says that the dataset cannot be used so."""

    sentence: str
    stops: bool = False
