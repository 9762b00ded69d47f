"""What all DAGs share: retries, notices and the form."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, Param, RetryAction, RetryRule, get_current_context
from airflow.sdk.configuration import conf

from mutasi.errors import NeedsAPerson
from mutasi.landing.transit import VARIABLE
from mutasi.orchestration.notifications import FailureNotifier
from mutasi.sources.sentences import one_of

RETRIES = ExceptionRetryPolicy(
    rules=[RetryRule(exception="mutasi.errors.NeedsAPerson", action=RetryAction.FAIL, reason="A person must act first.")]
)

# Where workers are many: what writes the warehouse's files or reads them as they are written goes to one worker alone.
WAREHOUSE = "warehouse"
# What reads the home's files is for any worker of the same machine; where machines are many it goes to that worker as well.
AT_HOME = WAREHOUSE if os.environ.get(VARIABLE) else conf.get_mandatory_value("operators", "default_queue")

DEFAULT_ARGS: dict[str, Any] = {
    "owner": "data-team",
    "retries": 2,
    "retry_delay": timedelta(seconds=float(os.environ.get("MUTASI_RETRY_SECONDS", "300"))),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(hours=1),
    "retry_policy": RETRIES,
    "on_failure_callback": FailureNotifier(),
}


class FormError(NeedsAPerson):
    """A run was started with a word that its form does not have."""


def form() -> Mapping[str, Any]:
    """What the form of the run under way says; Airflow takes whatever else stands in its conf along unread.

    Raises:
        FormError: the conf holds a key that the form does not have.
    """
    context = get_current_context()
    known = list(context["dag"].params)
    for word in context["params"]:
        if word not in known:
            raise FormError(f"The run's conf cannot be read: {one_of(word, known)}.")
    return context["params"]


def run_form(agency_ids: list[str]) -> dict[str, Param]:
    """The form of a run started by hand: a date and the agencies; empty means the run's own day and all agencies."""
    return {
        "date": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Date",
            description="Day of the snapshots; empty: the run's own day",
        ),
        "agencies": Param(
            [], type="array", items={"type": "string"}, examples=agency_ids, title="Agencies", description="Empty: all agencies"
        ),
    }
