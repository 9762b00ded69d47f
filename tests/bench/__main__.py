"""`make bench`: one night beside the floor, as figures with a target or a peer.

Each measured run is a process of its own. The data are generated once into `var/bench/data` and are the same each time.
"""

from __future__ import annotations

import importlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench.floor import compare
from tests.bench.line import COMPUTE, DAY
from tests.bench.scale import growth

from mutasi.settings import PROJECT

BENCH = PROJECT / "var" / "bench"

Runs = list[dict[str, dict[str, float]]]


@dataclass(frozen=True)
class Size:
    """A population, how often it is measured (the median counts), the seconds up to the build and with publication, and the memory."""

    employees: int
    repeats: int
    compute_seconds: float | None = None
    night_seconds: float | None = None
    agencies: int | None = None
    target_mb: float | None = None


SIZES = {
    "city": Size(5_000, 3, 5.0),
    "province": Size(200_000, 1),
    "million": Size(1_000_000, 1, agencies=114),
    "national": Size(5_600_000, 1, night_seconds=300.0, agencies=640, target_mb=8_000),
}


# Parts of a night measured by themselves, at a size of their own: modules whose `figures()` are the fields of `Figure`.
PARTS = {
    "checks": "tests.bench.checks",
    "dag": "tests.bench.dag",
    "extraction": "tests.bench.extraction",
    "latency": "tests.bench.latency",
    "recommend": "tests.bench.recommend",
}
# Parts that belong to a size: how long readers of a whole nation wait.
ALSO = {"national": ("latency",)}


@dataclass(frozen=True)
class Figure:
    """One line of the result; `target` is a bound that we set, `peer` what it is measured against."""

    name: str
    value: float
    unit: str
    target: float | None = None
    peer: str | None = None


def _part(name: str) -> Iterable[tuple[str, float, str, float | None, str | None]]:
    figures: Iterable[tuple[str, float, str, float | None, str | None]] = importlib.import_module(PARTS[name]).figures()
    return figures


def measured(size: str) -> list[Figure]:
    """The figures of a part, or of a size with the parts that belong to it."""
    if size in PARTS:
        return [Figure(*figure) for figure in _part(size)]
    # Parts first: they are short, and what they lack on this machine shows before the hours of nights.
    return [*(figure for part in ALSO.get(size, ()) for figure in measured(part)), *bench(size)]


def bench(size: str) -> list[Figure]:
    """Measure one size; raises AssertionError when the night and the floor disagree on a figure."""
    plan = SIZES[size]
    source = _data(size, plan)
    nights, marts, floors = [], [], []
    with tempfile.TemporaryDirectory(dir=BENCH) as folder:
        for n in range(plan.repeats):
            home, floor = Path(folder) / f"night-{n}", Path(folder) / f"floor-{n}.duckdb"
            nights.append(_measure("tests.bench.line", source, home))
            floors.append(_measure("tests.bench.floor", source, floor))
            _check(compare(source, floor, home / "warehouse" / "reporting.duckdb"))
            marts.append(_measure("tests.bench.marts", source, home))
            shutil.rmtree(home)
    return _figures(size, plan, nights, marts, floors)


def _data(size: str, plan: Size) -> Path:
    """The generated agencies; made when they or what makes them are new."""
    from mutasi.demo import SEED, generate
    from mutasi.warehouse.fingerprint import contents, digest

    folder = BENCH / "data" / size
    made_by = digest(contents(PROJECT / "plugins" / "mutasi", ("demo/*.py", "sources/datasets.yml")))
    wanted = {"employees": plan.employees, "agencies": plan.agencies, "day": DAY.isoformat(), "seed": SEED, "made_by": made_by}
    marker = folder / "generated.json"
    if not marker.exists() or json.loads(marker.read_text(encoding="utf-8")) != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        print(f"generating {plan.employees:,} employees", file=sys.stderr)  # noqa: T201
        generate(folder, employees=plan.employees, as_of=DAY, agencies=plan.agencies, form="parquet")
        marker.write_text(json.dumps(wanted), encoding="utf-8")
    return folder


