"""The tasks of the nightly refresh: each is a few lines around a function of the library."""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

from airflow.sdk import Metadata, get_current_context, task
from airflow.sdk.bases.xcom import BaseXCom
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from mutasi.ledger import Entry, record_failure, size_of, stepped
from mutasi.orchestration.assets import PLANNING, PROMOTED, REPORTING
from mutasi.orchestration.connections import airflow_connection
from mutasi.orchestration.dates import snapshot_date, today
from mutasi.orchestration.defaults import AT_HOME, WAREHOUSE, form
from mutasi.orchestration.notifications import owner, tell
from mutasi.settings import Settings
from mutasi.sources.agency import Agency
from mutasi.sources.registry import AgencyFileError, agency_files, read_agencies, read_agency

log = logging.getLogger("mutasi.nightly")
BY_AGENCY = "{{ agency }}"


def _night() -> tuple[Settings, dt.date, str]:
    """Settings, day and run id of the run that is under way."""
    run = get_current_context()["dag_run"]
    day = snapshot_date(getattr(run, "partition_key", None), form(), run.run_after)
    return Settings.from_environment(), day, run.run_id


def _agency(settings: Settings, entry: Entry) -> Agency:
    """The agency of a step; where its file cannot be used, the step leaves its row all the same."""
    try:
        return read_agency(settings.agencies / f"{entry.agency_id}.yml")
    except AgencyFileError as error:
        record_failure(settings, [entry], error)
        raise


def known_agency_ids() -> list[str]:
    """The agencies that have a file, by name only; read while Airflow parses, so nothing is opened."""
    return [file.stem for file in agency_files(Settings.from_environment().agencies)]


@task(queue=AT_HOME)
def plan_agencies() -> list[str]:
    """The agencies of this run.

    Raises:
        AgencyFileError: the form names an agency that has no file.
        DateError: the day cannot be.
    """
    run_id = get_current_context()["dag_run"].run_id
    with stepped(Settings.from_environment(), Entry(run_id, "plan", today())) as entry:
        _, entry.snapshot_date, _ = _night()
        known = known_agency_ids()
        wanted = form()["agencies"] or known
        if unknown := sorted(set(wanted) - set(known)):
            raise AgencyFileError(f"No agency file for {', '.join(unknown)}; known are {', '.join(known)}.")
    return sorted(wanted)


@task(map_index_template=BY_AGENCY)
def land(agency_id: str) -> int:
    """Archive and type what one agency sends; returns the rows landed."""
    from mutasi.landing.land import land_agency

    get_current_context()["agency"] = agency_id  # type: ignore[typeddict-unknown-key]
    settings, day, run_id = _night()
    agency = _agency(settings, Entry(run_id, "land", day, agency_id))
    return land_agency(settings, agency, day, run_id, airflow_connection)


@task(trigger_rule="all_done", queue=AT_HOME)
def check() -> dict[str, dict[str, int]]:
    """Judge every dataset over all agencies; returns per dataset how many agencies got which verdict.

    An agency of which a dataset did not land has others that did, also where no other agency is in the run.
    """
    from mutasi.checks import check_datasets
    from mutasi.landing.transit import transit
    from mutasi.sources.datasets import datasets

    if not get_current_context()["ti"].xcom_pull(task_ids="plan_agencies"):
        raise AirflowSkipException("No agency was planned, so nothing landed.")
    settings, day, run_id = _night()
    if shared := transit(settings, airflow_connection):
        shared.take(day)
    if not any((settings.home / "landing").glob(f"*/{day}/*.json")):
        raise AirflowSkipException(f"Nothing landed on {day}.")
    found = check_datasets(settings, list(datasets()), day, run_id)
    return {name: dict(Counter(verdict.verdict for verdict in verdicts.values())) for name, verdicts in found.items()}


@task(map_index_template=BY_AGENCY, trigger_rule="all_done", queue=AT_HOME)
def promote(agency_id: str) -> dict[str, int]:
    """Promote one agency; returns rows promoted per dataset."""
    from mutasi.landing.promote import PromotionError, promote_agency, rows_by_dataset
    from mutasi.landing.transit import around_promotion

    context = get_current_context()
    context["agency"] = agency_id  # type: ignore[typeddict-unknown-key]
    settings, day, run_id = _night()
    agency = _agency(settings, Entry(run_id, "promote", day, agency_id))
    try:
        with around_promotion(settings, airflow_connection, agency, run_id):
            return rows_by_dataset(promote_agency(settings, agency, day, run_id))
    except PromotionError as error:
        # What could be promoted lets the night go on, also where no other agency is in it.
        context["ti"].xcom_push(BaseXCom.XCOM_RETURN_KEY, error.promoted)
        raise


