"""Assets under their real addresses, so that lineage tools recognise the files."""

from __future__ import annotations

from airflow.sdk import Asset

from mutasi.settings import Settings

_home = Settings.from_environment().home

PROMOTED = Asset("promoted_snapshots", uri=(_home / "promoted").as_uri())
REPORTING = Asset("reporting_marts", uri=(_home / "warehouse" / "reporting.duckdb").as_uri())
PLANNING = Asset("planning_tables", uri=(_home / "warehouse" / "planning.duckdb").as_uri())
