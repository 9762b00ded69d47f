"""One page with every rule and what it last found, in counts: what data documentation shows, without any value of a row."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from html import escape
from pathlib import Path

from mutasi import indonesian as id_
from mutasi.checks import Rule, rules
from mutasi.checks.suites import VOLUME
from mutasi.engine import connect, quoted
from mutasi.landing.snapshots import write_text
from mutasi.publish.markup import document, table, tag
from mutasi.settings import Settings
from mutasi.sources.datasets import datasets
from mutasi.sources.registry import agency_files

VERDICTS = {"pass": ("baik", "good"), "warn": ("temuan", "warning"), "stop": ("henti", "critical")}
Counts = tuple[int, int, int, int]
Checked = tuple[dt.date, dict[str, str]]


def write_checks_page(settings: Settings, day: dt.date) -> Path:
    """Write `reports/checks/index.html` with the newest results up to the day; returns the file."""
    checked = _checked(settings, day)
    results = _results(settings, checked)
    found = rules(settings.suites)
    sections = []
    for name in (VOLUME, *datasets()):
        title = "Penerimaan data (semua dataset)" if name == VOLUME else f"{datasets()[name].title} ({name})"
        chosen = [rule for rule in found if rule.dataset == name]
        lines = [_rule(rule, results.get(rule.code)) for rule in chosen]
        sections.append(f'<h2 id="{name}">{escape(title)}</h2>{table(COLUMNS, lines)}')
    stations = " · ".join(f'<a href="#{name}">{name}</a>' for name in (VOLUME, *datasets()))
    file = settings.folder("reports", "checks") / "index.html"
    write_text(
        file,
        document(
            f"Aturan kualitas data · {id_.date(day)}",
            f"""<h1>Aturan kualitas data</h1>
<p class="sub">{len(found)} aturan · hasil terakhir sampai {id_.weekday(day)} · hanya jumlah, tanpa isi baris</p>
<p class="small">{stations}</p>
<h2>Hasil per instansi</h2>
{_matrix(checked)}
{"".join(sections)}
<footer>Aturan: expectations/suites (berkas Great Expectations). Pengecualian bertanggal: expectations/exceptions.yml.</footer>""",
        ),
    )
    return file


COLUMNS = [
    ("Aturan", False), ("Tingkat", False), ("Akibat", False), ("Berhenti di atas", True), ("Instansi diperiksa", True),
    ("Tidak terpenuhi", True), ("Baris gagal", True), ("Bagian", True), ("Dasar dan tanggal berlaku", False),
]  # fmt: skip


def _rule(rule: Rule, counts: Counts | None) -> list[str]:
    bkn = f" · BKN {rule.bkn}" if rule.bkn else ""
    limit = id_.NOTHING if rule.stop_above_pct is None else f"{id_.number(rule.stop_above_pct)} %"
    agencies, failing, checked, failed = counts or (None, None, None, None)
    return [
        f'{escape(rule.title)}<div class="code">{rule.code}{bkn}</div>',
        tag(id_.SEVERITIES[rule.severity], rule.severity),
        escape(id_.EFFECTS[rule.action]),
        limit,
        id_.number(agencies),
        id_.number(failing),
        id_.number(failed),
        id_.percent(failed, checked) if failed else id_.number(failed),
        f'{escape(rule.source)}<div class="code">sejak {id_.date(rule.since)}</div>',
    ]


def _checked(settings: Settings, day: dt.date) -> dict[str, Checked]:
    """Per agency the newest day on which it was checked, and its verdicts: the last run may have been for one agency alone."""
    known = {file.stem for file in agency_files(settings.agencies)}
    days = {folder.name for folder in (settings.home / "checks").glob("*/????-??-??") if folder.name <= day.isoformat()}
    found: dict[str, Checked] = {}
    for iso in sorted(days, reverse=True):
        if known <= found.keys():
            break
        verdicts: dict[str, dict[str, str]] = {}
        for file in (settings.home / "checks").glob(f"*/{iso}/verdicts.json"):
            for agency, verdict in json.loads(file.read_text(encoding="utf-8")).items():
                verdicts.setdefault(agency, {})[file.parent.parent.name] = verdict["verdict"]
        found = {agency: (dt.date.fromisoformat(iso), told) for agency, told in verdicts.items()} | found
    return found


def _results(settings: Settings, checked: Mapping[str, Checked]) -> dict[str, Counts]:
    """Per rule: agencies judged, agencies with failures, rows checked, rows failed, each agency by its newest day."""
    folder = settings.home / "quality" / "check_results"
    files = [
        str(f)
        for d in sorted({d for d, _ in checked.values()})
        for name in datasets()
        if (f := folder / f"{d}-{name}.parquet").exists()
    ]
    if not files:
        return {}
    with connect(settings) as con:
        rows = con.execute(
            f"""
            with newest as (select unnest(?::varchar[]) as agency_id, unnest(?::date[]) as snapshot_date)
            select rule_code, count(distinct agency_id), count(distinct agency_id) filter (where rows_failed > 0),
                cast(sum(rows_checked) as bigint), cast(sum(rows_failed) as bigint)
            from read_parquet([{", ".join(quoted(f) for f in files)}], union_by_name = true)
            semi join newest using (agency_id, snapshot_date)
            where rows_checked > 0
            group by rule_code
            """,
            [list(checked), [d for d, _ in checked.values()]],
        ).fetchall()
    return {code: (agencies, failing, checked, failed) for code, agencies, failing, checked, failed in rows}


def _matrix(checked: Mapping[str, Checked]) -> str:
    """Agencies by datasets."""
    if not checked:
        return '<p class="small">Belum ada pemeriksaan.</p>'
    lines = [
        [escape(agency), id_.date(day), *(tag(*VERDICTS[found[n]]) if n in found else id_.NOTHING for n in datasets())]
        for agency, (day, found) in sorted(checked.items())
    ]
    return table(
        [("Instansi", False), ("Terakhir diperiksa", False), *((name.replace("_", " "), False) for name in datasets())], lines
    )
