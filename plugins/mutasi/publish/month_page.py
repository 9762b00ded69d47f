"""What became of a month: first and last published day beside each other, agency by agency.

Both days are read from the files that BI could open then, so the page holds no figure that nobody could have seen. Aggregates only.
"""

from __future__ import annotations

import datetime as dt
from html import escape
from pathlib import Path
from typing import Any

import duckdb

from mutasi import indonesian as id_
from mutasi.engine import quoted
from mutasi.errors import NeedsAPerson
from mutasi.landing.snapshots import write_text
from mutasi.publish.markup import document, table
from mutasi.settings import Settings
from mutasi.warehouse.fingerprint import rows_file

COLUMNS = [
    ("Instansi", False), ("Data per", False), ("Kekurangan awal (FTE)", True), ("akhir", True), ("Kelebihan awal (FTE)", True),
    ("akhir", True), ("Jabatan lowong awal", True), ("akhir", True), ("Indeks kualitas awal", True), ("akhir", True),
    ("Baris dikarantina", True),
]  # fmt: skip
# An agency that joined or left within the month stands on one side only.
OUTCOME = """
with sides as (
    select 'first' as side, * from ({first}) union all by name select 'last' as side, * from ({last})
)
select agency_id, coalesce(max(agency_name) filter (side = 'last'), max(agency_name)) as agency_name,
    max(data_as_of) filter (side = 'last') as data_as_of,
    {pairs},
    max(rows_quarantined) filter (side = 'last') as rows_quarantined
from sides
group by agency_id
order by agency_id
"""
SIDE = """
select agencies.agency_id, agencies.agency_name, agencies.data_as_of, places.shortage_fte, places.surplus_fte, places.open_seats,
    quality.index_pct, quality.rows_quarantined
from {day}.marts.dim_agency as agencies
left join {day}.marts.place_summary as places
    on places.scope = 'agency' and places.method = 'all' and places.scope_id = agencies.agency_id
left join {day}.marts.agency_data_quality as quality on quality.agency_id = agencies.agency_id and quality.is_latest
"""
FIGURES = ("shortage_fte", "surplus_fte", "open_seats", "index_pct")


class MonthError(NeedsAPerson):
    """The month cannot be told; the message says which and what to do."""


def write_month_page(settings: Settings, month: dt.date) -> Path:
    """Write `reports/month/<first day>/index.html` and the same figures as `outcome.parquet`; returns the page.

    Args:
        settings: the home whose published days are compared.
        month: any day of the month.

    Raises:
        MonthError: no day of the month is kept as a file any more, or none was published.
    """
    first = month.replace(day=1)
    days = [day for day in _days_of(first) if rows_file(settings, day).exists()]
    if not days:
        raise MonthError(
            f"Nothing that was published in {first:%Y-%m} is kept; publish a night of that month, or raise `retention_marts_days`."
        )
    folder = settings.folder("reports", "month", first.isoformat())
    rows = _outcome(rows_file(settings, days[0]), rows_file(settings, days[-1]), folder / "outcome.parquet")
    file = folder / "index.html"
    write_text(file, _page(first, days, rows))
    return file


def _days_of(first: dt.date) -> list[dt.date]:
    following = (first + dt.timedelta(days=31)).replace(day=1)
    return [first + dt.timedelta(days=n) for n in range((following - first).days)]


def _outcome(first: Path, last: Path, target: Path) -> list[tuple[Any, ...]]:
    pairs = ", ".join(f"max({f}) filter (side = '{side}') as {f}_{side}" for f in FIGURES for side in ("first", "last"))
    last_day = "first_day" if last == first else "last_day"  # no file can be attached twice
    query = OUTCOME.format(first=SIDE.format(day="first_day"), last=SIDE.format(day=last_day), pairs=pairs)
    with duckdb.connect() as con:
        for name, file in {"first_day": first, last_day: last}.items():
            con.execute(f"attach {quoted(str(file))} as {name} (read_only)")
        con.execute(f"copy ({query}) to {quoted(str(target))} (format parquet)")
        return con.execute(f"from {quoted(str(target))}").fetchall()


def _page(first: dt.date, days: list[dt.date], rows: list[tuple[Any, ...]]) -> str:
    title = f"Evaluasi bulan {id_.MONTHS[first.month - 1]} {first.year}"
    return document(
        title,
        f"""<h1>{title}</h1>
<p class="sub">{id_.date(days[0])} dibandingkan dengan {id_.date(days[-1])} · terbit {len(days)} dari {len(_days_of(first))} malam
· hanya jumlah, tanpa data pegawai</p>
{table(COLUMNS, [_line(row) for row in rows])}
<footer>Sumber: marts.place_summary dan marts.agency_data_quality sebagaimana terbit pada kedua hari. Perubahan jumlah dapat
disebabkan perpindahan, pensiun, ABK baru, maupun data yang diperbaiki.</footer>""",
    )


def _line(row: tuple[Any, ...]) -> list[str]:
    _, name, data_as_of, *figures, quarantined = row
    decimals = (1, 1, 1, 1, 0, 0, 1, 1)
    return [
        escape(name),
        id_.date(data_as_of),
        *(id_.number(figure, places) for figure, places in zip(figures, decimals, strict=True)),
        id_.number(quarantined),
    ]
