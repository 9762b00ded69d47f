"""What is wrong with one agency's data on one day, and what changed since the day before, from the files of the check step.

Counts are compared by key: a defect is new when the earlier day of the same dataset did not have it. A dataset that was not
judged today is compared with nothing, so that a delivery that failed does not look like a repair.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from mutasi.checks import Rule, rules
from mutasi.checks.suites import VOLUME
from mutasi.engine import quoted
from mutasi.landing.snapshots import in_use_of
from mutasi.settings import Settings
from mutasi.sources.agency import Agency
from mutasi.sources.datasets import Dataset, datasets

SEVERITY_ORDER = {"critical": 0, "warning": 1, "info": 2}


@dataclass(frozen=True)
class DatasetState:
    """One dataset of the agency: whether it came, what became of its rows, and which data are in use.

    Attributes:
        verdict: pass, warn or stop; None when it was not judged.
        stopped_by: titles of the rules that stop it.
        compared_with: the earlier day whose defects are compared; None when there is none or it was not judged today.
        has_failed: nothing landed in the newest run of the day; what is judged arrived in an earlier one.
        message: the ledger's sentence about a step that was not ok (English, for engineers); it holds no value of a row.
    """

    dataset: Dataset
    verdict: str | None
    stopped_by: tuple[str, ...] = ()
    rows_received: int | None = None
    rows_promoted: int | None = None
    rows_quarantined: int | None = None
    data_as_of: dt.date | None = None
    compared_with: dt.date | None = None
    has_failed: bool = False
    message: str | None = None


@dataclass(frozen=True)
class Finding:
    """One rule that fails, or no longer fails; `new`, `resolved` and `remaining` are None without an earlier day."""

    rule: Rule
    dataset: Dataset
    column_name: str | None
    rows_checked: int
    rows_failed: int
    new: int | None
    resolved: int | None
    remaining: int | None
    is_stopping: bool
    exception_reason: str | None


@dataclass(frozen=True)
class AgencyDefects:
    """Everything that the report says, without keys; those stay in the table `defect_keys` of the connection."""

    agency: Agency
    day: dt.date
    states: tuple[DatasetState, ...]
    findings: tuple[Finding, ...]

    @property
    def open_findings(self) -> tuple[Finding, ...]:
        """Findings that still have failing rows."""
        return tuple(f for f in self.findings if f.rows_failed)


def read_defects(con: duckdb.DuckDBPyConnection, settings: Settings, agency: Agency, day: dt.date) -> AgencyDefects:
    """Read the day; leaves `defect_keys` in the connection: dataset, rule_code, column_name, state, nip, other_key, row_number."""
    known = {rule.code: rule for rule in rules(settings.suites)}
    states = _states(con, settings, agency, day, known)
    _compare(con, settings, agency.agency_id, day, states)
    _name_columns(con, agency)
    return AgencyDefects(agency, day, tuple(states.values()), _findings(con, settings, agency, day, states, known))


def _states(
    con: duckdb.DuckDBPyConnection, settings: Settings, agency: Agency, day: dt.date, known: dict[str, Rule]
) -> dict[str, DatasetState]:
    ledger = _ledger(con, settings, agency.agency_id, day)
    states = {}
    for name in agency.datasets:
        verdict = _verdict(settings, name, day, agency.agency_id)
        used = in_use_of(settings, name, day, agency.agency_id)
        state = DatasetState(datasets()[name], None, data_as_of=used.snapshot_date if used else None)
        if verdict is not None:
            stopped_by = tuple(known[code].title for code in verdict["stopped_by"] if code in known)
            state = replace(state, verdict=str(verdict["verdict"]), stopped_by=stopped_by)
        if name in ledger:
            received, promoted, quarantined, has_failed, message = ledger[name]
            state = replace(
                state,
                rows_received=received,
                rows_promoted=promoted,
                rows_quarantined=quarantined,
                has_failed=has_failed,
                message=message,
            )
        if verdict is not None and verdict["rows"]:
            state = replace(state, compared_with=_earlier_day(settings, name, day, agency.agency_id))
        states[name] = state
    return states


def _ledger(
    con: duckdb.DuckDBPyConnection, settings: Settings, agency_id: str, day: dt.date
) -> dict[str, tuple[int | None, int | None, int | None, bool, str | None]]:
    """Rows of each dataset, whether it failed to land, and the first trouble, from the newest run of the day."""
    runs = settings.home / "quality" / "runs"
    files = [str(f) for pattern in (f"*/*-{agency_id}.parquet", "*/_bound.parquet") for f in runs.glob(pattern)]
    if not files:
        return {}
    found = con.execute(
        f"""
        with mine as (
            select * from read_parquet([{", ".join(quoted(f) for f in files)}])
            where agency_id = ? and snapshot_date = ? and step in ('land', 'promote') and dataset is not null
            qualify row_number() over (partition by dataset, step order by started_at desc) = 1
        )
        select dataset, max(rows_received), max(rows_promoted), max(rows_quarantined),
            bool_or(step = 'land' and status = 'failed'), min_by(message, step) filter (where status <> 'ok')
        from mine group by dataset
        """,
        [agency_id, day],
    ).fetchall()
    return {name: tuple(row) for name, *row in found}


def _verdict(settings: Settings, dataset: str, day: dt.date, agency_id: str) -> dict[str, Any] | None:
    file = settings.home / "checks" / dataset / day.isoformat() / "verdicts.json"
    try:
        verdict = json.loads(file.read_text(encoding="utf-8")).get(agency_id)
    except (OSError, ValueError):
        return None
    return dict(verdict) if verdict is not None else None


def _earlier_day(settings: Settings, dataset: str, day: dt.date, agency_id: str) -> dt.date | None:
    """The newest earlier day on which the agency's rows of the dataset were judged."""
    folders = sorted((settings.home / "checks" / dataset).glob("????-??-??"), reverse=True)
    for earlier in (dt.date.fromisoformat(folder.name) for folder in folders if folder.name < day.isoformat()):
        verdict = _verdict(settings, dataset, earlier, agency_id)
        if verdict is not None and verdict["rows"]:
            return earlier
    return None


