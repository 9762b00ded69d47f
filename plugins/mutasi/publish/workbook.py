"""The defect report as a workbook: summary, findings, and the restricted sheet with the keys of the rows to mend.

NIPs are written as text, so that no spreadsheet rounds them, and a value that begins like a formula stays a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from mutasi.publish import indonesian as id_
from mutasi.publish import wording
from mutasi.publish.defects import AgencyDefects, Finding

A4 = 9  # paper size in Office Open XML
KEYS_IN_WORKBOOK = 100_000  # a workbook beyond this opens too slowly; all keys then lie beside it as Parquet
BRAND, WARN, FACE = "14507A", "FDF3E1", "Calibri"
WHOLE, SHARE = "[$-421]#,##0", "[$-421]0.0%"  # 421: Indonesian
FINDINGS = (
    ("Dataset", 24), ("Kode", 10), ("Temuan", 36), ("Kolom", 20), ("Tingkat", 15), ("Jumlah", 9), ("Diperiksa", 11), ("Bagian", 9),
    ("Baru", 8), ("Selesai", 10), ("Masih ada", 12), ("Akibat", 22), ("Cara memperbaiki", 46), ("Penanggung jawab", 28),
    ("Pengecualian", 28),
)  # fmt: skip
KEYS = (
    ("Keadaan", 18),
    ("Dataset", 26),
    ("Kode", 10),
    ("Temuan", 46),
    ("Kolom", 22),
    ("NIP", 22),
    ("Kunci lain", 44),
    ("Baris di sumber", 15),
)
DATASETS = (("Dataset", 34), ("Hasil", 26), ("Diterima", 12), ("Dipakai", 12), ("Dikarantina", 13), ("Yang berlaku", 30), ("Sebab", 60))  # fmt: skip
KEY_ROWS = """
select k.state, k.dataset, k.rule_code, k.column_name, k.nip, k.other_key, k.row_number from defect_keys as k
order by case k.state when 'resolved' then 1 else 0 end, k.dataset, k.rule_code, k.nip, k.other_key, k.row_number limit ?
"""


def write_workbook(con: duckdb.DuckDBPyConnection, report: AgencyDefects, target: Path) -> int:
    """Write the workbook; returns how many keys it leaves out because they are too many."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    book.properties.title, book.properties.creator = f"{wording.TITLE} {report.agency.agency_name}", "Mutasi"
    sheets = _Sheets(book, report)
    _summary(sheets)
    _findings(sheets)
    [(total,)] = con.execute("select count(*) from defect_keys").fetchall()
    _keys(con, sheets, int(total))
    book.save(target)
    return max(0, int(total) - KEYS_IN_WORKBOOK)


