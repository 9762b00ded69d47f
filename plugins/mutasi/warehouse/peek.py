"""What a refresh left, in one screen: agencies, rows, the largest shortages and the most open seats.

It reads `reporting.duckdb` alone, so it shows what any reader sees.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import duckdb

from mutasi.settings import Settings
from mutasi.warehouse.publish import reporting_file


class PeekError(RuntimeError):
    """There is nothing to show; the message says what to do."""


@dataclass(frozen=True)
class AgencyLine:
    """An agency: rows promoted and quarantined by its newest run, which may have been for it alone, and how old its data are."""

    name: str
    data_as_of: dt.date | None
    is_stale: bool
    rows_promoted: int
    rows_quarantined: int


@dataclass(frozen=True)
class UnitLine:
    """A unit with its figures in full-time persons."""

    agency: str
    unit: str
    need_fte: float
    staff_fte: float  # of the posts whose need is known, so that need, staff and ratio fit each other
    shortage_fte: float
    pressure: float | None
    abk_year: int
    is_under_review: bool


@dataclass(frozen=True)
class SeatLine:
    """A unit with its open seats."""

    agency: str
    unit: str
    open_seats: int
    critical_seats: int


@dataclass(frozen=True)
class Summary:
    """Everything that the summary says."""

    file: Path
    run_id: str
    as_of: dt.date
    agencies: list[AgencyLine]
    absent: list[str]  # agencies of the newest night that never had a usable snapshot of every core dataset
    shortages: list[UnitLine]
    open_seats: list[SeatLine]
    units_without_abk: int


PROMOTED = """
    select agency_id, sum(rows_promoted) as promoted, sum(rows_quarantined) as quarantined
    from quality.runs where step = 'promote'
    group by agency_id, snapshot_date, run_id
    qualify row_number() over (partition by agency_id order by snapshot_date desc, max(started_at) desc) = 1
"""
AGENCIES = f"""
    select agency_name, data_as_of, is_stale, coalesce(promoted, 0)::bigint, coalesce(quarantined, 0)::bigint
    from marts.dim_agency left join ({PROMOTED}) using (agency_id) order by agency_id
"""
ABSENT = """
    select distinct agency_id from quality.runs
    where step = 'promote' and agency_id not in (select agency_id from marts.dim_agency)
        and snapshot_date = (select max(snapshot_date) from quality.runs where step = 'promote')
    order by agency_id
"""
SHORTAGES = """
    select agency_id, unit_path, need_fte, staff_of_known_need_fte, shortage_fte, pressure, abk_year, is_under_review
    from marts.unit_workload join marts.dim_unit using (agency_id, unit_id)
    where is_ranked and shortage_fte > 0
    order by shortage_fte desc, agency_id, unit_id limit ?
"""
OPEN_SEATS = """
    select agency_id, unit_path, sum(open_seats)::bigint as seats, coalesce(sum(open_seats) filter (where is_critical), 0)::bigint
    from marts.vacancies join marts.dim_unit using (agency_id, unit_id)
    where scope = 'post' and status = 'OPEN'
    group by agency_id, unit_id, unit_path order by seats desc, agency_id, unit_id limit ?
"""


def summary(settings: Settings, top: int = 5) -> Summary:
    """Read the summary from the reporting database.

    Raises:
        PeekError: nothing has been published in this home.
    """
    file = reporting_file(settings)
    if not file.exists():
        raise PeekError(f"Nothing has been published in {settings.home} yet: run a refresh first (`make run`).")
    with duckdb.connect(str(file), read_only=True) as con:
        published = con.execute("select run_id, as_of from quality.publication").fetchone()
        without = con.execute("select count(*) from marts.unit_workload where not has_final_abk and is_active").fetchone()
        assert published is not None and without is not None
        return Summary(
            file=file,
            run_id=published[0],
            as_of=published[1],
            agencies=[AgencyLine(*row) for row in con.execute(AGENCIES).fetchall()],
            absent=[agency_id for (agency_id,) in con.execute(ABSENT).fetchall()],
            shortages=[UnitLine(*row) for row in con.execute(SHORTAGES, [top]).fetchall()],
            open_seats=[SeatLine(*row) for row in con.execute(OPEN_SEATS, [top]).fetchall()],
            units_without_abk=without[0],
        )


def summary_text(settings: Settings, top: int = 5) -> str:
    """The summary for a terminal.

    Raises:
        PeekError: nothing has been published in this home.
    """
    found = summary(settings, top)
    return "\n".join([*_agency_lines(found), "", *_shortage_lines(found), "", *_seat_lines(found), "", *_query_lines(found)])


def _agency_lines(found: Summary) -> list[str]:
    lines = [f"Workload and vacancies as of {found.as_of} (run {found.run_id})", ""]
    lines.append(f"{'Agency':<44}{'data as of':>12}{'promoted':>12}{'quarantined':>13}")
    for agency in found.agencies:
        stale = "  stale" if agency.is_stale else ""
        lines.append(
            f"{agency.name[:43]:<44}{agency.data_as_of!s:>12}{agency.rows_promoted:>12,}{agency.rows_quarantined:>13,}{stale}"
        )
    if found.absent:
        lines.append(
            f"Not in the marts: {', '.join(found.absent)}; a core dataset never came. See docs/runbooks/stale-agency.md."
        )
    return lines


def _shortage_lines(found: Summary) -> list[str]:
    lines = [f"{'Largest shortage, in full-time persons':<62}{'need':>8}{'staff':>8}{'short':>8}{'ratio':>7}{'ABK':>6}"]
    for u in found.shortages:
        ratio = f"{u.pressure:.2f}" if u.pressure is not None else "-"
        mark = "  under review" if u.is_under_review else ""
        place = _place(u.agency, u.unit)
        lines.append(f"{place:<62}{u.need_fte:>8.1f}{u.staff_fte:>8.1f}{u.shortage_fte:>8.1f}{ratio:>7}{u.abk_year:>6}{mark}")
    return [*lines, f"Units without a final ABK, whose need is unknown: {found.units_without_abk:,}"]


def _seat_lines(found: Summary) -> list[str]:
    lines = [f"{'Most open seats (posts under review not counted)':<62}{'open':>8}{'critical':>10}"]
    return lines + [f"{_place(s.agency, s.unit):<62}{s.open_seats:>8,}{s.critical_seats:>10,}" for s in found.open_seats]


def _place(agency: str, path: str) -> str:
    """Agency and unit; of a long path the end tells more than the beginning."""
    room = 60 - len(agency)
    if len(path) >= room:
        tail = path[-(room - 2) :]
        path = "…" + (tail[tail.index(" / ") :] if " / " in tail else tail)
    return f"{agency} {path}"


def _query_lines(found: Summary) -> list[str]:
    columns = "unit_name, need_fte, staff_of_known_need_fte, shortage_fte"
    query = (
        f"select {columns} from marts.unit_workload where is_ranked and not is_under_review order by shortage_fte desc limit 10"
    )
    return [
        f"Reporting database: {found.file}",
        f"""Query it: .venv/bin/python -c "import duckdb; duckdb.connect('{found.file}', read_only=True).sql('{query}').show()\"""",
    ]
