"""The defect report as a workbook: summary, findings, and the restricted sheet with the keys of the rows to mend."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from mutasi import indonesian as id_
from mutasi.publish import wording
from mutasi.publish.defects import AgencyDefects, Finding
from mutasi.publish.spreadsheet import Sheets

KEYS_IN_WORKBOOK = 100_000  # a workbook beyond this opens too slowly; all keys then lie beside it as Parquet
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
    sheets = _Sheets(report)
    _summary(sheets)
    _findings(sheets)
    [(total,)] = con.execute("select count(*) from defect_keys").fetchall()
    _keys(con, sheets, int(total))
    sheets.book.save(target)
    return max(0, int(total) - KEYS_IN_WORKBOOK)


class _Sheets(Sheets):
    """The sheets of one defect report."""

    def __init__(self, report: AgencyDefects) -> None:
        super().__init__(f"{wording.TITLE} {report.agency.agency_name}")
        self.report = report

    def begin(
        self, name: str, columns: Sequence[tuple[str, int]], intro: Sequence[tuple[str, Any]], *, with_keys: bool = False
    ) -> Any:
        """A new sheet up to and with its header."""
        return self.sheet(name, columns, wording.classification(self.report, with_keys=with_keys), intro)


def _summary(sheets: _Sheets) -> None:
    report = sheets.report
    intro = [
        (wording.TITLE, sheets.title),
        (f"{report.agency.agency_name} · {id_.weekday(report.day)}", sheets.bold),
        (wording.headline(report), None),
        (wording.change(report), None),
    ]
    sheet = sheets.begin("Ringkasan", DATASETS, intro)
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
    sheet = sheets.begin("Temuan", FINDINGS, [])
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
    sheet = sheets.begin("Kunci", KEYS, [(f"{id_.number(shown)} kunci{rest}", sheets.small)], with_keys=True)
    titles = {f.rule.code: f.rule.title for f in sheets.report.findings}
    names = {s.dataset.name: s.dataset.title for s in sheets.report.states}
    for state, dataset, rule, column, nip, other, row in con.execute(KEY_ROWS, [KEYS_IN_WORKBOOK]).fetchall():
        nip_cell, other_cell = (sheets.cell(v, form="@") if v else None for v in (nip, other))
        sheet.append([wording.STATES[state], names[dataset], rule, titles.get(rule), column, nip_cell, other_cell, row])
    sheet.auto_filter.ref = f"A4:{chr(ord('A') + len(KEYS) - 1)}{4 + shown}"
