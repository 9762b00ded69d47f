"""Charts as SVG that a browser and the PDF printer draw alike: no script, no colour alone carries a meaning."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from mutasi import indonesian as id_

WIDTH = 720
INK, SOFT, LINE, BRAND, WARM, GOOD, PALE = "#1d2733", "#5a6775", "#d5dce4", "#14507a", "#b4551c", "#1f6b3a", "#c9d6e2"


@dataclass(frozen=True)
class Point:
    """A point of the frontier."""

    label: str
    x: float
    y: float
    note: str
    is_chosen: bool


def svg(height: float, parts: Sequence[str], title: str) -> str:
    """The parts as one drawing as wide as the page; `title` is what a screen reader says."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="100%" role="img" '
        f'aria-label="{escape(title)}" font-family="DejaVu Sans, Segoe UI, Arial, sans-serif" font-size="11">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )


def text(
    x: float, y: float, words: str, *, anchor: str = "start", colour: str = INK, size: float = 11, bold: bool = False
) -> str:
    """One line of words at a point, in pixels from the upper left."""
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" font-size="{size}"{weight}>{escape(words)}</text>'
    )


def labels(names: Iterable[str], most: int) -> dict[str, str]:
    """Labels that fit and differ: paths that would read alike show their first step, which tells them apart, and their last."""
    short = {name: shortened(name, most) for name in names}
    count = Counter(short.values())
    for name, label in short.items():
        first, _, rest = name.partition(" / ")
        if count[label] > 1 and rest:
            last = rest.rpartition(" / ")[2]
            room = max(8, most - len(last) - 2)
            short[name] = f"{first[:room].rstrip()}… {shortened(last, most - room - 2)}"
    return short


def _line(x1: float, y1: float, x2: float, y2: float, colour: str = LINE, width: float = 1, dash: str = "") -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"{dashes}/>'


def shortened(text: str, most: int) -> str:
    """A label that fits; of a path the last step tells most, and the step above it tells which one."""
    if len(text) <= most:
        return text
    steps = text.split(" / ")
    two = " / ".join(steps[-2:])
    if len(two) <= most:
        return two
    last = steps[-1]
    room = most - len(last) - 4
    if len(steps) > 1 and room >= 6:
        return f"{steps[-2][:room].rstrip()}… / {last}"
    return last if len(last) <= most else last[: most - 1].rstrip() + "…"


def before_after(rows: Sequence[tuple[str, float, float]], title: str) -> str:
    """Workload per person of each unit before (ring) and after (disc); the dashed line is need = staff."""
    left, right, top, step = 270, 100, 34, 24
    most = max([1.25, *(max(b, a) for _, b, a in rows)]) * 1.05
    height = top + step * len(rows) + 30

    def x(value: float) -> float:
        return left + (WIDTH - left - right) * value / most

    parts = [
        _line(x(1), top - 8, x(1), height - 26, SOFT, 1, "4 3"),
        text(x(1), top - 14, "sesuai (1,00)", anchor="middle", colour=SOFT),
    ]
    label = labels((name for name, _, _ in rows), 40)
    for n, (name, before, after) in enumerate(rows):
        y = top + step * n + 8
        # Nearer to 1 is better, yet nobody who still has too much work is shown as well off.
        colour = WARM if abs(after - 1) > abs(before - 1) else GOOD if after <= 1 else BRAND
        parts += [
            _line(left, y, min(x(before), x(after)), y),
            text(left - 8, y + 4, label[name], anchor="end", size=10),
            _line(x(before), y, x(after), y, colour, 3),
            f'<circle cx="{x(before):.1f}" cy="{y:.1f}" r="5" fill="#fff" stroke="{colour}" stroke-width="2"/>',
            f'<circle cx="{x(after):.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>',
            text(max(x(before), x(after)) + 9, y + 4, f"{id_.number(before, 2)} → {id_.number(after, 2)}", size=9.5, colour=SOFT),
        ]
    key = "○ sekarang   ● setelah usulan   (di atas 1: kekurangan pegawai)"
    parts.append(text(left, height - 8, key, colour=SOFT, size=9.5))
    return svg(height, parts, title)


