"""Writes the demo agencies' sources as the agencies would have them, by reading their agency files backwards.

The agency file says how a source becomes canonical; here the same map is inverted, so column names, codes, date formats,
decimal commas and prefixes of a source can never drift from the file that reads it.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import sqlite3
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from mutasi.engine import named, quoted
from mutasi.sources.agency import Agency, ColumnMap, DatasetSource, FilesRead, SiasnRead, SqlRead
from mutasi.sources.datasets import Column, datasets

# habits that an agency file does not name, because reading copes with them
BYTE_ORDER_MARK = {("pekanbaru", "units")}
BROKEN_IDS = {("pekanbaru", "positions"): "position_id"}
SPACED_IDS = {("tanjungbalai", "performance_reviews"): "nip"}
CONSTANTS = {"hapus": "0", "InstansiId": "A5EB03E23CC8F6A0E040640A040252AD", "EselonId": "", "CepatKode": "", "IndukUnorId": "",
             "PemimpinPnsId": "", "NamaJabatan": "", "status": "N", "kodeCepat": "", "kelompokJabatanId": ""}  # fmt: skip
SHEET_TITLE = ("DAFTAR DATA DEMO (REKAAN)", "Dibuat oleh pembangkit data; bukan data orang sungguhan")


@dataclass(frozen=True)
class Target:
    """Where one agency's sources go and the day they show."""

    folder: Path
    day: dt.date


def write_sources(con: duckdb.DuckDBPyConnection, agency: Agency, target: Target) -> list[Path]:
    """Write every dataset of the agency from its `t_<dataset>` table and return the files."""
    target.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    written: list[Path] = []
    for name, source in agency.datasets.items():
        if isinstance(source.read, SqlRead):
            written.append(_sqlite(con, agency, name, source, target))
        elif isinstance(source.read, FilesRead):
            written.append(_file(con, agency, name, source, source.read, target))
        else:
            written += _service(con, agency, name, source, source.read, target)
    return list(dict.fromkeys(written))


def _query(agency: Agency, name: str, source: DatasetSource, kind: str) -> str:
    """The dataset in the source's own columns; `kind` is text, typed (Parquet) or cells (XLSX, SQLite)."""
    columns = datasets()[name].columns
    selected = [
        f"{_inverse(agency, name, c, columns[c], m, source, kind)} as {named(m.source)}"
        for c, m in source.columns.items()
        if m.source is not None
    ]
    ignored = source.ignore if isinstance(source.ignore, tuple) else ()
    selected += [f"{quoted(CONSTANTS.get(column, 'tidak dipakai'))} as {named(column)}" for column in ignored]
    return f"select {', '.join(selected)} from t_{name} order by _i"


def _inverse(agency: Agency, name: str, column: str, known: Column, mapping: ColumnMap, source: DatasetSource, kind: str) -> str:
    value = named(column)
    if mapping.codes:
        back = {ours: theirs for theirs, ours in reversed(mapping.codes.items())}
        cases = " ".join(f"when {quoted(ours)} then {quoted(theirs)}" for ours, theirs in back.items())
        return f"case {value} {cases} else {value} end"
    if mapping.strip_prefix:
        value = f"{quoted(mapping.strip_prefix)} || {value}"
    if BROKEN_IDS.get((agency.agency_id, name)) == column:
        value = f"case when _i % 97 = 5 then substr({value}, 1, 4) || chr(10) || substr({value}, 5) else {value} end"
    if SPACED_IDS.get((agency.agency_id, name)) == column:
        value = f"concat_ws(' ', substr({value}, 1, 8), substr({value}, 9, 6), substr({value}, 15, 1), substr({value}, 16))"
    if known.type == "date":
        return _date(value, mapping.format or source.date_format, kind)
    if known.type == "decimal" and mapping.decimal == ",":
        return f"replace({value}, '.', ',')"
    if kind == "typed":
        return f"try_cast({value} as {known.sql_type})"
    return value


def _date(value: str, date_format: str, kind: str) -> str:
    if kind == "typed":
        return f"try_cast({value} as date)"
    if date_format == "%Y-%m-%d":
        return value
    return f"coalesce(strftime(try_cast({value} as date), {quoted(date_format)}), {value})"


def _sqlite(con: duckdb.DuckDBPyConnection, agency: Agency, name: str, source: DatasetSource, target: Target) -> Path:
    assert isinstance(source.read, SqlRead)
    found = re.search(r"\bfrom\s+(\w+)", source.read.query or f"from {source.read.table}", re.IGNORECASE)
    table = found.group(1) if found else name
    file = target.folder / f"{source.connection}.db"
    result = con.execute(_query(agency, name, source, "cells"))
    types = {m.source: datasets()[name].columns[c].type for c, m in source.columns.items() if not m.codes and m.decimal == "."}
    names = [d[0] for d in result.description]
    declared = {"integer": "INTEGER", "decimal": "REAL"}
    columns = ", ".join(f"{named(n)} {declared.get(types.get(n, 'text'), 'TEXT')}" for n in names)
    with sqlite3.connect(file) as database:
        database.execute(f"drop table if exists {named(table)}")
        database.execute(f"create table {named(table)} ({columns})")
        database.executemany(f"insert into {named(table)} values ({', '.join('?' * len(names))})", result.fetchall())
    database.close()
    return file


