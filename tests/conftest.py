"""What every test shares: a home of its own, and no socket in unit tests."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from tests.bench import line
from tests.once import once

from mutasi.settings import PROJECT, Settings

# The libraries' objects live as long as the worker; at Python's own pace, looking for rubbish among them is a twelfth of its time.
gc.set_threshold(500_000)
# Nothing here outlives a loss of power, so in the workers a flush asks only whether the handle is open; which files are flushed,
# and when, is a test of its own, and runs in processes of their own flush as always.
os.fsync = lambda handle: os.fstat(handle if isinstance(handle, int) else handle.fileno()) and None

# Tests run on the demo's agencies alone: whoever adds another to `dags/agencies` has no generated source for it.
DEMO_AGENCIES = ("binjai", "dumai", "jakarta", "pekanbaru", "tanjungbalai")

# Airflow reads its settings when it is first imported, so its throw-away home is named before any test imports it.
_airflow = Path(tempfile.mkdtemp(prefix="mutasi-airflow-"))
os.environ |= {
    "AIRFLOW_HOME": str(_airflow),
    "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{_airflow}/airflow.db",
    "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(_airflow / "logs"),
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
    "AIRFLOW__API_AUTH__JWT_SECRET": "only-for-tests-" * 5,
    "MUTASI_AGENCIES": str(_airflow / "agencies"),
    "MUTASI_RETRY_SECONDS": "0.1",
    "MUTASI_SETTLE_SECONDS": "0",
}

(_airflow / "agencies").mkdir()
for _agency_id in DEMO_AGENCIES:
    (_airflow / "agencies" / f"{_agency_id}.yml").symlink_to(PROJECT / "dags" / "agencies" / f"{_agency_id}.yml")

# The optimiser is compiled, and the dbt project read, once and not for the home of every test.
os.environ["MUTASI_CACHE"] = str(Settings.from_environment().cache())

REAL = Path(os.environ.get("MUTASI_REAL", PROJECT.parent / "shared" / "real"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "unit" in item.path.relative_to(PROJECT / "tests").parts[:1]:
            item.add_marker(pytest.mark.disable_socket)
    # Workers take whole files in this order: none begins a long one when the other has nothing left.
    items.sort(key=_seconds, reverse=True)


def _seconds(item: pytest.Item) -> int:
    """What its file takes, where that is long."""
    takes = item.get_closest_marker("takes")
    return takes.args[0] if takes else 0


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> object:
    """A skip of something the run requires (MUTASI_REQUIRE=postgres,…) is a failure."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    needs = item.get_closest_marker("needs")
    required = [name for name in os.environ.get("MUTASI_REQUIRE", "").split(",") if name]
    if report.skipped and needs and needs.args[0] in required:
        report.outcome = "failed"
        report.longrepr = f"{needs.args[0]} is required here (MUTASI_REQUIRE), but the test was skipped: {report.longrepr}"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An empty home; code folders are the checkout's."""
    return Settings(home=tmp_path / "home", project=PROJECT, agencies=Path(os.environ["MUTASI_AGENCIES"]))


@pytest.fixture(scope="session")
def airflow_home() -> Iterator[Path]:
    """Airflow's throw-away home with migrated metadata."""
    import tests.newest_api  # noqa: F401
    from airflow.utils.db import initdb

    initdb()
    yield _airflow


@pytest.fixture(scope="session")
def dagbag(airflow_home: Path) -> object:
    """All DAGs of the project."""
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(dag_folder=str(PROJECT / "dags"))


@pytest.fixture(scope="session")
def population(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six invented agencies, small and large, and below `home` what one night made of them; read it, do not change it."""

    def make(folder: Path) -> None:
        from mutasi.demo import generate

        with patch.dict(os.environ):
            generate(folder, employees=1_500, as_of=line.DAY, agencies=6, form="parquet")
            line.run(folder, folder / "home", processes=1, is_new=True)

    return once(tmp_path_factory, "population", make)


@pytest.fixture(scope="session")
def real() -> Path:
    """The folder of real published reference files, or a skip that says where they were looked for."""
    if not (REAL / "unor.csv").exists():
        pytest.skip(f"the published reference files are not at {REAL} (set MUTASI_REAL)")
    return REAL
