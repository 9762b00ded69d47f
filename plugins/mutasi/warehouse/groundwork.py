"""What a build begins with: dbt's reading of the project, its seeds and views change with the project and not with the night or
the home, so they are made once and kept in the cache, which homes may share.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from mutasi.durable import flush_tree, put
from mutasi.landing.snapshots import scratch
from mutasi.settings import Settings
from mutasi.sources.datasets import datasets
from mutasi.warehouse.built import STORAGE_VERSIONS, attach, build_file, build_folder, clear, file_in
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


def lay_groundwork(settings: Settings) -> bool:
    """Begin a build with the project's seeds and views; False where none were kept of this project."""
    try:
        shutil.copytree(_kept(settings), build_folder(settings), copy_function=shutil.copyfile, dirs_exist_ok=True)
    except (FileNotFoundError, shutil.Error):  # not there, or taken away by another home just now
        clear(settings)
        return False
    return True


def keep_groundwork(settings: Settings) -> None:
    """Keep the seeds, the views and the bare columns of the tables of a closed, whole build; forget those of earlier projects."""
    kept = _kept(settings)
    for old in kept.parent.glob("[!.]*/"):
        _forget(old)
    unfinished = scratch(kept.parent)
    unfinished.mkdir()
    with duckdb.connect() as con:
        for database in STORAGE_VERSIONS:  # views are bound by their names
            attach(con, build_file(settings, database), database, read_only=True)
        for database in STORAGE_VERSIONS:
            attach(con, file_in(unfinished, database), database, "kept")
            con.execute(f"copy from database {database} to kept (schema)")
            seeds = [file.stem for file in settings.dbt_project.glob("seeds/*.csv")]
            tables = "select schema_name, table_name from duckdb_tables() where database_name = 'kept' and list_contains(?, table_name)"
            for schema, seed in con.execute(tables, [seeds]).fetchall():
                con.execute(f"insert into kept.{schema}.{seed} from {database}.{schema}.{seed}")
            con.execute("detach kept")
    flush_tree(unfinished)
    try:
        unfinished.rename(kept)
    except OSError:  # another home was first
        shutil.rmtree(unfinished)


def _forget(folder: Path) -> None:
    """Remove a folder that others may be copying: they find it whole or not at all."""
    with suppress(FileNotFoundError):
        shutil.rmtree(folder.rename(scratch(folder.parent)))


def _kept(settings: Settings) -> Path:
    """The groundwork of the project and its engines as they are now; views name files below any home."""
    columns = {name: {c: column.sql_type for c, column in d.promoted_columns.items()} for name, d in datasets().items()}
    made_of = [*engines(), str(columns), str(STORAGE_VERSIONS), *contents(settings.dbt_project, PROJECT_FILES)]
    return _folder(settings) / digest(made_of)


def _folder(settings: Settings) -> Path:
    """A folder for each place where a project lies: dbt keeps where its seeds are."""
    return settings.cache("dbt", digest([str(settings.dbt_project)]))
