"""Build history and the models up to `unit_workload` on Spark: the same dbt project, with `--target spark`.

    python deploy/spark_build.py HOME [--master spark://…] [--select +unit_workload +history]

It runs in an environment of its own (deploy/requirements-spark.txt, Java 17 or newer) and reads the same inputs and change files as
DuckDB does. Every table ends as Parquet below HOME/spark/out/<schema>/<model>; nothing is published from there.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[1] / "dbt_project"
SELECT = ["+unit_workload", "+history"]
WRITTEN = ("history", "intermediate", "marts")


def open_session(home: Path, master: str) -> Any:
    """A Spark session whose tables lie below the home; dbt's session method takes the one that is there."""
    from pyspark.sql import SparkSession

    target = home / "spark"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(mode=0o700)
    settings = {
        "spark.sql.warehouse.dir": str(target / "tables"),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.sources.default": "parquet",
        "spark.sql.shuffle.partitions": os.environ.get("MUTASI_SPARK_PARTITIONS", "4"),
        "spark.sql.parquet.mergeSchema": "true",  # columns that came later, as `union_by_name` in DuckDB
        "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
        "spark.driver.extraJavaOptions": f"-Dderby.system.home={target}",
        "spark.ui.enabled": "false",
    }
    builder = SparkSession.builder.master(master).appName("mutasi")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def needed(select: list[str], arguments: list[str]) -> list[tuple[str, str]]:
    """(schema, name) of the sources and seeds that the chosen models read."""
    from dbt.cli.main import dbtRunner

    kinds = ["--resource-type", "source", "--resource-type", "seed"]
    chosen = [part if part.startswith("+") else f"+{part}" for part in select]
    answer = dbtRunner().invoke(["--quiet", "--no-version-check", "ls", *kinds, *arguments, "--select", *chosen])
    names = [line.removeprefix("source:").split(".") for line in answer.result or []]
    return [(parts[-2] if parts[-2] in ("inputs", "changes") else "seeds", parts[-1]) for parts in names]


def register(session: Any, home: Path, project: Path, wanted: list[tuple[str, str]]) -> None:
    """Make inputs, change files and seeds known under the names that dbt gives them."""
    places = {"inputs": home / "warehouse" / "inputs", "changes": home / "history"}
    types = yaml.safe_load((project / "dbt_project.yml").read_text(encoding="utf-8"))["seeds"]["mutasi"]
    for schema in (*places, "seeds"):
        session.sql(f"create database if not exists {schema}")
    for schema, name in wanted:
        if schema in places:
            linked = home / "spark" / "sources" / schema / name
            linked.mkdir(parents=True)
            for file in (places[schema] / name).glob("*.parquet"):
                os.link(file, linked / file.name.lstrip("_"))  # Spark hides what begins with an underscore
            session.sql(f"create table {schema}.{name} using parquet location '{linked}'")
        else:
            columns = ", ".join(f"{c} {t}" for c, t in types[name]["+column_types"].items()).replace("varchar", "string")
            file = str(project / "seeds" / f"{name}.csv")
            session.read.csv(file, schema=columns, header=True, escape='"', multiLine=True).write.saveAsTable(f"seeds.{name}")


def write_out(session: Any, home: Path) -> None:
    """Every table and view of the written schemas as Parquet, in one file each."""
    for schema in WRITTEN:
        if session.catalog.databaseExists(schema):
            for table in session.catalog.listTables(schema):
                target = str(home / "spark" / "out" / schema / table.name)
                session.table(f"{schema}.{table.name}").coalesce(1).write.parquet(target)


def main() -> int:
    """Build; 0 when every model is green."""
    parser = argparse.ArgumentParser(description="Build models on Spark.")
    parser.add_argument("home", type=Path)
    parser.add_argument("--master", default="local[2]")
    parser.add_argument("--select", nargs="+", default=SELECT)
    given = parser.parse_args()
    home = given.home.resolve()
    session = open_session(home, given.master)
    os.environ["MUTASI_HOME"] = str(home)
    from dbt.cli.main import dbtRunner

    folders = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(home / "spark" / "target")]
    arguments = ["--target", "spark", *folders]
    register(session, home, PROJECT, needed(given.select, arguments))
    run = ["--no-version-check", "--log-level-file", "none", "run", *arguments, "--select", *given.select]
    if not dbtRunner().invoke(run).success:
        return 1
    write_out(session, home)
    session.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
