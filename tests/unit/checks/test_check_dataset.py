"""The check step as a whole: what arrives, what stops, what is written, and what never is."""

from __future__ import annotations

import datetime as dt
import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mutasi.checks import CheckError, SuiteError, check_dataset
from mutasi.settings import PROJECT, Settings

DAY = dt.date(2026, 11, 20)
BEFORE = dt.date(2026, 11, 19)
CANARY = "197707071999031777"


def units(count: int) -> list[dict[str, Any]]:
    """A root and units below it."""
    return [{}, *({"unit_id": f"U{n}", "parent_unit_id": "A", "unit_name": f"Unit {n}"} for n in range(1, count))]


def test_each_agency_has_a_verdict_of_its_own(landing: Any) -> None:
    landing.land("units", units(3), agency="baik")
    landing.land("units", [*units(20), {"unit_id": "X", "parent_unit_id": "Z", "unit_name": "Lain"}], agency="cacat")
    landing.land("units", [{"parent_unit_id": "A"}], agency="tanpa_puncak")
    found = landing.check("units")
    assert {agency: v.verdict for agency, v in found.items()} == {"baik": "pass", "cacat": "warn", "tanpa_puncak": "stop"}
    assert "UNT-007" in found["tanpa_puncak"].stopped_by
    assert found.stopped.keys() == {"tanpa_puncak"}
    written = json.loads((landing.settings.home / "checks" / "units" / DAY.isoformat() / "verdicts.json").read_text())
    assert written["cacat"] == {"verdict": "warn", "stopped_by": [], "rows": 21, "drop_rows": 0}


def test_a_rule_stops_an_agency_above_its_tolerance_only(landing: Any) -> None:
    def lost(bad: int) -> list[dict[str, Any]]:
        return [*units(200 - bad), *[{"unit_id": None, "parent_unit_id": "A", "unit_name": "Lain"}] * bad]

    landing.land("units", lost(10), agency="sepuluh")  # 5 %: the tolerance of UNT-001
    landing.land("units", lost(11), agency="sebelas")
    found = landing.check("units")
    assert (found["sepuluh"].verdict, found["sepuluh"].drop_rows) == ("warn", 10)
    assert (found["sebelas"].verdict, found["sebelas"].stopped_by) == ("stop", ["UNT-001"])


@pytest.mark.parametrize(
    ("said", "rule"),
    [({"rows_received": 4}, "VOL-003"), ({"rows_landed": 4}, "VOL-002"), ({"data_sha256": "0" * 64}, "VOL-002")],
)
def test_a_snapshot_that_is_not_what_was_announced_stops(landing: Any, said: dict[str, Any], rule: str) -> None:
    landing.land("units", units(3), **said)
    assert rule in landing.check("units")["contoh"].stopped_by


def test_a_damaged_file_stops_its_agency_and_no_other(landing: Any) -> None:
    landing.land("units", units(3), agency="baik")
    landing.land("units", units(3), agency="rusak")
    [file] = (landing.settings.home / "landing" / "units" / DAY.isoformat()).glob("rusak-*.parquet")
    file.write_bytes(file.read_bytes()[:200])
    found = landing.check("units")
    assert (found["baik"].verdict, found["rusak"].stopped_by) == ("pass", ["VOL-002"])


def test_a_manifest_that_cannot_be_read_stops_its_agency(landing: Any) -> None:
    landing.land("units", units(3))
    (landing.settings.home / "landing" / "units" / DAY.isoformat() / "contoh.json").write_text("{")
    assert landing.check("units")["contoh"].stopped_by == ["VOL-002"]


def test_a_core_dataset_without_rows_stops_and_another_passes(landing: Any) -> None:
    landing.land("units", [])
    landing.land("jobs", [])
    assert landing.check("units")["contoh"].stopped_by == ["VOL-004"]
    assert landing.check("jobs")["contoh"].verdict == "pass"


@pytest.mark.parametrize(("rows", "verdict"), [(70, "pass"), (69, "stop"), (151, "warn"), (150, "pass")])
def test_volume_is_measured_against_the_snapshot_in_use(landing: Any, rows: int, verdict: str) -> None:
    landing.land("units", units(100), stage="promoted", day=BEFORE)
    landing.land("units", units(rows))
    assert landing.check("units")["contoh"].verdict == verdict


