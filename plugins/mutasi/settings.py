"""Where everything lies, read once from the environment.

No secret has a default: the key for pseudonyms is read when it is used and its absence is an error then.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from mutasi.errors import NeedsAPerson

PROJECT = Path(__file__).resolve().parents[2]
JAKARTA = ZoneInfo("Asia/Jakarta")  # a run's day, week and month begin there, whatever the machine's clock says


class SettingsError(NeedsAPerson):
    """A setting is missing or unusable; the message says which and what to do."""


@dataclass(frozen=True)
class Settings:
    """One installation: its code folders and the one folder that runs write to."""

    home: Path
    project: Path
    agencies: Path

    @classmethod
    def from_environment(cls) -> Settings:
        """Read `MUTASI_HOME`, `MUTASI_PROJECT` and `MUTASI_AGENCIES`; each has the checkout as its default.

        Raises:
            SettingsError: the home's path has a comma, which DuckDB would take for the end of one folder to search.
        """
        project = Path(os.environ.get("MUTASI_PROJECT", PROJECT)).resolve()
        home = Path(os.environ.get("MUTASI_HOME", project / "var")).resolve()
        if "," in str(home):
            raise SettingsError(f"The path of the home may have no comma: set MUTASI_HOME to another folder than {home}.")
        return cls(
            home=home,
            project=project,
            agencies=Path(os.environ.get("MUTASI_AGENCIES", project / "dags" / "agencies")).resolve(),
        )

    @property
    def suites(self) -> Path:
        """Folder of the expectation suites."""
        return self.project / "expectations" / "suites"

    @property
    def dbt_project(self) -> Path:
        """Folder of the dbt project."""
        return self.project / "dbt_project"

    @property
    def warehouse(self) -> Path:
        """Folder of the DuckDB files and of dbt's inputs."""
        return self.home / "warehouse"

    def folder(self, *parts: str) -> Path:
        """A folder below the home, made on demand and closed to other users of the machine."""
        return _closed(self.home, *parts)

    def cache(self, *parts: str) -> Path:
        """A folder for what is made of the code and of no data: below the home, or in `MUTASI_CACHE`, which homes may share."""
        shared = os.environ.get("MUTASI_CACHE")
        return _closed(Path(shared).resolve(), *parts) if shared else self.folder("cache", *parts)

    @cached_property
    def reporting_url(self) -> str | None:
        """Where the marts go besides the files, from `MUTASI_REPORTING_URL_FILE` or `MUTASI_REPORTING_URL`; None: nowhere else.

        Raises:
            SettingsError: the file cannot be read.
        """
        file = os.environ.get("MUTASI_REPORTING_URL_FILE")
        try:
            url = Path(file).read_text(encoding="utf-8") if file else os.environ.get("MUTASI_REPORTING_URL", "")
        except OSError:
            raise SettingsError(f"MUTASI_REPORTING_URL_FILE names {file}, which cannot be read.") from None
        return url.strip() or None

    @cached_property
    def pseudonym_key(self) -> bytes:
        """The secret behind pseudonyms, from `MUTASI_PSEUDONYM_KEY_FILE` or `MUTASI_PSEUDONYM_KEY`.

        Raises:
            SettingsError: neither is set, the file cannot be read, or the key is shorter than 32 bytes.
        """
        file = os.environ.get("MUTASI_PSEUDONYM_KEY_FILE")
        try:
            key = Path(file).read_bytes().strip() if file else os.environ.get("MUTASI_PSEUDONYM_KEY", "").encode()
        except OSError:
            raise SettingsError(f"MUTASI_PSEUDONYM_KEY_FILE names {file}, which cannot be read.") from None
        if len(key) < 32:
            raise SettingsError(
                "The key for pseudonyms is missing or shorter than 32 bytes: set MUTASI_PSEUDONYM_KEY_FILE to a file "
                "made by `python3 -c 'import secrets; print(secrets.token_hex(32))'`, readable by Mutasi alone."
            )
        return key


def _closed(root: Path, *parts: str) -> Path:
    """A folder below a root, both made on demand and closed to other users of the machine."""
    if not root.is_dir():
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
    if root.stat().st_mode & 0o077:
        root.chmod(0o700)
    return _made(root.joinpath(*parts))


def _made(folder: Path) -> Path:
    """Makes what is missing of a path; `parents=True` would leave the folders between open to others."""
    if not folder.is_dir():
        _made(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder
