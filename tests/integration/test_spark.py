"""Spark, with two workers, comes to the same history and the same workload of every unit as DuckDB, row by row.

Optional: `MUTASI_SPARK_PYTHON` names the Python of an environment with deploy/requirements-spark.txt.
"""

from __future__ import annotations

import datetime as dt
import os
import subprocess
from pathlib import Path

import duckdb
import pytest

from mutasi.settings import PROJECT
from mutasi.warehouse.build import build

SPARK = "MUTASI_SPARK_PYTHON"
TWO_WORKERS = "local-cluster[2,1,1024]"
# A Java that compiles as little as it can: the run is over before more would pay.
FOR_FEW_ROWS = {"JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC", "MUTASI_SPARK_PARTITIONS": "2"}
COMPARED = (
    "history.hist_employees",
    "history.hist_assignments",
    "history.hist_positions",
    "history.hist_units",
    "marts.unit_workload",
)
DATABASES = {"history": "build", "marts": "reporting_file"}

pytestmark = [
    pytest.mark.timeout(1800),
    pytest.mark.skipif(SPARK not in os.environ, reason=f"needs PySpark and Java: name its Python in {SPARK}"),
]


@pytest.fixture(scope="module")
def both(first_night, tmp_path_factory) -> duckdb.DuckDBPyConnection:
    """Both results of one night: `duck` and `spark` hold a table or view per model."""
    home = first_night.copy(tmp_path_factory.mktemp("spark") / "home")
    two_more_days(home.path / "history", home.day)
    build(home.settings, as_of=home.day, run_id="beside-spark")
    command = [os.environ[SPARK], PROJECT / "deploy" / "spark_build.py", home.path, "--master", TWO_WORKERS]
    environment = {**os.environ, "MUTASI_AS_OF": home.day.isoformat(), **FOR_FEW_ROWS}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-4000:]
    return opened(home.path)


def two_more_days(history: Path, day: dt.date) -> None:
    """A day on which some rows changed and one on which some went, so that history has more than beginnings to tell."""
    bent = {"units": "'Unit Baru' as unit_name", "employees": "'X' as legal_status_code", "positions": "3::bigint as job_class"}
    with duckdb.connect() as con:
        for name, column in (bent | {"assignments": "0.5::double as fte"}).items():
            for later, change, share in ((1, "changed", 5), (2, "deleted", 10)):
                when = day + dt.timedelta(days=later)
                replaced = f"{column}, '{change}' as _change, date '{when}' as _recorded_on"
                rows = f"select * replace ({replaced}) from '{history}/{name}/{day}.parquet' where hash(_row_hash) % {share} = 0"
                con.execute(f"copy ({rows}) to '{history}/{name}/{when}.parquet' (format parquet)")


def opened(home: Path) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(config={"file_search_path": str(home)})
    for database in DATABASES.values():
        con.execute(f"attach '{home}/warehouse/build/{database.removesuffix('_file')}.duckdb' as {database} (read_only)")
    for model in COMPARED:
        schema, _, name = model.partition(".")
        con.execute(f"create schema if not exists {schema}")
        con.execute(f"create view {model} as select * from read_parquet('{home}/spark/out/{schema}/{name}/*.parquet')")
    return con


@pytest.mark.parametrize("model", COMPARED)
def test_every_row_is_the_same(both: duckdb.DuckDBPyConnection, model: str) -> None:
    assert differing(both, model) == (0, 0)
    assert both.execute(f"select count(*) from {model}").fetchone()[0] > 0


def test_a_row_that_differs_is_seen(both: duckdb.DuckDBPyConnection) -> None:
    both.execute("create schema if not exists bent")
    both.execute(
        "create or replace table bent.unit_workload as select * replace (need_fte + 0.01 as need_fte) from marts.unit_workload"
    )
    missing, added = differing(both, "marts.unit_workload", "bent.unit_workload")
    assert missing > 0 and missing == added


def differing(con: duckdb.DuckDBPyConnection, model: str, spark: str | None = None) -> tuple[int, int]:
    """(rows of DuckDB that Spark lacks, rows of Spark that DuckDB lacks), columns compared by name, values as they print."""
    duck = f"{DATABASES[model.partition('.')[0]]}.{model}"
    columns = [row[0] for row in con.execute(f"describe select * from {duck}").fetchall()]
    assert columns == [row[0] for row in con.execute(f"describe select * from {spark or model}").fetchall()]
    ours, theirs = (f"select {', '.join(columns)} from {source}" for source in (duck, spark or model))
    counts = [con.execute(f"select count(*) from ({a} except all {b})").fetchone() for a, b in ((ours, theirs), (theirs, ours))]
    return counts[0][0], counts[1][0]
