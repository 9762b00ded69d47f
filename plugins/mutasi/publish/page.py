"""The defect report as one HTML file without any key: it can be read on any screen, printed, and sent on.

No script, no font and no picture is fetched from anywhere.
"""

from __future__ import annotations

from html import escape

from mutasi.publish import indonesian as id_
from mutasi.publish import wording
from mutasi.publish.defects import AgencyDefects, DatasetState, Finding

STYLE = """
:root { --ink: #1d2733; --soft: #5a6775; --line: #d5dce4; --paper: #ffffff; --band: #f3f6f9; --brand: #14507a;
  --critical: #a3231d; --warning: #8a5a00; --info: #37607f; --good: #1f6b3a; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--band); color: var(--ink); font: 15px/1.5 "Segoe UI", "DejaVu Sans", Arial, sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 24px 28px 48px; background: var(--paper); min-height: 100vh; }
.class { background: #fdf3e1; border-left: 5px solid #c98a1b; padding: 8px 14px; font-size: 13px; }
h1 { margin: 20px 0 2px; font-size: 26px; color: var(--brand); }
h2 { margin: 34px 0 10px; font-size: 18px; color: var(--brand); }
.sub { color: var(--soft); margin: 0 0 14px; }
.lead { font-size: 16px; margin: 0 0 4px; }
.tiles { display: flex; flex-wrap: wrap; gap: 12px; margin: 18px 0 0; }
.tile { flex: 1 1 150px; border: 1px solid var(--line); border-radius: 6px; padding: 10px 14px; }
.tile b { display: block; font-size: 24px; font-variant-numeric: tabular-nums; line-height: 1.25; }
.tile span { color: var(--soft); font-size: 13px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th { text-align: left; background: var(--band); border-bottom: 2px solid var(--line); padding: 7px 9px; vertical-align: bottom; }
td { border-bottom: 1px solid var(--line); padding: 7px 9px; vertical-align: top; }
th.n, td.n { text-align: right; font-variant-numeric: tabular-nums; }
td.n { white-space: nowrap; }
td:first-child { min-width: 210px; }
tr { break-inside: avoid; }
.tag { display: inline-block; padding: 1px 8px; border-radius: 10px; border: 1px solid; font-size: 12px; white-space: nowrap; }
.critical { color: var(--critical); } .warning { color: var(--warning); } .info { color: var(--info); } .good { color: var(--good); }
.code, .small { color: var(--soft); font-size: 12px; }
.except { color: var(--info); font-size: 12.5px; }
footer { margin-top: 36px; color: var(--soft); font-size: 12.5px; border-top: 1px solid var(--line); padding-top: 10px; }
@media print { body { background: #fff; font-size: 11px; } main { padding: 0; max-width: none; } table { font-size: 10px; }
  thead { display: table-header-group; } @page { size: A4 landscape; margin: 12mm; } }
"""


def page(report: AgencyDefects) -> str:
    """The whole page."""
    name = escape(report.agency.agency_name)
    return f"""<!doctype html>
<html lang="id">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{wording.TITLE} · {name} · {id_.date(report.day)}</title><style>{STYLE}</style></head>
<body><main>
<div class="class">{escape(wording.classification(report, with_keys=False))}</div>
<h1>{wording.TITLE}</h1>
<p class="sub">{name} · {id_.weekday(report.day)}</p>
<p class="lead">{escape(wording.headline(report))}</p>
<p class="lead">{escape(wording.change(report))}</p>
{_tiles(report)}
<h2>Dataset</h2>
{_datasets(report)}
<h2>Temuan dan cara memperbaikinya</h2>
{_findings(report.open_findings, "Tidak ada temuan pada data yang diterima.")}
{_resolved(report)}
<footer>Disusun otomatis oleh Mutasi dari data tanggal {id_.date(report.day)}. “Baru” dan “selesai” dihitung per kunci baris
terhadap pengiriman sebelumnya yang diperiksa. Perbaikan dilakukan pada sumber data; laporan berikutnya menghitung ulang.</footer>
</main></body></html>
"""


