"""Who gives and who receives people: bands between units, at the deepest level of their paths at which the page names most of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mutasi import indonesian as id_
from mutasi.publish.charts import BRAND, WIDTH, labels, svg, text

REST = "lainnya"
STEP = " / "


def flows(rows: Sequence[tuple[str, str, int]], title: str, most: int = 9) -> str:
    """Bands from those who give (left) to those who receive (right), as wide as people move; the rest is gathered.

    Args:
        rows: (path of the giving unit, path of the receiving unit, people), paths as `Dinas Rekaan / Bidang Rekaan`.
        title: What a screen reader says of the chart.
        most: Names on either side.
    """
    gathered = _gathered(rows, most)
    left_side, right_side = _stack(gathered, 0), _stack(gathered, 1)
    total, slots = gathered.total(), max(len(left_side), len(right_side))
    unit = min(18.0, 300 / max(total, 1))
    height = 34 + total * unit + 14 * slots
    x1, x2 = 232.0, WIDTH - 232.0
    starts, ends = _places(left_side, unit, height), _places(right_side, unit, height)
    parts = [text(x1, 14, "Asal", anchor="end", bold=True), text(x2, 14, "Tujuan", bold=True)]
    used_left, used_right = dict.fromkeys(starts, 0.0), dict.fromkeys(ends, 0.0)
    order = [{name: n for n, name in enumerate(side)} for side in (starts, ends)]
    for (origin, target), people in sorted(gathered.items(), key=lambda p: (order[0][p[0][0]], order[1][p[0][1]])):
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
            parts.append(text(x + shift, y + tall / 2 + 4, f"{label[name]} ({id_.number(sizes[name])})", anchor=anchor, size=10))
    return svg(height, parts, title)


def _gathered(rows: Sequence[tuple[str, str, int]], most: int) -> Counter[tuple[str, str]]:
    """People by (giving, receiving) of the names shown; where moves are spread over too many units, by the units above them."""
    deepest = max((path.count(STEP) + 1 for *paths, _ in rows for path in paths), default=1)
    found: Counter[tuple[str, str]] = Counter()
    for level in range(deepest, 0, -1):
        before, found = found, _at(rows, level, most)
        if before and len({name for pair in found for name in pair}) == 1:
            return before  # one band from a department to itself tells nobody anything
        named = sum(people for pair, people in found.items() if REST not in pair)
        if 2 * named >= found.total():
            break
    return found


def _at(rows: Sequence[tuple[str, str, int]], level: int, most: int) -> Counter[tuple[str, str]]:
    pairs: Counter[tuple[str, str]] = Counter()
    for origin, target, people in rows:
        pairs[_above(origin, level), _above(target, level)] += people
    giving, receiving = (set(list(_stack(pairs, side))[:most]) for side in (0, 1))
    found: Counter[tuple[str, str]] = Counter()
    for (origin, target), people in pairs.items():
        found[origin if origin in giving else REST, target if target in receiving else REST] += people
    return found


def _above(path: str, level: int) -> str:
    return STEP.join(path.split(STEP)[:level])


def _stack(pairs: Counter[tuple[str, str]], side: int) -> dict[str, int]:
    """People by name of one side, most first, the rest last."""
    sizes: Counter[str] = Counter()
    for pair, people in pairs.items():
        sizes[pair[side]] += people
    return dict(sorted(sizes.items(), key=lambda size: (size[0] == REST, -size[1], size[0])))


def _places(sizes: dict[str, int], unit: float, height: float) -> dict[str, float]:
    """Tops of the blocks, spread over the height."""
    gap = (height - 34 - sum(sizes.values()) * unit) / max(len(sizes), 1)
    places, y = {}, 26.0
    for name, people in sizes.items():
        places[name] = y
        y += people * unit + gap
    return places
