"""XLSX: every cell as text, every row that holds a value accounted for, no identifier rounded.

calamine reads the cells; a scan of the sheet's XML counts the rows. The scan also finds long numbers: a NIP that was typed as
a number has lost its last digits in the file, and calamine prints it as 18 digits that look right and belong to somebody else.
Such a cell keeps the file's own spelling (`1.98801012010011E+17`), which no later check takes for a NIP.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mutasi.sources.agency import FilesRead
from mutasi.sources.request import Request
from mutasi.sources.staging import BATCH_ROWS, column_names, joined_header

CHUNK_BYTES = 4 << 20
ROW = re.compile(rb"<(?:\w+:)?row\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?row>)", re.DOTALL)
ROW_NUMBER = re.compile(rb'\br="(\d+)"')
FIRST_VALUE = re.compile(
    rb'<(?:\w+:)?c\b(?=[^>]*?\br="([A-Z]+)\d+")[^>]*[^/>]>(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?[vt](?:\s[^>]*)?>[^<]', re.DOTALL
)
# Errors, and numbers of which a float cannot hold every digit: calamine drops the first and rounds the second.
SPELT = re.compile(
    rb'<(?:\w+:)?c\b(?=[^>]*?\br="([A-Z]+)\d+")[^>]*[^/>]>(?:<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>))?'
    rb"<(?:\w+:)?v>(#[A-Z0-9/]+[!?]?|-?\d{16,}(?:\.\d+)?|-?\d(?:\.\d+)?[eE]\+?0*(?:1[5-9]|[2-9]\d|\d{3}))</"
)
OFFICE = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"


@dataclass
class Scan:
    """What the XML says: `rows` are the sheet's numbers (from 1) of the rows that hold a value, ascending."""

    rows: list[int] = field(default_factory=list)
    first_column: int = 16_384
    spelt: list[tuple[int, int, str]] = field(default_factory=list)


def read_spreadsheet(file: Path, read: FilesRead, request: Request) -> tuple[pa.RecordBatchReader, int]:
    """Rows of one sheet as text columns, and their number by a scan of its XML.

    Raises:
        SourceError: the file is no XLSX workbook, the sheet is missing, or the header row is empty.
    """
    import fastexcel

    try:
        workbook = fastexcel.read_excel(file)
        sheet = _sheet(read, workbook.sheet_names, request)
        loaded = workbook.load_sheet(sheet, header_row=None, dtypes="string").to_arrow()
        scan = _scan(file, sheet)
    except (fastexcel.FastExcelError, zipfile.BadZipFile, ElementTree.ParseError, KeyError, OSError):
        raise request.error(
            f"the file {file.name} is no readable XLSX workbook; a password, an older format, a web page of that name or a broken copy is "
            "the usual cause. Open it in a spreadsheet program and save it as XLSX, or ask the agency to."
        ) from None
    if not scan.rows:
        raise request.error(f"the sheet `{sheet}` of {file.name} is empty.")
    rows = read.header_rows if len(read.header_rows) > 1 else (max(read.header_rows[0], scan.rows[0]),)
    header_row = rows[-1]
    if not set(rows) <= set(scan.rows) or loaded.num_rows != scan.rows[-1] - scan.rows[0] + 1:
        raise request.error(f"row {header_row} of sheet `{sheet}` in {file.name} holds no header; correct `read.header_row`.")
    cells = _spelt_out(pa.Table.from_batches([loaded]), scan, file, request)
    header = joined_header([[column[row - scan.rows[0]].as_py() for column in cells.columns] for row in rows])
    below = np.array([row for row in scan.rows if row > header_row], dtype=np.int64)
    table = _records(cells, header_row - scan.rows[0] + 1).rename_columns(column_names(header))
    return table.to_reader(max_chunksize=BATCH_ROWS), len(below)


def _sheet(read: FilesRead, present: list[str], request: Request) -> str:
    if read.sheet is None:
        return present[0]
    if read.sheet not in present:
        raise request.error(f"the workbook has no sheet `{read.sheet}`; it has {', '.join(f'`{name}`' for name in present)}.")
    return read.sheet


