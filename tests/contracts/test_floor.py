"""The marts and the plain script that the bench measures them against come to the same figures; each is the other's proof."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.bench import __main__ as bench
from tests.bench import floor


def test_the_night_and_the_floor_agree_on_every_post_without_a_planted_defect(population: Path, tmp_path: Path) -> None:
    floor.run(population, tmp_path / "floor.duckdb")
    compared = floor.compare(population, tmp_path / "floor.duckdb", population / "home" / "warehouse" / "reporting.duckdb")
    assert {mart: different for mart, (_, different) in compared.items()} == dict.fromkeys(compared, 0)
    assert min(rows for rows, _ in compared.values()) > 50


def test_the_nation_is_measured_with_the_waits_of_its_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "bench", lambda size: [bench.Figure(f"{size}_compute", 1.0, "s")])
    monkeypatch.setattr(bench, "_part", lambda name: [(f"{name}_p95", 1.0, "ms", 200.0, None)])
    assert [f.name for f in bench.measured("national")] == ["latency_p95", "national_compute"]
    assert [f.name for f in bench.measured("city")] == ["city_compute"]
    assert [f.name for f in bench.measured("latency")] == ["latency_p95"]
