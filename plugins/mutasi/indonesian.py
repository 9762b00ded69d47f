"""Numbers, dates and the words of the checks as Indonesian offices write them."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

NUMBERS = Path(__file__).with_suffix(".sql")  # the macros by which queries write numbers
MONTHS = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November", "Desember",
)  # fmt: skip
DAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
SEVERITIES = {"critical": "Kritis", "warning": "Perlu diperbaiki", "info": "Informasi"}
EFFECTS = {
    "stop": "Dataset tidak dipakai",
    "drop": "Baris dikarantina",
    "blank": "Isian dikosongkan",
    "warn": "Dipakai, diberi tanda",
}
NOTHING = "–"


def number(value: float | None, decimals: int = 0) -> str:
    """1234.5 with one decimal becomes `1.234,5`; halves are rounded up, as in a spreadsheet; None becomes a dash."""
    if value is None:
        return NOTHING
    rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP) + 0  # no -0
    return f"{rounded:,f}".translate(str.maketrans(",.", ".,"))


def percent(part: int | None, whole: int | None) -> str:
    """A share in percent; what is above nothing never reads 0."""
    if part is None or not whole:
        return NOTHING
    share = 100 * part / whole
    return "< 0,1 %" if 0 < share < 0.05 else f"{number(share, 1)} %"


def date(day: dt.date | None) -> str:
    """`22 November 2026`."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}" if day else NOTHING


def weekday(day: dt.date) -> str:
    """`Minggu, 22 November 2026`."""
    return f"{DAYS[day.weekday()]}, {date(day)}"