def stacked(rows: Sequence[tuple[str, int, int]], title: str, words: tuple[str, str]) -> str:
    """Two parts of a whole per row, such as seats filled and seats left open."""
    left, right, top, step = 270, 60, 30, 22
    most = max([1, *(a + b for _, a, b in rows)])
    height = top + step * len(rows) + 10
    scale = (WIDTH - left - right) / most
    parts = [
        f'<rect x="{left}" y="6" width="12" height="12" fill="{BRAND}"/>', text(left + 17, 16, words[0], colour=SOFT),
        f'<rect x="{left + 170}" y="6" width="12" height="12" fill="{PALE}"/>', text(left + 187, 16, words[1], colour=SOFT),
    ]  # fmt: skip
    for n, (name, first, second) in enumerate(rows):
        y = top + step * n
        parts += [
            text(left - 8, y + 12, shortened(name, 40), anchor="end", size=10),
            f'<rect x="{left}" y="{y}" width="{first * scale:.1f}" height="15" fill="{BRAND}"/>',
            f'<rect x="{left + first * scale:.1f}" y="{y}" width="{second * scale:.1f}" height="15" fill="{PALE}"/>',
            text(
                left + (first + second) * scale + 6,
                y + 12,
                f"{id_.number(first)} dari {id_.number(first + second)}",
                colour=SOFT,
                size=9.5,
            ),
        ]
    return svg(height, parts, title)


def ticks(low: float, high: float) -> list[float]:
    """Round figures of an axis, three to seven of them: steps of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10((high - low) / 2))
    step = next(step for step in (power, 2 * power, 5 * power, 10 * power) if (high - low) / step <= 6)
    return [n * step for n in range(math.ceil(low / step), math.floor(high / step) + 1)]


def frontier(points: Sequence[Point], title: str, x_title: str, y_title: str) -> str:
    """Exact points of what more moves buy, numbered and named below; the published plan is the full disc."""
    left, right, top, bottom, tall = 90, 60, 34, 48, 280.0
    ordered = sorted(points, key=lambda p: (p.x, -p.y))
    x_most, y_least, y_most = max([1.0, *(p.x for p in points)]) * 1.08, min(p.y for p in points), max(p.y for p in points)
    spread = (y_most - y_least) or max(abs(y_most), 1.0)
    y_low, y_high = y_least - 0.1 * spread, y_most + 0.1 * spread

    def x(value: float) -> float:
        return left + (WIDTH - left - right) * value / x_most

    def y(value: float) -> float:
        return top + (tall - top - bottom) * (1 - (value - y_low) / (y_high - y_low))

    parts = [_line(left, tall - bottom, WIDTH - right, tall - bottom, SOFT), _line(left, top, left, tall - bottom, SOFT)]
    parts += [
        text(x(value), tall - bottom + 16, id_.number(value), anchor="middle", colour=SOFT, size=9.5)
        for value in ticks(0, x_most)
    ]
    for value in ticks(y_low, y_high):
        parts += [
            text(left - 6, y(value) + 4, id_.number(value, 0 if spread > 20 else 1), anchor="end", colour=SOFT, size=9.5),
            _line(left, y(value), WIDTH - right, y(value)),
        ]
    path = " ".join(f"{x(p.x):.1f},{y(p.y):.1f}" for p in ordered)
    parts.append(f'<polyline points="{path}" fill="none" stroke="{BRAND}" stroke-width="2"/>')
    for n, p in enumerate(ordered, start=1):
        colour = WARM if p.is_chosen else BRAND
        # Neighbours stand close together, so their numbers go up and down by turns.
        parts += [
            f'<circle cx="{x(p.x):.1f}" cy="{y(p.y):.1f}" r="5" fill="{colour if p.is_chosen else "#fff"}" stroke="{colour}" stroke-width="2"/>',
            text(x(p.x), y(p.y) - 10 if n % 2 else y(p.y) + 19, str(n), anchor="middle", colour=colour, bold=True),
            text(left, tall + 6 + 16 * n, _told(n, p), colour=colour if p.is_chosen else INK, bold=p.is_chosen, size=10),
        ]
    parts += [
        text((left + WIDTH - right) / 2, tall - 8, x_title, anchor="middle", colour=SOFT),
        text(left - 60, 12, y_title, colour=SOFT),
    ]
    return svg(tall + 14 + 16 * len(points), parts, title)


def _told(number: int, p: Point) -> str:
    return f"{number}  {p.label}: {id_.number(p.x)} mutasi, ketimpangan {id_.number(p.y)}" + (f", {p.note}" if p.note else "")
