"""Charts as SVG that a browser and the PDF printer draw alike: no script, no colour alone carries a meaning."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from mutasi.publish import indonesian as id_

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


def _svg(height: float, parts: Sequence[str], title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="100%" role="img" '
        f'aria-label="{escape(title)}" font-family="DejaVu Sans, Segoe UI, Arial, sans-serif" font-size="11">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", colour: str = INK, size: float = 11, bold: bool = False
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" font-size="{size}"{weight}>{escape(text)}</text>'
    )


def labels(names: Iterable[str], most: int) -> dict[str, str]:
    """Labels that fit and differ: paths that would read alike show their first step, which tells them apart, and their last."""
    short = {name: shortened(name, most) for name in names}
    count = Counter(short.values())
    for name, label in short.items():
        first, _, rest = name.partition(" / ")
        if count[label] > 1 and rest:
            last = rest.rpartition(" / ")[2]
            short[name] = f"{first[: max(6, most - len(last) - 2)].rstrip()}… {last}"
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
        _text(x(1), top - 14, "sesuai (1,00)", anchor="middle", colour=SOFT),
    ]
    label = labels((name for name, _, _ in rows), 40)
    for n, (name, before, after) in enumerate(rows):
        y = top + step * n + 8
        # Nearer to 1 is better, yet nobody who still has too much work is shown as well off.
        colour = WARM if abs(after - 1) > abs(before - 1) else GOOD if after <= 1 else BRAND
        parts += [
            _line(left, y, min(x(before), x(after)), y),
            _text(left - 8, y + 4, label[name], anchor="end", size=10),
            _line(x(before), y, x(after), y, colour, 3),
            f'<circle cx="{x(before):.1f}" cy="{y:.1f}" r="5" fill="#fff" stroke="{colour}" stroke-width="2"/>',
            f'<circle cx="{x(after):.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>',
            _text(
                max(x(before), x(after)) + 9, y + 4, f"{id_.number(before, 2)} → {id_.number(after, 2)}", size=9.5, colour=SOFT
            ),
        ]
    key = "○ sekarang   ● setelah usulan   (di atas 1: kekurangan pegawai)"
    parts.append(_text(left, height - 8, key, colour=SOFT, size=9.5))
    return _svg(height, parts, title)


def stacked(rows: Sequence[tuple[str, int, int]], title: str, words: tuple[str, str]) -> str:
    """Two parts of a whole per row, such as seats filled and seats left open."""
    left, right, top, step = 270, 60, 30, 22
    most = max([1, *(a + b for _, a, b in rows)])
    height = top + step * len(rows) + 10
    scale = (WIDTH - left - right) / most
    parts = [
        f'<rect x="{left}" y="6" width="12" height="12" fill="{BRAND}"/>', _text(left + 17, 16, words[0], colour=SOFT),
        f'<rect x="{left + 170}" y="6" width="12" height="12" fill="{PALE}"/>', _text(left + 187, 16, words[1], colour=SOFT),
    ]  # fmt: skip
    for n, (name, first, second) in enumerate(rows):
        y = top + step * n
        parts += [
            _text(left - 8, y + 12, shortened(name, 40), anchor="end", size=10),
            f'<rect x="{left}" y="{y}" width="{first * scale:.1f}" height="15" fill="{BRAND}"/>',
            f'<rect x="{left + first * scale:.1f}" y="{y}" width="{second * scale:.1f}" height="15" fill="{PALE}"/>',
            _text(
                left + (first + second) * scale + 6,
                y + 12,
                f"{id_.number(first)} dari {id_.number(first + second)}",
                colour=SOFT,
                size=9.5,
            ),
        ]
    return _svg(height, parts, title)


def flows(rows: Sequence[tuple[str, str, int]], title: str, most: int = 9) -> str:
    """Bands from those who give (left) to those who receive (right), as wide as people move; the rest is gathered."""
    giving, receiving = _largest(rows, 0, most), _largest(rows, 1, most)
    gathered: dict[tuple[str, str], int] = {}
    for origin, target, people in rows:
        pair = (origin if origin in giving else REST, target if target in receiving else REST)
        gathered[pair] = gathered.get(pair, 0) + people
    left_side, right_side = _stack(gathered, 0), _stack(gathered, 1)
    total, slots = sum(gathered.values()), max(len(left_side), len(right_side))
    unit = min(18.0, 300 / max(total, 1))
    height = 34 + total * unit + 14 * slots
    x1, x2 = 232.0, WIDTH - 232.0
    starts, ends = _places(left_side, unit, height), _places(right_side, unit, height)
    parts = [_text(x1, 14, "Asal", anchor="end", bold=True), _text(x2, 14, "Tujuan", bold=True)]
    used_left, used_right = dict.fromkeys(starts, 0.0), dict.fromkeys(ends, 0.0)
    order = {name: n for n, name in enumerate(ends)}
    for (origin, target), people in sorted(gathered.items(), key=lambda p: (list(starts).index(p[0][0]), order[p[0][1]])):
        band = people * unit
        a, b = starts[origin] + used_left[origin], ends[target] + used_right[target]
        used_left[origin] += band
        used_right[target] += band
        middle = (x1 + x2) / 2
        parts.append(
            f'<path d="M{x1 + 8:.1f},{a:.1f} C{middle:.1f},{a:.1f} {middle:.1f},{b:.1f} {x2 - 8:.1f},{b:.1f} L{x2 - 8:.1f},{b + band:.1f} '
            f'C{middle:.1f},{b + band:.1f} {middle:.1f},{a + band:.1f} {x1 + 8:.1f},{a + band:.1f} Z" fill="{BRAND}" fill-opacity="0.28"/>'
        )
    for places, sizes, x, anchor, shift in ((starts, left_side, x1, "end", -6), (ends, right_side, x2 - 8, "start", 14)):
        label = labels(places, 32)
        for name, y in places.items():
            tall = sizes[name] * unit
            parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="8" height="{tall:.1f}" fill="{BRAND}"/>')
            parts.append(_text(x + shift, y + tall / 2 + 4, f"{label[name]} ({id_.number(sizes[name])})", anchor=anchor, size=10))
    return _svg(height, parts, title)


REST = "lainnya"


def _largest(rows: Sequence[tuple[str, str, int]], side: int, most: int) -> set[str]:
    sizes: dict[str, int] = {}
    for row in rows:
        sizes[str(row[side])] = sizes.get(str(row[side]), 0) + row[2]
    return set(sorted(sizes, key=lambda name: (-sizes[name], name))[:most])


def _stack(gathered: dict[tuple[str, str], int], side: int) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for pair, people in gathered.items():
        sizes[pair[side]] = sizes.get(pair[side], 0) + people
    return dict(sorted(sizes.items(), key=lambda p: (p[0] == REST, -p[1], p[0])))


def _places(sizes: dict[str, int], unit: float, height: float) -> dict[str, float]:
    """Tops of the blocks, spread over the height."""
    gap = (height - 34 - sum(sizes.values()) * unit) / max(len(sizes), 1)
    places, y = {}, 26.0
    for name, people in sizes.items():
        places[name] = y
        y += people * unit + gap
    return places


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
        _text(x(value), tall - bottom + 16, id_.number(value), anchor="middle", colour=SOFT, size=9.5)
        for value in ticks(0, x_most)
    ]
    for value in ticks(y_low, y_high):
        parts += [
            _text(left - 6, y(value) + 4, id_.number(value, 0 if spread > 20 else 1), anchor="end", colour=SOFT, size=9.5),
            _line(left, y(value), WIDTH - right, y(value)),
        ]
    path = " ".join(f"{x(p.x):.1f},{y(p.y):.1f}" for p in ordered)
    parts.append(f'<polyline points="{path}" fill="none" stroke="{BRAND}" stroke-width="2"/>')
    for n, p in enumerate(ordered, start=1):
        colour = WARM if p.is_chosen else BRAND
        # Neighbours stand close together, so their numbers go up and down by turns.
        parts += [
            f'<circle cx="{x(p.x):.1f}" cy="{y(p.y):.1f}" r="5" fill="{colour if p.is_chosen else "#fff"}" stroke="{colour}" stroke-width="2"/>',
            _text(x(p.x), y(p.y) - 10 if n % 2 else y(p.y) + 19, str(n), anchor="middle", colour=colour, bold=True),
            _text(left, tall + 6 + 16 * n, _told(n, p), colour=colour if p.is_chosen else INK, bold=p.is_chosen, size=10),
        ]
    parts += [
        _text((left + WIDTH - right) / 2, tall - 8, x_title, anchor="middle", colour=SOFT),
        _text(left - 60, 12, y_title, colour=SOFT),
    ]
    return _svg(tall + 14 + 16 * len(points), parts, title)


def _told(number: int, p: Point) -> str:
    return f"{number}  {p.label}: {id_.number(p.x)} mutasi, ketimpangan {id_.number(p.y)}" + (f", {p.note}" if p.note else "")
