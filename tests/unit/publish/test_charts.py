"""Colours of the charts: what still is too much work is never shown as good."""

from __future__ import annotations

import re

import pytest

from mutasi.publish.charts import BRAND, GOOD, WARM, before_after, labels, ticks


@pytest.mark.parametrize(
    ("before", "after", "colour"),
    [
        (1.6, 1.0, GOOD),
        (0.4, 0.8, GOOD),
        (2.5, 2.0, BRAND),
        (1.2, 1.01, BRAND),
        (1.2, 1.5, WARM),
        (0.8, 0.6, WARM),
        (0.9, 1.2, WARM),
    ],
)
def test_overload_is_never_coloured_good(before: float, after: float, colour: str) -> None:
    drawn = before_after([("Puskesmas Rekaan", before, after)], "Beban kerja")
    assert set(re.findall(r'<circle[^>]*(?:stroke|fill)="(#[0-9a-f]{6})"', drawn)) == {colour}


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (0, 71.3, [0, 20, 40, 60]),
        (961_000, 1_231_133, [1_000_000, 1_100_000, 1_200_000]),
        (3, 9, [3, 4, 5, 6, 7, 8, 9]),
        (-0.1, 1.1, [0, 0.5, 1]),
    ],
)
def test_an_axis_bears_round_figures(low: float, high: float, shown: list[float]) -> None:
    assert ticks(low, high) == pytest.approx(shown)


def test_labels_of_one_name_differ_and_fit() -> None:
    names = [f"{dinas} / Sekretariat / Subbagian Umum dan Kepegawaian" for dinas in ("Dinas Rekaan", "Badan Contoh")]
    drawn = labels(names, 32)
    assert len(set(drawn.values())) == 2
    assert max(map(len, drawn.values())) <= 32
