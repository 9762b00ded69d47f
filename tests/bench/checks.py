"""The whole check step of five million employees beside one hand-written query that counts the same.

Both read the same Parquet files, each in a process of its own; imports are taken apart. The counts of every rule and agency
must be equal before a figure is printed.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb

from mutasi.settings import PROJECT, Settings

ROWS, AGENCIES, REPEATS = 5_000_000, 40, 3
DAY = dt.date(2026, 11, 22)
HOME = PROJECT / "var" / "bench" / "checks"
HERE = Path(__file__)
Figures = Iterator[tuple[str, float, str, float | None, str | None]]

# One employee by number n; one in some hundred has one of several faults, as real registers do.
PERSON = """
select n, (n % {agencies})::varchar as agency,
    date '1969-01-01' + (n * 7919 % 10000)::int as birth, case when n % 3 = 0 then date '2019-01-01' + (n * 104729 % 70)::int * interval '1 month'
        else date '2005-01-01' + (n * 104729 % 190)::int * interval '1 month' end as start,
    n % 3 = 0 as is_pppk, n % 5 < 3 as is_female, n % 997 as fault
from range({first}, {last}) as r(n)
"""
EMPLOYEES = """
select 'a' || agency as agency_id, row_number() over (order by n) as _row_id,
    case fault when 1 then substr(nip, 1, 17) when 2 then null when 3 then substr(nip, 1, 12) || '99' || substr(nip, 15)
        else nip end as nip,
    case when fault <> 4 then 'Tokoh Rekaan ' || n end as employee_name,
    case fault when 5 then null when 6 then birth::date + 1 else birth::date end as birth_date,
    case when (fault = 7) <> is_female then 'F' else 'M' end as sex,
    case when fault = 8 then null when is_pppk then 'PPPK' when n % 50 = 1 then 'CPNS' else 'PNS' end as employment_status,
    case when is_pppk and fault <> 9 then '71' else '01' end as legal_status_code, '01' as employee_type_code,
    case fault when 10 then '99' else (['21','31','32','33','34','41'])[1 + n % 6] end as golongan_code,
    start::date as golongan_since, case fault when 11 then start::date + 40 else start::date end as tmt_cpns,
    case when not is_pppk and fault <> 12 then (start + case fault when 13 then interval '-2 years' else interval '1 year' end)::date
        end as tmt_pns,
    case fault when 14 then null else case when n % 211 = 3 then '15' else (['35','40','40','45'])[1 + n % 4] end end as education_level_code,
    'Bidang ' || n % 50 as education_field, null::varchar as certified_sub_job, case when fault = 22 then 'Jl. Rekaan ' || n else '14720' || 1 + n % 7 end as home_district_code,
    case when fault <> 15 then lpad(n::varchar, 16, '0') end as nik, case when fault <> 16 then '08' || n end as phone,
    case fault when 17 then 'bukan-alamat' else 'p' || n || '@example.invalid' end as email,
    null::varchar as title_front, case when fault <> 18 then 'S.Rk.' end as title_back,
    case fault when 19 then ' golongan_since ' else '' end as _unreadable, case fault when 20 then ' sex ' else '' end as _unmapped,
    case fault when 21 then ' nip ' else '' end as _repaired
