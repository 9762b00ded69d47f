"""The SIASN service as a client sees it: two tokens, patience with a busy service, and no more calls than allowed.

Every call carries the token of the API gateway and the token of a person signed in at SSO. Both expire during a long run, so
each is fetched anew shortly before its end, and once more when the service refuses it all the same.
"""

from __future__ import annotations

import random
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from mutasi.sources.connection import SourceError
from mutasi.sources.request import Request

EARLY_SECONDS = 30.0
SECRETS = ("token_url", "sso_url", "client_id", "sso_username", "sso_password")


@dataclass(frozen=True)
class Patience:
    """How often and how long to try again: waits double from `first_wait` up to `longest_wait` (seconds).

    A service that is busy or away (429, 502-504, no answer) gets `attempts`; one that fails on this very record (500) gets
    `attempts_on_error`, because it will most likely fail again.
    """

    attempts: int = 6
    attempts_on_error: int = 3
    first_wait: float = 0.25
    longest_wait: float = 30.0

    def wait(self, attempt: int, asked: float | None) -> float:
        """Seconds to wait after the attempt (from 0); what the service asks for wins, up to `longest_wait`, and is never undercut."""
        # Spread out, so that calls that failed together do not come back together.
        if asked is not None:
            return min(asked, self.longest_wait) + self.first_wait * random.uniform(0.5, 1.5)
        return min(self.first_wait * 2.0**attempt, self.longest_wait) * random.uniform(0.75, 1.25)


@dataclass(frozen=True)
class Answer:
    """The service's last word on one call; `status` is None when it gave none."""

    status: int | None
    body: bytes = b""

    @property
    def is_ok(self) -> bool:
        """The service delivered."""
        return self.status == httpx.codes.OK


class Pace:
    """Starts of calls, evenly spaced over all threads; a busy service holds all of them back."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1 / per_second
        self._next = 0.0
        self._lock = threading.Lock()

    def take_turn(self) -> None:
        """Sleep until the next call may start."""
        with self._lock:
            turn = max(time.monotonic(), self._next)
            self._next = turn + self._gap
        time.sleep(max(0.0, turn - time.monotonic()))

    def hold(self, seconds: float) -> None:
        """Let no call start for so long."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)


class Token:
    """One bearer token, shared by all threads and renewed by one of them."""

    def __init__(self, fetch: Callable[[], tuple[str, float]]) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._text = ""
        self._ends = 0.0
        self._failed: SourceError | None = None

    def text(self, refused: str | None = None) -> str:
        """The token; a new one if it ends soon or is the one that the service refused."""
        with self._lock:
            if self._failed is not None:
                raise self._failed
            if time.monotonic() >= self._ends or self._text == refused:
                try:
                    self._text, lifetime = self._fetch()
                except SourceError as error:
                    # Not once per thread: an account is locked after a few wrong passwords.
                    self._failed = error
                    raise
                # A token of very short life is used for its first half.
                self._ends = time.monotonic() + max(lifetime - EARLY_SECONDS, lifetime / 2)
            return self._text