class _Sheets:
    """Makes sheets with the classification on top, a header that stays in sight, and filters."""

    def __init__(self, book: Any, report: AgencyDefects) -> None:
        from openpyxl.styles import Alignment, Font, PatternFill

        self.book, self.report = book, report
        self.wrapped, self.top = Alignment(wrap_text=True, vertical="top", horizontal="left", indent=1), Alignment(vertical="top")
        self.bold, self.title = Font(name=FACE, bold=True), Font(name=FACE, bold=True, size=16, color=BRAND)
        self.white, self.brand = Font(name=FACE, bold=True, color="FFFFFF"), PatternFill("solid", fgColor=BRAND)
        self.warn, self.small = PatternFill("solid", fgColor=WARN), Font(name=FACE, italic=True, color="5A6775")

    def sheet(
        self, name: str, columns: Sequence[tuple[str, int]], intro: Sequence[tuple[str, Any]], *, with_keys: bool = False
    ) -> Any:
        """A new sheet up to and with its header; `intro` are lines with their font."""
        sheet = self.book.create_sheet(name)
        for index, (_, width) in enumerate(columns):
            sheet.column_dimensions[chr(ord("A") + index)].width = width
        line = wording.classification(self.report, with_keys=with_keys)
        row = len(intro) + 3
        sheet.freeze_panes = f"A{row + 1}"
        sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", A4
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.print_title_rows = f"{row}:{row}"
        sheet.oddHeader.center.text, sheet.oddFooter.right.text = line.replace("&", "&&"), "&P / &N"
        sheet.append([self.cell(line, self.bold, fill=self.warn), *[self.cell(None, fill=self.warn)] * (len(columns) - 1)])
        for number, (text, font) in enumerate(intro, start=2):
            sheet.row_dimensions[number].height = 24.0 if font is self.title else 16.0
            sheet.append([self.cell(text, font)])
        sheet.append([])
        sheet.append([self.cell(title, self.white, fill=self.brand, alignment=self.wrapped) for title, _ in columns])
        return sheet

    def cell(self, value: Any, font: Any = None, *, fill: Any = None, alignment: Any = None, form: str | None = None) -> Any:
        """A styled cell; text is text, whatever it begins with."""
        from openpyxl.cell import WriteOnlyCell

        cell = WriteOnlyCell(self.book._sheets[-1] if self.book._sheets else None, value)
        if isinstance(value, str):
            cell.data_type = "s"
        for name, style in (("font", font), ("fill", fill), ("alignment", alignment), ("number_format", form)):
            if style is not None:
                setattr(cell, name, style)
        return cell

    def set_heights(self, sheet: Any, columns: Sequence[tuple[str, int]], first: int, rows: Sequence[Sequence[Any]]) -> None:
        """Give each row the height of its longest text; some programs do not find it by themselves."""
        for number, row in enumerate(rows, start=first):
            lines = max(
                [
                    1,
                    *(
                        -(-len(str(v)) // max(width - 3, 1))
                        for v, (_, width) in zip(row, columns, strict=True)
                        if isinstance(v, str)
                    ),
                ]
            )
            sheet.row_dimensions[number].height = 15.0 * lines

    def row(self, values: Sequence[Any]) -> list[Any]:
        """Cells of a table row: text wraps, whole numbers have separators, shares stand in percent."""
        forms = {int: WHOLE, float: SHARE}
        return [self.cell(v, alignment=self.wrapped if isinstance(v, str) else self.top, form=forms.get(type(v))) for v in values]


def _summary(sheets: _Sheets) -> None:
    report = sheets.report
    intro = [
        (wording.TITLE, sheets.title),
        (f"{report.agency.agency_name} · {id_.weekday(report.day)}", sheets.bold),
        (wording.headline(report), None),
        (wording.change(report), None),
    ]
    sheet = sheets.sheet("Ringkasan", DATASETS, intro)
    rows = []
    for s in report.states:
        why = "; ".join([*s.stopped_by, *([f"Rincian teknis: {s.message}"] if s.message else [])])
        counts = (s.rows_received, s.rows_promoted, s.rows_quarantined)
        rows.append([s.dataset.title, wording.outcome(s), *counts, wording.in_use(s), why])
    sheets.set_heights(sheet, DATASETS, len(intro) + 4, rows)
    for row in rows:
        sheet.append(sheets.row(row))
    sheet.append([])
    sheet.append(
        [
            sheets.cell(
                "Lembar Temuan: apa yang salah dan cara memperbaikinya. Lembar Kunci: baris yang perlu diperbaiki.", sheets.small
            )
        ]
    )


def _findings(sheets: _Sheets) -> None:
    sheet = sheets.sheet("Temuan", FINDINGS, [])
    rows = [_finding(f) for f in sheets.report.findings]
    sheets.set_heights(sheet, FINDINGS, 4, rows)
    for row in rows:
        sheet.append(sheets.row(row))
    sheet.auto_filter.ref = f"A3:{chr(ord('A') + len(FINDINGS) - 1)}{3 + len(sheets.report.findings)}"


def _finding(f: Finding) -> list[Any]:
    share = f.rows_failed / f.rows_checked if f.rows_checked else None
    return [
        f.dataset.title, f.rule.code, f.rule.title, f.column_name, id_.SEVERITIES[f.rule.severity], f.rows_failed, f.rows_checked,
        share, f.new, f.resolved, f.remaining, wording.effect(f), f.rule.fix, f.rule.owner, f.exception_reason,
    ]  # fmt: skip


def _keys(con: duckdb.DuckDBPyConnection, sheets: _Sheets, total: int) -> None:
    shown = min(total, KEYS_IN_WORKBOOK)
    rest = f"; seluruh {id_.number(total)} kunci ada pada kunci.parquet" if total > shown else ""
    sheet = sheets.sheet("Kunci", KEYS, [(f"{id_.number(shown)} kunci{rest}", sheets.small)], with_keys=True)
    titles = {f.rule.code: f.rule.title for f in sheets.report.findings}
    names = {s.dataset.name: s.dataset.title for s in sheets.report.states}
    for state, dataset, rule, column, nip, other, row in con.execute(KEY_ROWS, [KEYS_IN_WORKBOOK]).fetchall():
        nip_cell, other_cell = (sheets.cell(v, form="@") if v else None for v in (nip, other))
        sheet.append([wording.STATES[state], names[dataset], rule, titles.get(rule), column, nip_cell, other_cell, row])
    sheet.auto_filter.ref = f"A4:{chr(ord('A') + len(KEYS) - 1)}{4 + shown}"
