"""The week's proposals to read and to print: the same content as a page and as a PDF, with charts.

The PDF is drawn from the page by WeasyPrint, which runs no script and is allowed to fetch nothing.
"""

from __future__ import annotations

import logging
from html import escape
from pathlib import Path
from typing import Any

import duckdb

from mutasi import indonesian as id_
from mutasi.landing.snapshots import write_text
from mutasi.publish import charts, flow_chart
from mutasi.publish import transfer_wording as wording
from mutasi.publish.markup import STYLE, table, tiles
from mutasi.publish.transfer_run import Run
from mutasi.publish.transfer_sheets import REGION
from mutasi.publish.transfer_summary import Figures

log = logging.getLogger(__name__)

MOST_ROWS = 40  # per table of the report; the workbook has all
PRINT = """
@page { size: A4 portrait; margin: 14mm 14mm 14mm; @bottom-left { content: string(classification); width: 100%; white-space: nowrap; font: 6pt "DejaVu Sans"; color: #5a6775; }
  @top-right { content: counter(page) " / " counter(pages); font: 7pt "DejaVu Sans"; color: #5a6775; } }
@page wide { size: A4 landscape; margin: 12mm; }
.class { string-set: classification content(); }
.wide-page { page: wide; break-before: page; }
figure { margin: 14px 0; break-inside: avoid; } figcaption { font-size: 13px; color: var(--soft); margin-bottom: 4px; }
.lead { margin-bottom: 8px; } .nom td:first-child { min-width: 0; } .nom b { display: block; } .nom td:nth-child(8) { min-width: 230px; } .pair { white-space: nowrap; }
@media print { main { padding: 0; max-width: none; min-height: 0; } body { font-size: 10px; } h1 { font-size: 20px; } h2 { font-size: 14px; }
  .code, .small { font-size: inherit; } table { font-size: 8.5px; } .nom td:nth-child(8) { min-width: 0; } th, td { padding: 4px 5px; } .tile b { font-size: 17px; } .tile { padding: 6px 8px; flex: 1 1 60px; } footer { font-size: inherit; } .lead { font-size: 11px; } }
"""


def write_report(
    con: duckdb.DuckDBPyConnection, run: Run, viewer: str, names: dict[str, str], found: Figures, html: Path, pdf: Path
) -> None:
    """Write both files of one viewer; after `create_view`."""
    text = page(con, run, viewer, names, found)
    write_text(html, text)
    _print(text, pdf)


def _print(text: str, target: Path) -> None:
    """Write the PDF; where the machine lacks the library that sets text, say which and go on: the page holds the same."""
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    try:
        from weasyprint import HTML, URLFetcher
    except OSError:
        log.warning(
            "%s was left out, for Pango is missing: install it (Debian: libpango-1.0-0 libpangoft2-1.0-0). %s holds the same.",
            target.name,
            target.with_suffix(".html").name,
        )
        return
    HTML(string=text, url_fetcher=URLFetcher(allowed_protocols=[])).write_pdf(target)


def page(con: duckdb.DuckDBPyConnection, run: Run, viewer: str, names: dict[str, str], f: Figures) -> str:
    """The whole page."""
    name = names.get(viewer, "Wilayah")
    sentences = [wording.headline(f, run), wording.what_else(f, viewer), wording.left_out(run, names)]
    leads = "".join(f'<p class="lead">{escape(s)}</p>' for s in sentences if s)
    return f"""<!doctype html>
<html lang="id">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{wording.TITLE} · {escape(name)} · {run.week}</title><style>{STYLE}{PRINT}</style></head>
<body><main>
<div class="class">{escape(wording.classification(viewer, name))}</div>
<h1>{wording.TITLE}</h1>
<p class="sub">{escape(name)} · {wording.week_title(run.week)} · data {id_.date(run.data_as_of)}</p>
{leads}
{_tiles(f)}
<h2>Keadaan sekarang dan setelah usulan</h2>
{_charts(con, viewer)}
<h2>Dasar</h2>
<p>{escape(wording.proof(run))}</p>
<p>{escape(wording.NOT_A_DECISION)} Jenis kelamin, usia, agama, dan status kawin tidak dipakai dalam penilaian maupun urutan.</p>
<p>Beban kerja per orang adalah kebutuhan menurut ABK dibagi bezetting: di atas 1 berarti kekurangan pegawai.
Ketimpangan dihitung dalam poin, {wording.IMBALANCE}.</p>
<div class="wide-page"><h2>Usulan prioritas</h2>{_proposals(con, "part = 'priority'", "Tidak ada usulan prioritas minggu ini.")}</div>
<div class="wide-page"><h2>Usulan cadangan</h2>{_proposals(con, "part <> 'priority'", "Tidak ada usulan cadangan minggu ini.")}</div>
<div class="wide-page"><h2>Rantai mutasi</h2>{_chains(con)}<h2>Kursi yang tetap lowong</h2>{_left_open(con)}
<footer>Disusun otomatis oleh Mutasi dari data tanggal {id_.date(run.data_as_of)}; rincian, syarat, dan dasar hukum ada pada usulan-mutasi.xlsx.</footer></div>
</main></body></html>
"""