class Service:
    """Calls to one SIASN service; safe to use from several threads.

    Raises:
        SourceError: on construction, when the connection lacks an address or a secret.
    """

    def __init__(self, request: Request, patience: Patience) -> None:
        self._request, self._patience = request, patience
        connection, reference = request.connection, request.reference
        missing = [f"extra.{key}" for key in SECRETS if not connection.extra.get(key)]
        missing += [key for key in ("host", "login", "password") if not getattr(connection, key)]
        if missing:
            raise self._error(f"lacks {', '.join(missing)}; see docs/runbooks/onboard-agency.md.")
        for address in (connection.host, connection.extra["token_url"], connection.extra["sso_url"]):
            self._require_tls(str(address))
        self._base = str(connection.host).rstrip("/")
        self._pace = Pace(reference.requests_per_second)
        self._http = httpx.Client(
            timeout=httpx.Timeout(60, connect=10), limits=httpx.Limits(max_connections=reference.concurrency), verify=True
        )
        extra, key = connection.extra, (str(connection.login), str(connection.password))
        client = {"grant_type": "client_credentials"}
        person = {
            "grant_type": "password",
            "client_id": extra["client_id"],
            "username": extra["sso_username"],
            "password": extra["sso_password"],
        }
        self._gateway = Token(lambda: self._sign_in(extra["token_url"], client, key, "consumer key (login, password)"))
        self._person = Token(lambda: self._sign_in(extra["sso_url"], person, None, "SSO account (extra.sso_*)"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._http.close()

    def get(self, path: str, parameters: Mapping[str, int] | None = None) -> Answer:
        """Call until the service delivers, refuses, or patience ends.

        Raises:
            SourceError: the service does not accept our credentials.
        """
        gateway, person = self._gateway.text(), self._person.text()

        def send() -> httpx.Response:
            headers = {"Authorization": f"Bearer {gateway}", "Auth": f"bearer {person}"}
            return self._http.get(f"{self._base}/{path.lstrip('/')}", params=parameters, headers=headers)

        answer, _ = self._patiently(send)
        if answer.status == httpx.codes.UNAUTHORIZED:
            gateway, person = self._gateway.text(gateway), self._person.text(person)
            answer, _ = self._patiently(send)
            if answer.status == httpx.codes.UNAUTHORIZED:
                raise self._error(
                    "is refused by the service although both tokens are new; ask BKN for the rights of the account."
                )
        return answer

    def _patiently(self, send: Callable[[], httpx.Response]) -> tuple[Answer, Any]:
        """(answer, its JSON); a busy or failing service is tried again."""
        answer = Answer(None)
        for attempt in range(self._patience.attempts):
            self._pace.take_turn()
            asked = None
            try:
                response = send()
                answer = Answer(response.status_code, response.content)
                if not _is_busy(response):
                    return answer, response
                asked = _retry_after(response)
            except httpx.HTTPError as error:
                if _is_distrusted(error):
                    raise self._error(
                        "leads to a server whose certificate this machine does not trust; check the address, or name the "
                        "authority's certificate in SSL_CERT_FILE. Nothing was sent."
                    ) from None
                answer = Answer(None)
            is_error = answer.status == httpx.codes.INTERNAL_SERVER_ERROR
            if attempt + 1 >= (self._patience.attempts_on_error if is_error else self._patience.attempts):
                break
            wait = self._patience.wait(attempt, asked)
            if asked is not None:
                self._pace.hold(wait)
            time.sleep(wait)
        return answer, None

    def _sign_in(self, url: str, form: Mapping[str, str], key: tuple[str, str] | None, what: str) -> tuple[str, float]:
        """(token, seconds it lives)."""
        answer, response = self._patiently(lambda: self._http.post(url, data=form, auth=key or httpx.USE_CLIENT_DEFAULT))
        if response is None:
            raise self._error(
                f"has a service for tokens that does not answer ({answer.status or 'no connection'}); try again later."
            )
        try:
            document = response.json()
            return str(document["access_token"]), float(document.get("expires_in", 300))
        except (ValueError, KeyError, TypeError):
            raise self._error(f"gets no token for its {what} (HTTP {answer.status}); correct the secret.") from None

    def _require_tls(self, address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise self._error("holds an address without https; secrets and persons' data need it.")

    def _error(self, sentence: str) -> SourceError:
        return self._request.error(f"the connection `{self._request.connection_name}` {sentence}")


def _is_busy(response: httpx.Response) -> bool:
    """Too many calls, a failing service, or the page of a gateway in the place of an answer."""
    status, is_answer = response.status_code, response.content.lstrip()[:1] in (b"{", b"[")
    return status == httpx.codes.TOO_MANY_REQUESTS or status >= 500 or (status == httpx.codes.OK and not is_answer)


def _is_distrusted(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds that the service asks us to wait, from either form of `Retry-After`."""
    text = response.headers.get("Retry-After")
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        asked: float = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
        return max(0.0, asked)
    except (ValueError, TypeError):
        return None
