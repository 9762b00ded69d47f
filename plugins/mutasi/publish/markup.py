"""The look of every page that people get, and the pieces that pages are made of.

No script, no font and no picture is fetched from anywhere: a page can be read on any screen, printed, and sent on.
"""

from __future__ import annotations

from html import escape

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


def document(title: str, body: str) -> str:
    """A whole page; `title` and `body` are HTML."""
    return f"""<!doctype html>
<html lang="id"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{title}</title><style>{STYLE}</style></head><body><main>
{body}
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


def tiles(figures: list[tuple[str, str]]) -> str:
    """Large figures side by side, each with what it counts."""
    return '<div class="tiles">' + "".join(f'<div class="tile"><b>{n}</b><span>{t}</span></div>' for n, t in figures) + "</div>"
