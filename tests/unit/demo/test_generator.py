"""Same arguments give the same data, nights differ by their events alone, and sizes are what was asked for."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import stat
from pathlib import Path

import duckdb
import pytest

from mutasi.demo import NIGHTS, Truth, generate

DAY = dt.date(2026, 11, 22)


def digests(folder: Path) -> dict[str, str]:
    """Hashes of all generated files but the random credentials."""
    files = (f for f in folder.rglob("*") if f.is_file() and f.name not in ("credentials.json", "connections.env"))
    return {str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def people(home: Path) -> list[tuple[object, ...]]:
    return duckdb.sql(f"select * exclude (phone) from '{home}/demo/contoh_0001/employees.parquet' order by all").fetchall()


def test_same_arguments_give_the_same_bytes_in_every_format(tmp_path: Path) -> None:
    for name in ("a", "b"):
        generate(tmp_path / name, 500, as_of=DAY)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    assert len(digests(tmp_path / "a")) > 30


def test_another_seed_gives_other_people(tmp_path: Path) -> None:
    for seed in (1, 2):
        generate(tmp_path / str(seed), 500, seed, as_of=DAY, form="parquet")
    assert not set(people(tmp_path / "1")) & set(people(tmp_path / "2"))


def test_an_agency_generated_alone_is_the_same_agency(tmp_path: Path, truth: Truth) -> None:
    generate(tmp_path, 6_000, as_of=DAY, agencies=["pekanbaru"])
    alone, among = digests(tmp_path / "demo" / "pekanbaru"), digests(truth.folder.parent / "pekanbaru")
    # numbers at the end of a NIP depend on who else was generated; structure and workload do not
    assert alone["unor_20261122.csv"] == among["unor_20261122.csv"]
    assert alone["abk_20261122.csv"] == among["abk_20261122.csv"]


def test_sizes_add_up(facts: duckdb.DuckDBPyConnection, truth: Truth) -> None:
    copies = facts.sql(
        "select agency_id, count(*) from defects where dataset = 'employees' and defect like 'duplicate%' group by all"
    )
    extra = dict(copies.fetchall())
    sizes = {agency: truth.rows[(agency, "employees")] - extra.get(agency, 0) for agency in truth.agencies}
    assert sum(sizes.values()) == 6_000
    assert max(sizes, key=lambda a: sizes[a]) == "jakarta"
    assert sizes["binjai"] <= 400


@pytest.mark.parametrize(("employees", "agencies"), [(25, 1), (1_000, 1), (330, 4)])
def test_small_populations_have_exactly_the_people_asked_for(tmp_path: Path, employees: int, agencies: int) -> None:
    truth = generate(tmp_path, employees, as_of=DAY, form="parquet", agencies=agencies)
    found = duckdb.sql(f"select count(distinct employee_type_code || nik) from '{tmp_path}/demo/*/employees.parquet'").fetchall()[
        0
    ]
    assert found == (employees,)
    assert len(truth.agencies) == agencies


def test_national_agencies_have_sizes_of_their_own(tmp_path: Path) -> None:
    truth = generate(tmp_path, 1_500, as_of=DAY, form="parquet", agencies=8)
    sizes = sorted(truth.rows[(agency, "employees")] for agency in truth.agencies)
    assert sizes[-1] > 3 * sizes[0]


def test_a_night_changes_two_people_in_a_thousand_and_nothing_else(tmp_path: Path) -> None:
    for night in (0, 1, 2):
        generate(tmp_path / str(night), 8_000, as_of=DAY + dt.timedelta(days=night), night=night, form="parquet")
    nights = [set(people(tmp_path / str(night))) for night in (0, 1, 2)]
    for before, after in itertools.pairwise(nights):
        assert 0.0004 < len(before ^ after) / 8_000 < 0.006
    for name in ("units", "positions", "workloads", "jobs"):
        file = f"demo/contoh_0001/{name}.parquet"
        assert (tmp_path / "0" / file).read_bytes() == (tmp_path / "2" / file).read_bytes()
    assert duckdb.sql(f"""
        select count(*) filter (b.nip is null) > 0, count(*) filter (a.nip is null) > 0
        from '{tmp_path}/0/demo/contoh_0001/assignments.parquet' a
        full join '{tmp_path}/2/demo/contoh_0001/assignments.parquet' b
        on (a.nip, a.unit_id, a.position_id, a.assignment_type, a.valid_from, a.valid_to)
            is not distinct from (b.nip, b.unit_id, b.position_id, b.assignment_type, b.valid_from, b.valid_to)""").fetchall()[
        0
    ] == (True, True)


def test_nights_beyond_the_horizon_change_nothing_more(tmp_path: Path) -> None:
    for night in (NIGHTS, NIGHTS + 5):
        generate(tmp_path / str(night), 1_000, as_of=DAY + dt.timedelta(days=night), night=night, form="parquet")
    assert people(tmp_path / str(NIGHTS)) == people(tmp_path / str(NIGHTS + 5))


def test_secrets_are_random_private_and_kept_for_a_running_service(tmp_path: Path) -> None:
    generate(tmp_path / "a", 300, as_of=DAY, agencies=["binjai"])
    secret = tmp_path / "a/demo/binjai/siasn/credentials.json"
    first = secret.read_text()
    generate(tmp_path / "a", 300, as_of=DAY, agencies=["binjai"])
    generate(tmp_path / "b", 300, as_of=DAY, agencies=["binjai"])
    assert secret.read_text() == first
    assert (tmp_path / "b/demo/binjai/siasn/credentials.json").read_text() != first
    for file in (secret, tmp_path / "a/demo/connections.env"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "wrong", [{"agencies": ["bandung"]}, {"employees": 3}, {"night": -1}, {"form": "parquet", "agencies": 900}]
)
def test_what_cannot_be_generated_is_refused_in_a_sentence(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        generate(tmp_path, **({"employees": 1_000, "as_of": DAY} | wrong))  # type: ignore[arg-type]
