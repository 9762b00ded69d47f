"""One page with every step of the last runs: how it ended, how much went through, how long it took and how much memory.

It is written from the ledger itself, so that it also tells of a night that published nothing.
"""

from __future__ import annotations

import datetime as dt
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

from mutasi import indonesian as id_
from mutasi.engine import connect, quoted
from mutasi.landing.snapshots import write_text
from mutasi.publish.markup import document, table, tag
from mutasi.settings import Settings

RUNS_SHOWN = 14
WIB = dt.timedelta(hours=7)
STATES = {"ok": ("baik", "good"), "kept": ("data lama dipakai", "warning"), "failed": ("gagal", "critical")}
COLUMNS = [
    ("Langkah", False), ("Hasil", False), ("Bagian", True), ("Baris diterima", True), ("Dipakai", True), ("Karantina", True),
    ("MB", True), ("Detik", True), ("Memori puncak (MB)", True), ("Catatan", False),
]  # fmt: skip
# Per run, step and state; the parts of a step may have run beside each other, so their seconds are work and not the clock.
STEPS = """
with ledger as (
    select * from read_parquet({files}, union_by_name = true)
    qualify row_number() over (partition by run_id, step, agency_id, dataset order by started_at desc) = 1
), newest as (
    select run_id, max(snapshot_date) as snapshot_date, min(started_at) as began,
        max(started_at + to_microseconds(cast(coalesce(seconds, 0) * 1e6 as bigint))) as ended
    from ledger group by run_id order by began desc limit ?
)
select newest.run_id, newest.snapshot_date, newest.began, newest.ended, step, status, count(*) as parts,
    sum(rows_received), sum(rows_promoted), sum(rows_quarantined), sum(bytes) / 1e6, sum(seconds), max(peak_mb),
    coalesce(string_agg(message, chr(10) order by agency_id, dataset) filter (status <> 'ok'), '') as notes
from ledger inner join newest using (run_id)
group by all
order by newest.began desc, newest.run_id, min(ledger.started_at), status
"""


def write_runs_page(settings: Settings) -> Path:
    """Write `reports/runs/index.html`; returns the file. Before the first run it has no rows."""
    sections = [_section(list(rows)) for _, rows in groupby(_steps(settings), key=lambda row: row[0])]
    file = settings.folder("reports", "runs") / "index.html"
    write_text(
        file,
        document(
            "Pelaksanaan",
            f"""<h1>Pelaksanaan</h1>
<p class="sub">{RUNS_SHOWN} pelaksanaan terakhir menurut langkah · waktu WIB · hanya jumlah, tanpa isi baris</p>
{"".join(sections) or "<p>Belum ada pelaksanaan.</p>"}
<footer>Sumber: quality.runs. Detik dijumlahkan atas semua bagian langkah; bagian dapat berjalan bersamaan.</footer>""",
        ),
    )
    return file


def _steps(settings: Settings) -> list[tuple[Any, ...]]:
    runs = settings.home / "quality" / "runs"
    if not any(runs.glob("[!_]*/*.parquet")):
        return []
    with connect(settings) as con:
        return con.execute(STEPS.format(files=quoted(str(runs / "[!_]*" / "*.parquet"))), [RUNS_SHOWN]).fetchall()


def _section(rows: list[tuple[Any, ...]]) -> str:
    run_id, day, began, ended = rows[0][:4]
    worst = next((state for state in ("failed", "kept") if any(row[5] == state for row in rows)), "ok")
    head = f"{escape(run_id)} {tag(*STATES[worst])}"
    sub = f"data {id_.date(day)} · mulai {_time(began)} · {id_.number((ended - began).total_seconds())} detik"
    return f'<h2>{head}</h2><p class="sub">{sub}</p>{table(COLUMNS, [_line(row[4:]) for row in rows])}'


def _line(row: tuple[Any, ...]) -> list[str]:
    step, status, parts, received, promoted, quarantined, megabytes, seconds, peak, notes = row
    return [
        escape(step),
        tag(*STATES[status]),
        id_.number(parts),
        *(id_.number(n) for n in (received, promoted, quarantined)),
        id_.number(megabytes, 1),
        id_.number(seconds, 1),
        id_.number(peak),
        "<br>".join(map(escape, notes.splitlines())) or id_.NOTHING,
    ]


def _time(moment: dt.datetime) -> str:
    """A moment of the ledger, which writes UTC, on the clocks of Jakarta."""
    return f"{moment + WIB:%d-%m-%Y %H.%M}"
