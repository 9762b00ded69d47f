"""One page with every rule and what it last found, in counts: what data documentation shows, without any value of a row."""

from __future__ import annotations

import datetime as dt
import json
from html import escape
from pathlib import Path

from mutasi.checks import Rule, rules
from mutasi.checks.suites import VOLUME
from mutasi.engine import connect, quoted
from mutasi.landing.snapshots import write_text
from mutasi.publish import indonesian as id_
from mutasi.publish.markup import document, table, tag
from mutasi.settings import Settings
from mutasi.sources.datasets import datasets

VERDICTS = {"pass": ("baik", "good"), "warn": ("temuan", "warning"), "stop": ("henti", "critical")}
Counts = tuple[int, int, int, int]


def write_checks_page(settings: Settings, day: dt.date) -> Path:
    """Write `reports/checks/index.html` with the newest results up to the day; returns the file."""
    results = _results(settings, day)
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
{_matrix(settings, day)}
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


def _results(settings: Settings, day: dt.date) -> dict[str, Counts]:
    """Per rule: agencies judged, agencies with failures, rows checked, rows failed, each dataset by its newest day."""
    files = [
        str(file)
        for name in datasets()
        if (file := _newest(settings.home / "quality" / "check_results", f"-{name}.parquet", day))
    ]
    if not files:
        return {}
    with connect(settings) as con:
        rows = con.execute(
            f"""
            select rule_code, count(distinct agency_id), count(distinct agency_id) filter (where rows_failed > 0),
                cast(sum(rows_checked) as bigint), cast(sum(rows_failed) as bigint)
            from read_parquet([{", ".join(quoted(f) for f in files)}], union_by_name = true) where rows_checked > 0 group by rule_code
            """
        ).fetchall()
    return {code: (agencies, failing, checked, failed) for code, agencies, failing, checked, failed in rows}


def _newest(folder: Path, ending: str, day: dt.date) -> Path | None:
    files = [f for f in folder.glob(f"????-??-??{ending}") if f.name[:10] <= day.isoformat()]
    return max(files, default=None)


def _matrix(settings: Settings, day: dt.date) -> str:
    """Agencies by datasets with the verdict of the newest day on which the dataset was checked."""
    verdicts: dict[str, dict[str, str]] = {}
    for name in datasets():
        folders = [f for f in (settings.home / "checks" / name).glob("????-??-??") if f.name <= day.isoformat()]
        file = max(folders, default=None)
        if file is None or not (file / "verdicts.json").exists():
            continue
        for agency, verdict in json.loads((file / "verdicts.json").read_text(encoding="utf-8")).items():
            verdicts.setdefault(agency, {})[name] = verdict["verdict"]
    if not verdicts:
        return '<p class="small">Belum ada pemeriksaan.</p>'
    lines = [
        [escape(agency), *(tag(*VERDICTS[found[n]]) if n in found else id_.NOTHING for n in datasets())]
        for agency, found in sorted(verdicts.items())
    ]
    return table([("Instansi", False), *((name.replace("_", " "), False) for name in datasets())], lines)