def test_refused_persons_stop_above_five_per_cent(landing: Any) -> None:
    landing.land("jobs", [{}], agency="sedikit", rows_received=1)
    for agency, refused in (("satu", 1), ("dua", 2)):
        landing.land("units", units(19), agency=agency, rows_refused=refused)
    found = landing.check("units")
    assert (found["satu"].verdict, found["dua"].stopped_by) == ("warn", ["VOL-007"])


def test_a_dataset_that_an_agency_stopped_sending_is_not_passed(landing: Any) -> None:
    landing.land("units", units(3), stage="promoted", day=BEFORE)
    landing.land("jobs", [{}])
    assert landing.check("units")["contoh"].stopped_by == ["VOL-001", "VOL-002"]


def test_data_older_than_the_dated_policy_are_reported(landing: Any) -> None:
    landing.land("units", units(3), stage="promoted", day=DAY - dt.timedelta(days=8), agency="lama")
    landing.land("units", units(3), stage="promoted", day=DAY - dt.timedelta(days=7), agency="masih_segar")
    for agency in ("lama", "masih_segar"):
        landing.land("jobs", [{}], agency=agency)
    landing.check("units")
    assert {f[0] for f in landing.failures("units") if f[2] == "VOL-010"} == {"lama"}


def test_a_file_that_nobody_replaced_is_as_old_as_it_is(landing: Any) -> None:
    for agency, age in (("lama", 8), ("masih_segar", 7), ("besok", -1)):
        landing.land("units", units(3), agency=agency, delivered_on=DAY - dt.timedelta(days=age))
    landing.check("units")
    assert {f[0] for f in landing.failures("units") if f[2] == "VOL-010"} == {"lama"}


def test_columns_that_appear_or_run_empty_are_named(landing: Any) -> None:
    landing.land(
        "units", [{**unit, "region_code": "1472", "region_code_system": "bps"} for unit in units(3)], stage="promoted", day=BEFORE
    )
    landing.land("units", units(3), unknown_columns=("KODE BARU", "198503152010011001"))
    assert landing.check("units")["contoh"].verdict == "warn"
    drift = {(rule, column) for _, _, rule, _, column in landing.failures("units")}
    assert drift == {("VOL-009", "KODE BARU"), ("VOL-009", "#"), ("VOL-011", "region_code"), ("VOL-011", "region_code_system")}
    results = {r["rule_code"]: r for r in landing.results("units")}
    assert (results["VOL-011"]["rows_failed"], results["VOL-011"]["column_name"]) == (1, "region_code, region_code_system")


def test_keys_that_only_read_alike_are_two(landing: Any) -> None:
    landing.land("positions", [{"unit_id": "A|B", "position_id": "C"}, {"unit_id": "A", "position_id": "B|C"}])
    landing.check("positions")
    assert not {row for _, row, rule, *_ in landing.failures("positions") if rule in ("POS-002", "POS-003")}


def test_what_is_referred_to_may_lie_in_older_columns(landing: Any) -> None:
    landing.land("units", [{}], stage="promoted", day=BEFORE, agency="lama")
    [file] = (landing.settings.home / "promoted" / "units" / BEFORE.isoformat()).glob("lama-*.parquet")
    duckdb.sql(f"select agency_id, unit_id from '{file}'").df().to_parquet(file)
    landing.land("units", [{"is_active": False}], agency="baru")
    for agency in ("lama", "baru"):
        landing.land("assignments", [{}], agency=agency)
    landing.check("assignments")
    assert {agency for agency, _, rule, *_ in landing.failures("assignments") if rule == "ASG-008"} == {"baru"}


def test_a_rule_without_its_data_is_not_judged_rather_than_passed(landing: Any) -> None:
    landing.land("employees", [{}], agency="tanpa_email")
    landing.land("employees", [{"email": "tokoh@example.invalid"}], agency="dengan_email")
    landing.land("performance_reviews", [{}], agency="dengan_email")
    landing.check("employees")
    judged = {(r["agency_id"], r["rule_code"]): r["rows_checked"] for r in landing.results("employees")}
    for rule in ("EMP-022", "EMP-024"):  # reviews, e-mail
        assert (judged["tanpa_email", rule], judged["dengan_email", rule]) == (0, 1)


