"""Who gives and who receives: nobody is lost in the picture, and it names units as long as it can."""

from __future__ import annotations

import re

from mutasi.publish.flow_chart import REST, flows


def _sides(drawn: str) -> tuple[dict[str, int], dict[str, int]]:
    """People by label, of those who give and those who receive."""
    left, right = (
        dict(re.findall(rf'text-anchor="{anchor}"[^>]*font-size="10">([^<]*) \((\d+)\)<', drawn)) for anchor in ("end", "start")
    )
    return {name: int(n) for name, n in left.items()}, {name: int(n) for name, n in right.items()}


def test_few_units_are_shown_as_they_are() -> None:
    left, right = _sides(flows([("Dinas A / Bidang 1", "Dinas B / Bidang 2", 3), ("Dinas A / Bidang 1", "Dinas C", 1)], "Arus"))
    assert left == {"Dinas A / Bidang 1": 4}
    assert right == {"Dinas B / Bidang 2": 3, "Dinas C": 1}


def test_moves_spread_over_many_units_are_shown_by_the_units_above_them() -> None:
    rows = [(f"Dinas {'AB'[n % 2]} / Sekolah {n}", f"Dinas C / Sekolah {n + 1}", 1) for n in range(40)]
    left, right = _sides(flows(rows, "Arus"))
    assert left == {"Dinas A": 20, "Dinas B": 20}
    assert right == {"Dinas C": 40}


def test_within_one_department_its_units_are_shown_and_the_rest_is_counted() -> None:
    rows = [
        ("Dinas A / Sekolah 0", "Dinas A / Sekolah 1", 5),
        *((f"Dinas A / Sekolah {n}", f"Dinas A / Sekolah {n + 1}", 1) for n in range(40)),
    ]
    left, right = _sides(flows(rows, "Arus"))
    assert left["Dinas A / Sekolah 0"] == 6
    assert left[REST] > 0
    assert sum(left.values()) == sum(right.values()) == 45
