"""The defect report as one HTML file without any key, so that it can be sent on."""

from __future__ import annotations

from html import escape

from mutasi import indonesian as id_
from mutasi.publish import wording
from mutasi.publish.defects import AgencyDefects, DatasetState, Finding
from mutasi.publish.markup import document, table, tag, tiles


def page(report: AgencyDefects) -> str:
    """The whole page."""
    name = escape(report.agency.agency_name)
    return document(
        f"{wording.TITLE} · {name} · {id_.date(report.day)}",
        f"""<div class="class">{escape(wording.classification(report, with_keys=False))}</div>
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
terhadap pengiriman sebelumnya yang diperiksa. Perbaikan dilakukan pada sumber data; laporan berikutnya menghitung ulang.</footer>""",
    )


def _tiles(report: AgencyDefects) -> str:
    received, promoted, quarantined = (
        sum(getattr(s, n) or 0 for s in report.states) for n in ("rows_received", "rows_promoted", "rows_quarantined")
    )
    figures = [
        (id_.number(received), "baris diterima"),
        (id_.number(promoted), "baris dapat dipakai"),
        (id_.number(quarantined), "baris dikarantina"),
        (id_.number(len(report.open_findings)), "aturan belum terpenuhi"),
    ]
    if any(s.compared_with for s in report.states):
        figures += [
            (id_.number(sum(f.new or 0 for f in report.findings)), "temuan baru"),
            (id_.number(sum(f.resolved or 0 for f in report.findings)), "temuan selesai"),
        ]
    return tiles(figures)


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
