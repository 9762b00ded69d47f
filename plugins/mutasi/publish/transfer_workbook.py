"""`usulan-mutasi.xlsx`: the week's proposals as the workbook that a personnel office works with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from mutasi import indonesian as id_
from mutasi.publish import transfer_wording as wording
from mutasi.publish.spreadsheet import FOLIO, Sheets
from mutasi.publish.transfer_run import Run
from mutasi.publish.transfer_sheets import Sheet, rows_of, sheets_of
from mutasi.publish.transfer_summary import Figures

SUMMARY = (("Uraian", 58), ("Nilai", 18), ("Keterangan", 74))


def write_transfer_workbook(
    con: duckdb.DuckDBPyConnection, run: Run, viewer: str, names: dict[str, str], found: Figures, target: Path
) -> None:
    """Write the workbook of one viewer; after `create_view`."""
    name = names.get(viewer, "Wilayah")
    line = wording.classification(viewer, name)
    sheets = Sheets(f"{wording.TITLE} {name} {run.week}", paper=FOLIO)
    _summary(sheets, run, viewer, names, found, line)
    for sheet in sheets_of(viewer):
        total = con.execute(f"select count(*) from ({sheet.query})").fetchone()
        assert total is not None
        intro = [
            (f"{sheet.title} · {name} · {wording.week_title(run.week)}", sheets.bold),
            (_size(sheet, total[0]), sheets.small),
        ]
        sheets.table(sheet.title, sheet.columns, rows_of(con, sheet, sheet.most), line, intro)
    sheets.book.save(target)


def _size(sheet: Sheet, total: int) -> str:
    if not total:
        return sheet.nothing
    if total > sheet.most:
        return f"{id_.number(sheet.most)} baris pertama dari {id_.number(total)}; seluruhnya ada pada csv/{sheet.stem}.csv dan parquet/{sheet.stem}.parquet"
    return f"{id_.number(total)} baris"


def _summary(sheets: Sheets, run: Run, viewer: str, names: dict[str, str], f: Figures, line: str) -> None:
    """The first sheet: what is proposed, what is proved, what is left."""
    sentences = [
        wording.headline(f, run),
        wording.what_else(f, viewer),
        wording.proof(run),
        wording.left_out(run, names),
        wording.NOT_A_DECISION,
    ]
    intro = [
        (wording.TITLE, sheets.title),
        (f"{names.get(viewer, 'Wilayah')} · {wording.week_title(run.week)} · data {id_.date(run.data_as_of)}", sheets.bold),
    ]
    sheet = sheets.sheet("Ringkasan", SUMMARY, line, intro)
    rows = [*summary_rows(run, f)]
    sheets.set_heights(sheet, SUMMARY, len(intro) + 4, rows)
    for row in rows:
        sheet.append([sheets.typed(value, kind) for value, kind in zip(row, _kinds(row), strict=True)])
    sheet.append([])
    at = len(intro) + 3 + len(rows) + 2
    for number, sentence in enumerate([s for s in sentences if s], start=at):
        sheet.merged_cells.ranges.add(f"A{number}:C{number}")
        sheet.row_dimensions[number].height = 15.0 * (1 + len(sentence) // 130)
        sheet.append([sheets.cell(sentence, alignment=sheets.wrapped)])


def _kinds(row: list[Any]) -> tuple[Any, Any, Any]:
    value = row[1]
    return "text", "decimal" if isinstance(value, float) else "whole" if isinstance(value, int) else "text", "text"


def summary_rows(run: Run, f: Figures) -> list[list[Any]]:
    """Figures with their meaning: (what, value, note)."""
    rows: list[list[Any]] = [
        ["Usulan prioritas", f.priority, "Untuk dibahas Tim Penilai Kinerja minggu ini"],
        ["Usulan cadangan", f.reserve, "Bila usulan prioritas tidak disetujui, atau untuk minggu berikutnya"],
        ["Rantai dan tukar tempat", f.chains, "Paket yang dilaksanakan bersama"],
        ["Usulan sesuai minat ASN", f.wished, ""],
        ["Usulan antarinstansi", f.inter_agency, "Nama dibuka bagi penerima setelah PPK asal setuju"],
        ["Kursi lowong", f.open_seats, "Menurut ABK final dan peta jabatan, dikurangi yang sedang diproses"],
        ["Kursi lowong yang terisi oleh usulan", f.filled, id_.percent(f.filled, f.open_seats)],
        ["Kursi kritis lowong", f.critical_open, ""],
        ["Kursi kritis yang terisi oleh usulan", f.critical_filled, id_.percent(f.critical_filled, f.critical_open)],
        ["Pegawai di atas kebutuhan jabatannya", f.releasable, "Hanya dari sini unit dapat melepas tanpa pengganti"],
        ["ASN memenuhi seluruh syarat", f.eligible, ""],
        ["ASN yang perlu verifikasi", f.review, "Tidak diusulkan sampai berkas atau datanya lengkap"],
        ["ASN yang tidak memenuhi syarat", f.not_eligible, "Termasuk PPPK dan pejabat pimpinan tinggi, yang tidak diusulkan"],
    ]
    for name, (before, after) in run.objective.items():
        meaning = f"; {wording.IMBALANCE}" if name == "imbalance" else ""
        rows.append([wording.OBJECTIVES.get(name, name), int(after), f"tanpa usulan {id_.number(before)}{meaning}"])
    return rows