def _compare(
    con: duckdb.DuckDBPyConnection, settings: Settings, agency_id: str, day: dt.date, states: dict[str, DatasetState]
) -> None:
    con.execute(
        "create temp table defect_keys (dataset varchar, rule_code varchar, column_name varchar, state varchar, nip varchar, "
        "other_key varchar, row_number bigint)"
    )
    for name, state in states.items():
        if state.verdict is not None:
            before = _failures(settings, name, state.compared_with) if state.compared_with else None
            con.execute(_comparison(state.dataset, _failures(settings, name, day), before), {"agency": agency_id})


def _failures(settings: Settings, dataset: str, day: dt.date) -> Path:
    return settings.home / "checks" / dataset / day.isoformat() / "failures.parquet"


def _comparison(dataset: Dataset, today: Path, before: Path | None) -> str:
    """Rows without any key are told apart by their place in the source."""

    def side(file: Path) -> str:
        key = "case when trim(record_key, '|') = '' then '#' || _row_id else record_key end"
        return (
            f"select rule_code, coalesce(column_name, '') as column_name, {key} as key, min(_row_id) as row_number "
            f"from read_parquet({quoted(str(file))}) where agency_id = $agency and _row_id is not null group by all"
        )

    part = "string_split(key, '|')"
    place = dataset.key.index("nip") + 1 if "nip" in dataset.key else 0
    nip = f"case when key like '#%' then null else {part}[{place}] end" if place else "null"
    others = [f"{part}[{n}]" for n in range(1, len(dataset.key) + 1) if n != place]
    other = f"case when key like '#%' then null else concat_ws(' · ', {', '.join(others)}) end" if others else "null"
    if before is None:
        pairs = f"select *, 'unknown' as state from ({side(today)})"
    else:
        pairs = f"""
            select coalesce(t.rule_code, b.rule_code) as rule_code, coalesce(t.column_name, b.column_name) as column_name,
                coalesce(t.key, b.key) as key, t.row_number,
                case when b.key is null then 'new' when t.key is null then 'resolved' else 'remaining' end as state
            from ({side(today)}) as t full join ({side(before)}) as b
                on b.rule_code = t.rule_code and b.column_name = t.column_name and b.key = t.key
            """
    return f"""
        insert into defect_keys
        select {quoted(dataset.name)}, rule_code, nullif(column_name, ''), state, {nip}, {other}, row_number from ({pairs})
        """


def _name_columns(con: duckdb.DuckDBPyConnection, agency: Agency) -> None:
    found = con.execute("select distinct dataset, column_name from defect_keys where column_name is not null").fetchall()
    con.execute(
        "update defect_keys set column_name = theirs from (select unnest(?::varchar[]) as of, unnest(?::varchar[]) as ours, "
        "unnest(?::varchar[]) as theirs) where dataset = of and column_name = ours",
        [[name for name, _ in found], [column for _, column in found], [_theirs(agency, *pair) for pair in found]],
    )


def _theirs(agency: Agency, dataset: str, columns: str | None) -> str | None:
    """Columns as the agency's own source names them; what it does not send keeps our name."""
    sources = {name: column.source or name for name, column in agency.datasets[dataset].columns.items()}
    return columns and ", ".join(sources.get(name, name) for name in columns.split(", "))


def _findings(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    agency: Agency,
    day: dt.date,
    states: dict[str, DatasetState],
    known: dict[str, Rule],
) -> tuple[Finding, ...]:
    counted = {
        (dataset, rule): counts
        for dataset, rule, *counts in con.execute(
            "select dataset, rule_code, count(*) filter (where state = 'new'), count(*) filter (where state = 'resolved'), "
            "count(*) filter (where state = 'remaining') from defect_keys group by all"
        ).fetchall()
    }
    found = []
    for name, state in states.items():
        file = settings.home / "quality" / "check_results" / f"{day.isoformat()}-{name}.parquet"
        if state.verdict is None or not file.exists():
            continue
        for code, column, checked, failed, excepted in con.execute(
            f"select rule_code, column_name, rows_checked, rows_failed, exception_reason from read_parquet({quoted(str(file))}) "
            "where agency_id = ?",
            [agency.agency_id],
        ).fetchall():
            rule = known.get(code)
            has_keys = state.compared_with and rule and rule.dataset != VOLUME
            new, resolved, remaining = counted.get((name, code), [0, 0, 0]) if has_keys else (None, None, None)
            if rule is not None and (failed or resolved):
                is_stopping, theirs = rule.title in state.stopped_by, _theirs(agency, name, column)
                found.append(
                    Finding(rule, state.dataset, theirs, checked, failed, new, resolved, remaining, is_stopping, excepted)
                )
    return tuple(sorted(found, key=lambda f: (not f.is_stopping, SEVERITY_ORDER[f.rule.severity], -f.rows_failed, f.rule.code)))
