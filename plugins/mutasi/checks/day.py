"""A dataset's day in DuckDB: what every agency landed, what it landed before, and what its rows refer to.

These are what the suites speak of. The rows stay where they lie: a rule reads two or three columns, which costs less than a table of
all of them would.

    <dataset>           landing rows of all agencies whose file is whole, with `_day`
    <dataset>_volume    one row per agency: what arrived against what was announced and what was there before
    delivered           agency and name: columns of the dataset that hold a value, and other datasets that hold a row
    drift               agency, kind and name: columns that nothing maps (`_unknown`) or that ran empty (`_emptied`)
    repeats             rows whose key occurs more than once: which copy they are, how many contents their key has
    elsewhere           one row per employee who holds a post on that day: what it asks of the person
    <other dataset>     as far as the rules speak of it: per agency that day's landing rows, else the promoted ones in
                        use, with `_day` and without contact columns

No rule looks beyond an agency. So `parts` shows the rows, and what they refer to, of some agencies after the other: what is joined
and grouped stays small, and a nation takes hardly more memory than its largest agency.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import accumulate, groupby

import duckdb
import pyarrow as pa

from mutasi.checks.arrivals import Arrival, Referred, referred_to
from mutasi.checks.suites import Rule
from mutasi.engine import named, parquet, quoted
from mutasi.landing.typed import MARKS
from mutasi.settings import Settings
from mutasi.sources.datasets import Dataset, datasets

ELSEWHERE = "elsewhere"
BEHIND_ELSEWHERE = ("assignments", "positions")
VOLUME_TYPES = {"agency_id": pa.string(), "is_landed": pa.bool_(), "is_readable": pa.bool_(), "file": pa.string()}
NAME_LISTS = ("unknown_names", "emptied_names", "filled_names")
PART_ROWS = 500_000  # of the dataset that is judged


def referred(rule: Rule) -> set[str]:
    """The other datasets that a rule's SQL speaks of, be it through `elsewhere`."""
    words = set(re.findall(r"\w+", str(rule.kwargs.get("unexpected_rows_query", ""))))
    named_ones = {name for name in datasets() if name in words and name != rule.dataset}
    return named_ones | (set(BEHIND_ELSEWHERE) if ELSEWHERE in words else set())


def open_day(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    dataset: str,
    day: dt.date,
    arrived: Callable[[str], list[Arrival]],
    rules: list[Rule],
) -> Iterator[None]:
    """Make what arrived, and the view of the rows of all agencies.

    Returns:
        The parts: with each, the views and tables named in the module's docstring are those of its agencies, as far as the rules need
        them; after the last, the dataset's rows are those of all agencies again.
    """
    canon = datasets()[dataset]
    others = sorted(set().union(*(referred(rule) for rule in rules)))
    found = {other: referred_to(settings, other, day, arrived(other)) for other in others}
    open_arrivals(con, f"{dataset}_volume", {dataset: arrived(dataset)})
    _drift(con, arrived(dataset))
    rows_of = {other: {agency: referred.rows for agency, referred in agencies.items()} for other, agencies in found.items()}
    _delivered(con, arrived(dataset), rows_of)
    whole = [a for a in arrived(dataset) if a.file]
    _open_rows(con, canon, whole, day)
    return _parts(con, canon, whole, found, day)


def _parts(
    con: duckdb.DuckDBPyConnection,
    canon: Dataset,
    whole: list[Arrival],
    found: Mapping[str, Mapping[str, Referred]],
    day: dt.date,
) -> Iterator[None]:
    for part in _divided(whole):
        _open_rows(con, canon, part, day)
        _repeats(con, canon)
        for other, referred_ones in found.items():
            of_part = [referred_ones[a.agency_id] for a in part if a.agency_id in referred_ones]
            con.execute(f"create or replace view {other} as {_references(datasets()[other], of_part, day)}")
        if found.keys() >= {*BEHIND_ELSEWHERE}:
            con.execute(f"create or replace view {ELSEWHERE} as {elsewhere(day)}")
        yield
    _open_rows(con, canon, whole, day)