def _file(
    con: duckdb.DuckDBPyConnection, agency: Agency, name: str, source: DatasetSource, read: FilesRead, target: Target
) -> Path:
    file = target.folder / read.path.replace("*", target.day.strftime("%Y%m%d"))
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    kind = read.format or file.suffix.lstrip(".")
    if kind == "parquet":
        con.execute(f"copy ({_query(agency, name, source, 'typed')}) to {quoted(str(file))} (format parquet, compression zstd)")
    elif kind == "xlsx":
        _xlsx(con.execute(_query(agency, name, source, "cells")), source, name, read, file, target.day)
    elif kind == "json":
        con.execute(f"copy ({_query(agency, name, source, 'text')}) to {quoted(str(file))} (format json, array true)")
    else:
        _csv(con.execute(_query(agency, name, source, "text")), read, file, mark=(agency.agency_id, name) in BYTE_ORDER_MARK)
    return file


def _csv(result: duckdb.DuckDBPyConnection, read: FilesRead, file: Path, *, mark: bool) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=read.delimiter, lineterminator="\r\n")
    writer.writerow([d[0] for d in result.description])
    writer.writerows(result.fetchall())
    file.write_bytes((b"\xef\xbb\xbf" if mark else b"") + text.getvalue().encode(read.encoding))


def _xlsx(result: duckdb.DuckDBPyConnection, source: DatasetSource, name: str, read: FilesRead, file: Path, day: dt.date) -> None:
    """One sheet, titles above the header where it does not stand first; ISO dates become real dates, numbers real numbers."""
    from openpyxl import Workbook

    names = [d[0] for d in result.description]
    columns = datasets()[name].columns
    real = {
        m.source: columns[c].type
        for c, m in source.columns.items()
        if not m.codes and m.decimal == "." and _is_real(source, m, columns[c])
    }
    book = Workbook(write_only=True)
    sheet = book.create_sheet(read.sheet or "Data")
    for line in (*SHEET_TITLE, "", "")[: read.header_rows[0] - 1]:
        sheet.append([line])
    sheet.append(names)
    rows = result.fetchall()
    columns_as_read = zip(*rows, strict=True) if rows else ((),) * len(names)
    cells = [_cells(column, real.get(n)) for n, column in zip(names, columns_as_read, strict=True)]
    # the writer takes rows one by one; workbooks hold at most a city
    for row in zip(*cells, strict=True):
        sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    _repack(buffer, file, day)


def _is_real(source: DatasetSource, mapping: ColumnMap, column: Column) -> bool:
    return column.type in ("integer", "decimal") or (
        column.type == "date" and (mapping.format or source.date_format) == "%Y-%m-%d"
    )


def _cells(values: tuple[Any, ...], kind: str | None) -> list[Any]:
    """A column of texts as cells of its kind; what does not fit stays the text that a clerk typed."""
    if kind is None:
        return list(values)
    converters: dict[str, Callable[[str], Any]] = {"date": dt.date.fromisoformat, "integer": int, "decimal": float}
    convert = converters[kind]
    known: dict[Any, Any] = {None: None}
    for value in set(values) - {None}:
        try:
            known[value] = convert(value)
        except ValueError:
            known[value] = value
    return [known[value] for value in values]


def _repack(buffer: io.BytesIO, file: Path, day: dt.date) -> None:
    """Save a workbook with the day as its only time stamp, so that equal data give equal bytes."""
    stamp = f"{day.isoformat()}T00:00:00Z"
    with zipfile.ZipFile(buffer) as given, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as kept:
        for entry in given.namelist():
            content = given.read(entry)
            if entry == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stamp.encode(), content)
            kept.writestr(zipfile.ZipInfo(entry, (day.year, day.month, day.day, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)


def _service(
    con: duckdb.DuckDBPyConnection, agency: Agency, name: str, source: DatasetSource, read: SiasnRead, target: Target
) -> list[Path]:
    """Records for the demo service, one JSON object a line, and the list of NIPs to ask for."""
    path = (read.per_nip or read.list or name).replace("/{nip}", "").rstrip("/")
    file = target.folder / "siasn" / f"{path.rsplit('/', 1)[-1]}.jsonl"
    file.parent.mkdir(mode=0o700, exist_ok=True)
    con.execute(f"copy ({_query(agency, name, source, 'text')}) to {quoted(str(file))} (format json)")
    if read.nips is None:
        return [file]
    nips = target.folder / read.nips.path.replace("*", target.day.strftime("%Y%m%d"))
    result = con.execute(f"select nip as {named(read.nips_column)} from t_employees order by _i")
    _csv(result, read.nips, nips, mark=False)
    return [file, nips]
