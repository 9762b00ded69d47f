"""Looks for values of people and secrets in whatever a run leaves behind, whatever kind of store it is."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

import duckdb

# Anything of these forms is looked up among the generated people; the demo's addresses are all of the last form.
NUMBER = re.compile(r"[0-9]{16,}")
ADDRESS = re.compile(r"pegawai[0-9]+@example\.invalid")


@dataclass(frozen=True)
class Scanner:
    """What must not be found: words as they are written, and numbers of people."""

    words: tuple[str, ...]
    numbers: frozenset[str] = field(default=frozenset(), repr=False)

    def in_text(self, text: str) -> set[str]:
        """Every forbidden value in a text."""
        found = {word for word in self.words if word in text}
        if self.numbers:
            found |= self.numbers.intersection(NUMBER.findall(text))
        return found | set(ADDRESS.findall(text))

    def in_file(self, file: Path) -> dict[str, set[str]]:
        """Forbidden values by place: the bytes of the file, and the cells of every table in it."""
        raw = file.read_bytes()
        places = {"bytes": self.in_text(raw.decode("latin-1")) | self.in_text(raw.decode("utf-16-le", "ignore"))}
        for table, texts in _cells(file, raw):
            places[table] = self.in_text("\n".join(texts))  # no value has a line break, so none comes of two cells
        return {place: found for place, found in places.items() if found}

    def in_folder(self, folder: Path, leave_out: Iterable[str] = ()) -> list[tuple[str, str, set[str]]]:
        """(file, place, values) of a folder and all below it, without the paths that match `leave_out`."""
        skipped = tuple(leave_out)
        files = (f for f in sorted(folder.rglob("*")) if f.is_file() and not f.is_symlink())
        kept = (f for f in files if not any(fnmatch(f.relative_to(folder).as_posix(), pattern) for pattern in skipped))
        return [(str(f.relative_to(folder)), place, found) for f in kept for place, found in self.in_file(f).items()]


def _cells(file: Path, raw: bytes) -> Iterator[tuple[str, list[str]]]:
    """(table, all its cells as text) of a database or a Parquet file, told by its first bytes."""
    if raw.startswith(b"SQLite format 3\0"):
        con = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        con.text_factory = lambda text: text.decode("utf-8", "replace")
        for (table,) in con.execute("select name from sqlite_master where type = 'table'").fetchall():
            rows = con.execute(f'select * from "{table}"').fetchall()
            yield table, [c.decode("latin-1") if isinstance(c, bytes) else str(c) for row in rows for c in row if c is not None]
        con.close()
    elif raw[8:12] == b"DUCK":
        with duckdb.connect() as con:
            con.execute(f"attach '{file}' as looked_at (read_only)")
            query = "select schema_name, table_name from duckdb_tables() where database_name = 'looked_at'"
            for schema, table in con.execute(query).fetchall():
                rows = con.execute(f'select columns(*)::varchar from looked_at."{schema}"."{table}"').fetchall()
                yield f"{schema}.{table}", [c for row in rows for c in row if c is not None]
    elif raw.startswith(b"PAR1"):
        rows = duckdb.sql(f"select columns(*)::varchar from read_parquet('{file}')").fetchall()
        yield "rows", [c for row in rows for c in row if c is not None]
