"""What people read: the defect report that an agency gets back every night, the page of all rules, and alerts.

Planner-facing text is Indonesian. Keys of rows stand in one place only, the restricted sheet of the agency's own workbook.
"""

from mutasi.publish.alerts import Alert, alerts, newest_published
from mutasi.publish.checks_page import write_checks_page
from mutasi.publish.report import write_defect_report

__all__ = ["Alert", "alerts", "newest_published", "write_checks_page", "write_defect_report"]
