"""Connections come from Airflow, whichever secrets backend it is given."""

from __future__ import annotations

from airflow.sdk import BaseHook

from mutasi.sources.connection import Connection, SourceError


def airflow_connection(name: str) -> Connection:
    """Resolve a connection name.

    Raises:
        SourceError: Airflow knows no connection of that name.
    """
    try:
        found = BaseHook.get_connection(name)
    except Exception:
        raise SourceError(
            f"the connection `{name}` is not defined: add it to Airflow's connections or set AIRFLOW_CONN_{name.upper()}."
        ) from None
    return Connection(
        conn_type=found.conn_type or "",
        host=found.host,
        port=found.port,
        login=found.login,
        password=found.password,
        schema=found.schema,
        extra=found.extra_dejson,
    )
