from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import dbt.compilation
import dbt.context.providers
import dbt.task.run
import dbt.task.test
import pytest
from dbt_common.clients import agate_helper
from dbt_common.events.base_types import BaseEvent
from dbt_common.events.event_manager_client import get_event_manager
from dbt_common.events.functions import warn_or_error
from dbt_common.events.types import Formatting, Note
from dbt_common.exceptions import EventCompilationError

from mutasi.warehouse.spared import GATHER, spared

PATCHED = [
    (BaseEvent, "__init__"),
    (BaseEvent, "__getattr__"),
    (agate_helper, "empty_table"),
    *((place, GATHER) for place in (dbt.compilation, dbt.task.run, dbt.task.test)),
]


def test_an_event_makes_its_message_when_asked() -> None:
    with spared():
        asked, unasked, formatted = Note(msg="a night"), Note(msg=object()), Formatting("a line")
        assert (asked.msg, asked.message(), formatted.message()) == ("a night", "a night", "a line")
        assert "pb_msg" not in vars(unasked)


def test_an_event_that_stops_the_run_still_does() -> None:
    with spared():
        get_event_manager().warn_error = True
        with pytest.raises(EventCompilationError, match="a row"):
            warn_or_error(Note(msg="a row"))


def test_a_node_is_run_with_the_names_it_was_compiled_with(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    monkeypatch.setattr(
        dbt.context.providers, GATHER, lambda node, *_: made.append(node) or {"model": node, "compiled_code": None}
    )
    node, other = (SimpleNamespace(compiled_code=text) for text in ("select 1", "select 2"))
    with spared():
        gather, again = (getattr(place, GATHER) for place in (dbt.compilation, dbt.task.run))
        names = gather(node, None, None)
        assert again(node, None, None) is names
        assert (names["compiled_code"], names["sql"]) == ("select 1", "select 1")
        assert again(other, None, None)["model"] is other
        elsewhere = threading.Thread(target=again, args=(node, None, None))
        elsewhere.start()
        elsewhere.join()
    assert made == [node, other, node]


def test_dbt_is_as_before_when_it_has_run() -> None:
    before = [getattr(place, name) for place, name in PATCHED]
    with pytest.raises(ZeroDivisionError), spared():
        assert all(getattr(place, name) is not was for (place, name), was in zip(PATCHED, before, strict=True))
        raise ZeroDivisionError
    assert [getattr(place, name) for place, name in PATCHED] == before
    assert {getattr(place, name) for place, name in PATCHED[3:]} == {dbt.context.providers.generate_runtime_model_context}
