"""Rows as text files that office programs open without changing them."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from mutasi import indonesian as id_
from mutasi.publish.spreadsheet import Column


def delimited(columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> bytes:
    """Semicolons and a byte-order mark, as Excel with Indonesian settings reads it."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([c.title for c in columns])
    writer.writerows([[shown(value, c) for value, c in zip(row, columns, strict=True)] for row in rows])
    return out.getvalue().encode("utf-8-sig")


def shown(value: Any, column: Column) -> str:
    """A value as text that no spreadsheet changes or runs.

    Employee numbers are written in the printed form with blanks: eighteen bare digits would be rounded.
    """
    if value is None:
        return ""
    if isinstance(value, dt.date):
        return f"{value:%d-%m-%Y}"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (float, Decimal)):
        return id_.number(float(value), 2).replace(".", "")
    text = str(value)
    if column.key == "nip" and len(text) == 18 and text.isdigit():
        return f"{text[:8]} {text[8:14]} {text[14]} {text[15:]}"
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