def _tiles(f: Figures) -> str:
    return tiles(
        [
            (id_.number(f.priority), "usulan prioritas"),
            (id_.number(f.reserve), "usulan cadangan"),
            (f"{id_.number(f.filled)} / {id_.number(f.open_seats)}", "kursi lowong terisi"),
            (f"{id_.number(f.critical_filled)} / {id_.number(f.critical_open)}", "kursi kritis terisi"),
            (id_.number(f.wished), "sesuai minat ASN"),
            (id_.number(f.eligible), "ASN memenuhi syarat"),
        ]
    )


def _charts(con: duckdb.DuckDBPyConnection, viewer: str) -> str:
    """A chart without anything to show is left out."""
    units = con.execute(
        "select unit_path, pressure_before, pressure_after from sheet_beban where pressure_before is not null and pressure_after is not null "
        "and moves_in + moves_out > 0 order by abs(pressure_after - pressure_before) desc, unit_path limit 14"
    ).fetchall()
    sides = "agency_from, agency_to" if viewer == REGION else "from_place, to_place"
    moved = con.execute(
        f"select {sides}, count(*)::int from (select from_agency as agency_from, to_agency as agency_to, "
        "from_unit_path as from_place, to_unit_path as to_place "
        "from seen where solve = 'published') group by all order by all"
    ).fetchall()
    jobs = con.execute(
        "select job, sum(least(filled, open_seats))::int, sum(greatest(open_seats - filled, 0))::int from sheet_lowong group by job "
        "order by sum(open_seats) desc, job limit 14"
    ).fetchall()
    points = [
        charts.Point(
            wording.POINTS.get(label, str(label)),
            float(moves),
            float(imbalance),
            f"{id_.number(critical)} kursi kritis lowong" if critical else "",
            bool(chosen),
        )
        for label, moves, imbalance, critical, chosen in con.execute(
            "select point, moves, imbalance, critical_unfilled, coalesce(is_published, false) from run_frontier "
            "where moves is not null and imbalance is not null order by moves, imbalance desc"
        ).fetchall()
    ]
    return "".join(
        (
            _figure(
                "Beban kerja per orang pada unit yang berubah paling banyak",
                charts.before_after(units, "Beban kerja") if units else None,
            ),
            _figure("Dari mana dan ke mana ASN diusulkan pindah", flow_chart.flows(moved, "Arus mutasi") if moved else None),
            _figure(
                "Kursi lowong menurut jabatan",
                charts.stacked(jobs, "Kursi lowong", ("terisi oleh usulan", "tetap lowong")) if jobs else None,
            ),
            _figure(
                "Pilihan lain bagi seluruh rencana: makin banyak mutasi, makin kecil ketimpangan (titik penuh: rencana ini)",
                charts.frontier(points, "Pilihan lain", "jumlah mutasi", "ketimpangan beban kerja") if points else None,
            ),
        )
    )


def _figure(caption: str, svg: str | None) -> str:
    return f"<figure><figcaption>{caption}</figcaption>{svg}</figure>" if svg else ""


