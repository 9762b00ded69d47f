"""What dbt does around every node and nobody needs here is left out; a city's build spent a quarter of dbt's own time on it.

- Events, a dozen a node: nobody listens, for their texts may quote a row. Only one that may stop the run goes on as it would, and
  the message of an event is made when somebody asks for it.
- The names that SQL may use: dbt gathers all macros to compile a node and once more to run it. Now the second time is given what
  the first one gathered, and the compiled text.
- Tables without rows as the answer of each statement: one serves all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

import dbt.compilation
import dbt.context.providers
import dbt.task.run
import dbt.task.test
from dbt_common.clients import agate_helper
from dbt_common.events.base_types import BaseEvent
from dbt_common.events.event_manager import EventManager
from dbt_common.events.event_manager_client import ctx_set_event_manager, get_event_manager

Names = Callable[[Any, Any, Any], dict[str, Any]]
GATHER = "generate_runtime_model_context"


class Unheard(EventManager):
    """An event manager without loggers."""

    def fire_event(self, e: Any, level: Any = None, node: Any = None, force_warn_or_error_handling: bool = False) -> None:
        """Drop an event that no setting can make an error."""
        if force_warn_or_error_handling or self.require_warn_or_error_handling:
            super().fire_event(e, level, node, force_warn_or_error_handling)


@contextmanager
def spared() -> Iterator[None]:
    """Leave it out while dbt runs in this process."""
    gather, again = _gathered_once(dbt.context.providers.generate_runtime_model_context)
    before = get_event_manager()
    with ExitStack() as put_back:
        put_back.callback(ctx_set_event_manager, before)
        ctx_set_event_manager(Unheard())
        for place, name, ours in (
            (BaseEvent, "__init__", _keep_words),
            (BaseEvent, "__getattr__", _made_when_asked(BaseEvent.__init__, BaseEvent.__getattr__)),
            (agate_helper, "empty_table", cache(agate_helper.empty_table)),
            (dbt.compilation, GATHER, gather),
            (dbt.task.run, GATHER, again),
            (dbt.task.test, GATHER, again),
        ):
            put_back.callback(setattr, place, name, getattr(place, name))
            setattr(place, name, ours)
        yield


def _gathered_once(gather: Names) -> tuple[Names, Names]:
    """The function for compiling a node and that for running it; each thread runs the node that it has compiled."""
    newest = threading.local()

    def first(node: Any, config: Any, manifest: Any) -> dict[str, Any]:
        names = gather(node, config, manifest)
        newest.node, newest.names = node, names
        return names

    def again(node: Any, config: Any, manifest: Any) -> dict[str, Any]:
        if getattr(newest, "node", None) is not node:
            return gather(node, config, manifest)
        names: dict[str, Any] = newest.names
        names.update(compiled_code=node.compiled_code, sql=node.compiled_code)
        return names

    return first, again


def _keep_words(self: BaseEvent, *args: Any, **words: Any) -> None:
    self.__dict__["words"] = (args, words)


def _made_when_asked(make: Callable[..., None], ask: Callable[[Any, str], Any]) -> Callable[[BaseEvent, str], Any]:
    """Python asks so for what an event does not have, as long as its message is not made."""

    def asked(self: BaseEvent, name: str) -> Any:
        if "words" in self.__dict__:
            args, words = self.__dict__.pop("words")
            make(self, *args, **words)
            return getattr(self, name)
        return ask(self, name)

    return asked
