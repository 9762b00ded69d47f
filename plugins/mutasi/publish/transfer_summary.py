"""The figures of a week's plan for one viewer, counted from the rows that the viewer sees."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb


@dataclass(frozen=True)
class Figures:
    """Counts of one viewer.

    Attributes:
        priority, reserve: proposed moves in the two parts of the list.
        chains: packages of more than one move.
        open_seats, filled: seats open today, and those that the proposals fill.
        releasable: people above the need of their posts.
        eligible, review, not_eligible: people by outcome of the rules.
        wished: proposals that meet a wish of the person.
        inter_agency: proposals between two agencies.
        critical_open, critical_filled: the same for critical posts.
    """

    priority: int
    reserve: int
    chains: int
    open_seats: int
    filled: int
    releasable: int
    eligible: int
    review: int
    not_eligible: int
    wished: int
    inter_agency: int
    critical_open: int
    critical_filled: int


FIGURES = """
select
    (select count(*) from sheet_usulan where part = 'priority'),
    (select count(*) from sheet_usulan where part <> 'priority'),
    (select count(distinct chain_id) from sheet_rantai),
    (select coalesce(sum(open_seats), 0)::bigint from sheet_lowong),
    (select coalesce(sum(least(filled, open_seats)), 0)::bigint from sheet_lowong),
    (select coalesce(sum(releasable), 0)::bigint from own_posts),
    (select count(*) filter (where outcome = 'ELIGIBLE') from people where $viewer in ('*', agency_id)),
    (select count(*) filter (where outcome = 'REVIEW') from people where $viewer in ('*', agency_id)),
    (select count(*) filter (where outcome = 'NOT_ELIGIBLE') from people where $viewer in ('*', agency_id)),
    (select count(*) filter (where is_wished) from seen where solve = 'published'),
    (select count(*) filter (where is_inter_agency) from seen where solve = 'published'),
    (select coalesce(sum(open_seats) filter (where is_critical = 'Ya'), 0)::bigint from sheet_lowong),
    (select coalesce(sum(least(filled, open_seats)) filter (where is_critical = 'Ya'), 0)::bigint from sheet_lowong)
"""


def figures(con: duckdb.DuckDBPyConnection, viewer: str) -> Figures:
    """Count what the viewer sees; after `create_view`."""
    row = con.execute(FIGURES, {"viewer": viewer}).fetchone()
    assert row is not None
    return Figures(*row)
