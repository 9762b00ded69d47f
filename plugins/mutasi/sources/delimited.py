"""Delimited text (CSV): every value as text, every record accounted for.

DuckDB reads the rows and Arrow counts them: two readers that share no code, so a record that one of them loses is seen.
A record with too few or too many fields is an error that names its line, because a guess would shift values between columns.
"""

from __future__ import annotations

import codecs
import csv
import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa

from mutasi.engine import quoted
from mutasi.sources.agency import FilesRead
from mutasi.sources.request import Request
from mutasi.sources.staging import column_names, engine, joined_header, stage

TEXT = ".text.csv"
RECORDS = ".records.csv"
COUNT_BLOCK_BYTES = 8 << 20
COPY_CHARACTERS = 1 << 20
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
NO_TEXTS = {
    b"PK\x03\x04": "a ZIP archive, as workbooks (XLSX) are. Set `read.format: xlsx`, name an archive .zip, or ask the agency for CSV",
    b"\xd0\xcf\x11\xe0": "a workbook of an older Excel (XLS). Ask the agency for XLSX or CSV; to rename it is not enough",
}


def read_delimited(file: Path, read: FilesRead, request: Request) -> tuple[pa.RecordBatchReader, int]:
    """Rows of a delimited file as text columns, and their number by a second reader.

    Raises:
        SourceError: the encoding is another one, the header is missing, or a record has too few or too many fields.
    """
    import duckdb

    _require_text(file, read, request)
    text, encoding = _as_utf8(file, read, request)
    try:
        names, last_line = _header(text, file.name, read, request)
        below = len(read.header_rows) - 1
        records = _records_alone(text, last_line, read.delimiter.join("c" * len(names)), request)
        skip = read.header_rows[0] - 1 if records is None else 0
        received = _count(text, file.name, read, len(names), request) - below
        # Columns go by position: names that differ only in case are the same name for SQL.
        columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(names)))
        query = (
            f"select * from read_csv({quoted(str(records or text))}, auto_detect=false, header=true, skip={skip}, "
            f"delim={quoted(read.delimiter)}, quote='\"', escape='\"', columns={{{columns}}}, all_varchar=true, "
            "null_padding=false, ignore_errors=false, strict_mode=true, max_line_size=16777216)"
            f"{f' offset {below}' if below and records is None else ''}"
        )
        with engine(request.archive) as connection:
            try:
                return stage(connection, query, (), names, request.archive), received
            except duckdb.Error:
                raise _defect(text, file.name, read, len(names), encoding, request) from None
    finally:
        if text != file:
            text.unlink(missing_ok=True)
        (request.archive / RECORDS).unlink(missing_ok=True)


def _require_text(file: Path, read: FilesRead, request: Request) -> None:
    """Say what a file is whose first bytes tell that it is no text, or text in UTF-16 where another encoding was agreed."""
    with file.open("rb") as source:
        begin = source.read(4)
    for sign, what in NO_TEXTS.items():
        if begin.startswith(sign):
            raise request.error(f"the file {file.name} is no text but {what}.")
    if begin.startswith(UTF_16_MARKS) and not codecs.lookup(read.encoding).name.startswith(("utf-16", "utf-32")):
        raise request.error(
            f"the file {file.name} is not written in {read.encoding.upper()} but in UTF-16; set `read.encoding: utf-16`."
        )


def _records_alone(text: Path, last_line: int, header: str, request: Request) -> Path | None:
    """A copy with another header where a cell of it holds a line break of another kind than those that end the lines, as Excel
    writes one: DuckDB finds no record below such a header. None where the file serves as it is."""
    with text.open("rb") as source:
        head = b"".join(islice(source, last_line))
        if not 0 < head.count(b"\r\n") < head.count(b"\n"):
            return None
        records = request.archive / RECORDS
        with records.open("wb") as target:
            target.write(f"{header}\r\n".encode())
            shutil.copyfileobj(source, target)
    return records


