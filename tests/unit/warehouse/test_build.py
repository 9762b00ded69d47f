from __future__ import annotations

from pathlib import Path

import pytest
from dbt.cli.main import dbtRunner, dbtRunnerResult

from mutasi.settings import Settings
from mutasi.warehouse.build import build, error_code
from mutasi.warehouse.publish import remove_database


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Conversion Error: Could not convert string '199001012015011001' to INT32", "CONVERSION"),
        ("Runtime Error\n  This model has an enforced contract that failed.", "CONTRACT"),
        ("Constraint Error: NOT NULL constraint failed: dim_unit.unit_id", "CONSTRAINT"),
        ("Out of Memory Error: failed to allocate data", "MEMORY"),
        ('IO Error: No files found that match the pattern "x/*.parquet"', "FILE"),
        ('Binder Error: Referenced column "nip" not found', "SQL"),
        ("Budi Fiktif 199001012015011001", "OTHER"),
    ],
)
def test_of_a_library_error_only_the_kind_is_kept(text: str, code: str) -> None:
    assert error_code(text) == code


def test_a_removed_database_takes_its_log_along(tmp_path: Path) -> None:
    file = tmp_path / "build.duckdb"
    log = file.with_name("build.duckdb.wal")
    log.write_bytes(b"left by a killed run")
    remove_database(file)
    assert not log.exists()


def test_who_interrupts_dbt_interrupts_the_build(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dbtRunner, "invoke", lambda *_: dbtRunnerResult(success=False, exception=KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        build(settings, run_id="night")