def table(columns: list[tuple[str, bool]], rows: list[list[str]]) -> str:
    """A table; `columns` are titles and whether they hold numbers, the cells are HTML."""
    head = "".join(f'<th class="n">{title}</th>' if is_number else f"<th>{title}</th>" for title, is_number in columns)
    body = "".join(
        "<tr>" + "".join(f'<td class="n">{c}</td>' if columns[i][1] else f"<td>{c}</td>" for i, c in enumerate(row)) + "</tr>"
        for row in rows
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def tag(text: str, kind: str) -> str:
    """A short label in the colour of its kind."""
    return f'<span class="tag {kind}">{escape(text)}</span>'


def _tiles(report: AgencyDefects) -> str:
    received, promoted, quarantined = (
        sum(getattr(s, n) or 0 for s in report.states) for n in ("rows_received", "rows_promoted", "rows_quarantined")
    )
    tiles = [
        (id_.number(received), "baris diterima"),
        (id_.number(promoted), "baris dapat dipakai"),
        (id_.number(quarantined), "baris dikarantina"),
        (id_.number(len(report.open_findings)), "aturan belum terpenuhi"),
    ]
    if any(s.compared_with for s in report.states):
        tiles += [
            (id_.number(sum(f.new or 0 for f in report.findings)), "temuan baru"),
            (id_.number(sum(f.resolved or 0 for f in report.findings)), "temuan selesai"),
        ]
    return '<div class="tiles">' + "".join(f'<div class="tile"><b>{n}</b><span>{t}</span></div>' for n, t in tiles) + "</div>"


def _datasets(report: AgencyDefects) -> str:
    columns = [("Dataset", False), ("Hasil", False), ("Diterima", True), ("Dipakai", True), ("Dikarantina", True)]
    columns += [("Yang berlaku", False), ("Sebab", False)]
    rows = [_dataset(s) for s in report.states]
    shown = len(columns) if any(row[-1] for row in rows) else len(columns) - 1
    return table(columns[:shown], [row[:shown] for row in rows])


def _dataset(state: DatasetState) -> list[str]:
    words = wording.outcome(state)
    kind = {"Diterima tanpa temuan": "good", "Diterima dengan temuan": "warning"}.get(words, "critical")
    why = "; ".join(state.stopped_by)
    message = f'<div class="small">Rincian teknis: {escape(state.message)}</div>' if state.message else ""
    counts = [id_.number(n) for n in (state.rows_received, state.rows_promoted, state.rows_quarantined)]
    return [escape(state.dataset.title), tag(words, kind), *counts, wording.in_use(state), escape(why) + message]


def _findings(findings: tuple[Finding, ...], nothing: str) -> str:
    if not findings:
        return f'<p class="good">{nothing}</p>'
    columns = [("Temuan", False), ("Tingkat", False), ("Jumlah", True), ("Bagian", True), ("Baru", True), ("Selesai", True)]
    return table([*columns, ("Akibat", False), ("Cara memperbaiki", False)], [_finding(f) for f in findings])


def _finding(f: Finding) -> list[str]:
    column = f" · kolom {escape(f.column_name)}" if f.column_name else ""
    excepted = f'<div class="except">Pengecualian: {escape(f.exception_reason)}</div>' if f.exception_reason else ""
    what = f'{escape(f.rule.title)}<div class="code">{escape(f.dataset.title)} · {f.rule.code}{column}</div>{excepted}'
    kind = "critical" if f.is_stopping else f.rule.severity
    return [
        what,
        tag(id_.SEVERITIES[f.rule.severity], kind),
        id_.number(f.rows_failed),
        id_.percent(f.rows_failed, f.rows_checked),
        id_.number(f.new),
        id_.number(f.resolved),
        escape(wording.effect(f)),
        f'{escape(f.rule.fix)}<div class="small">{escape(f.rule.owner)}</div>',
    ]


def _resolved(report: AgencyDefects) -> str:
    done = tuple(f for f in report.findings if not f.rows_failed)
    return f"<h2>Selesai seluruhnya sejak pengiriman sebelumnya</h2>{_findings(done, '')}" if done else ""
