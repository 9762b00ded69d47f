"""Pseudonyms by HMAC-SHA-256 (RFC 2104), computed where people are promoted and nowhere else.

The key never goes into a file, a query, a log or dbt. Downstream only joins the result, so that erasing a person's row here is
enough to forget who a `person_id` was.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator


class Key:
    """The secret.

    Attributes:
        version: a public name for the key: eight hex digits that do not reveal it.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.version = hashlib.sha256(b"mutasi key version" + secret).hexdigest()[:8]

    def person_ids(self, nips: Iterable[str]) -> list[str]:
        """The ids of people who have none yet."""
        return [f"P{code[:20]}" for code in self._hmacs("person:", nips)]

    def pseudonyms(self, nips: Iterable[str]) -> list[str]:
        """What people are called where their number may not be seen."""
        return [code[:24] for code in self._hmacs("pseudonym:", nips)]

    def _hmacs(self, purpose: str, nips: Iterable[str]) -> Iterator[str]:
        """The hex HMAC-SHA-256 of texts that begin alike; key and beginning are hashed once for all people."""
        begun = hmac.new(self._secret, purpose.encode(), hashlib.sha256)
        for nip in nips:
            one = begun.copy()
            one.update(nip.encode())
            yield one.hexdigest()
