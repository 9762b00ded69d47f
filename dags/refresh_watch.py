"""Every morning: are the figures of the day there?"""

from __future__ import annotations

import pendulum
from airflow.sdk import dag

from mutasi.orchestration.defaults import DEFAULT_ARGS
from mutasi.orchestration.nightly import look_for_refresh

DOC = """
Looks at 06:00 Asia/Jakarta whether `nightly_refresh` has published the day, and tells the data team if not: a run that hangs, was
never started or failed unseen tells nobody by itself.
"""


@dag(
    schedule="0 6 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="Asia/Jakarta"),
    catchup=False,
    default_args=DEFAULT_ARGS,
    tags=["watch"],
    doc_md=DOC,
)
def refresh_watch() -> None:
    """Names and arrows."""
    look_for_refresh()


refresh_watch()