def test_orphans_are_judged_without_a_bridge_and_a_few_do_not_stop(landing: Any) -> None:
    """Twelve orphans among a hundred rows: a warning, whether or not the agency sends a bridge."""
    landing.land("units", [{}])
    landing.land("assignments", [{"unit_id": "LAIN" if n < 12 else "A", "nip": f"1985031520100110{n:02}"} for n in range(100)])
    found = landing.check("assignments")
    result = next(r for r in landing.results("assignments") if r["rule_code"] == "ASG-006")
    assert (result["rows_checked"], result["rows_failed"]) == (100, 12)
    assert "ASG-006" not in found["contoh"].stopped_by


EXCEPTION = """
exceptions:
  - {agency_id: contoh, rule: %s, dataset: units, valid_from: 2026-11-01, valid_to: %s, reason: Sedang dimigrasi dari sistem lama, approved_by: Tim Data%s}
"""


@pytest.mark.parametrize(
    ("valid_to", "more", "verdict"),
    [
        ("2026-11-20", "", "warn"),
        ("2026-11-19", "", "stop"),
        ("2026-11-20", ", tolerance_pct: 60", "warn"),
        ("2026-11-20", ", tolerance_pct: 40", "stop"),
    ],
)
def test_a_dated_exception_changes_what_follows_and_never_what_is_counted(
    landing: Any, tmp_path: Path, valid_to: str, more: str, verdict: str
) -> None:
    lost = [{"unit_id": None, "parent_unit_id": "A", "unit_name": "Lain"}] * 20
    landing.land("units", [*units(20), *lost])
    landing.land("units", [*units(20), *lost], agency="lain")
    excepted = project_with(tmp_path, landing.settings, "units", str)
    (excepted.suites.parent / "exceptions.yml").write_text(EXCEPTION % ("UNT-001", valid_to, more))
    found = check_dataset(excepted, "units", DAY, "run-2")
    assert (found["contoh"].verdict, found["lain"].verdict) == (verdict, "stop")
    results = {(r["agency_id"], r["rule_code"]): r for r in landing.results("units")}
    mine, other = results["contoh", "UNT-001"], results["lain", "UNT-001"]
    assert (mine["rows_failed"], other["rows_failed"], other["exception_reason"]) == (20, 20, None)
    assert (mine["exception_reason"] is None) == (valid_to == "2026-11-19")


def test_an_exception_from_a_stop_rule_flags_the_row(landing: Any, tmp_path: Path) -> None:
    landing.land("units", [{"parent_unit_id": "A"}])
    excepted = project_with(tmp_path, landing.settings, "units", str)
    (excepted.suites.parent / "exceptions.yml").write_text(EXCEPTION % ("UNT-007", "2026-12-01", ""))
    check_dataset(excepted, "units", DAY, "run-2")
    assert ("contoh", 1, "UNT-007", "warn", "parent_unit_id") in landing.failures("units")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (EXCEPTION % ("VOL-003", "2026-12-01", ""), "this rule knows no exception"),
        (EXCEPTION % ("UNT-0001", "2026-12-01", ""), "rule `UNT-0001` is unknown; did you mean `UNT-001`"),
        ((EXCEPTION % ("VOL-005", "2026-12-01", "")).replace("dataset: units, ", ""), "`dataset` is needed"),
        ("exceptions: [{agency_id: contoh, rule: UNT-001}]", "valid_from Field required"),
        ("exceptions: 3", "is not a list of exceptions"),
    ],
)
def test_an_exception_that_may_not_be_is_refused(landing: Any, tmp_path: Path, text: str, sentence: str) -> None:
    landing.land("units", units(3))
    excepted = project_with(tmp_path, landing.settings, "units", str)
    (excepted.suites.parent / "exceptions.yml").write_text(text)
    with pytest.raises(SuiteError, match=rf"exceptions\.yml.*{sentence}"):
        check_dataset(excepted, "units", DAY, "run-2")


