"""Judged snapshots of one agency, to report on."""

from __future__ import annotations

import pytest
from tests.unit.checks.conftest import Landing

from mutasi.settings import Settings
from mutasi.sources.agency import Agency
from mutasi.sources.registry import read_agency


@pytest.fixture
def landing(settings: Settings) -> Landing:
    return Landing(settings)


@pytest.fixture
def agency(settings: Settings) -> Agency:
    return read_agency(settings.agencies / "dumai.yml")
