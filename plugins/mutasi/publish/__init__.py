"""What people read: the defect report that an agency gets back every night, the pages of all rules and of all runs, and alerts.

Planner-facing text is Indonesian. Keys of rows stand in one place only, the restricted sheet of the agency's own workbook.
"""

from mutasi.publish.alerts import Alert, alerts, newest_published
from mutasi.publish.checks_page import write_checks_page
from mutasi.publish.month_page import MonthError, write_month_page
from mutasi.publish.report import write_defect_report
from mutasi.publish.runs_page import write_runs_page

__all__ = [
    "Alert",
    "MonthError",
    "alerts",
    "newest_published",
    "write_checks_page",
    "write_defect_report",
    "write_month_page",
    "write_runs_page",
]