def _rows(con: duckdb.DuckDBPyConnection, query: str) -> tuple[list[dict[str, Any]], int]:
    total = con.execute(f"select count(*) from ({query})").fetchone()
    assert total is not None
    cursor = con.execute(f"{query} limit {MOST_ROWS}")
    names = [d[0] for d in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()], total[0]


def _more(shown: int, total: int) -> str:
    return (
        f'<p class="small">{id_.number(shown)} dari {id_.number(total)}; selebihnya ada pada usulan-mutasi.xlsx.</p>'
        if total > shown
        else ""
    )


def _proposals(con: duckdb.DuckDBPyConnection, where: str, nothing: str) -> str:
    rows, total = _rows(con, f"select * from sheet_usulan where {where}")
    if not rows:
        return f'<p class="small">{nothing}</p>'
    columns = [
        ("No", True),
        ("Nama · NIP", False),
        ("Gol", False),
        ("Jabatan dan unit lama", False),
        ("Jabatan dan unit baru", False),
    ]
    columns += [
        ("ABK/bezetting lama", False),
        ("ABK/bezetting baru", False),
        ("Alasan", False),
        ("Kewenangan", False),
        ("Berkas", False),
    ]
    cells = [
        [
            id_.number(r["rank"]),
            f'<b>{escape(r["name"])}</b><span class="code">{escape(r["nip"] or "")}</span><br><span class="code">{escape(r["candidate_id"])}</span>',
            f'<span class="pair">{escape(r["golongan_name"] or id_.NOTHING)}</span>',
            f"<b>{escape(r['from_job'] or id_.NOTHING)}</b>{escape(r['from_unit_path'] or '')}",
            f"<b>{escape(r['to_job'] or id_.NOTHING)}</b>{escape(r['to_unit_path'] or '')}",
            f'<span class="pair">{r["origin_abk"] or id_.NOTHING}</span>',
            f'<span class="pair">{r["dest_abk"] or id_.NOTHING}</span>',
            escape(r["reason"] or "") + (f'<div class="small">{escape(r["remark"])}</div>' if r["remark"] else ""),
            escape(r["authority"]),
            escape(r["documents"]),
        ]
        for r in rows
    ]
    return f'<div class="nom">{table(columns, cells)}</div>{_more(len(rows), total)}'


def _chains(con: duckdb.DuckDBPyConnection) -> str:
    rows, total = _rows(con, "select * from sheet_rantai")
    if not rows:
        return '<p class="small">Tidak ada rantai: setiap usulan dapat dilaksanakan sendiri.</p>'
    columns = [("Rantai", False), ("Urutan", False), ("Nama", False), ("Dari", False), ("Ke", False), ("Pelaksanaan", False)]
    cells = [
        [
            escape(str(r["chain_id"])), f"{r['chain_order']} dari {r['chain_length']}", escape(r["name"]),
            f"<b>{escape(r['from_job'] or '')}</b>{escape(r['from_unit_path'] or '')}", f"<b>{escape(r['to_job'] or '')}</b>{escape(r['to_unit_path'] or '')}",
            escape(r["package"]),
        ]
        for r in rows
    ]  # fmt: skip
    return f'<div class="nom">{table(columns, cells)}</div>{_more(len(rows), total)}'


def _left_open(con: duckdb.DuckDBPyConnection) -> str:
    rows, total = _rows(con, "select * from sheet_lowong where left_open > 0")
    if not rows:
        return '<p class="good">Semua kursi lowong terisi oleh usulan.</p>'
    columns = [
        ("Unit dan jabatan", False),
        ("Tetap lowong", True),
        ("Kritis", False),
        ("ABK", True),
        ("Bezetting", True),
        ("Sebab", False),
    ]
    columns += [("Bersaing", True), ("Syarat yang paling membatasi", False)]
    cells = [
        [
            f"<b>{escape(r['job'] or '')}</b>{escape(r['unit_path'] or '')}", id_.number(r["left_open"]), escape(r["is_critical"]),
            id_.number(r["need_fte"], 1), id_.number(r["staff_definitive"]), escape(r["reason"] or ""), id_.number(r["people_competing"]),
            escape(r["costliest_rule"] or ""),
        ]
        for r in rows
    ]  # fmt: skip
    return f'<div class="nom">{table(columns, cells)}</div>{_more(len(rows), total)}'
