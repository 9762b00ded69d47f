"""What somebody should hear of after a night that did not fail: data grown stale, and quarantine that jumped.

An alert names agency, dataset, numbers, who owns the data there, and the runbook. It holds no value of a row.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mutasi.checks.policies import stale_after
from mutasi.engine import connect, quoted
from mutasi.landing.snapshots import in_use
from mutasi.rules import rule_number
from mutasi.settings import Settings
from mutasi.sources.agency import Agency

# The newest count of each delivery of a dataset, and that of the delivery before it.
DELIVERIES = """
with promoted as (
    select agency_id, dataset, snapshot_date, rows_quarantined from read_parquet({files}, union_by_name = true)
    where step = 'promote' and rows_quarantined is not null and snapshot_date <= ?
    qualify row_number() over (partition by agency_id, dataset, snapshot_date order by started_at desc) = 1
), beside as (
    select *, lag(rows_quarantined) over (partition by agency_id, dataset order by snapshot_date) as rows_before from promoted
)
select agency_id, dataset, rows_quarantined, rows_before from beside
where snapshot_date = ? and rows_quarantined >= rows_before * ? and rows_quarantined - rows_before >= ?
order by agency_id, dataset
"""


@dataclass(frozen=True)
class Alert:
    """One thing to act on, in a sentence."""

    kind: str
    agency_id: str
    text: str
    owner: str
    runbook: str

    def line(self) -> str:
        """The alert as one line of a message."""
        return f"{self.text} Owner: {self.owner}. See {self.runbook}."


def alerts(settings: Settings, agencies: Mapping[str, Agency], day: dt.date) -> list[Alert]:
    """The alerts of a night, stale data first.

    Raises:
        RuleError: a dated threshold is missing.
    """
    return [*_stale(settings, agencies, day), *_jumps(settings, agencies, day)]


def newest_published(settings: Settings) -> dt.date | None:
    """The newest day whose figures were published; None before the first."""
    runs = settings.home / "quality" / "runs"
    if not any(runs.glob("*/*.parquet")):
        return None
    query = "select max(snapshot_date) from read_parquet({}, union_by_name = true) where step = 'publish' and status = 'ok'"
    with connect(settings) as con:
        [(day,)] = con.execute(query.format(quoted(str(runs / "*" / "*.parquet")))).fetchall()
    return day  # type: ignore[no-any-return]


def _stale(settings: Settings, agencies: Mapping[str, Agency], day: dt.date) -> Iterable[Alert]:
    names = sorted({name for agency in agencies.values() for name in agency.datasets})
    for name in names:
        used, limits = in_use(settings, name, day), stale_after(settings, name, day)
        for agency in (a for a in agencies.values() if name in a.datasets):
            limit, snapshot = limits(agency.agency_id), used.get(agency.agency_id)
            age = snapshot.age(day) if snapshot else None
            if limit is not None and age is not None and age > limit:
                text = f"{agency.agency_id}, {name}: the data in use are {age} days old, {limit} are allowed."
                yield _alert("stale", agency, text, "docs/runbooks/stale-agency.md")
            elif age is None:
                yield _alert(
                    "stale", agency, f"{agency.agency_id}, {name}: nothing usable ever came.", "docs/runbooks/onboard-agency.md"
                )


def _jumps(settings: Settings, agencies: Mapping[str, Agency], day: dt.date) -> Iterable[Alert]:
    runs = settings.home / "quality" / "runs"
    if not any(runs.glob("*/*.parquet")):
        return
    factor, least = (rule_number(settings, code, day) for code in ("alert_quarantine_factor", "alert_quarantine_rows"))
    with connect(settings) as con:
        found = con.execute(DELIVERIES.format(files=quoted(str(runs / "*" / "*.parquet"))), [day, day, factor, least]).fetchall()
    for agency_id, name, rows, before in found:
        if agency := agencies.get(agency_id):
            text = f"{agency_id}, {name}: {rows} rows went to quarantine, {before} the time before."
            yield _alert("quarantine", agency, text, "docs/runbooks/failed-check.md")


def _alert(kind: str, agency: Agency, text: str, runbook: str) -> Alert:
    return Alert(kind, agency.agency_id, text, f"{agency.owner.unit} <{agency.owner.email}>", runbook)
