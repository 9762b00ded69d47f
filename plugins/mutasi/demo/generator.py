"""Generates whole populations: five demo agencies in their own formats, or any number of agencies as Parquet."""

from __future__ import annotations

import datetime as dt
import shutil
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb
import numpy as np

from mutasi.demo import tables
from mutasi.demo.agency_files import write_agency_file
from mutasi.demo.careers import ARRIVALS, NIGHTS, build_assignments, draw_events, live_through
from mutasi.demo.connections import write_connections
from mutasi.demo.defects import plant, to_text
from mutasi.demo.expected import truth_positions
from mutasi.demo.places import PLACES, Place, invented
from mutasi.demo.population import Sequences, build_people
from mutasi.demo.posts import build_posts
from mutasi.demo.services import build_services
from mutasi.demo.sources import Target, write_sources
from mutasi.demo.structure import build_units
from mutasi.demo.transfers import build_transfers, truth_people
from mutasi.demo.truth import Truth, TruthFiles
from mutasi.demo.workload import build_sheets
from mutasi.settings import PROJECT
from mutasi.sources.agency import Agency, FilesRead, SiasnRead
from mutasi.sources.registry import read_agency

SEED = 20261122
SIASN_PORT = 18765
SMALLEST = 25
WITHOUT_POST = 0.006


@dataclass(frozen=True)
class _Plan:
    """One agency to generate: its place, its people, and the number its people are counted from."""

    place: Place
    employees: int
    offset: int


@dataclass(frozen=True)
class _Moment:
    """The seed, the base day of the population, and how many nights later it is shown."""

    seed: int
    base: dt.date
    night: int

    @property
    def day(self) -> dt.date:
        return self.base + dt.timedelta(days=self.night)


def generate(
    home: Path,
    employees: int = 12_000,
    seed: int = SEED,
    *,
    as_of: dt.date,
    agencies: Sequence[str] | int | None = None,
    night: int = 0,
    form: Literal["sources", "parquet"] = "sources",
    siasn_port: int = SIASN_PORT,
    agency_files: Path | None = None,
) -> Truth:
    """Generate a population below `home`/demo and return its truth.

    Args:
        home: the folder that runs write to; `demo/<agency_id>/`, `demo/connections.env` and `demo/truth/` are replaced.
        employees: people on the books in night 0, over all agencies.
        seed: same arguments, same data (the service's credentials alone are random).
        as_of: the day that the sources show.
        agencies: with form "sources", ids out of the five demo agencies (default: all); with form "parquet", a number of
            invented agencies of lognormal size (default: 1).
        night: nights since the population's base day (`as_of` - `night`). Each of the first sixty nights changes about
            0.2 % of the people; consecutive days are `as_of` + n with night n.
        form: "sources" writes each agency's own formats as its file in `agency_files` says; "parquet" writes one Parquet
            file per dataset under canonical names, with agency files in `demo/agencies/`.
        siasn_port: port of the local SIASN service in `connections.env`.
        agency_files: folder of the five agency files (default: dags/agencies of the checkout).

    Raises:
        ValueError: an unknown agency, a number of people that cannot be spread, or a negative night.
    """
    if night < 0 or employees < SMALLEST:
        raise ValueError(f"`night` starts at 0 and `employees` at {SMALLEST}.")
    moment = _Moment(seed, as_of - dt.timedelta(days=night), night)
    folder = home / "demo"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if form == "parquet":
        files = folder / "agencies"
        plans = _invented_plans(employees, agencies if isinstance(agencies, int) else 1, seed)
    else:
        files = agency_files or PROJECT / "dags" / "agencies"
        plans = _demo_plans(employees, agencies)
    rows: dict[tuple[str, str], int] = {}
    described: list[Agency] = []
    sequences = Sequences()
    with TruthFiles(folder / "truth") as truth:
        for plan in plans:
            invented_file = form == "parquet"
            agency = write_agency_file(files, plan.place) if invented_file else read_agency(files / f"{plan.place.agency_id}.yml")
            described.append(agency)
            rows |= _generate_one(agency, plan, moment, folder, sequences, truth)
    write_connections(folder, described, siasn_port)
    return Truth(folder / "truth", tuple(agency.agency_id for agency in described), files, rows)


