"""What dbt and Python do beside the work, which a city's build would spend a fifth of its time on."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dbt_common.events.event_manager import EventManager
from dbt_common.events.event_manager_client import ctx_set_event_manager, get_event_manager

# New objects between two looks of the garbage collector; Python's own 700 suits programs that keep few.
NEW_OBJECTS = 100_000


class Unheard(EventManager):
    """An event manager without loggers: events come a dozen a node, nobody listens here, and their texts may quote a row."""

    def fire_event(self, e: Any, level: Any = None, node: Any = None, force_warn_or_error_handling: bool = False) -> None:
        """Drop an event that no setting can make an error."""
        if force_warn_or_error_handling or self.require_warn_or_error_handling:
            super().fire_event(e, level, node, force_warn_or_error_handling)


@contextmanager
def spared() -> Iterator[None]:
    """Put the event manager aside, and have the collector leave alone what stands and look seldom at dbt's many small objects."""
    manager, thresholds = get_event_manager(), gc.get_threshold()
    ctx_set_event_manager(Unheard())
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
        ctx_set_event_manager(manager)
