"""What a SIASN client must understand of answers, waits and tokens, without a server."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from mutasi.sources.connection import SourceError
from mutasi.sources.documents import response_records
from mutasi.sources.siasn import Envelope
from mutasi.sources.siasn_service import Answer, Pace, Patience, Token, _retry_after
from mutasi.sources.staging import engine


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, {"code": 1, "data": [{}, {}], "count": 2}, (2, 2, True)),
        (200, {"code": 1, "data": {"a": 1}}, (None, 1, True)),
        (200, {"code": 0, "data": "Data Tidak Ditemukan", "count": 0}, (0, 0, True)),
        (200, {"code": 0, "data": "Internal error"}, (None, 0, False)),
        (200, {"code": 1, "data": None}, (None, 0, True)),
        (200, {"code": 0, "data": None, "message": "Data tidak ditemukan"}, (None, 0, True)),
        (200, {"code": 0, "data": None, "message": "kesalahan pada server"}, (None, 0, False)),
        (200, {"code": 0, "data": None}, (None, 0, False)),
        (404, {"data": [{}]}, (None, 0, False)),
        (200, [1], (None, 0, False)),
        (None, {}, (None, 0, False)),
    ],
    ids=[
        "history",
        "one_object",
        "empty_in_words",
        "failure_in_words",
        "null",
        "null_in_words",
        "failure_beside",
        "failure",
        "not_found",
        "no_envelope",
        "no_answer",
    ],
)
def test_envelopes(status: int | None, body: Any, expected: tuple[int | None, int, bool]) -> None:
    found = Envelope.of(Answer(status, json.dumps(body).encode()))
    assert (found.count, found.records, found.is_delivered) == expected


def test_a_page_that_is_cut_off_is_not_delivered() -> None:
    assert not Envelope.of(Answer(200, b'{"data": [{"a": 1}')).is_delivered


@pytest.mark.parametrize(
    ("said", "whole"),
    [({"count": 1, "total": 9}, 9), ({"count": 9}, 9), ({"count": 1}, None), ({}, None)],
    ids=["total", "count_of_the_list", "count_of_the_page", "nothing"],
)
def test_size_of_a_list(said: dict[str, int], whole: int | None) -> None:
    assert Envelope.of(Answer(200, json.dumps({"data": [{}], **said}).encode())).whole == whole


def test_records_are_read_from_archived_responses(tmp_path: Path) -> None:
    file = tmp_path / "responses.jsonl"
    bodies = [
        ("1", {"data": [{"a": 198801012010011001}, {"nipBaru": "9"}]}),
        ("2", {"data": {"a": [3]}}),
        ("3", {"data": "Data tidak ditemukan"}),
    ]
    file.write_text("".join(json.dumps({"nip": n, "response": b}) + "\n" for n, b in bodies), encoding="utf-8")
    with engine(tmp_path) as connection:
        found = [json.loads(text) for (text,) in connection.execute(response_records(file, "nipBaru")).fetchall()]
    assert found == [{"a": 198801012010011001, "nipBaru": "1"}, {"nipBaru": "9"}, {"a": [3], "nipBaru": "2"}]


def test_waits_grow_to_a_limit_and_follow_the_service() -> None:
    patience = Patience(first_wait=1, longest_wait=8)
    assert 0.75 <= patience.wait(0, None) <= 1.25
    assert 3 <= patience.wait(2, None) <= 5
    assert patience.wait(30, None) <= 10
    assert 2.25 <= patience.wait(0, 2) <= 3.75
    assert patience.wait(0, 3600) <= 10
    assert min(Patience().wait(0, 20) for _ in range(200)) >= 20, "who comes back too early is refused again"


def test_both_forms_of_retry_after() -> None:
    def asked(text: str) -> float | None:
        return _retry_after(httpx.Response(429, headers={"Retry-After": text}))

    assert asked("7") == 7
    assert asked("soon") is None
    moment = asked(format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True))
    assert moment is not None and 55 < moment <= 60
    assert _retry_after(httpx.Response(429)) is None


def test_pace_holds_over_all_threads() -> None:
    pace, start = Pace(100), time.monotonic()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: pace.take_turn(), range(21)))
    assert time.monotonic() - start >= 0.19, "21 calls at 100 a second take at least 0.2 s"


def test_token_is_renewed_early_and_by_one_thread_only() -> None:
    given: list[str] = []
    lock = threading.Lock()

    def fetch() -> tuple[str, float]:
        with lock:
            given.append(f"t{len(given)}")
        return given[-1], 300

    token = Token(fetch)
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda _: token.text(), range(50))) == {"t0"}
        assert set(threads.map(lambda _: token.text(refused="t0"), range(50))) == {"t1"}


def test_token_ends_before_its_time() -> None:
    given = iter("abc")
    token = Token(lambda: (next(given), 0.02))
    assert token.text() == "a"
    time.sleep(0.015)
    assert token.text() == "b", "half of a very short life"


def test_refused_sign_in_is_not_repeated() -> None:
    attempts = 0

    def fetch() -> tuple[str, float]:
        nonlocal attempts
        attempts += 1
        raise SourceError("no")

    token = Token(fetch)
    for _ in range(3):
        with pytest.raises(SourceError):
            token.text()
    assert attempts == 1
