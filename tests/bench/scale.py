"""How the cost of a night grows with the number of people: one line a size, of the sizes that this machine has measured.

A night has a cost that no size changes. So beside milliseconds per 1,000 people stands what 1,000 people more cost, from one size
to the next: where that stays the same, the cost grows linearly.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

HEADING = (
    f"{'size':<10}{'people':>11}{'compute s':>11}{'night s':>10}{'ms/1,000':>10}{'ms/1,000 more':>15}{'peak MB':>10}  measured"
)


def growth(folder: Path, people: Mapping[str, int]) -> Iterator[str]:
    """The table's lines; a size without figures in `folder` says so."""
    yield HEADING
    before = 0, 0.0
    for size, number in sorted(people.items(), key=lambda item: item[1]):
        file = folder / f"{size}.json"
        if not file.exists():
            yield f"{size:<10}{number:>11,}  not measured: make bench SIZE={size}"
            continue
        told = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())
        value = {figure["name"].removeprefix(f"{size}_"): figure["value"] for figure in told}
        night, day = value["night"], dt.datetime.fromtimestamp(file.stat().st_mtime).astimezone()
        more = f"{1e6 * (night - before[1]) / (number - before[0]):,.1f}" if before[0] else ""
        yield (
            f"{size:<10}{number:>11,}{value['compute']:>11,.1f}{night:>10,.1f}{1e6 * night / number:>10,.1f}{more:>15}"
            f"{value['peak_memory']:>10,.0f}  {day:%Y-%m-%d %H:%M}"
        )
        before = number, night
