"""Files as agencies publish them land through an agency file alone; every defect in them is found and counted.

What a rule must count is worked out here from the published file with Python's own readers, and both must agree with the
figures measured when the files were first read. Where a rule counts another thing than that measurement, the test says why.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mutasi.checks import check_dataset
from mutasi.landing.history import refresh_history
from mutasi.landing.land import land_agency
from mutasi.landing.promote import promote_agency
from mutasi.settings import PROJECT, Settings
from mutasi.sources.connection import Connection
from mutasi.sources.registry import read_agency
from mutasi.warehouse.publish import reporting_file
from mutasi.warehouse.refresh import build_warehouse, publish_warehouse

AGENCY = Path(__file__).with_name("real_agency.yml")
DAY = dt.date(2026, 11, 22)
RUN = "terbit"


@dataclass(frozen=True)
class Published:
    """The files read without Mutasi, cell by cell as they are written."""

    units: list[dict[str, str]]
    list: list[dict[str, str]]
    jobs: dict[str, str]

    @classmethod
    def read(cls, folder: Path) -> Published:
        jobs = json.loads((folder / "jabatanFungsional.json").read_text(encoding="utf-8"))
        return cls(_csv(folder / "unor.csv", ","), _csv(folder / "data-rekom.csv", ";"), {job["id"]: job["nama"] for job in jobs})

    @property
    def leaves(self) -> list[dict[str, str]]:
        return [row for row in self.list if row["jf_id"].strip()]

    @property
    def names(self) -> list[str]:
        """Names of units without the prefix of dashes."""
        return [row["NamaUnor"].lstrip("-") for row in self.units]


def _csv(file: Path, delimiter: str) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines, delimiter=delimiter))


def _id(text: str) -> str:
    return re.sub(r"\s", "", text)


def _text(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _later_copies(names: list[str]) -> int:
    """Rows whose name an earlier row already has."""
    return len(names) - len(set(names))


@pytest.fixture(scope="module")
def published(real: Path) -> Published:
    return Published.read(real)


@pytest.fixture(scope="module")
def sole_job(published: Published) -> str:
    """A job that the list names in one row only, with a need of at least two."""
    rows = Counter(_id(row["jf_id"]) for row in published.leaves)
    found = (row for row in published.leaves if rows[_id(row["jf_id"])] == 1 and int(row["rekom"]) > 1)
    return _id(next(row for row in found if _id(row["jf_id"]) in published.jobs)["jf_id"])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, real: Path, published: Published, sole_job: str) -> Iterator[Settings]:
    """One night of the province, without Airflow: landed, judged, promoted, built and published."""
    folder = tmp_path_factory.mktemp("terbit")
    invented = folder / "rekaan"
    _invent(invented, published.units[0]["Id"], sole_job)
    settings = Settings(home=folder / "home", project=PROJECT, agencies=folder)
    agency = read_agency(AGENCY)
    folders = {"terbit": real, "rekaan": invented}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MUTASI_PSEUDONYM_KEY", "k" * 40)
        patch.delenv("MUTASI_PSEUDONYM_KEY_FILE", raising=False)
        land_agency(settings, agency, DAY, RUN, lambda name: Connection(conn_type="fs", host=str(folders[name])))
        for name in agency.datasets:
            check_dataset(settings, name, DAY, RUN)
        promote_agency(settings, agency, DAY, RUN)
        for name in agency.datasets:
            refresh_history(settings, name)
        build_warehouse(settings, {agency.agency_id: agency}, DAY, RUN)
        publish_warehouse(settings, DAY, RUN)
    yield settings


def _invent(folder: Path, unit: str, job: str) -> None:
    """Two invented persons on two posts: one of a job that the list names once, one of a job that nothing else names."""
    folder.mkdir()
    nips = ("199003152015031001", "199104202016042002")
    rows = {
        "positions": [
            "unit_id,position_id,job_id,job_name,sub_job",
            f"{unit},P1,{job},Jabatan Rekaan,",
            f"{unit},P2,REKAAN,Lain,",
        ],
        "employees": ["nip,employee_name,birth_date", f"{nips[0]},Tokoh Rekaan,1990-03-15", f"{nips[1]},Tokoh Khayal,1991-04-20"],
        "assignments": ["nip,unit_id,position_id,valid_from", *(f"{n},{unit},P{i},2020-01-01" for i, n in enumerate(nips, 1))],
        "workloads": ["unit_id,position_id,year,task_id,volume,minutes", f"{unit},P1,2026,T1,1000,60"],
    }
    for name, lines in rows.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def reporting(home: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(reporting_file(home)), read_only=True) as con:
        yield con


@pytest.fixture(scope="module")
def failed(reporting: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Failing rows by rule, as the agency reads them."""
    return dict(
        reporting.execute("select rule_code, rows_failed from quality.check_results where rule_code not like 'VOL-%'").fetchall()
    )