def _as_utf8(file: Path, read: FilesRead, request: Request) -> tuple[Path, str]:
    """The file itself if it is UTF-8, else a copy in UTF-8: one reader for all encodings."""
    encoding = codecs.lookup(read.encoding).name
    if encoding in ("utf-8", "utf-8-sig"):
        return file, encoding
    text = request.archive / TEXT
    try:
        with file.open(encoding=encoding, newline="") as source, text.open("w", encoding="utf-8", newline="") as target:
            while part := source.read(COPY_CHARACTERS):
                target.write(part)
    except UnicodeError:
        text.unlink(missing_ok=True)
        raise request.error(
            f"the file {file.name} is not written in {read.encoding}; set `read.encoding` to the encoding that the agency uses."
        ) from None
    return text, encoding


def _records(text: Path, read: FilesRead) -> Iterator[tuple[int, list[str]]]:
    """(line on which the record ends, fields) from the header on."""
    with text.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        for _ in islice(lines, read.header_rows[0] - 1):
            pass
        reader = csv.reader(lines, delimiter=read.delimiter)
        for fields in reader:
            if fields:
                yield reader.line_num + read.header_rows[0] - 1, fields


def _header(text: Path, name: str, read: FilesRead, request: Request) -> tuple[list[str], int]:
    """(names of the columns, line on which the header ends)."""
    rows = read.header_rows
    try:
        found = list(islice(_records(text, read), len(rows)))
    except (csv.Error, TypeError):
        raise request.error("the header cannot be read; check `read.delimiter` (one character) and `read.header_row`.") from None
    if len(found) < len(rows):
        raise request.error(f"the file {name} has no header in row {rows[-1]}; it is empty, or `read.header_row` is wrong.")
    return column_names(joined_header([fields for _, fields in found])), found[-1][0]


def _count(text: Path, name: str, read: FilesRead, width: int, request: Request) -> int:
    """Number of records below the header, by Arrow's reader; records of the wrong width count too."""
    from pyarrow import csv as arrow_csv

    defective = 0

    def seen(_row: object) -> str:
        nonlocal defective
        defective += 1
        return "skip"

    try:
        batches = arrow_csv.open_csv(
            text,
            arrow_csv.ReadOptions(
                autogenerate_column_names=True, skip_rows=read.header_rows[0] - 1, block_size=COUNT_BLOCK_BYTES, use_threads=False
            ),
            # An empty line is a record of one empty field where a record has one field, and nothing elsewhere.
            arrow_csv.ParseOptions(
                delimiter=read.delimiter, newlines_in_values=True, ignore_empty_lines=width > 1, invalid_row_handler=seen
            ),
            arrow_csv.ConvertOptions(include_columns=["f0"], column_types={"f0": pa.binary()}),
        )
        records: int = sum(batch.num_rows for batch in batches) + defective
        return records - 1
    except pa.ArrowInvalid:
        raise request.error(
            f"the records of {name} cannot be counted; a quote that is never closed is the usual cause."
        ) from None


def _defect(text: Path, name: str, read: FilesRead, width: int, encoding: str, request: Request) -> Exception:
    """Say where a file that could not be read is broken; only then is it walked record by record."""
    if encoding.startswith("utf-8") and not _is_utf8(text):
        return request.error(f"the file {name} is not written in UTF-8; set `read.encoding`, for example to windows-1252.")
    try:
        for line, fields in _records(text, read):
            if len(fields) != width:
                return request.error(
                    f"the file {name} has {len(fields)} fields on line {line} where the header has {width}. Nothing of it "
                    "was taken; ask the agency for a complete export, or correct `read.delimiter`."
                )
    except csv.Error:
        pass
    if _mixes_line_ends(text):
        return request.error(
            f"the file {name} ends some lines as Windows does and some as Linux does, as files do that were joined by hand. Nothing "
            "of it was taken; ask the agency for one export, or to save it once more as CSV."
        )
    return request.error(
        f"the file {name} breaks the rules for quotes in CSV, or never closes one. Nothing of it was "
        "taken; ask the agency for a new export."
    )


def _is_utf8(text: Path) -> bool:
    try:
        with text.open(encoding="utf-8", newline="") as lines:
            while lines.read(COPY_CHARACTERS):
                pass
    except UnicodeError:
        return False
    return True


def _mixes_line_ends(text: Path) -> bool:
    windows = alone = 0
    with text.open("rb") as lines:
        for line in lines:
            windows += line.endswith(b"\r\n")
            alone += line.endswith(b"\n") and not line.endswith(b"\r\n")
    return bool(windows and alone)
