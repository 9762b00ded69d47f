"""dbt tells what it does in events, a dozen a node, and nobody listens here: its texts may quote a row.

Making a message of each takes a tenth of a city's build. Only an event that may stop the run goes on as it would.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dbt_common.events.event_manager import EventManager
from dbt_common.events.event_manager_client import ctx_set_event_manager, get_event_manager


class Unheard(EventManager):
    """An event manager without loggers."""

    def fire_event(self, e: Any, level: Any = None, node: Any = None, force_warn_or_error_handling: bool = False) -> None:
        """Drop an event that no setting can make an error."""
        if force_warn_or_error_handling or self.require_warn_or_error_handling:
            super().fire_event(e, level, node, force_warn_or_error_handling)


@contextmanager
def unheard() -> Iterator[None]:
    """Put the event manager of the process aside."""
    before = get_event_manager()
    ctx_set_event_manager(Unheard())
    try:
        yield
    finally:
        ctx_set_event_manager(before)