@pytest.fixture(scope="module")
def repaired(home: Settings) -> dict[tuple[str, str], int]:
    """Rows tidied while landing, by dataset and column."""
    found: dict[tuple[str, str], int] = {}
    for name in ("units", "job_requirements"):
        file = home.home / "checks" / name / DAY.isoformat() / "failures.parquet"
        query = f"select column_name, count(*) from '{file}' where rule_code in ('UNT-016', 'REQ-011') group by all"
        found |= {(name, column): rows for column, rows in duckdb.sql(query).fetchall()}
    return found


def _one(con: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = con.execute(query).fetchone()
    assert row is not None
    return row[0] if len(row) == 1 else row


def test_nothing_is_lost_on_the_way(reporting: duckdb.DuckDBPyConnection) -> None:
    runs = reporting.execute(
        "select dataset, rows_received, rows_promoted, rows_quarantined from quality.runs where step = 'promote' and status = 'ok'"
    ).fetchall()
    counts = {name: tuple(rest) for name, *rest in runs}
    assert counts["units"] == (5301, 5301, 0)
    assert counts["jobs"] == (1466, 1466, 0)
    # 374 subtotals, and two rows without need that stand there twice
    assert counts["job_requirements"] == (1834, 1458, 376)
    assert all(received == promoted + quarantined for received, promoted, quarantined in counts.values())


def test_every_unit_has_its_place_in_the_tree(reporting: duckdb.DuckDBPyConnection, published: Published) -> None:
    depths = dict(reporting.execute("select depth, count(*) from marts.dim_unit group by 1").fetchall())
    assert depths == {0: 1, 1: 49, 2: 604, 3: 1797, 4: 1365, 5: 1485}
    said = Counter((len(row["NamaUnor"]) - len(name)) // 2 for row, name in zip(published.units, published.names, strict=True))
    assert depths == said, "the tree by parents is the tree that the dashes draw"
    assert _one(reporting, "select count(*) from marts.dim_unit where is_orphan or is_in_cycle or root_unit_id is null") == 0
    wrong_path = (
        "select count(*) from marts.dim_unit where len(string_split(unit_path, ' / ')) < depth + 1 or unit_path like '%--%'"
    )
    assert _one(reporting, wrong_path) == 0
    assert _one(reporting, "select count(*) from marts.dim_unit where starts_with(unit_name, '-') or unit_name like '%  %'") == 0


def test_repeated_names_are_flagged_in_the_checks_and_in_the_mart(
    reporting: duckdb.DuckDBPyConnection, published: Published, failed: dict[str, int]
) -> None:
    assert _later_copies(published.names) == 1599
    # The rule marks every bearer of the name and not the later ones alone, takes doubled blanks for one and capitals for equal.
    names = Counter(_text(name).lower() for name in published.names)
    bearers = sum(rows for rows in names.values() if rows > 1)
    assert failed["UNT-012"] == bearers == 1932
    assert _one(reporting, "select count(*) from marts.dim_unit where has_duplicate_name") == bearers
    assert bearers - sum(rows > 1 for rows in names.values()) == 1706


def test_blanks_in_names_and_shapes_of_ids(
    published: Published, failed: dict[str, int], repaired: dict[tuple[str, str], int]
) -> None:
    doubled = {i for i, name in enumerate(published.names) if "  " in name}
    trailing = {i for i, name in enumerate(published.names) if name != name.rstrip()}
    leading = {i for i, name in enumerate(published.names) if name != name.lstrip()}
    assert (len(doubled), len(trailing)) == (240, 3)
    # 18 names have an odd number of dashes and a blank after them
    assert len(leading) == 18
    assert failed["UNT-016"] == repaired["units", "unit_name"] == len(doubled | trailing | leading)
    assert failed["UNT-013"] == sum(len(row["Id"]) == 36 for row in published.units) == 482
    sound = ["UNT-001", "UNT-002", "UNT-003", "UNT-004", "UNT-005", "UNT-006", "UNT-007", "UNT-008"]
    assert {code: failed[code] for code in sound} == dict.fromkeys(sound, 0)


def test_need_is_counted_once(
    reporting: duckdb.DuckDBPyConnection, home: Settings, published: Published, failed: dict[str, int]
) -> None:
    total, leaves = (sum(int(row["rekom"]) for row in rows) for rows in (published.list, published.leaves))
    assert (total, leaves) == (45246, 22600)
    assert _one(reporting, "select sum(need_rounded) from marts.vacancies where scope = 'agency_job'") == leaves
    assert failed["REQ-001"] == len(published.list) - len(published.leaves) == 374
    file = next((home.home / "quarantine" / "job_requirements").rglob("*.parquet"))
    reasons = dict(duckdb.sql(f"select reasons, count(*) from '{file}' group by all").fetchall())
    assert reasons == {"REQ-001": 374, "REQ-002": 2}
    assert failed["REQ-013"] == 9


def test_a_job_named_in_two_groups_of_the_list_needs_both_parts(
    reporting: duckdb.DuckDBPyConnection, published: Published, failed: dict[str, int]
) -> None:
    rows = Counter(
        (_id(r["jf_id"]), _id(r["sub_jabatan_id"]), _text(r["sub_jabatan_nama"]), _text(r["nama_jabatan"]))
        for r in published.leaves
    )
    assert failed["REQ-003"] == 2 * (sum(n > 1 for n in rows.values()) - failed["REQ-002"]) == 44
    assert _one(reporting, "select count(*), count(distinct vacancy_id) from marts.vacancies where scope = 'agency_job'") == (
        len(rows), len(rows),
    )  # fmt: skip
    # one id stands for many specialties, so the id alone cannot say which of them a holder has
    assert _later_copies([_id(r["jf_id"]) for r in published.leaves]) == 1073


def test_broken_and_foreign_ids_of_the_list_are_found(
    published: Published, failed: dict[str, int], repaired: dict[tuple[str, str], int]
) -> None:
    broken = {column: sum("\n" in row[column] for row in published.list) for column in ("jf_id", "sub_jabatan_id")}
    assert broken == {"jf_id": 427, "sub_jabatan_id": 35}
    assert repaired["job_requirements", "job_id"] == 427 and repaired["job_requirements", "sub_job_id"] == 35
    assert failed["REQ-012"] == 427 + 35  # no record has both
    assert failed["REQ-006"] == sum(_id(row["jf_id"]) not in published.jobs for row in published.leaves) == 12
    assert failed["REQ-008"] == 6


def test_names_of_the_list_against_the_reference(
    published: Published, failed: dict[str, int], repaired: dict[tuple[str, str], int]
) -> None:
    pairs = [(r["nama_jabatan"], published.jobs[_id(r["jf_id"])]) for r in published.leaves if _id(r["jf_id"]) in published.jobs]
    assert sum(ours.strip().lower() != theirs.strip().lower() for ours, theirs in pairs) == 1095
    # 13 of them differ by a doubled blank alone; landing folds it and reports it as tidied.
    assert failed["REQ-007"] == sum(_text(ours).lower() != _text(theirs).lower() for ours, theirs in pairs) == 1095 - 13
    titles = [row["nama_jabatan"] for row in published.list]
    assert sum(title != title.strip() for title in titles) == 532
    assert repaired["job_requirements", "job_name"] == sum(title != _text(title) for title in titles) == 546
    assert failed["REQ-011"] > 546


def test_gaps_of_the_reference_become_unknown_and_not_zero(
    reporting: duckdb.DuckDBPyConnection, home: Settings, failed: dict[str, int]
) -> None:
    assert failed["JOB-005"] == 2  # retirement age 0
    assert failed["JOB-008"] == 2  # a level that is none
    jobs = next((home.home / "promoted" / "jobs").rglob("*.parquet"))
    assert duckdb.sql(f"select count(*) filter (where bup_age is null), min(bup_age) from '{jobs}'").fetchall() == [(2, 58)]


def test_a_holder_counts_for_the_one_recommendation_of_the_job(reporting: duckdb.DuckDBPyConnection, sole_job: str) -> None:
    held = reporting.execute(
        "select job_id, status, holders_definitive, open_seats = need_rounded - 1 from marts.vacancies "
        "where scope = 'agency_job' and holders_definitive > 0"
    ).fetchall()
    assert held == [(sole_job, "OPEN", 1, True)]
    assert _one(reporting, "select count(*) from marts.vacancies where scope = 'post'") == 2