from (
    select *, strftime(birth, '%Y%m%d') || case when is_pppk then strftime(start, '%Y') || '21' else strftime(start, '%Y%m') end
        || case when is_female then '2' else '1' end || lpad((1 + n % 999)::varchar, 3, '0') as nip
    from ({person})
)
"""


def figures() -> Figures:
    """Measure both; raises AssertionError when a count differs."""
    _data()
    nights, floors = [], []
    for number in range(REPEATS):
        nights.append(_measured("step", number))
        floors.append(_measured("floor", number))
        assert nights[-1]["counts"] == floors[-1]["counts"], "the check step and the hand-written query count differently"
    seconds = [statistics.median(run["seconds"] for run in runs) for runs in (nights, floors)]
    memory = [max(run["peak_mb"] for run in runs) for runs in (nights, floors)]
    yield "checks_step", round(seconds[0], 2), "s", None, None
    yield "checks_hand_written", round(seconds[1], 2), "s", None, None
    yield "checks_to_hand_written", round(seconds[0] / seconds[1], 2), "ratio", 2.5, "checks_floor.sql"
    yield "checks_memory", round(memory[0]), "MB", 1500, None
    yield "checks_hand_written_memory", round(memory[1]), "MB", None, None


def _data() -> None:
    """Landing files of `AGENCIES` agencies; made once."""
    marker = HOME / "made.json"
    wanted = {"rows": ROWS, "agencies": AGENCIES, "day": DAY.isoformat(), "by": HERE.stat().st_mtime}
    if marker.exists() and json.loads(marker.read_text()) == wanted:
        return
    shutil.rmtree(HOME, ignore_errors=True)
    settings = Settings(home=HOME, project=PROJECT, agencies=PROJECT / "dags" / "agencies")
    print(f"generating {ROWS:,} employees", file=sys.stderr)  # noqa: T201
    with duckdb.connect() as con:
        share = ROWS // AGENCIES
        for number in range(AGENCIES):
            # numbers of one agency lie apart by AGENCIES, so that faults fall everywhere
            person = PERSON.format(agencies=1, first=number * share, last=(number + 1) * share).replace(
                "(n % 1)::varchar", f"'{number}'"
            )
            con.execute(f"create or replace table employees as {EMPLOYEES.format(person=person)}")
            con.execute(
                f"insert into employees select * replace ({share} + _row_id as _row_id) from employees where _row_id % 2999 = 5"
            )
            con.execute(
                f"insert into employees select * replace ({share} * 2 + _row_id as _row_id, 'Nama Lain' as employee_name) "
                "from employees where _row_id % 4999 = 9"
            )
            _land(settings, con, "employees", number, "select * from employees")
            marks = "'' as _unreadable, '' as _unmapped, '' as _repaired"
            _land(settings, con, "positions", number, _positions(number, marks))
            _land(settings, con, "assignments", number, _assignments(marks))
            _land(settings, con, "performance_reviews", number, _reviews(marks))
    marker.write_text(json.dumps(wanted))


def _positions(number: int, marks: str) -> str:
    return f"""
        select 'a{number}' as agency_id, n as _row_id, 'U' || n % 200 as unit_id, 'P' || n as position_id, 'J1' as job_id,
            'Jabatan Rekaan' as job_name, (['jf','jf','pelaksana','pengawas','administrator'])[1 + n % 5] as job_kind,
            case when n % 5 < 2 then (['pertama','terampil','muda'])[1 + n % 3] end as job_level, null::varchar as sub_job,
            7 as job_class, null::varchar as job_family, case when n % 7 = 0 then '40' end as min_education_code,
            case when n % 5 > 2 then '31' end as golongan_min, null::varchar as golongan_max, 58 as bup_age,
            5 as establishment_approved, false as is_critical, null::varchar as critical_decree, {marks}
        from range(1, 5001) as r(n)
        """


def _assignments(marks: str) -> str:
    return f"""
        select agency_id, _row_id, nip, 'U' || _row_id % 5000 % 200 as unit_id, 'P' || _row_id % 5000 as position_id,
            'D' as assignment_type, golongan_since as valid_from, null::date as valid_to, null::double as fte,
            '5373' as home_agency_code, '5373' as work_agency_code, null::varchar as decree_number, {marks}
        from employees where _row_id % 211 > 0 and nip is not null
        """


def _reviews(marks: str) -> str:
    return f"""
        select agency_id, _row_id, nip, case when _row_id % 101 = 0 then 2021 else 2025 end::bigint as year, '2' as work_result_code,
            '2' as behaviour_code, '2' as predicate_code, null::double as score, {marks}
        from employees where _row_id % 307 > 0 and nip is not null
        """


def _land(settings: Settings, con: duckdb.DuckDBPyConnection, dataset: str, number: int, query: str) -> None:
    """One landing snapshot with its manifest, typed as the dataset says."""
    from mutasi.landing.snapshots import Landed, commit, data_name, day_folder, scratch, sha256
    from mutasi.sources.datasets import datasets

    columns = ", ".join(f"{name}::{c.sql_type} as {name}" for name, c in datasets()[dataset].columns.items())
    folder = day_folder(settings, "landing", dataset, DAY)
    temporary = scratch(folder)
    typed = f"select agency_id, _row_id, {columns}, _unreadable, _unmapped, _repaired from ({query})"
    [(rows,)] = con.execute(f"copy ({typed}) to '{temporary}' (format parquet, compression zstd)").fetchall()
    digest = sha256(temporary)
    landed = {
        "agency_id": f"a{number}", "dataset": dataset, "snapshot_date": DAY, "data_file": data_name(f"a{number}", digest), "data_sha256": digest,
        "rows_received": rows, "rows_landed": rows, "rows_refused": 0, "raw_folder": "", "raw_files": (), "unknown_columns": (),
        "definition_hash": "", "code_version": "", "columns_version": 1, "landed_at": dt.datetime(2026, 11, 22), "seconds": 0.0,
    }  # fmt: skip
    commit(settings, "landing", Landed.model_validate(landed), temporary)


def _measured(what: str, number: int) -> dict[str, object]:
    result = HOME / f"{what}-{number}.json"
    subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.bench.checks", what, str(result)],
        cwd=PROJECT,
        check=True,
        stderr=subprocess.DEVNULL,
    )
    return dict(json.loads(result.read_text()))


def _step() -> tuple[float, dict[str, int]]:
    """The check step as the nightly refresh runs it, after its imports."""
    import great_expectations  # noqa: F401

    from mutasi.checks import check_dataset, dialect, expectations, judge  # noqa: F401

    os.environ.setdefault("MUTASI_MEMORY_LIMIT", "1GB")
    settings = Settings(home=HOME, project=PROJECT, agencies=PROJECT / "dags" / "agencies")
    start = time.perf_counter()
    check_dataset(settings, "employees", DAY, "bench")
    seconds = time.perf_counter() - start
    file = HOME / "quality" / "check_results" / f"{DAY}-employees.parquet"
    rows = duckdb.sql(f"select agency_id, rule_code, rows_failed from '{file}' where rule_code like 'EMP-%'").fetchall()
    return seconds, {f"{agency} {rule}": failed for agency, rule, failed in rows}


def _floor() -> tuple[float, dict[str, int]]:
    """The hand-written query over the same files."""
    from mutasi.sources.datasets import datasets

    suite = json.loads((PROJECT / "expectations" / "suites" / "employees.json").read_text())["expectations"]
    kwargs = {e["meta"]["rule"]: e["kwargs"] for e in suite}
    files = {name: f"read_parquet('{HOME}/landing/{name}/{DAY}/*.parquet')" for name in ("employees", "assignments", "positions")}
    query = HERE.with_name("checks_floor.sql").read_text().format(
        **files,
        reviews=f"read_parquet('{HOME}/landing/performance_reviews/{DAY}/*.parquet')",
        day=f"date '{DAY}'",
        columns=", ".join([*datasets()["employees"].columns, "_unreadable", "_unmapped"]),
        structure=f"'{kwargs['EMP-005']['regex']}'",
        golongan=", ".join(f"'{code}'" for code in kwargs["EMP-019"]["value_set"]),
    )  # fmt: skip
    with duckdb.connect(config={"memory_limit": os.environ.get("MUTASI_MEMORY_LIMIT", "6GB")}) as con:
        start = time.perf_counter()
        relation = con.execute(query)
        names = [column[0] for column in relation.description]
        rows = relation.fetchall()
        seconds = time.perf_counter() - start
    counts = {f"{row[0]} {name.upper().replace('_', '-')}": n for row in rows for name, n in zip(names[1:], row[1:], strict=True)}
    return seconds, counts


if __name__ == "__main__":
    measured, found = {"step": _step, "floor": _floor}[sys.argv[1]]()
    peak = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
    Path(sys.argv[2]).write_text(json.dumps({"seconds": measured, "peak_mb": peak, "counts": dict(sorted(found.items()))}))