def _generate_one(
    agency: Agency, plan: _Plan, moment: _Moment, folder: Path, sequences: Sequences, truth: TruthFiles
) -> dict[tuple[str, str], int]:
    """Generate, plant, write and forget one agency."""
    names = tuple(agency.datasets)
    with duckdb.connect(config={"threads": 2, "autoinstall_known_extensions": "false"}) as con:
        _draw(con, plan, moment, sequences)
        build_services(con, agency, moment.base, moment.seed)
        build_transfers(con, agency, moment.base, moment.seed)
        truth.add("positions", truth_positions(con, agency.agency_id, moment.day, names))
        truth.add("plants", tables.truth_plants(con, agency.agency_id))
        truth.add("people", truth_people(con, agency.agency_id))
        tables.drop_rest(con)
        to_text(con, tuple(dict.fromkeys((*names, "employees"))))
        service = tuple(name for name, source in agency.datasets.items() if isinstance(source.read, SiasnRead))
        truth.add("defects", plant(con, agency.agency_id, names, moment.seed, typed=_is_typed(agency), service=service))
        target = Target(folder / agency.agency_id, moment.day)
        _clear(target.folder)
        write_sources(con, agency, target)
        counts = {}
        for name in names:
            row = con.execute(f"select count(*) from t_{name}").fetchone()
            counts[(agency.agency_id, name)] = int(row[0]) if row else 0
    return counts


def _draw(con: duckdb.DuckDBPyConnection, plan: _Plan, moment: _Moment, sequences: Sequences) -> None:
    """Draw the whole agency in a fixed order, so that every night sees the same base population."""
    place, rng = plan.place, np.random.default_rng([moment.seed, zlib.crc32(plan.place.agency_id.encode())])
    arrivals = round(plan.employees * ARRIVALS)
    without_post = max(1, round(plan.employees * WITHOUT_POST))
    districts = [code for city in place.cities for code in city.districts]
    units = build_units(place, plan.employees)
    posts = build_posts(units, plan.employees + arrivals - without_post, rng)
    posts = posts.without_surplus() if place.is_short else posts
    missing = plan.employees + arrivals - int(posts.holders.sum())
    people = build_people(posts, missing, districts, moment.base, plan.offset, sequences, rng)
    is_head = np.zeros(len(people), dtype=bool)
    seated = people.post >= 0
    is_head[seated] = posts.is_head[people.post[seated]]
    events = draw_events(people, arrivals, is_head, rng)
    assignments = build_assignments(posts, people, events, moment.base, moment.night, rng)
    live_through(people, events, moment.base, moment.night, districts)
    sheets = build_sheets(posts, moment.base.year, rng)
    tables.register(con, place, units, posts, people, events.shown(moment.night))
    tables.build_structure(con, moment.base)
    tables.build_staff(con, place, assignments)
    tables.build_reviews(con, moment.base, moment.seed)
    tables.build_workload(con, sheets, moment.seed)


def _demo_plans(employees: int, agencies: Sequence[str] | int | None) -> list[_Plan]:
    known = {place.agency_id: place for place in PLACES}
    chosen = list(known) if agencies is None or isinstance(agencies, int) else sorted(agencies)
    unknown = [name for name in chosen if name not in known]
    if unknown:
        raise ValueError(f"`{unknown[0]}` is no demo agency; choose from {', '.join(known)}.")
    # sizes and numbering do not depend on the choice: an agency generated alone is the same agency
    sizes = {
        name: min(place.largest or employees, max(SMALLEST, round(employees * place.share))) for name, place in known.items()
    }
    sizes["jakarta"] = max(SMALLEST, employees - sum(size for name, size in sizes.items() if name != "jakarta"))
    return [_Plan(known[name], sizes[name], 10_000_000 * list(known).index(name)) for name in chosen]


def _invented_plans(employees: int, count: int, seed: int) -> list[_Plan]:
    if count < 1 or employees < count * SMALLEST:
        raise ValueError(f"{employees} employees cannot be spread over {count} agencies of at least {SMALLEST}.")
    sizes = np.exp(np.random.default_rng([seed, count]).normal(0, 0.9, count))
    spread = SMALLEST + np.floor((employees - count * SMALLEST) * sizes / sizes.sum()).astype(int)
    spread[0] += employees - int(spread.sum())
    offsets = np.concatenate(([0], np.cumsum(spread + spread // 20 + 10)[:-1]))
    return [_Plan(invented(i + 1), int(spread[i]), int(offsets[i])) for i in range(count)]


def _is_typed(agency: Agency) -> bool:
    reads = [source.read for source in agency.datasets.values()]
    return any(isinstance(read, FilesRead) and (read.format == "parquet" or read.path.endswith(".parquet")) for read in reads)


def _clear(folder: Path) -> None:
    """Remove an agency's earlier files; the service's credentials stay, because a running service holds them."""
    if not folder.is_dir():
        return
    for entry in folder.iterdir():
        if entry.name == "siasn":
            for file in entry.glob("*.jsonl"):
                file.unlink()
        elif entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


__all__ = ["NIGHTS", "SEED", "SIASN_PORT", "generate"]
