"""One generated population for all tests of the demo, and a DuckDB that reads its truth."""

from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from tests.once import once

from mutasi.demo import Truth, generate

DAY = dt.date(2026, 11, 22)


@pytest.fixture(scope="session")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    """The five agencies with 6,000 people; read them, do not change them."""

    def make(folder: Path) -> None:
        (folder / "truth.pickle").write_bytes(pickle.dumps(generate(folder, 6_000, as_of=DAY)))

    found: Truth = pickle.loads((once(tmp_path_factory, "five-agencies", make) / "truth.pickle").read_bytes())
    return found


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    """One city of 5,000 people as Parquet under canonical names."""
    return generate(tmp_path_factory.mktemp("city"), 5_000, as_of=DAY, form="parquet")


@pytest.fixture
def facts(truth: Truth) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with the five agencies' truth as views."""
    with duckdb.connect() as con:
        for name in ("positions", "plants", "defects"):
            con.execute(f"create view {name} as from read_parquet('{truth.folder / name}.parquet')")
        yield con


@pytest.fixture
def town(city: Truth) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with the city's datasets and truth as views; `clean` holds its rows without the planted copies' keys."""
    with duckdb.connect() as con:
        for file in sorted((city.folder.parent / city.agencies[0]).glob("*.parquet")):
            con.execute(f"create view {file.stem} as from read_parquet('{file}')")
        for name in ("positions", "plants", "defects"):
            con.execute(f"create view truth_{name} as from read_parquet('{city.folder / name}.parquet')")
        yield con
