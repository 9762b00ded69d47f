"""How a column of MariaDB crosses the wire, and how it stands in the archive.

Dates must reach the archive as the server writes them: `0000-00-00` and `2024-02-00` are what municipal databases hold, and
ConnectorX breaks on them, and prints them. They cross as whole numbers (20240131), which the server makes for nothing, while
its `cast(… as char)` costs half of what reading the row costs; the text is put together here, column by column.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

# Numbers of the wire protocol.
INTEGERS, FLOATS, TEXTS, BIT = {1, 2, 3, 8, 9}, {4, 5}, {249, 250, 251, 252, 253, 254}, 16
DATE, MOMENTS = 10, {7, 12}
BINARY, UNSIGNED, ENUM_OR_SET = 63, 32, 256 | 2048
FOUR_DIGITS = 10_000


@dataclass(frozen=True)
class Field:
    """A column as the server describes it; `decimals` are those of a fraction of a second."""

    name: str
    kind: int
    charset: int
    flags: int
    decimals: int

    @property
    def is_moment(self) -> bool:
        """A date, or a date with a time of whole seconds."""
        return self.kind == DATE or (self.kind in MOMENTS and self.decimals == 0)

    def nothing(self) -> str:
        """No value in the place of the column, of a type that `archived` takes."""
        return "cast(null as signed)" if self.is_moment else "cast(null as char)"

    def read(self, is_mapped: bool) -> str:
        """The column for a select list: numbers and text as they are, dates as numbers, all else as text of the server."""
        column = f"source.{quote(self.name)}"
        if self.kind in FLOATS or (self.kind in INTEGERS and not self.flags & UNSIGNED):
            return column
        if self.is_moment:
            return f"{column} + 0"
        if self.kind == BIT:
            return f"cast({column} + 0 as char)"
        if self.kind in TEXTS and self.charset == BINARY:
            # Photographs and scans are no data of ours.
            return f"convert({column} using utf8mb4)" if is_mapped else self.nothing()
        if self.kind in TEXTS and not self.flags & ENUM_OR_SET:
            return column
        return f"cast({column} as char)"

    def archived(self, column: pa.Array) -> pa.Array:
        """The column of a batch as it stands in the archive."""
        if not self.is_moment:
            return column
        return moments(column, has_time=self.kind != DATE)

    def archived_type(self, arrived: pa.DataType) -> pa.DataType:
        """The type of `archived`."""
        return pa.string() if self.is_moment else arrived


def quote(name: str) -> str:
    """A name as an identifier of MariaDB."""
    return "`" + name.replace("`", "``") + "`"


def moments(column: pa.Array, has_time: bool) -> pa.Array:
    """Numbers YYYYMMDD or YYYYMMDDhhmmss as text `YYYY-MM-DD` or `YYYY-MM-DD hh:mm:ss`; NULL stays NULL.

    Every text has the same length, so the bytes are looked up, four digits at a time, and laid side by side.
    """
    rest = np.asarray(column.fill_null(0)).astype(np.int64, copy=False)
    parts: list[np.ndarray] = []
    for pattern in ([":{:02d}:{:02d}", " {:02d}"] if has_time else []) + ["-{:02d}-{:02d}", "{:04d}"]:
        rest, group = np.divmod(rest, 100 if pattern == " {:02d}" else FOUR_DIGITS)
        texts = _texts(pattern)[group]
        parts.insert(0, texts.view(np.uint8).reshape(len(group), texts.itemsize))
    letters = np.concatenate(parts, axis=1)
    ends = np.arange(len(letters) + 1, dtype=np.int32) * letters.shape[1]
    known = None if column.null_count == 0 else pa.py_buffer(np.packbits(column.is_valid().to_numpy(False), bitorder="little"))
    return pa.StringArray.from_buffers(len(letters), pa.py_buffer(ends), pa.py_buffer(letters), known)


@cache
def _texts(pattern: str) -> np.ndarray:
    """The text of each number of at most four digits, in one place or cut into two of two digits."""
    numbers = range(100 if pattern == " {:02d}" else FOUR_DIGITS)
    return np.array([pattern.format(*(divmod(n, 100) if pattern.count("{") == 2 else (n,))) for n in numbers], dtype="S")
