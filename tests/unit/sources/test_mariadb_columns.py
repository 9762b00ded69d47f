"""Dates that crossed the wire as numbers stand in the archive as the server would have written them."""

from __future__ import annotations

import pyarrow as pa
import pytest

from mutasi.sources.mariadb_columns import moments

DATES = {20240131: "2024-01-31", 0: "0000-00-00", 20240200: "2024-02-00", 99991231: "9999-12-31", 10101: "0001-01-01", None: None}
TIMES = {20240131235959: "2024-01-31 23:59:59", 0: "0000-00-00 00:00:00", 20240131000007: "2024-01-31 00:00:07", None: None}


@pytest.mark.parametrize(("numbers", "has_time"), [(DATES, False), (TIMES, True)])
def test_numbers_become_the_text_of_the_server(numbers: dict[int | None, str | None], has_time: bool) -> None:
    column = pa.array(numbers, pa.int64())
    found = moments(column, has_time)
    found.validate(full=True)
    assert found.to_pylist() == list(numbers.values())
    assert moments(column.slice(1), has_time).to_pylist() == list(numbers.values())[1:]


@pytest.mark.parametrize("has_time", [False, True])
@pytest.mark.parametrize("values", [[], [None]])
def test_no_value_is_no_text(values: list[None], has_time: bool) -> None:
    assert moments(pa.array(values, pa.int64()), has_time).to_pylist() == values