def _divided(whole: list[Arrival]) -> list[list[Arrival]]:
    """Agencies in their order, as many together as reach `PART_ROWS` rows."""
    rows_until = accumulate((a.rows_landed or 0 for a in whole), initial=0)
    numbered = zip((rows // PART_ROWS for rows in rows_until), whole, strict=False)
    return [[arrival for _, arrival in part] for _, part in groupby(numbered, key=lambda pair: pair[0])]


def _open_rows(con: duckdb.DuckDBPyConnection, canon: Dataset, arrived: Iterable[Arrival], day: dt.date) -> None:
    con.execute(f"create or replace view {canon.name} as {_rows(canon, [a.file for a in arrived if a.file], day)}")


def elsewhere(day: dt.date) -> str:
    """What the posts that a person holds ask; education levels that SIASN ranks alike share the lowest of their codes."""
    structural = "a.assignment_type = 'D' and p.job_kind in ('jpt', 'administrator', 'pengawas')"
    level = "case p.min_education_code when '12' then '10' when '17' then '15' when '18' then '15' when '40' then '35' "
    level += "when '47' then '45' when '50' then '49' else p.min_education_code end"
    return f"""
        with held as (
            select a.agency_id, a.nip,
                case when a.assignment_type = 'D' and a.valid_to is null and p.bup_age between 50 and 70 then p.bup_age end as bup_age,
                case when {structural} then p.golongan_min end as golongan_min,
                case when {structural} then coalesce({level}, case p.job_kind when 'pengawas' then '30' else '35' end)
                    end as structural_education_min,
                case when a.assignment_type = 'D' and p.job_kind = 'jf'
                    then coalesce({level}, case when p.job_level in ('pertama', 'muda', 'madya', 'utama') then '35'
                        when p.job_level in ('terampil', 'mahir', 'penyelia') then '30' else '15' end)
                    end as functional_education_min
            from assignments as a
            left join positions as p on p.agency_id = a.agency_id and p.unit_id = a.unit_id and p.position_id = a.position_id
            where a.assignment_type in ('D', 'DPK', 'DPB') and (a.valid_to is null or a.valid_to >= date {quoted(day.isoformat())})
                and a.nip is not null
        )
        select agency_id, nip, true as holds_post, max(bup_age) as bup_age, max(structural_education_min) is not null as holds_structural,
            max(golongan_min) as structural_golongan_min, max(structural_education_min) as structural_education_min,
            max(functional_education_min) as functional_education_min
        from held group by agency_id, nip
        """


def _repeats(con: duckdb.DuckDBPyConnection, canon: Dataset) -> None:
    is_key = " and ".join(f"{named(name)} is not null" for name in canon.key if canon.columns[name].required)
    key = ", ".join(named(name) for name in ("agency_id", *canon.key))
    # Not `_repaired`: rows that differ in a blank which was taken out say the same.
    content = ", ".join(named(name) for name in ("agency_id", *canon.columns, "_unreadable", "_unmapped"))
    # What repeats, repeats its hash, and numbers are sooner grouped than texts. Keys that only share a hash are told apart after that.
    con.execute(
        f"""
        create or replace table repeats as
        with hashes as (
            select hash({key}) as hashed from {canon.name} where {is_key} group by hashed having count(*) > 1
        ), keyed as (
            from {canon.name} where {is_key} and hash({key}) in (from hashes) qualify count(*) over (partition by {key}) > 1
        ), numbered as (
            select *, row_number() over (partition by {content} order by _row_id) as copy_number from keyed
        )
        select agency_id, _row_id, copy_number, count(*) filter (where copy_number = 1) over (partition by {key}) as variants
        from numbered
        """
    )


def open_arrivals(con: duckdb.DuckDBPyConnection, table: str, arrived: Mapping[str, Sequence[Arrival]]) -> None:
    """Make a table of what arrived, one row per dataset and agency; `_row_id` is the number of the dataset in `arrived`."""
    names = [f.name for f in fields(Arrival) if f.name not in NAME_LISTS]
    rows = [(number, arrival) for number, listed in enumerate(arrived.values()) for arrival in listed]
    cells = {name: pa.array([getattr(a, name) for _, a in rows], VOLUME_TYPES.get(name, pa.int64())) for name in names}
    con.register("arrived", pa.table({**cells, "_row_id": pa.array([number for number, _ in rows], pa.int64())}))
    con.execute(f"create table {table} as select * from arrived")
    con.unregister("arrived")


def _drift(con: duckdb.DuckDBPyConnection, arrived: Sequence[Arrival]) -> None:
    drifted = [(a.agency_id, "_unknown", name) for a in arrived for name in a.unknown_names]
    drifted += [(a.agency_id, "_emptied", name) for a in arrived for name in a.emptied_names]
    _pairs(con, "drift", ("agency_id", "kind", "name"), drifted)


def _delivered(con: duckdb.DuckDBPyConnection, arrived: list[Arrival], rows_of: Mapping[str, Mapping[str, int]]) -> None:
    found = [(a.agency_id, name) for a in arrived for name in a.filled_names]
    found += [(agency, dataset) for dataset, agencies in rows_of.items() for agency, rows in agencies.items() if rows]
    _pairs(con, "delivered", ("agency_id", "name"), found)


def _pairs(con: duckdb.DuckDBPyConnection, table: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    cells = list(zip(*rows, strict=True)) or [()] * len(columns)
    con.register("listed", pa.table({c: pa.array(v, pa.string()) for c, v in zip(columns, cells, strict=True)}))
    con.execute(f"create table {table} as select * from listed")
    con.unregister("listed")


def _rows(dataset: Dataset, files: list[str], day: dt.date) -> str:
    columns = {"agency_id": "VARCHAR", "_row_id": "BIGINT"} | {name: column.sql_type for name, column in dataset.columns.items()}
    columns |= dict.fromkeys(MARKS, "VARCHAR")
    return f"select *, date {quoted(day.isoformat())} as _day from {parquet(files, columns, is_alike=True)}"


def _references(dataset: Dataset, found: Collection[Referred], day: dt.date) -> str:
    """Rows that others refer to."""
    columns = {"agency_id": "VARCHAR"} | {name: column.sql_type for name, column in dataset.promoted_columns.items()}
    files = parquet(sorted(r.file for r in found), columns, is_alike=all(r.has_all_columns for r in found))
    return f"select *, date {quoted(day.isoformat())} as _day from {files}"
