"""What follows from failing rows: which agencies stop, which rows are dropped, blanked or flagged, and what agencies read.

Four files are written, each in one rename: `failures.parquet` (restricted: it names rows), the aggregate results for
`quality.check_results`, for `quality.quarantine_summary` what will not be promoted, and, last, `verdicts.json`. An agency without a
verdict was not judged and may not be promoted.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa

from mutasi.checks.day import referred
from mutasi.checks.policies import RuleException
from mutasi.checks.suites import LIST_COLUMNS, VOLUME, Rule
from mutasi.durable import put
from mutasi.engine import ROW_GROUP, named, write
from mutasi.landing.snapshots import day_folder, scratch, write_text
from mutasi.settings import Settings
from mutasi.sources.datasets import datasets

SKIPPED = "SKIP-001"  # stands for rows that the agency file declares to be no records
FEW = 16_384  # rows in a group of failures: who promotes one agency reads the groups in which it stands


@dataclass(frozen=True)
class Verdict:
    """What one agency may do with its snapshot of the day.

    Attributes:
        stopped_by: codes of the rules that stop it; empty unless `verdict` is "stop".
        rows: rows landed and judged.
        drop_rows: rows that go to quarantine.
    """

    verdict: Literal["pass", "warn", "stop"]
    stopped_by: list[str]
    rows: int
    drop_rows: int


@dataclass(frozen=True)
class DatasetVerdicts(Mapping[str, Verdict]):
    """The outcome of one dataset's day by agency; an agency that is not in it was not judged."""

    dataset: str
    day: dt.date
    run_id: str
    agencies: dict[str, Verdict]

    def __getitem__(self, agency_id: str) -> Verdict:
        return self.agencies[agency_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self.agencies)

    def __len__(self) -> int:
        return len(self.agencies)

    @property
    def stopped(self) -> dict[str, list[str]]:
        """Agencies that keep their earlier snapshot, with the rules that stop them."""
        return {agency: v.stopped_by for agency, v in self.agencies.items() if v.verdict == "stop"}


def withdraw(settings: Settings, dataset: str, day: dt.date) -> None:
    """Take back an earlier verdict of the day, so that a check that dies leaves none behind."""
    (day_folder(settings, "checks", dataset, day) / "verdicts.json").unlink(missing_ok=True)


def conclude(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    dataset: str,
    day: dt.date,
    run_id: str,
    rules: list[Rule],
    excepted: list[RuleException],
) -> DatasetVerdicts:
    """Turn the table `failing` into the four files; see the module's docstring."""
    con.register("rule_list", _rule_table(rules))
    con.register("excepted", _exception_table(excepted))
    key = " || '|' || ".join(f"coalesce(cast(d.{named(name)} as varchar), '')" for name in datasets()[dataset].key)
    con.execute(FAILURES.format(dataset=dataset, key=key))
    con.execute(RESULTS.format(dataset=dataset), [run_id, day, dataset])
    agencies = {
        agency: Verdict(verdict, list(stopped_by), rows, drop_rows)
        for agency, verdict, stopped_by, rows, drop_rows in con.execute(VERDICTS).fetchall()
    }
    folder = day_folder(settings, "checks", dataset, day)
    _write(con, "select * from failures order by agency_id, _row_id, rule_code, column_name", folder / "failures.parquet", FEW)
    of_day = f"{day.isoformat()}-{dataset}.parquet"
    columns = "* exclude (is_stopped)"
    results = f"select {columns} from results order by agency_id, rule_code"
    _write(con, results, settings.folder("quality", "check_results") / of_day)
    con.execute(QUARANTINED.format(dataset=dataset), [SKIPPED, day, run_id, dataset])
    quarantined = "from quarantined order by agency_id, rule_code, column_name, action"
    _write(con, quarantined, settings.folder("quality", "quarantine") / of_day)
    write_text(folder / "verdicts.json", json.dumps({a: asdict(v) for a, v in agencies.items()}, indent=1))
    return DatasetVerdicts(dataset, day, run_id, agencies)


def _write(con: duckdb.DuckDBPyConnection, query: str, target: Path, row_group: int = ROW_GROUP) -> None:
    temporary = scratch(target.parent)
    write(con, query, temporary, row_group)
    put(temporary, target)


def _rule_table(rules: list[Rule]) -> pa.Table:
    rows = [
        {
            "rule_code": rule.code,
            "is_volume": rule.dataset == VOLUME,
            "title": rule.title,
            "severity": rule.severity,
            "action": rule.action,
            "owner": rule.owner,
            "reason": rule.reason,
            "source": rule.source,
            "rule_since": rule.since,
            "tolerance_pct": rule.stop_above_pct,
            "stop_needs_rows": rule.stop_needs_rows,
            "list_column": next((c for c in rule.columns if c in LIST_COLUMNS), None),
            "columns": list(rule.columns),
            "needs": list(rule.needs) or sorted(referred(rule)),
        }
        for rule in rules
    ]
    schema = pa.schema(
        [(n, pa.string()) for n in ("rule_code", "title", "severity", "action", "owner", "reason", "source", "list_column")]
        + [("is_volume", pa.bool_()), ("rule_since", pa.date32()), ("tolerance_pct", pa.float64())]
        + [("stop_needs_rows", pa.int64()), ("columns", pa.list_(pa.string())), ("needs", pa.list_(pa.string()))]
    )
    return pa.Table.from_pylist(rows, schema)


