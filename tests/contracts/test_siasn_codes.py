"""The codes that Mutasi knows are those of the national service: datasets, seeds and the published tables say the same."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from mutasi.reference import datasets_page
from mutasi.settings import PROJECT, Settings
from mutasi.sources.datasets import datasets
from mutasi.sources.registry import read_agencies

AGENCIES = PROJECT / "dags" / "agencies"
LEVELS = {
    "PM": "pemula", "TR": "terampil", "MH": "mahir", "PY": "penyelia", "PT": "pertama", "MU": "muda", "MA": "madya", "UT": "utama",
}  # fmt: skip
# In use at agencies, and missing in the published table.
PPPK_STATUSES = {"71", "72", "73"}


def seed(name: str) -> list[dict[str, str]]:
    with (PROJECT / "dbt_project" / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def column(name: str, key: str) -> set[str]:
    return {row[key] for row in seed(name)}


def table(real: Path, name: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads((real / f"{name}.json").read_text(encoding="utf-8"))
    return found


def codes(real: Path, name: str) -> set[str]:
    return {row["id"] for row in table(real, name)}


@pytest.mark.parametrize(
    ("dataset", "name", "seeded", "key"),
    [
        ("employees", "legal_status_code", "legal_statuses", "legal_status_code"),
        ("employees", "employment_status", "employment_statuses", "employment_status"),
        ("employees", "education_level_code", "education_levels", "education_level_code"),
        ("positions", "min_education_code", "education_levels", "education_level_code"),
        ("positions", "job_kind", "job_kinds", "job_kind"),
        ("positions", "job_level", "job_levels", "job_level"),
        ("assignments", "assignment_type", "assignment_types", "assignment_type"),
        ("performance_reviews", "predicate_code", "skp_matrix", "predicate_code"),
        ("performance_reviews", "work_result_code", "skp_matrix", "work_result_code"),
        ("performance_reviews", "behaviour_code", "skp_matrix", "behaviour_code"),
    ],
)
def test_a_code_that_may_land_means_something_later(dataset: str, name: str, seeded: str, key: str) -> None:
    assert set(datasets()[dataset].columns[name].allowed) == column(seeded, key)


@pytest.mark.parametrize("name", ["legal_statuses", "education_levels", "golongan"])
def test_the_reference_says_what_a_code_means(settings: Settings, name: str) -> None:
    page = datasets_page(settings).split("## Codes of BKN")[1]
    for row in seed(name):
        code, meaning, *_ = row.values()
        at_work = f" {'yes' if row['is_present'] == row['is_active_employee'] == 'true' else ''} |" if "is_present" in row else ""
        assert f"| `{code}` | {meaning} |{at_work}\n" in page


@pytest.mark.parametrize("name", ["golongan_min", "golongan_max"])
def test_ranges_of_golongan_are_those_of_civil_servants(name: str) -> None:
    ranks = {row["golongan_code"] for row in seed("golongan") if row["scheme"] == "pns"}
    assert set(datasets()["positions"].columns[name].allowed) == ranks


def test_golongan_are_the_published_ones(real: Path) -> None:
    ours = {row["golongan_code"]: row["golongan_name"] for row in seed("golongan") if row["scheme"] == "pns"}
    assert ours == {row["id"]: row["nama"] for row in table(real, "golonganPns")}


def test_legal_statuses_are_the_published_ones_and_those_of_pppk(real: Path) -> None:
    assert column("legal_statuses", "legal_status_code") - PPPK_STATUSES == codes(real, "kedudukanHukum")


def test_assignment_types_are_the_published_ones_and_the_secondments(real: Path) -> None:
    assert column("assignment_types", "assignment_type") - {"DPK", "DPB"} == codes(real, "jenisPenugasan")


def test_predicates_and_ratings_are_numbered_as_published(real: Path) -> None:
    predicates = {row["predicate_code"]: row["predicate_name"].upper() for row in seed("skp_matrix")}
    assert predicates == {row["id"]: row["nama"] for row in table(real, "kuadranNilai")}
    ratings = {row["id"]: row["nama"].split()[0] for row in table(real, "perilakuDanKinerja")}
    assert ratings == {"1": "DIATAS", "2": "SESUAI", "3": "DIBAWAH"}, "1 is above expectation"


def test_yearly_credit_is_the_published_coefficient(real: Path) -> None:
    ours = {row["job_level"]: float(row["yearly_credit"]) for row in seed("job_levels")}
    assert ours == {LEVELS[row["jenjang"]]: float(row["kriteria"]) for row in table(real, "koefisien")}


def test_sanctions_have_the_three_published_levels(real: Path) -> None:
    named = {"R": "light", "S": "moderate", "B": "severe"}
    published = {named[row["jenisTingkatHukumanId"]] for row in table(real, "jenisHukuman")}
    assert set(datasets()["discipline"].columns["discipline_level"].allowed) == published


def test_agencies_bear_the_code_under_which_the_service_knows_them(real: Path) -> None:
    published = {row["kodeCepat"]: row["nama"] for row in table(real, "instansi")}
    for agency in read_agencies(AGENCIES).values():
        place = agency.agency_name.split()[-1].casefold()
        assert place in published[agency.codes.bkn].casefold(), agency.agency_id


def test_maps_of_levels_know_every_published_level(real: Path) -> None:
    """`XX` stands at two jobs and means nothing; it is reported and never guessed."""
    published = {row["jenjang"] for row in table(real, "jabatanFungsional")} - {"XX"}
    for agency in read_agencies(AGENCIES).values():
        for name in ("jobs", "positions"):
            source = agency.datasets.get(name)
            if source is not None and set(source.columns["job_level"].codes) & published:
                assert source.columns["job_level"].codes == LEVELS, (agency.agency_id, name)
                assert published <= set(source.columns["job_level"].codes)
