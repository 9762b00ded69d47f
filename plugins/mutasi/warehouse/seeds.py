"""The seeds change with the project and not with the night, so a build begins with a database that holds them already."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import duckdb

from mutasi.settings import Settings


def begin_with_seeds(settings: Settings, database: Path) -> bool:
    """Put a database with the project's seeds at `database`; False where none was kept since they changed."""
    kept = _kept(settings)
    if kept.exists():
        shutil.copyfile(kept, database)
    return kept.exists()


def keep_seeds(settings: Settings, database: Path) -> None:
    """Keep a closed database that holds nothing but the seeds, and forget those of earlier versions of the project."""
    kept = _kept(settings)
    for old in kept.parent.glob("*.duckdb"):
        remove_database(old)
    unfinished = kept.with_suffix(".part")
    shutil.copyfile(database, unfinished)
    unfinished.replace(kept)


def remove_database(file: Path) -> None:
    """Remove a DuckDB file with its write-ahead log: a log without its file would be replayed on the next one."""
    file.unlink(missing_ok=True)
    file.with_name(f"{file.name}.wal").unlink(missing_ok=True)


def _kept(settings: Settings) -> Path:
    """The file of the seeds as they are now, in the format of this DuckDB."""
    contents = hashlib.sha256(duckdb.__version__.encode())
    for file in [settings.dbt_project / "dbt_project.yml", *sorted((settings.dbt_project / "seeds").iterdir())]:
        contents.update(f"{file.name}:{file.stat().st_size}:".encode() + file.read_bytes())
    return settings.folder("warehouse", "dbt", "seeds") / f"{contents.hexdigest()[:16]}.duckdb"