def _exception_table(excepted: list[RuleException]) -> pa.Table:
    rows = [(e.agency_id, e.rule, e.tolerance_pct, f"{e.reason} (sampai {e.valid_to}; {e.approved_by})") for e in excepted]
    names = ("agency_id", "rule_code", "tolerance_pct", "exception_reason")
    cells = list(zip(*rows, strict=True)) or [()] * len(names)
    kinds = {"tolerance_pct": pa.float64()}
    return pa.table({n: pa.array(c, kinds.get(n, pa.string())) for n, c in zip(names, cells, strict=True)})


FAILURES = """
create table failures as
with once as (select distinct * from failing)
select f.agency_id, f._row_id, case when d._row_id is not null then {key} end as record_key, f.rule_code,
    case when r.action = 'stop' and e.rule_code is not null and e.tolerance_pct is null then 'warn' else r.action end as action,
    unnest(case
        when r.list_column = '_unreadable' then string_split(trim(d._unreadable), ' ')
        when r.list_column = '_unmapped' then string_split(trim(d._unmapped), ' ')
        when r.list_column = '_repaired' then string_split(trim(d._repaired), ' ')
        when r.list_column in ('_unknown', '_emptied') then n.names
        when r.action = 'blank' or len(r.columns) = 1 then r.columns
        else [null::varchar]
    end) as column_name
from once as f
join rule_list as r on r.rule_code = f.rule_code
left join {dataset} as d on d.agency_id = f.agency_id and d._row_id = f._row_id
left join (select agency_id, kind, list(name order by name) as names from drift group by all) as n
    on n.agency_id = f.agency_id and n.kind = r.list_column
left join excepted as e on e.agency_id = f.agency_id and e.rule_code = f.rule_code
"""

RESULTS = """
create table results as
with failed as (
    select agency_id, rule_code, count(distinct coalesce(_row_id, 0)) as rows_failed,
        string_agg(distinct column_name, ', ' order by column_name) as column_name
    from failures group by all
)
select ? as run_id, cast(? as date) as snapshot_date, a.agency_id, ? as dataset, r.rule_code, r.title, r.severity,
    case when r.action = 'stop' and e.rule_code is not null and e.tolerance_pct is null then 'warn' else r.action end as action,
    r.owner, r.reason, r.source, r.rule_since,
    coalesce(f.column_name, case when r.list_column is null then array_to_string(r.columns, ', ') end) as column_name,
    case when r.is_volume then 1
        when list_has_all(coalesce(h.names, []), r.needs) then a.rows_landed else 0 end as rows_checked,
    coalesce(f.rows_failed, 0) as rows_failed,
    case when e.rule_code is null then r.tolerance_pct else e.tolerance_pct end as tolerance_pct,
    e.exception_reason,
    coalesce(f.rows_failed, 0) = 0 as is_passed,
    coalesce(f.rows_failed > (case when e.rule_code is null then r.tolerance_pct else e.tolerance_pct end) / 100 * rows_checked
        and rows_checked > 0 and (r.tolerance_pct = 0 or f.rows_failed >= r.stop_needs_rows or f.rows_failed = rows_checked), false)
        as is_stopped
from {dataset}_volume as a
join rule_list as r on a.is_readable or r.is_volume
left join failed as f on f.agency_id = a.agency_id and f.rule_code = r.rule_code
left join excepted as e on e.agency_id = a.agency_id and e.rule_code = r.rule_code
left join (select agency_id, list(name) as names from delivered group by all) as h on h.agency_id = a.agency_id
"""

QUARANTINED = """
create table quarantined as
with counted as (
    select agency_id, rule_code, action, column_name, count(distinct _row_id) as rows_affected
    from failures where action in ('drop', 'blank') group by all
    union all
    select agency_id, ?, 'drop', null, rows_skipped from {dataset}_volume where is_readable and rows_skipped > 0
)
select cast(? as date) as snapshot_date, ? as run_id, agency_id, ? as dataset, rule_code, action, column_name, rows_affected
from counted
"""

VERDICTS = """
with dropped as (select agency_id, count(distinct _row_id) as drop_rows from failures where action = 'drop' group by all)
select r.agency_id,
    case when bool_or(is_stopped) then 'stop' when bool_or(not is_passed and severity <> 'info') then 'warn' else 'pass' end,
    coalesce(list(rule_code order by rule_code) filter (where is_stopped), []),
    coalesce(max(rows_checked) filter (where rule_code not like 'VOL-%'), 0),
    coalesce(any_value(d.drop_rows), 0)
from results as r left join dropped as d on d.agency_id = r.agency_id
group by r.agency_id order by r.agency_id
"""
