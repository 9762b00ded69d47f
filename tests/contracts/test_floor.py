"""The marts and the plain script that the bench measures them against come to the same figures; each is the other's proof."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.bench import __main__ as bench
from tests.bench import floor, scale


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


def test_the_line_tells_what_more_people_cost_and_which_sizes_are_not_measured(tmp_path: Path) -> None:
    for size, night in (("small", 6.0), ("large", 26.0)):
        figures = {"compute": night - 1, "night": night, "peak_memory": 600}
        lines = [json.dumps({"name": f"{size}_{name}", "value": value}) for name, value in figures.items()]
        (tmp_path / f"{size}.json").write_text("\n".join(lines), encoding="utf-8")
    _, small, large, missing = scale.growth(tmp_path, {"missing": 1_000_000, "large": 205_000, "small": 5_000})
    assert small.split()[:5] == ["small", "5,000", "5.0", "6.0", "1,200.0"]
    assert large.split()[:6] == ["large", "205,000", "25.0", "26.0", "126.8", "100.0"]
    assert missing.endswith("make bench SIZE=missing")