@task(map_index_template=BY_AGENCY, trigger_rule="all_done", queue=AT_HOME)
def report_defects(agency_id: str) -> None:
    """Write what one agency gets back; above all when its delivery failed."""
    from mutasi.publish import write_defect_report

    get_current_context()["agency"] = agency_id  # type: ignore[typeddict-unknown-key]
    settings, day, run_id = _night()
    with stepped(settings, Entry(run_id, "report", day, agency_id)) as entry:
        entry.bytes = size_of(write_defect_report(settings, read_agency(settings.agencies / f"{agency_id}.yml"), day))


@task(trigger_rule="all_done", queue=AT_HOME)
def report_checks() -> None:
    """Write the page of all rules with what they last found."""
    from mutasi.publish import write_checks_page

    settings, day, run_id = _night()
    with stepped(settings, Entry(run_id, "report", day)) as entry:
        entry.bytes = size_of(write_checks_page(settings, day))


@task(trigger_rule="all_done", queue=AT_HOME)
def watch() -> int:
    """Tell the data team of stale data and of quarantine that jumped; returns the number of alerts."""
    from mutasi.publish import alerts

    settings, day, run_id = _night()
    with stepped(settings, Entry(run_id, "watch", day)):
        wanted = form()["agencies"]
        agencies = {name: agency for name, agency in read_agencies(settings.agencies).items() if not wanted or name in wanted}
        found = alerts(settings, agencies, day)
        if found:
            tell(f"Mutasi: {len(found)} alerts on {day}.", [alert.line() for alert in found])
    return len(found)


@task(queue=AT_HOME)
def look_for_refresh() -> str:
    """Tell the data team where the figures of the day are not there yet, whatever kept them; returns the newest day."""
    from mutasi.publish import newest_published, write_runs_page

    settings = Settings.from_environment()
    write_runs_page(settings)
    newest = newest_published(settings)
    if newest != today():
        sentence = f"no figures of {today()} yet, the newest are of {newest or 'no day'}; see docs/runbooks/stale-agency.md."
        tell(f"Mutasi: {sentence}", [f"Owner: {owner()}."])
    return str(newest)


@task(trigger_rule="all_done", outlets=[PROMOTED])
def gate(promoted: Any) -> Iterator[Metadata]:
    """Go on when at least one dataset of one agency was promoted; only the mapped promotions stand directly before it."""
    counts = [rows for rows in promoted if rows]
    if not counts:
        raise AirflowFailException("Nothing of any agency was promoted; the marts stay. See docs/runbooks/stale-agency.md.")
    yield Metadata(PROMOTED, {"agencies": len(counts), "rows": sum(sum(rows.values()) for rows in counts)})


@task(queue=WAREHOUSE)
def remember() -> int:
    """Write the day's change files; returns how many."""
    from mutasi.landing.history import refresh_history, size_of_day
    from mutasi.sources.datasets import datasets
    from mutasi.warehouse.lock import writing

    settings, day, run_id = _night()
    with stepped(settings, Entry(run_id, "history", day)) as entry, writing(settings):
        written = sum(refresh_history(settings, name) for name in datasets())
        entry.rows_received, entry.bytes = size_of_day(settings, day)
    return written


@task(queue=WAREHOUSE)
def build() -> dict[str, int]:
    """Build the warehouse with dbt from the snapshots in use."""
    from mutasi.warehouse.refresh import build_warehouse

    settings, day, run_id = _night()
    return build_warehouse(settings, read_agencies(settings.agencies), day, run_id)


@task(queue=WAREHOUSE, outlets=[REPORTING, PLANNING])
def publish() -> Iterator[Metadata]:
    """Put the reporting and the planning database in the place of the old ones."""
    from mutasi.publish import write_runs_page
    from mutasi.warehouse.refresh import publish_warehouse

    settings, day, run_id = _night()
    publish_warehouse(settings, day, run_id)
    write_runs_page(settings)
    for asset in (REPORTING, PLANNING):
        yield Metadata(asset, {"data_as_of": day.isoformat(), "run_id": run_id})
