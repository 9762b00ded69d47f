"""The marts and the plain script that the bench measures them against come to the same figures; each is the other's proof."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from tests.bench import __main__ as bench
from tests.bench import floor, line

from mutasi.demo import generate


@pytest.fixture(autouse=True)
def _environment_of_its_own() -> Iterator[None]:
    with patch.dict(os.environ):
        yield


def test_the_night_and_the_floor_agree_on_every_post_without_a_planted_defect(tmp_path: Path) -> None:
    generate(tmp_path, employees=1_000, as_of=line.DAY, agencies=2, form="parquet")
    line.run(tmp_path, tmp_path / "home")
    floor.run(tmp_path, tmp_path / "floor.duckdb")
    compared = floor.compare(tmp_path, tmp_path / "floor.duckdb", tmp_path / "home" / "warehouse" / "reporting.duckdb")
    assert {mart: different for mart, (_, different) in compared.items()} == dict.fromkeys(compared, 0)
    assert min(rows for rows, _ in compared.values()) > 50


def test_the_nation_is_measured_with_the_waits_of_its_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "bench", lambda size: [bench.Figure(f"{size}_compute", 1.0, "s")])
    monkeypatch.setattr(bench, "_part", lambda name: [(f"{name}_p95", 1.0, "ms", 200.0, None)])
    assert [f.name for f in bench.measured("national")] == ["latency_p95", "national_compute"]
    assert [f.name for f in bench.measured("city")] == ["city_compute"]
    assert [f.name for f in bench.measured("latency")] == ["latency_p95"]