def _measure(module: str, source: Path, target: Path) -> dict[str, dict[str, float]]:
    """Run one measurement in a process of its own; it leaves its figures as JSON beside `target`."""
    result = target.with_suffix(".json")
    ran = subprocess.run(
        [sys.executable, "-m", module, str(source), str(target), str(result)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise SystemExit(f"{module} failed:\n{ran.stderr[-3000:]}")
    figures: dict[str, dict[str, float]] = json.loads(result.read_text(encoding="utf-8"))
    # Told at once: what follows may show that both disagree, and the hours behind it were not for nothing.
    print(module, {name: round(seconds, 1) for name, seconds in figures["seconds"].items()}, file=sys.stderr)  # noqa: T201
    return figures


def _check(compared: dict[str, tuple[int, int]]) -> None:
    for mart, (rows, different) in compared.items():
        assert rows and not different, f"{mart}: {different} of {rows} rows differ between the night and the floor"


def _figures(size: str, plan: Size, nights: Runs, marts: Runs, floors: Runs) -> list[Figure]:
    def middle(values: list[float], digits: int = 3) -> float:
        return round(statistics.median(values), digits)

    found = [
        Figure(f"{size}_{step}", middle([n["seconds"][step] for n in nights]), "s")
        for step in ("imports", "first_night", "parse", *COMPUTE)
    ]
    found += [Figure(f"{size}_{step}_memory", middle([n["peak_mb"][step] for n in nights], 0), "MB") for step in COMPUTE]
    peak = max(n["peak_mb"][step] for n in nights for step in COMPUTE)
    totals = [sum(n["seconds"][step] for step in COMPUTE) for n in nights]
    computes = [total - n["seconds"]["publish"] for total, n in zip(totals, nights, strict=True)]
    floor, alone = [f["seconds"]["floor"] for f in floors], [m["seconds"]["marts"] for m in marts]
    beside = {"marts": alone, "build": [n["seconds"]["build"] for n in nights], "night": totals}
    return [
        *found,
        Figure(f"{size}_floor", middle(floor), "s"),
        Figure(f"{size}_marts_alone", middle(alone), "s"),
        Figure(f"{size}_floor_memory", middle([f["peak_mb"]["floor"] for f in floors], 0), "MB"),
        Figure(f"{size}_compute", middle(computes), "s", plan.compute_seconds),
        Figure(f"{size}_night", middle(totals), "s", plan.night_seconds),
        Figure(f"{size}_night_per_1000", round(1e6 * statistics.median(totals) / plan.employees, 2), "ms"),
        Figure(f"{size}_peak_memory", round(peak), "MB", plan.target_mb),
        # The floor makes three marts. Like beside like is what dbt needs for these; its whole build and the night make more.
        *(
            Figure(
                f"{size}_{part}_to_floor",
                round(statistics.median(took) / statistics.median(floor), 2),
                "ratio",
                None,
                "floor.sql",
            )
            for part, took in beside.items()
        ),
    ]


def main() -> None:
    """Print one figure a line and write them to `var/bench/<size>.json`, one JSON object a line; after sizes, how cost grows."""
    asked = sys.argv[1] if len(sys.argv) > 1 else "city"
    if asked not in {*SIZES, *PARTS, "scale"}:
        raise SystemExit(f"SIZE is one of {', '.join([*SIZES, 'scale', *PARTS])}, not {asked}.")
    BENCH.mkdir(parents=True, exist_ok=True)
    for size in SIZES if asked == "scale" else [asked]:
        _tell(size, measured(size))
    if asked not in PARTS:
        print("", *growth(BENCH, {size: plan.employees for size, plan in SIZES.items()}), sep="\n")  # noqa: T201


def _tell(size: str, figures: list[Figure]) -> None:
    print(f"{'name':<36}{'value':>12} {'unit':<7}{'target':>8}  peer")  # noqa: T201
    for f in figures:
        print(f"{f.name:<36}{f.value:>12,.3f} {f.unit:<7}{'' if f.target is None else f.target:>8}  {f.peer or ''}")  # noqa: T201
    lines = [json.dumps(asdict(figure)) for figure in figures]
    (BENCH / f"{size}.json").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
