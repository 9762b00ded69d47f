"""Datasets that no agency sends: who people are, and which posts a quarantined row touches."""

from __future__ import annotations

import datetime as dt

from mutasi.landing.promote import promote_agency
from mutasi.privacy.pseudonyms import Key

N1, N2 = dt.date(2026, 3, 1), dt.date(2026, 3, 2)
ADI = "199001012015031001,Adi Rekaan,01-01-1990,PNS,"
BUDI = "198502022010011002,Budi Rekaan,02-02-1985,PNS,"


def test_a_pseudonym_is_computed_once_while_the_key_is_the_same(nights, monkeypatch):
    nights.write(employees=[ADI])
    nights.night(N1)
    asked = []
    real = Key.pseudonyms
    monkeypatch.setattr(Key, "pseudonyms", lambda key, nips: asked.extend(nips) or real(key, nips))
    nights.write(employees=[ADI, BUDI])
    nights.night(N2)
    assert asked == [BUDI.split(",")[0]]
    rows = nights.rows("select count(*), count(distinct pseudonym) from read_parquet('{home}/promoted/identities/*/*.parquet')")
    assert rows == [(3, 2)]


def test_posts_of_quarantined_people_and_rows_are_named_once_in_order(nights, agency):
    """Of posts that are held still; a row that was refused names its post whether it has ended or not."""
    nights.write(
        employees=[ADI, BUDI],
        assignments=[
            "199001012015031001,U1,P1,D,01-01-2020,",
            "198502022010011002,U2,P2,D,01-01-2020,",
            "198502022010011002,U1,P3,PLT,01-01-2020,",
            "198502022010011002,U1,P3,PLH,01-01-2021,",
            "198502022010011002,U1,P4,D,01-01-2010,31-12-2019",
            "199001012015031001,U9,P9,D,01-01-2010,31-12-2019",
        ],
    )
    nights.land(N1, agency())
    dropped = {
        "employees": "('contoh', 2, 'k', 'EMP-001', 'drop', null)",
        "assignments": "('contoh', 6, 'k', 'ASG-001', 'drop', null)",
    }
    for name in agency().datasets:
        nights.judge(N1, name, dropped.get(name, ""))
    promote_agency(nights.settings, agency(), N1, "r")
    posts = nights.rows(
        "select agency_id, snapshot_date, dataset, unit_id, position_id from '{home}/promoted/quarantined_posts/*/*.parquet'"
    )
    assert posts == [
        ("contoh", N1, "assignments", "U9", "P9"),
        ("contoh", N1, "employees", "U1", "P3"),
        ("contoh", N1, "employees", "U2", "P2"),
    ]
