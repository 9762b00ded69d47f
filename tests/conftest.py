"""What every test shares: a home of its own, and no socket in unit tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mutasi.settings import PROJECT, Settings

REAL = Path(os.environ.get("MUTASI_REAL", PROJECT.parent / "shared" / "real"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "unit" in item.path.relative_to(PROJECT / "tests").parts[:1]:
            item.add_marker(pytest.mark.disable_socket)


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
    return Settings(home=tmp_path / "home", project=PROJECT, agencies=PROJECT / "dags" / "agencies")


@pytest.fixture(scope="session")
def real() -> Path:
    """The folder of real published reference files, or a skip that says where they were looked for."""
    if not (REAL / "unor.csv").exists():
        pytest.skip(f"the published reference files are not at {REAL} (set MUTASI_REAL)")
    return REAL
