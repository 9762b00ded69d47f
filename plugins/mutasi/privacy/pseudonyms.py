"""Pseudonyms by HMAC-SHA-256 (RFC 2104), computed where people are promoted and nowhere else.

The key never goes into a file, a query, a log or dbt. Downstream only joins the result, so that erasing a person's row here is
enough to forget who a `person_id` was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

BLOCK = 64


class Key:
    """The secret, with its two pads hashed once for all people.

    Attributes:
        version: a public name for the key: eight hex digits that do not reveal it.
    """

    def __init__(self, secret: bytes) -> None:
        block = (secret if len(secret) <= BLOCK else hashlib.sha256(secret).digest()).ljust(BLOCK, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))
        self.version = hashlib.sha256(b"mutasi key version" + secret).hexdigest()[:8]

    def person_ids(self, nips: Iterable[str]) -> list[str]:
        """The ids of people who have none yet."""
        return [f"P{code[:20]}" for code in self._hmacs("person:", nips)]

    def pseudonyms(self, nips: Iterable[str]) -> list[str]:
        """What people are called where their number may not be seen."""
        return [code[:24] for code in self._hmacs("pseudonym:", nips)]

    def _hmacs(self, purpose: str, nips: Iterable[str]) -> Iterator[str]:
        """The hex HMAC-SHA-256 of texts that begin alike."""
        fresh_inner, fresh_outer = self._inner.copy(), self._outer.copy
        fresh_inner.update(purpose.encode())
        for nip in nips:
            inner, outer = fresh_inner.copy(), fresh_outer()
            inner.update(nip.encode())
            outer.update(inner.digest())
            yield outer.hexdigest()
