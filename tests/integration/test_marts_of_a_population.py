"""The marts of a generated population: figures that agree, cells that cannot be worked out, days that can be built again."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import duckdb
import numpy as np
import pytest
from tests.bench import line

from mutasi.figures import figures
from mutasi.settings import PROJECT, Settings
from mutasi.sources.registry import read_agencies
from mutasi.warehouse.built import build_file
from mutasi.warehouse.fingerprint import kept
from mutasi.warehouse.publish import reporting_file
from mutasi.warehouse.rebuild import RebuildError, rebuild

pytestmark = pytest.mark.takes(50)

Cell = tuple[str, str]


@pytest.fixture(scope="module")
def night(population: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A copy of the night, which may be changed."""
    home = tmp_path_factory.mktemp("population") / "home"
    shutil.copytree(population / "home", home)
    return Settings(home=home, project=PROJECT, agencies=population / "demo" / "agencies")


@pytest.fixture(scope="module")
def reporting(night: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(reporting_file(night)), read_only=True) as con:
        yield con


ELSEWHERE = {
    "need_fte": "select sum(need_fte) from marts.position_workload",
    "staff_fte": "select sum(staff_fte) from marts.unit_workload",
    "pressure": "select sum(need_fte) / sum(staff_fte) from marts.position_workload where need_fte is not null",
    "shortage_fte": "select sum(greatest(need_fte - staff_fte, 0)) from marts.position_workload",
    "surplus_fte": "select sum(greatest(staff_fte - need_fte, 0)) from marts.position_workload where not has_incomplete_abk",
    "open_seats": "select count(*) from marts.vacant_seats",
    "critical_open_seats": "select sum(open_seats) from marts.vacancies where scope = 'post' and is_critical",
    "leaving_in_five_years": "select sum(holders_definitive + arriving - end_) from (select any_value(holders_definitive) as "
    "holders_definitive, sum(arriving) as arriving, arg_max(holders_at_year_end, year) as end_ from marts.vacancy_forecast where not "
    "is_suppressed group by agency_id, job_kind, job_name)",
    "units_without_need": "select count(*) from marts.unit_workload where is_active and not has_final_abk and position_count > 0",
    "people_in_service": "select sum(people) from marts.workforce_profile where dimension = 'total'",
}


@pytest.mark.parametrize("figure", figures(Settings.from_environment()), ids=lambda figure: figure.code)
def test_each_figure_is_one_number_that_other_tables_come_to(reporting: duckdb.DuckDBPyConnection, figure) -> None:  # type: ignore[no-untyped-def]
    rows = reporting.execute(figure.sql).fetchall()
    assert len(rows) == 1 and len(rows[0]) == 1 and rows[0][0] > 0
    assert f"marts.{figure.model}" in figure.sql and figure.sql.count("marts.") == 1
    assert rows[0][0] == pytest.approx(reporting.execute(ELSEWHERE[figure.code]).fetchall()[0][0], rel=1e-9)


def test_there_are_ten_figures() -> None:
    assert len({figure.code for figure in figures(Settings.from_environment())}) == 10


def test_no_small_cell_can_be_worked_out(reporting: duckdb.DuckDBPyConnection, night: Settings) -> None:
    """Solve the sums that a reader knows for the hidden cells; none of them may have one solution and be small."""
    hidden = 0
    for (agency,) in reporting.execute("select distinct agency_id from marts.workforce_profile").fetchall():
        rows = reporting.execute(
            "select dimension, category, people from marts.workforce_profile where agency_id = ?", [agency]
        ).fetchall()
        cells: dict[Cell, int | None] = {(dimension, category): people for dimension, category, people in rows}
        hidden += sum(people is None for people in cells.values())
        assert determined(cells) == set()
    assert hidden > 10, "without hidden cells this proves nothing"


def determined(cells: dict[Cell, int | None]) -> set[Cell]:
    """The hidden cells that the known sums fix: each property adds up to the total, golongan to the statuses of their scale."""
    unknown = [cell for cell, people in cells.items() if people is None]
    sums: list[tuple[list[Cell], list[Cell]]] = []
    for dimension in {dimension for dimension, _ in cells} - {"total"}:
        own = [cell for cell in cells if cell[0] == dimension]
        scales = {"golongan_pns": ("PNS", "CPNS"), "golongan_pppk": ("PPPK", "PPPK_PW")}
        total = (
            [c for c in product(["employment_status"], scales[dimension]) if c in cells]
            if dimension in scales
            else [("total", "total")]
        )
        sums.append((own, total))
    matrix = np.array([[(cell in own) - (cell in total) for cell in unknown] for own, total in sums], dtype=float)
    if not unknown:
        return set()
    _, values, directions = np.linalg.svd(matrix)
    free = directions[int((values > 1e-9).sum()) :]
    return {cell for n, cell in enumerate(unknown) if np.abs(free[:, n]).max(initial=0) < 1e-9}


def test_the_attack_finds_what_is_open() -> None:
    one_hidden: dict[Cell, int | None] = {("total", "total"): 20, ("sex", "F"): 17, ("sex", "M"): None}
    assert determined(one_hidden) == {("sex", "M")}
    by_golongan: dict[Cell, int | None] = {
        ("total", "total"): 20, ("employment_status", "PNS"): 12, ("employment_status", "CPNS"): None,
        ("employment_status", "PPPK"): None, ("golongan_pns", "31"): 15, ("golongan_pppk", "IX"): 5,
    }  # fmt: skip
    assert ("employment_status", "CPNS") in determined(by_golongan)


def test_a_day_built_again_equals_what_was_published(night: Settings) -> None:
    agencies = read_agencies(night.agencies)
    before = build_file(night).stat().st_mtime_ns
    found = rebuild(night, agencies, line.DAY)
    assert found.is_equal and found.causes == (), found.lines()
    assert len(found.rebuilt.tables) > 20
    assert build_file(night).stat().st_mtime_ns == before, "the build of the night stays as it is"
    assert not (night.home / "rebuilt" / line.DAY.isoformat()).exists()


def test_what_differs_is_listed_with_its_reason(night: Settings) -> None:
    published = kept(night, line.DAY)
    assert published
    with duckdb.connect() as con:
        file = next((night.home / "promoted" / "units" / line.DAY.isoformat()).glob("*.parquet"))
        con.execute(f"create table corrected as select * replace ('Nama Lain' as unit_name) from '{file}'")
        [(corrected,)] = con.execute("select count(*) from corrected").fetchall()
        file.unlink()
        con.execute(f"copy corrected to '{file}' (format parquet)")
    manifest = next((night.home / "promoted" / "units" / line.DAY.isoformat()).glob(f"{file.stem.rsplit('-', 1)[0]}.json"))
    manifest.write_text(manifest.read_text().replace('"data_sha256": "', '"data_sha256": "0'))
    found = rebuild(night, read_agencies(night.agencies), line.DAY)
    assert found.causes == ("inputs",)
    assert "unit_name" in found.differing["marts.dim_unit"]
    assert "marts.vacancies" not in found.differing
    assert "a late delivery" in "\n".join(found.lines())
    units = found.rows["marts.dim_unit"]
    assert (units.added, units.missing) == (0, 0) and units.changed >= corrected > 5
    assert f"(0 added, 0 missing, {units.changed} changed)" in "\n".join(found.lines())
    assert all(table.startswith("marts.") for table in found.rows), "rows of people are not kept"


def test_a_day_without_snapshots_is_refused_in_a_sentence(night: Settings) -> None:
    with pytest.raises(RebuildError, match="past their retention"):
        rebuild(night, read_agencies(night.agencies), line.DAY - dt.timedelta(days=400))
