"""Assets under their real addresses, so that lineage tools recognise the files.

They have no other name: Airflow holds a name to one address for good, and a home that is moved would find its assets inactive.
"""

from __future__ import annotations

from airflow.sdk import Asset

from mutasi.settings import Settings

_home = Settings.from_environment().home

PROMOTED = Asset((_home / "promoted").as_uri())
REPORTING = Asset((_home / "warehouse" / "reporting.duckdb").as_uri())
PLANNING = Asset((_home / "warehouse" / "planning.duckdb").as_uri())
