"""Pseudonyms by HMAC-SHA-256 (RFC 2104), computed where people are promoted and nowhere else.

The key goes into one DuckDB statement as a parameter and never into a file, a log or dbt. Downstream only joins the
result, so that erasing a person's row here is enough to forget who a `person_id` was.
"""

from __future__ import annotations

import hashlib

import duckdb

BLOCK = 64


def hmac_sql(message: str) -> str:
    """SQL for the hex HMAC-SHA-256 of a text expression, with the parameters `$outer` and `$inner` of `hmac_pads`."""
    return f"sha256($outer::blob || unhex(sha256($inner::blob || encode({message}))))"


def hmac_pads(key: bytes) -> dict[str, bytes]:
    """The two padded keys of RFC 2104 as parameters of `hmac_sql`."""
    block = (key if len(key) <= BLOCK else hashlib.sha256(key).digest()).ljust(BLOCK, b"\0")
    return {"outer": bytes(b ^ 0x5C for b in block), "inner": bytes(b ^ 0x36 for b in block)}


def key_version(key: bytes) -> str:
    """A public name for the key: eight hex digits that do not reveal it."""
    return hashlib.sha256(b"mutasi key version" + key).hexdigest()[:8]


def create_identities(con: duckdb.DuckDBPyConnection, employees: str, known: str | None, key: bytes) -> None:
    """Create the table `identities` (agency_id, snapshot_date, nip, person_id, pseudonym, key_version).

    Args:
        con: an open connection.
        employees: relation with agency_id, snapshot_date, nip.
        known: relation of earlier identities; a person keeps the `person_id` given first, also under a new key.
        key: the secret.
    """
    earlier = (
        f"(select nip, min(person_id) as person_id from {known} group by nip)"
        if known
        else "(select null::varchar as nip, null::varchar as person_id)"
    )
    con.execute(
        f"""
        create or replace temp table identities as
        select e.agency_id, e.snapshot_date, e.nip,
          coalesce(k.person_id, 'P' || substr({hmac_sql("'person:' || e.nip")}, 1, 20)) as person_id,
          substr({hmac_sql("'pseudonym:' || e.nip")}, 1, 24) as pseudonym,
          $version as key_version
        from (select distinct agency_id, snapshot_date, nip from {employees} where nip is not null) e
        left join {earlier} k using (nip)
        order by e.nip
        """,
        {**hmac_pads(key), "version": key_version(key)},
    )
