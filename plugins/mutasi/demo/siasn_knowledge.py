"""What the stand-in for SIASN knows and how it behaves, apart from HTTP: records, tokens, good and bad days."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BASE = "/apisiasn/1.0"
TOKEN = "/oauth2/token"
SSO = "/auth/realms/public-siasn/protocol/openid-connect/token"
LARGEST_PAGE = 1000

Reply = tuple[int, dict[str, Any]]


@dataclass
class Records:
    """The records of a folder: people's by endpoint and NIP, reference lists by name."""

    people: dict[str, dict[str, list[dict[str, Any]]]]
    lists: dict[str, list[dict[str, Any]]]

    @classmethod
    def read(cls, folder: Path) -> Records:
        """Read every `*.jsonl`; a file whose records carry `nipBaru` is about people."""
        people: dict[str, dict[str, list[dict[str, Any]]]] = {}
        lists: dict[str, list[dict[str, Any]]] = {}
        for file in sorted(folder.glob("*.jsonl")):
            records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
            if file.stem == "data-utama" or file.stem.startswith("rw-"):
                by_nip = people.setdefault(file.stem, defaultdict(list))
                for record in records:
                    by_nip[record["nipBaru"]].append(record)
            else:
                lists[file.stem] = records
        return cls(people, lists)


@dataclass
class Service:
    """What the stand-in knows and how it behaves; shared by all threads."""

    records: Records
    credentials: Mapping[str, str] = field(repr=False)
    behaviour: Mapping[str, Any]
    calls: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    under_way: int = 0
    busiest: int = 0
    _tokens: dict[str, float] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def read(cls, folder: Path) -> Service:
        """Read a folder.

        Raises:
            FileNotFoundError: the folder holds no `credentials.json`; there is no default secret.
        """
        behaviour = folder / "behaviour.json"
        return cls(
            records=Records.read(folder),
            credentials=json.loads((folder / "credentials.json").read_text(encoding="utf-8")),
            behaviour=json.loads(behaviour.read_text(encoding="utf-8")) if behaviour.exists() else {},
        )

    def sign_in(self, path: str, form: Mapping[str, str], authorization: str) -> Reply:
        """Give a token for the right secrets, as the gateway (client credentials) or SSO (password) does."""
        known = self.credentials
        if path == TOKEN:
            key = base64.b64encode(f"{known['consumer_key']}:{known['consumer_secret']}".encode()).decode()
            is_right = form.get("grant_type") == "client_credentials" and _same(authorization, f"Basic {key}")
        else:
            names = {"client_id": "client_id", "username": "sso_username", "password": "sso_password"}
            is_right = form.get("grant_type") == "password" and all(_same(form.get(n, ""), known[k]) for n, k in names.items())
        if not is_right:
            return 401, {"error": "invalid_client" if path == TOKEN else "invalid_grant"}
        kind, seconds = ("gateway" if path == TOKEN else "person"), self.behaviour.get("token_seconds", 300)
        token = f"{kind}-{secrets.token_urlsafe(24)}"
        with self._lock:
            self._tokens[token] = time.monotonic() + seconds
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": seconds}

    def mood(self) -> int | None:
        """The status of a bad day for this call, or None."""
        with self._lock:
            self.calls += 1
            if self.calls == self.behaviour.get("revoke_after"):
                self._tokens.clear()
            for key, status in (("too_many_every", 429), ("unavailable_every", 503)):
                if self.behaviour.get(key) and self.calls % self.behaviour[key] == 0:
                    return status
        return None

    @contextmanager
    def serving(self, path: str) -> Iterator[None]:
        """Note what is asked for and how many calls are under way."""
        with self._lock:
            self.asked[path] += 1
            self.under_way += 1
            self.busiest = max(self.busiest, self.under_way)
        try:
            time.sleep(self.behaviour.get("slow", 0))
            yield
        finally:
            with self._lock:
                self.under_way -= 1

    def is_turn(self, key: str) -> bool:
        """Whether this call is one of those that the behaviour names."""
        return bool(self.behaviour.get(key)) and self.calls % self.behaviour[key] == 0

    def knows(self, authorization: str, auth: str) -> bool:
        """Both tokens are ours, of the right kind, and alive."""
        pairs = ((authorization, "Bearer ", "gateway-"), (auth, "bearer ", "person-"))
        now = time.monotonic()
        with self._lock:
            return all(
                header.startswith(scheme + kind) and self._tokens.get(header.removeprefix(scheme), 0) > now
                for header, scheme, kind in pairs
            )

    def answer(self, path: str, query: Mapping[str, str]) -> Reply:
        """The envelope for an endpoint."""
        parts = path.removeprefix(BASE).strip("/").split("/")
        if len(parts) == 3 and parts[0] == "pns" and parts[1] in self.records.people:
            return self._person(parts[1], parts[2])
        if len(parts) == 2 and parts[0] == "referensi" and parts[1] in self.records.lists:
            return self._page(parts[1], query)
        return 404, {"code": 0, "data": None, "message": "endpoint tidak ditemukan"}

    def _person(self, endpoint: str, nip: str) -> Reply:
        if nip in self.behaviour.get("failing_nips", ()):
            return 500, {"code": 0, "data": None, "message": "kesalahan pada server"}
        if nip not in self.records.people["data-utama"]:
            return 404, {"code": 0, "data": None, "message": "pns tidak ditemukan"}
        found = self.records.people[endpoint].get(nip, [])
        if endpoint == "data-utama":
            return 200, {"code": 1, "data": found[0], "count": 1}
        # The real service says in words that a history is empty.
        return 200, {"code": 1, "data": found or "Data tidak ditemukan", "count": len(found)}

    def _page(self, name: str, query: Mapping[str, str]) -> Reply:
        records = self.records.lists[name]
        offset, limit = int(query.get("offset", 0)), min(int(query.get("limit", 10)), LARGEST_PAGE)
        page = records[offset : offset + limit]
        return 200, {"code": 1, "data": page, "count": len(page), "total": len(records)}


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode(), known.encode())
