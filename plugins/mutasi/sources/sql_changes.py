"""Incremental reading: the rows that changed take the place of their earlier selves, and the count decides whether to believe it.

Changes alone cannot show a row that was removed, nor one that was written with an old date. The database's own count of all
living rows, taken in the same snapshot as the changes, can: if the merged rows are as many, the day is complete; if not, the
whole relation is read instead.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from mutasi.engine import named, quoted
from mutasi.sources.request import Request
from mutasi.sources.sql_selection import DELETED
from mutasi.sources.staging import engine


def key_columns(request: Request) -> list[str]:
    """The source columns behind the dataset's key."""
    from mutasi.sources.datasets import datasets

    columns = request.source.columns
    return [m.source for k in datasets()[request.dataset].key if (m := columns.get(k)) is not None and m.source is not None]


def merge(earlier: Path, changes: Path, keys: list[str], target: Path) -> int | None:
    """Write the earlier rows, less those whose key is among the changes, followed by the changes that are not deletions.

    Returns:
        The number of rows written; None when the two do not fit (other columns, other types, no key), and nothing was written.
    """
    old, new = pq.read_schema(earlier), pq.read_schema(changes)
    names = [name for name in new.names if name != DELETED]
    if not keys or sorted(old.names) != sorted(names) or set(keys) - set(names):
        return None
    # Text without blanks around: a fixed-width column is padded in one driver's eyes and not in another's.
    same = " and ".join(
        f"trim(cast(o.{named(k)} as varchar)) is not distinct from trim(cast(n.{named(k)} as varchar))" for k in keys
    )
    unfinished = target.with_name(f".{target.name}.part")
    merged = f"""
        select * exclude (_part, _place) from (
          select {_columns(names, old)}, 1 as _part, o.file_row_number as _place from old o
          where not exists (select 1 from new n where {same})
          union all
          select {_columns(names, new)}, 2, o.file_row_number from new o where o.{DELETED} = 0
        ) order by _part, _place
    """
    try:
        with engine(target.parent) as con:
            for view, file in (("old", earlier), ("new", changes)):
                con.execute(f"create view {view} as select * from read_parquet({quoted(str(file))}, file_row_number = true)")
            con.execute(f"copy ({merged}) to {quoted(str(unfinished))} (format parquet, compression zstd)")
    except duckdb.Error:  # its words hold values; a whole read either mends it or says what is wrong
        unfinished.unlink(missing_ok=True)
        return None
    unfinished.chmod(0o600)
    unfinished.replace(target)
    return int(pq.read_metadata(target).num_rows)


def _columns(names: list[str], schema: pa.Schema) -> str:
    """The columns in one order; one without any value takes the type of its counterpart."""
    return ", ".join(f"{'null' if pa.types.is_null(schema.field(n).type) else 'o.' + named(n)} as {named(n)}" for n in names)
