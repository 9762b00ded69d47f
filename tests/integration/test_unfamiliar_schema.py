"""An agency whose schema nobody of us designed is connected: what `check-agency --live` says, and that following it is enough."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mutasi.checks import check_dataset
from mutasi.cli import main
from mutasi.landing.land import land_agency
from mutasi.landing.promote import promote_agency
from mutasi.settings import PROJECT, Settings
from mutasi.sources.connection import connection_from_environment
from mutasi.sources.registry import read_agency

FILES = PROJECT / "tests" / "fixtures" / "unfamiliar"
DAY = dt.date(2026, 11, 20)


@pytest.fixture
def simpeg(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "simpeg.db"
    with sqlite3.connect(file) as database:
        database.executescript((FILES / "simpeg.sql").read_text(encoding="utf-8"))
    monkeypatch.setenv("AIRFLOW_CONN_CONTOH_LAIN_SIMPEG", json.dumps({"conn_type": "sqlite", "host": str(file)}))
    monkeypatch.setenv("MUTASI_HOME", str(settings.home))
    monkeypatch.setenv("MUTASI_PSEUDONYM_KEY", "k" * 40)
    return file


def check(file: Path) -> Result:
    return CliRunner().invoke(main, ["check-agency", "--live", str(file)])


def test_a_first_attempt_is_told_what_to_change(simpeg: Path, settings: Settings) -> None:
    result = check(FILES / "draft.yml")
    assert result.exit_code == 1
    for sentence in (
        "units from `simpeg`: 6 rows",
        "DOES NOT FIT: contoh_lain, units: the source lacks the column `kd_atas` (closest is `kdatas`)",
        "unit_type (from `jns`): 6 of 6 rows hold a code that is not mapped: `0` (1), `1` (1), `2` (1), `3` (1), `4` (1), `9` (1). Ours are root,",
        "is_active (from `sts_aktif`): 1 of 6 rows hold a code that is not mapped: `T` (1)",
        "valid_from (from `tgl_sk`): 1 of 6 rows hold no date in the format %Y-%m-%d. 1 of them are zero dates; name them under `nulls`.\n",
        "nothing maps the source's `kdatas`",
        'birth_date (from `tgl_lhr`): 7 of 7 rows hold no date in the format %Y-%m-%d. Most likely is "%d/%m/%Y", which reads 7 rows.',
        "sex (from `jk`): 7 of 7 rows hold a code that is not mapped: `L` (4), `P` (3). Ours are M, F.",
        "DOES NOT FIT: employment_status (from `kd_sts`): 7 of 7 rows hold a code that is not mapped: `02` (6), `03` (1).",
        "education_level_code (from `nama_lengkap`): 7 of 7 rows hold a code that is not mapped: 7 different values; is `nama_lengkap` the right column?",
        'volume (from `vol`): every dot of its 4 dotted values stands before three digits; if it parts thousands, set `decimal: ","`.',
        'minutes_per_unit (from `wkt`): 6 of 6 rows hold no number with the decimal sign `.`. With `decimal: ","` 6 rows would be numbers.',
        "positions from `simpeg`\n  DOES NOT FIT: contoh_lain, positions: the database refuses to read the table `peta_jabatan`",
        "DOES NOT FIT: 6 of 6 rows hold a code that is not mapped; above 30 % the night stops the dataset (UNT-015).",
        "look at: nothing maps legal_status_code, so everybody counts as at work.",
        "Does not fit yet: units, employees, workloads, positions.",
    ):
        assert sentence in result.output, f"missing: {sentence}\n{result.output}"
    assert "Rekaan" not in result.output
    assert "1985" not in result.output
    assert list((settings.home / "tmp").iterdir()) == [], "what was read is forgotten"


def test_the_finished_file_fits_and_every_row_is_accounted_for(simpeg: Path, settings: Settings) -> None:
    result = check(FILES / "finished.yml")
    assert (result.exit_code, result.output.splitlines()[-1]) == (0, "Everything required fits."), result.output
    agency = read_agency(FILES / "finished.yml")
    land_agency(settings, agency, DAY, "run", connection_from_environment)
    for name in agency.datasets:
        check_dataset(settings, name, DAY, "run")
    entries = {
        e.dataset: (e.rows_received, e.rows_promoted, e.rows_quarantined) for e in promote_agency(settings, agency, DAY, "run")
    }
    assert entries == {
        "units": (6, 6, 0),
        "positions": (6, 6, 0),
        "employees": (6, 6, 0),
        "assignments": (7, 7, 0),
        "workloads": (6, 6, 0),
    }


def test_what_would_stop_the_night_is_said_before_it(simpeg: Path, settings: Settings, tmp_path: Path) -> None:
    text = (FILES / "finished.yml").read_text(encoding="utf-8")
    file = tmp_path / "contoh_lain.yml"
    file.write_text(
        text.replace("codes: {SMA: ", "codes: {SMK: ").replace('D3: "30", S1: "40", S2: "45"', 'D1: "20"'), encoding="utf-8"
    )
    result = check(file)
    assert (result.exit_code, result.output.splitlines()[-1]) == (1, "Does not fit yet: employees."), result.output
    agency = read_agency(file)
    land_agency(settings, agency, DAY, "run", connection_from_environment)
    stopped = {name: check_dataset(settings, name, DAY, "run").stopped for name in agency.datasets}
    assert {name: agencies for name, agencies in stopped.items() if agencies} == {"employees": {"contoh_lain": ["EMP-028"]}}
    assert "(EMP-028)" in result.output


def test_a_connection_that_is_not_there_is_said_once_with_what_waits_for_it(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUTASI_HOME", str(settings.home))
    monkeypatch.delenv("AIRFLOW_CONN_CONTOH_LAIN_SIMPEG", raising=False)
    result = check(FILES / "finished.yml")
    assert result.exit_code == 1
    lines = result.output.splitlines()
    [at] = [n for n, line in enumerate(lines) if "set AIRFLOW_CONN_CONTOH_LAIN_SIMPEG or add it" in line]
    assert lines[at - 1].startswith("units, positions, employees, assignments, workloads")
