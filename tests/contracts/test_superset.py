"""The dashboard export fits the tables: its queries run, its charts name what its datasets have."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
import pytest
import yaml

from mutasi.engine import named as quoted
from mutasi.settings import PROJECT
from mutasi.warehouse.dictionary import model_tables

EXPORT = PROJECT / "docs" / "bi" / "superset"
DATASETS = sorted((EXPORT / "datasets").rglob("*.yaml"))
CHARTS = sorted((EXPORT / "charts").glob("*.yaml"))


def read(file: Path) -> dict:
    document: dict = yaml.safe_load(file.read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="module")
def marts() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("create schema marts")
    for table in model_tables(PROJECT / "dbt_project" / "models", "marts"):
        columns = ", ".join(f"{quoted(c.name)} {c.type}" for c in table.columns)
        con.execute(f"create table marts.{table.name} ({columns})")
    return con


@pytest.mark.parametrize("file", DATASETS, ids=lambda f: f.stem)
def test_a_dataset_has_the_columns_and_metrics_it_lists(file: Path, marts: duckdb.DuckDBPyConnection) -> None:
    dataset = read(file)
    found = [row[0] for row in marts.execute(f"describe {dataset['sql']}").fetchall()]
    assert found == [column["column_name"] for column in dataset["columns"]]
    metrics = ", ".join(metric["expression"] for metric in dataset["metrics"])
    marts.execute(f"select {metrics} from ({dataset['sql']})")


@pytest.mark.parametrize("file", CHARTS, ids=lambda f: f.stem)
def test_a_chart_names_columns_and_metrics_of_its_dataset(file: Path, marts: duckdb.DuckDBPyConnection) -> None:
    chart = read(file)
    dataset = {d["uuid"]: d for d in map(read, DATASETS)}[chart["dataset_uuid"]]
    columns = {c["column_name"] for c in dataset["columns"]}
    params = chart["params"]
    groups = params.get("groupby") or []
    named = {*params.get("all_columns", []), *([groups] if isinstance(groups, str) else groups)} | {params.get("x_axis")} - {None}
    named |= {json.loads(order)[0] for order in params.get("order_by_cols", [])}
    metrics = {params.get("metric"), *params.get("metrics", [])} - {None}
    assert named <= columns and metrics <= {m["metric_name"] for m in dataset["metrics"]}
    for condition in params["adhoc_filters"]:
        marts.execute(f"select count(*) from ({dataset['sql']}) where {condition['sqlExpression']}")


def test_no_colour_of_the_heat_map_calls_a_load_good() -> None:
    one_hue = {"schemeBlues", "schemeGreys", "schemeOranges", "schemePurples", "schemeReds"}
    maps = [params for params in (read(chart)["params"] for chart in CHARTS) if params["viz_type"].startswith("heatmap")]
    assert maps and {params["linear_color_scheme"] for params in maps} <= one_hue
    assert all("conditional_formatting" not in read(chart)["params"] for chart in CHARTS)


def test_the_dashboard_shows_every_chart_and_holds_no_password() -> None:
    (file,) = (EXPORT / "dashboards").glob("*.yaml")
    shown = {p["meta"]["uuid"] for k, p in read(file)["position"].items() if k.startswith("CHART-")}
    assert shown == {read(chart)["uuid"] for chart in CHARTS}
    assert re.search(r"://superset:X{10}@", read(EXPORT / "databases" / "Mutasi.yaml")["sqlalchemy_uri"])
