"""What a build begins with: seeds and views change with the project and not with the night, so they are laid down once."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from mutasi.durable import put
from mutasi.engine import quoted
from mutasi.settings import Settings
from mutasi.sources.datasets import datasets
from mutasi.warehouse.fingerprint import contents, digest, engines

# What seeds and views are made of, beside the columns of the datasets.
PROJECT_FILES = ("dbt_project.yml", "macros/**/*.sql", "models/**/*.sql", "models/**/sources.yml", "seeds/*")
# What the groundwork spares dbt, in its own words.
HELD_KIND, HELD_MODELS = "seed", "config.materialized:view"


def lay_groundwork(settings: Settings, database: Path) -> bool:
    """Put a database with the project's seeds and views at `database`; False where none was kept of this project and home."""
    kept = _kept(settings)
    if kept.exists():
        shutil.copyfile(kept, database)
    return kept.exists()


def keep_groundwork(settings: Settings, database: Path) -> None:
    """Keep the seeds, the views and the bare columns of the tables of a closed, whole build; forget those of earlier projects."""
    kept = _kept(settings)
    for old in kept.parent.glob("*.duckdb"):
        remove_database(old)
    unfinished = kept.with_suffix(".part")
    remove_database(unfinished)
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
    """The groundwork of the project and its engines as they are now; views name files of this home."""
    columns = {name: {c: column.sql_type for c, column in d.promoted_columns.items()} for name, d in datasets().items()}
    made_of = [*engines(), str(settings.home), str(columns), *contents(settings.dbt_project, PROJECT_FILES)]
    return settings.folder("warehouse", "dbt", "groundwork") / f"{digest(made_of)}.duckdb"
