"""What a build begins with: dbt's reading of the project, its seeds and views change with the project and not with the night or
the home, so they are made once and kept in the cache, which homes may share.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from mutasi.durable import put
from mutasi.engine import quoted
from mutasi.landing.snapshots import scratch
from mutasi.settings import Settings
from mutasi.sources.datasets import datasets
from mutasi.warehouse.fingerprint import contents, digest, engines

# What seeds and views are made of, beside the columns of the datasets.
PROJECT_FILES = ("dbt_project.yml", "macros/**/*.sql", "models/**/*.sql", "models/**/sources.yml", "seeds/*")
# What the groundwork spares dbt, in its own words.
HELD_KIND, HELD_MODELS = "seed", "config.materialized:view"


PARSED = "partial_parse.msgpack"  # dbt's name


@contextmanager
def parsed_before(settings: Settings, target: Path) -> Iterator[list[str]]:
    """Tell dbt what it read of the project before, and keep what it reads anew and leaves at `target`.

    What still holds of it dbt finds itself, by the hashes of the files, of the profile and of its own version. Where nothing is
    known yet, who comes second waits instead of reading the same.
    """
    known = _folder(settings) / PARSED
    with known.with_suffix(".lock").open("a") as first:
        if not known.exists():
            fcntl.flock(first, fcntl.LOCK_EX)
        yield ["--partial-parse-file-path", str(known)] if known.exists() else []
        if (target / PARSED).exists():
            unfinished = scratch(known.parent)
            shutil.move(target / PARSED, unfinished)
            put(unfinished, known)


def lay_groundwork(settings: Settings, database: Path) -> bool:
    """Put a database with the project's seeds and views at `database`; False where none was kept of this project."""
    try:
        shutil.copyfile(_kept(settings), database)
    except FileNotFoundError:
        return False
    return True


def keep_groundwork(settings: Settings, database: Path) -> None:
    """Keep the seeds, the views and the bare columns of the tables of a closed, whole build; forget those of earlier projects."""
    kept = _kept(settings)
    for old in kept.parent.glob("*.duckdb"):
        old.unlink(missing_ok=True)
    unfinished = scratch(kept.parent)
    with duckdb.connect() as con:
        # The name that dbt gives the database: views are bound by it.
        con.execute(f"attach {quoted(str(database))} as {database.stem} (read_only)")
        con.execute(f"attach {quoted(str(unfinished))} as kept")
        con.execute(f"copy from database {database.stem} to kept (schema)")
        seeds = [file.stem for file in settings.dbt_project.glob("seeds/*.csv")]
        tables = "select schema_name, table_name from duckdb_tables() where database_name = 'kept' and table_name in (select unnest(?))"
        for schema, seed in con.execute(tables, [seeds]).fetchall():
            con.execute(f"insert into kept.{schema}.{seed} from {database.stem}.{schema}.{seed}")
        con.execute("detach kept")
    put(unfinished, kept)


def remove_database(file: Path) -> None:
    """Remove a DuckDB file with its write-ahead log: a log without its file would be replayed on the next one."""
    file.unlink(missing_ok=True)
    file.with_name(f"{file.name}.wal").unlink(missing_ok=True)


def _kept(settings: Settings) -> Path:
    """The groundwork of the project and its engines as they are now; views name files below any home."""
    columns = {name: {c: column.sql_type for c, column in d.promoted_columns.items()} for name, d in datasets().items()}
    made_of = [*engines(), str(columns), *contents(settings.dbt_project, PROJECT_FILES)]
    return _folder(settings) / f"{digest(made_of)}.duckdb"


def _folder(settings: Settings) -> Path:
    """A folder for each place where a project lies: dbt keeps where its seeds are."""
    return settings.cache("dbt", digest([str(settings.dbt_project)]))