def other_sheets(file: Path, read: FilesRead) -> list[str]:
    """Names of the sheets that hold something and are not the one that is read."""
    import fastexcel

    workbook = fastexcel.read_excel(file)
    chosen = read.sheet or workbook.sheet_names[0]
    return [
        name
        for name in workbook.sheet_names
        if name != chosen and workbook.load_sheet(name, header_row=None, n_rows=1, dtypes="string").total_height
    ]


def _records(cells: pa.Table, start: int) -> pa.Table:
    """Rows from `start` on that hold a value; a whole date is written without its midnight."""
    columns = [
        pc.replace_substring_regex(column.slice(start).cast(pa.string()), r"^(\d{4}-\d{2}-\d{2}) 00:00:00$", r"\1")
        for column in cells.columns
    ]
    if not columns or len(columns[0]) == 0:
        return pa.table(columns, names=cells.column_names)
    filled = pc.is_valid(columns[0])
    for column in columns[1:]:
        filled = pc.or_(filled, pc.is_valid(column))
    return pa.table(columns, names=cells.column_names).filter(filled)


def _spelt_out(cells: pa.Table, scan: Scan, file: Path, request: Request) -> pa.Table:
    """Put the file's own spelling where calamine would drop or round it.

    Raises:
        SourceError: the two readers do not mean the same cell; then neither is believed.
    """
    by_column: dict[int, list[tuple[int, str]]] = {}
    for row, place, text in scan.spelt:
        by_column.setdefault(place - scan.first_column, []).append((row - scan.rows[0], text))
    for position, spelt in by_column.items():
        column = cells.column(position).combine_chunks().cast(pa.string())
        rows = np.array([row for row, _ in spelt])
        texts = pa.array([text for _, text in spelt], pa.string())
        if not _same_cells(column.take(pa.array(rows)), texts):
            raise request.error(
                f"column {position + 1} of {file.name} cannot be read reliably; ask the agency to save NIP and codes as text."
            )
        mask = np.zeros(len(column), dtype=bool)
        mask[rows] = True
        cells = cells.set_column(position, cells.column_names[position], pc.replace_with_mask(column, mask, texts))
    return cells


def _same_cells(read: pa.Array, spelt: pa.Array) -> bool:
    """Errors are read as nothing, numbers as the same number."""
    is_error = pc.starts_with(spelt, "#")
    if pc.any(pc.and_(is_error, pc.is_valid(read))).as_py():
        return False
    is_number = pc.invert(is_error)
    try:
        numbers = [pc.cast(values.filter(is_number), pa.float64()).to_numpy(zero_copy_only=False) for values in (read, spelt)]
    except pa.ArrowInvalid:
        return False
    return bool(np.array_equal(*numbers))


def _scan(file: Path, sheet: str) -> Scan:
    scan, number = Scan(), 0
    for attributes, content in _rows(file, sheet):
        found = ROW_NUMBER.search(attributes)
        number = int(found[1]) if found else number + 1
        value = FIRST_VALUE.search(content) if content else None
        if value is None:
            continue
        scan.rows.append(number)
        scan.first_column = min(scan.first_column, _column(value[1]))
        scan.spelt += [(number, _column(cell[1]), cell[2].decode()) for cell in SPELT.finditer(content)]
    return scan


def _rows(file: Path, sheet: str) -> Iterator[tuple[bytes, bytes]]:
    """(attributes, content) of every row element, holding no more than a few megabytes of XML."""
    with zipfile.ZipFile(file) as archive, archive.open(_member(archive, sheet)) as xml:
        rest = b""
        while part := xml.read(CHUNK_BYTES):
            rest += part
            end = 0
            for row in ROW.finditer(rest):
                yield row[1], row[2] or b""
                end = row.end()
            rest = rest[end:]


def _member(archive: zipfile.ZipFile, sheet: str) -> str:
    """Path of a sheet's XML inside the workbook."""
    workbook = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    identifier = next(e.get(f"{OFFICE}id") for e in workbook.iter() if e.tag.endswith("}sheet") and e.get("name") == sheet)
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    target = next(e.get("Target", "") for e in relations if e.get("Id") == identifier)
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _column(letters: bytes) -> int:
    """Position of a column, A = 1."""
    position = 0
    for letter in letters:
        position = position * 26 + letter - 64
    return position
