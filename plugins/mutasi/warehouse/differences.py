"""Row by row, what a rebuilt day shows otherwise than what BI saw then: how many rows, and which ones where they are few.

Only the marts, which name nobody, are kept from night to night; of the planning tables, which hold people, nothing but hashes is,
so their rows cannot be told apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from mutasi.engine import named, quoted

SHOWN = 5


@dataclass(frozen=True)
class RowChanges:
    """Rows of a table that came, went, or bear other values, with the keys of the first few of each.

    `changed` compares the columns that both tables have; a table without a key knows no changed rows, only other ones.
    """

    added: int
    missing: int
    changed: int
    keys: Mapping[str, tuple[str, ...]]

    def lines(self) -> list[str]:
        """The keys, a kind a line, parts of a key joined by bars."""
        counts = {"added": self.added, "missing": self.missing, "changed": self.changed}
        return [
            f"    {kind}: {', '.join(self.keys[kind])}{' …' if count > len(self.keys[kind]) else ''}"
            for kind, count in counts.items()
            if count
        ]


def row_changes(
    published: Path, rebuilt: Path, run_id: str, tables: Iterable[str], keys: Mapping[str, tuple[str, ...]]
) -> dict[str, RowChanges]:
    """Compare tables that stand in both files.

    Args:
        published: what BI could open then; it may be gone, then nothing is told.
        rebuilt: what a build of the same day holds for BI.
        run_id: the run whose publication is meant; a file of another run is not compared.
        tables: names with their schema.
        keys: by table, the columns that tell its rows apart.
    """
    if not published.exists():
        return {}
    with duckdb.connect() as con:
        con.execute(f"attach {quoted(str(published))} as published (read_only)")
        con.execute(f"attach {quoted(str(rebuilt))} as rebuilt (read_only)")
        if con.execute("select run_id from published.quality.publication").fetchall() != [(run_id,)]:
            return {}
        return {table: found for table in tables if (found := _compared(con, table, keys.get(table, ())))}


def _compared(con: duckdb.DuckDBPyConnection, table: str, key: tuple[str, ...]) -> RowChanges | None:
    before, after = (_columns(con, database, table) for database in ("published", "rebuilt"))
    shared = [column for column in after if column in before]
    known = [column for column in key if column in shared] or shared
    if not shared:
        return None
    place = ".".join(named(part) for part in table.split("."))
    ids, rows = (", ".join(map(named, columns)) for columns in (known, shared))
    then, now = f"from published.{place}", f"from rebuilt.{place}"
    queries = {
        "added": f"select {ids} {now} except all select {ids} {then}",
        "missing": f"select {ids} {then} except all select {ids} {now}",
        "changed": f"select {ids} from (select {rows} {now} except all select {rows} {then}) intersect all select {ids} {then}",
    }
    told = {kind: _told(con, query, ids) for kind, query in queries.items()}
    counts = {kind: count for kind, (count, _) in told.items()}
    return RowChanges(**counts, keys={kind: found for kind, (_, found) in told.items()})


def _columns(con: duckdb.DuckDBPyConnection, database: str, table: str) -> list[str]:
    rows = con.execute(
        "select column_name from duckdb_columns() where database_name = ? and schema_name || '.' || table_name = ? order by column_index",
        [database, table],
    )
    return [name for (name,) in rows.fetchall()]


def _told(con: duckdb.DuckDBPyConnection, query: str, ids: str) -> tuple[int, tuple[str, ...]]:
    [(count,)] = con.execute(f"select count(*) from ({query})").fetchall()
    rows = con.execute(f"select concat_ws('|', {ids}) from ({query}) order by all limit {SHOWN}").fetchall()
    return int(count), tuple(key for (key,) in rows)