def test_a_dataset_that_nobody_sends_has_no_verdict(landing: Any) -> None:
    landing.land("units", units(3))
    assert dict(landing.check("jobs")) == {}


def test_a_day_without_any_landing_is_an_error(landing: Any) -> None:
    with pytest.raises(CheckError, match="no agency landed anything on 2026-11-20"):
        landing.check("units")


def test_a_check_that_dies_leaves_no_earlier_verdict(landing: Any, tmp_path: Path) -> None:
    landing.land("units", units(3))
    landing.check("units")
    broken = project_with(
        tmp_path, landing.settings, "units", lambda text: text.replace("valid_to < valid_from", "no_such < valid_from")
    )
    with pytest.raises(CheckError, match=r"units: rule UNT-011 \(.*\) could not be judged"):
        check_dataset(broken, "units", DAY, "run-2")
    assert not (landing.settings.home / "checks" / "units" / DAY.isoformat() / "verdicts.json").exists()


def test_a_suite_without_a_reason_is_refused(landing: Any, tmp_path: Path) -> None:
    landing.land("units", units(3))
    mute = project_with(tmp_path, landing.settings, "units", lambda text: text.replace('"reason"', '"reasons"', 1))
    with pytest.raises(SuiteError, match=r"units\.json: UNT-001: .*reason"):
        check_dataset(mute, "units", DAY, "run-2")


def test_references_fall_back_to_the_snapshot_in_use(landing: Any) -> None:
    landing.land("units", [{}, {"unit_id": "B"}], stage="promoted", day=BEFORE)
    landing.land("positions", [{"unit_id": "B"}, {"unit_id": "C"}])
    landing.check("positions")
    assert landing.failures("positions") == {("contoh", 2, "POS-004", "warn", "unit_id")}


def test_one_agency_is_never_judged_by_the_rows_of_another(landing: Any) -> None:
    landing.land("units", [{}], agency="satu")
    landing.land("units", [{}, {"unit_id": "B", "parent_unit_id": "A", "unit_name": "Lain"}], agency="dua")
    landing.land("positions", [{"unit_id": "B"}], agency="satu")
    landing.land("positions", [{"unit_id": "B"}], agency="dua")
    landing.check("units")
    landing.check("positions")
    assert landing.failures("units") == set()
    assert {failure[0] for failure in landing.failures("positions")} == {"satu"}


def test_results_count_every_rule_for_every_agency(landing: Any) -> None:
    landing.land("workloads", [{}, {"task_id": "T2", "volume": None, "_unreadable": " volume "}])
    landing.check("workloads")
    results = {r["rule_code"]: r for r in landing.results("workloads")}
    assert (results["WRK-005"]["rows_checked"], results["WRK-005"]["rows_failed"]) == (2, 1)
    assert (results["WRK-013"]["column_name"], results["WRK-013"]["is_passed"]) == ("volume", False)
    assert results["VOL-003"]["is_passed"] and results["VOL-003"]["rows_checked"] == 1
    assert all(r[c] is not None for r in results.values() for c in ("run_id", "title", "owner", "reason", "source", "rule_since"))


def test_what_will_not_be_promoted_is_counted_by_rule_and_column(landing: Any) -> None:
    """Rows to drop and fields to blank, each row once; rows that are no records, too, but not of a file that is not whole."""
    lost = {"unit_id": None, "parent_unit_id": "A", "unit_name": "Lain"}
    unreadable = {"_unreadable": " valid_from latitude "}
    landing.land("units", [*units(40), lost, lost], agency="satu", rows_skipped=3)
    landing.land("units", [*units(40), unreadable, {**unreadable, "unit_id": "V"}], agency="dua")
    landing.land("units", units(3), agency="rusak", rows_skipped=2, data_sha256="0" * 64)
    landing.check("units")
    counted = [
        (c["agency_id"], c["rule_code"], c["action"], c["column_name"], c["rows_affected"]) for c in landing.quarantined("units")
    ]
    assert ("satu", "SKIP-001", "drop", None, 3) in counted and ("satu", "UNT-001", "drop", "unit_id", 2) in counted
    assert not [c for c in counted if c[0] == "rusak"]
    found = landing.failures("units")
    left_out = {(agency, rule, action, column) for agency, _, rule, action, column in found if action in ("drop", "blank")}
    assert {c[:4] for c in counted if c[1] != "SKIP-001"} == left_out
    assert all(n == len({f[1] for f in found if (f[0], *f[2:]) == tuple(c)}) for *c, n in counted if c[1] != "SKIP-001")
    assert {(c["run_id"], c["snapshot_date"], c["dataset"]) for c in landing.quarantined("units")} == {("run-1", DAY, "units")}


