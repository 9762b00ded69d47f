"""Workbooks that print well and stay true: the classification on top, a header that stays in sight and is repeated, filters.

Employee numbers are written as text, so that no spreadsheet rounds them, and a value that begins like a formula stays a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any, Literal

A4, FOLIO = 9, 14  # paper sizes in Office Open XML; folio is the F4 of Indonesian offices
MAX_ROWS = 1_048_576  # of a worksheet
BRAND, WARN, FACE = "14507A", "FDF3E1", "Calibri"
WHOLE, SHARE, DECIMAL, RATIO = "[$-421]#,##0", "[$-421]0.0%", "[$-421]#,##0.0", "[$-421]#,##0.00"  # 421: Indonesian
DATE, TEXT = "[$-421]dd mmm yyyy", "@"

Kind = Literal["text", "id", "whole", "decimal", "ratio", "share", "date"]
FORMS: dict[str, str] = {"id": TEXT, "whole": WHOLE, "decimal": DECIMAL, "ratio": RATIO, "share": SHARE, "date": DATE}


@dataclass(frozen=True)
class Column:
    """A column of a sheet: where its value comes from, its title, its width in characters, and what it holds."""

    key: str
    title: str
    width: int
    kind: Kind = "text"


class Sheets:
    """The sheets of one workbook; each sheet says by its own first line who may read it."""

    def __init__(self, title: str, *, paper: int = A4) -> None:
        from openpyxl import Workbook
        from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

        self.book: Any = Workbook(write_only=True)
        self.book.properties.title, self.book.properties.creator = title, "Mutasi"
        self.paper = paper
        self.wrapped, self.top = Alignment(wrap_text=True, vertical="top", horizontal="left", indent=1), Alignment(vertical="top")
        self.bold, self.title = Font(name=FACE, bold=True), Font(name=FACE, bold=True, size=16, color=BRAND)
        self.white, self.brand = Font(name=FACE, bold=True, color="FFFFFF"), PatternFill("solid", fgColor=BRAND)
        self.warn, self.small = PatternFill("solid", fgColor=WARN), Font(name=FACE, italic=True, color="5A6775")
        self.grid = Border(*[Side("thin", color="C5CED8")] * 4)
        self._styles: dict[str, Any] = {}

    def sheet(self, name: str, columns: Sequence[tuple[str, int]], classification: str, intro: Sequence[tuple[str, Any]]) -> Any:
        """A new sheet up to and with its header; `intro` are lines with their font."""
        from openpyxl.utils import get_column_letter

        sheet = self.book.create_sheet(name)
        for index, (_, width) in enumerate(columns, start=1):
            sheet.column_dimensions[get_column_letter(index)].width = width
        row = len(intro) + 3
        sheet.freeze_panes = f"A{row + 1}"
        sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", self.paper
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
        sheet.page_margins.left = sheet.page_margins.right = 0.4
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.print_title_rows = f"{row}:{row}"
        line = classification.replace("&", "&&")
        sheet.oddHeader.center.text, sheet.oddFooter.right.text = line, "&P / &N"
        sheet.append(
            [self.cell(classification, self.bold, fill=self.warn), *[self.cell(None, fill=self.warn)] * (len(columns) - 1)]
        )
        for number, (text, font) in enumerate(intro, start=2):
            sheet.row_dimensions[number].height = 24.0 if font is self.title else 16.0
            sheet.append([self.cell(text, font)])
        sheet.append([])
        sheet.row_dimensions[row].height = 15.0 * max(len(wrap(title, max(width - 3, 1))) for title, width in columns)
        sheet.append([self.cell(title, self.white, fill=self.brand, alignment=self.wrapped) for title, _ in columns])
        return sheet

    def table(
        self,
        name: str,
        columns: Sequence[Column],
        rows: Iterable[Sequence[Any]],
        classification: str,
        intro: Sequence[tuple[str, Any]] = (),
    ) -> int:
        """A whole sheet of typed rows with filters; returns how many rows it holds."""
        from openpyxl.utils import get_column_letter

        headers = [(c.title, c.width) for c in columns]
        sheet = self.sheet(name, headers, classification, intro)
        header, count = len(intro) + 3, 0
        for count, row in enumerate(rows, start=1):
            self._set_height(sheet, header + count, headers, row)
            sheet.append([self.typed(value, column.kind) for value, column in zip(row, columns, strict=True)])
        sheet.auto_filter.ref = f"A{header}:{get_column_letter(len(columns))}{header + count}"
        return count

    def typed(self, value: Any, kind: Kind) -> Any:
        """A cell of a table, in the style of its kind."""
        from openpyxl.cell import WriteOnlyCell

        cell = WriteOnlyCell(self.book._sheets[-1], value)
        if kind not in self._styles:
            pattern = self.cell("", alignment=self.wrapped if kind in ("text", "id") else self.top, form=FORMS.get(kind))
            pattern.border = self.grid
            self._styles[kind] = pattern._style
        # Setting font, border and format one by one is what makes workbooks slow; cells of a kind share one style.
        cell._style = self._styles[kind]
        if isinstance(value, str):
            cell.data_type = "s"
        return cell

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
            self._set_height(sheet, number, columns, row)

    def row(self, values: Sequence[Any]) -> list[Any]:
        """Cells of a table row: text wraps, whole numbers have separators, shares stand in percent."""
        forms = {int: WHOLE, float: SHARE}
        return [self.cell(v, alignment=self.wrapped if isinstance(v, str) else self.top, form=forms.get(type(v))) for v in values]

    def _set_height(self, sheet: Any, number: int, columns: Sequence[tuple[str, int]], row: Sequence[Any]) -> None:
        texts = zip(row, columns, strict=True)
        sheet.row_dimensions[number].height = 15.0 * max(
            [1, *(_lines(v, width) for v, (_, width) in texts if isinstance(v, str))]
        )


def _lines(text: str, width: int) -> int:
    """Lines that a wrapped text takes in a column: words do not break, so each line loses some room."""
    room = max(width - 3, 1)
    return sum(max(1, -(-len(part) // room)) for part in text.split("\n"))
