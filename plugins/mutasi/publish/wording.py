"""The sentences that the page and the workbook share, so that both say the same."""

from __future__ import annotations

from mutasi import indonesian as id_
from mutasi.publish.defects import AgencyDefects, DatasetState, Finding

TITLE = "Laporan Kualitas Data Kepegawaian"
STATES = {"new": "Baru", "remaining": "Masih ada", "resolved": "Selesai", "unknown": "Belum dibandingkan"}


def classification(report: AgencyDefects, *, with_keys: bool) -> str:
    """The line at the top of every page and sheet."""
    name = report.agency.agency_name
    if with_keys:
        return f"RAHASIA · memuat NIP (data pribadi, UU 27/2022) · hanya untuk pengelola data {name} · hapus setelah perbaikan selesai"
    return f"TERBATAS · hanya untuk pengelola data {name} · halaman ini tidak memuat NIP; daftar kunci ada pada lembar Kunci di berkas XLSX"


def outcome(state: DatasetState) -> str:
    """What became of a dataset's delivery."""
    if state.has_failed or state.verdict is None or (state.verdict == "stop" and not state.rows_received):
        return "Tidak diterima"
    return {"pass": "Diterima tanpa temuan", "warn": "Diterima dengan temuan", "stop": "Dihentikan"}[state.verdict]


def in_use(state: DatasetState) -> str:
    """Which data the plans use."""
    return f"Data {id_.date(state.data_as_of)}" if state.data_as_of else "Belum ada data yang dapat dipakai"


def change(report: AgencyDefects) -> str:
    """What changed since the day before, in one sentence."""
    compared = [s.compared_with for s in report.states if s.compared_with]
    if not compared:
        return "Belum ada pengiriman sebelumnya sebagai pembanding."
    new, resolved, remaining = (sum(getattr(f, n) or 0 for f in report.findings) for n in ("new", "resolved", "remaining"))
    return (
        f"Dibandingkan dengan {id_.date(max(compared))}: {id_.number(new)} temuan baru, {id_.number(resolved)} selesai, "
        f"{id_.number(remaining)} masih ada."
    )


def headline(report: AgencyDefects) -> str:
    """The most important sentence."""
    absent = [s.dataset.title for s in report.states if outcome(s) == "Tidak diterima"]
    stopped = [s for s in report.states if outcome(s) == "Dihentikan"]
    parts = []
    if absent:
        parts.append(f"{id_.number(len(absent))} dataset tidak diterima ({', '.join(absent)}).")
    for has_data, instead in ((True, "data sebelumnya tetap dipakai"), (False, "belum ada data yang dapat dipakai")):
        if titles := [s.dataset.title for s in stopped if (s.data_as_of is not None) == has_data]:
            parts.append(f"{id_.number(len(titles))} dataset dihentikan ({', '.join(titles)}); {instead}.")
    if len(absent) < len(report.states):
        quarantined = sum(s.rows_quarantined or 0 for s in report.states)
        parts.append(
            f"{id_.number(len(report.open_findings))} aturan belum terpenuhi; {id_.number(quarantined)} baris dikarantina dan "
            "belum dapat dipakai."
        )
    return " ".join(parts)


def effect(finding: Finding) -> str:
    """What the failing rows cause."""
    if finding.is_stopping:
        return "Menghentikan dataset"
    return id_.EFFECTS["warn" if finding.rule.action == "stop" else finding.rule.action]
