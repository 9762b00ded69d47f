"""Writes the defect report of one agency: page, workbook, and all keys as Parquet where the workbook cannot hold them.

It is written for every agency every night, above all for one whose delivery failed. The folder is closed to other users of
the machine, each file appears in one rename, and writing a day again replaces it.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from mutasi.engine import connect, copy
from mutasi.landing.snapshots import scratch, write_text
from mutasi.publish.defects import read_defects
from mutasi.publish.page import page
from mutasi.publish.workbook import write_workbook
from mutasi.settings import Settings
from mutasi.sources.agency import Agency

HTML, XLSX, PARQUET = "laporan-kualitas-data.html", "laporan-kualitas-data.xlsx", "kunci.parquet"


def write_defect_report(settings: Settings, agency: Agency, day: dt.date) -> Path:
    """Write the report of one agency for a day to `reports/defects/<day>/<agency_id>/`; returns the folder."""
    folder = settings.folder("reports", "defects", day.isoformat(), agency.agency_id)
    with connect(settings) as con:
        report = read_defects(con, settings, agency, day)
        temporary = scratch(folder)
        left_out = write_workbook(con, report, temporary)
        temporary.replace(folder / XLSX)
        if left_out:
            copy(con, "select * from defect_keys", folder / PARQUET)
        else:
            (folder / PARQUET).unlink(missing_ok=True)
    write_text(folder / HTML, page(report))
    for file in folder.iterdir():
        file.chmod(0o600)
    return folder
