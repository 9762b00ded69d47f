"""How dbt opens DuckDB: on the build databases of a home, and finding what it reads below that home.

Neither the profile nor the sources name the home, so what dbt reads of the project, and what a build begins with, is the same for
every home of one project and is made once.
"""

from __future__ import annotations

from typing import Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

from mutasi.engine import options
from mutasi.settings import Settings
from mutasi.warehouse.built import PUBLISHED, attach, build_file


class Plugin(BasePlugin):
    """Named in `profiles.yml`; dbt asks it before it connects."""

    def update_connection_config(self, creds: Any, config: dict[str, Any]) -> None:
        """Put the home of the environment in the place of the profile's bare name."""
        settings = Settings.from_environment()
        creds.path = str(build_file(settings))
        config |= options(settings)

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Attach what readers will get."""
        settings = Settings.from_environment()
        for database in PUBLISHED:
            attach(conn, build_file(settings, database), database)