def test_a_second_check_of_the_day_gives_the_same(landing: Any) -> None:
    landing.land("units", [*units(20), {"unit_id": "X", "parent_unit_id": "Z", "unit_name": "Lain"}])
    first, failures = dict(landing.check("units")), landing.failures("units")
    assert (dict(landing.check("units")), landing.failures("units")) == (first, failures)


def test_agencies_one_by_one_are_found_what_they_are_found_together(landing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = [{}, {}, {"sex": "F"}, {"nip": "1985"}, {"nip": None}]
    for agency in ("dua", "empat", "tiga"):
        landing.land("employees", bad, agency=agency)
    landing.land("employees", bad, agency="rusak", data_sha256="0" * 64)
    landing.land("employees", [], agency="kosong")
    landing.land("assignments", [{"position_id": "P2"}], agency="dua")
    landing.land("positions", [{"position_id": "P2", "bup_age": 50}], agency="empat")

    def found() -> list[Any]:
        verdicts = dict(landing.check("employees"))
        return [verdicts, landing.failures("employees"), landing.results("employees"), landing.quarantined("employees")]

    together = found()
    assert len({agency for agency, *_ in together[1]}) == 5
    for rows in (1, 6):
        monkeypatch.setattr("mutasi.checks.day.PART_ROWS", rows)
        assert found() == together


def test_no_value_of_a_person_leaves_the_restricted_file(landing: Any, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    """The canary stands in every column that can hold it, in rows that fail many rules, and in a rule that cannot run."""
    row = {"nip": CANARY, "employee_name": CANARY, "golongan_code": CANARY, "email": CANARY, "birth_date": dt.date(1977, 7, 8)}
    landing.land("employees", [row, row, {**row, "sex": "F"}, {**row, "nip": f"{CANARY}9"}, {}])
    landing.land("assignments", [{"nip": CANARY, "position_id": CANARY}, {"nip": f"{CANARY}9"}])
    with caplog.at_level(logging.DEBUG):
        for dataset in ("employees", "assignments"):
            landing.check(dataset)
        cast = project_with(
            tmp_path,
            landing.settings,
            "employees",
            lambda text: text.replace("tmt_cpns > tmt_pns", "CAST(employee_name AS date) > tmt_pns"),
        )
        with pytest.raises(CheckError) as caught:
            check_dataset(cast, "employees", DAY, "run-2")
        landing.check("employees")
    assert landing.failures("employees")
    home = landing.settings.home
    public = [*home.rglob("verdicts.json"), *home.rglob("check_results/*.parquet")]
    assert len(public) == 4
    for file in public:
        text = file.read_text() if file.suffix == ".json" else str(duckdb.sql(f"from read_parquet('{file}')").fetchall())
        assert CANARY not in text
    assert CANARY not in caplog.text
    assert CANARY not in f"{caught.getrepr(chain=True, style='short')}"
    restricted = home / "checks" / "employees" / DAY.isoformat() / "failures.parquet"
    assert CANARY in str(duckdb.sql(f"select record_key from read_parquet('{restricted}')").fetchall())


def project_with(folder: Path, settings: Settings, name: str, change: Any) -> Settings:
    """The same installation with one suite changed."""
    suites = folder / "project" / "expectations" / "suites"
    if not suites.exists():
        suites.mkdir(parents=True)
        (folder / "project" / "dbt_project").symlink_to(PROJECT / "dbt_project")
    for file in (PROJECT / "expectations" / "suites").glob("*.json"):
        (suites / file.name).write_text(file.read_text())
    (suites / f"{name}.json").write_text(change((settings.suites / f"{name}.json").read_text()))
    return replace(settings, project=folder / "project")
