"""What a finished run says about a candidate, a person or a post, in sentences; posts, rules and documents by their names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb

from mutasi import indonesian
from mutasi.engine import quoted
from mutasi.errors import NeedsAPerson
from mutasi.recommend import reading, wording

# Posts keep their number beside the name, because other questions about the run ask for it.
NAMES = """
create temp table post_names as
select post_id, job_name || coalesce(' ' || sub_job, '') || ', ' || coalesce(unit_name, unit_id) || ' [' || post_id || ']' as shown
from transfer_posts;

create temp table titles as
select rule_code as code, arg_max(title, valid_from) as title from transfer_rules group by rule_code
union all
select document_code, arg_max(title, valid_from) from route_documents group by document_code;

create temp table authorities as
select
    origin_agency_id, destination_agency_id, route_code,
    any_value(decided_by || coalesce(' (pertimbangan ' || opinion || ')', '')) as authority
from transfer_routes
group by all"""


class NoAnswer(NeedsAPerson):
    """The question names something that the run does not know, or what cannot be; the sentence says what."""


def explain(run: Path, what: str) -> list[str]:
    """Sentences about a candidate, a person or a post of a run.

    Raises:
        NoAnswer: the run knows nothing of that name.
    """
    with reading.engine() as con:
        reading.attach_inputs(con, run)
        for name in ("candidates", "why_not", "unfilled_posts", "three_names"):
            con.execute(f"create view {name} as from read_parquet({quoted(str(run / 'out' / f'{name}.parquet'))})")
        con.execute(indonesian.NUMBERS.read_text(encoding="utf-8"))
        con.execute(NAMES)
        titles = dict(con.execute("from titles").fetchall())
        said = _about_moves(con, titles, what) + _about_staying(con, titles, what) + _about_empty(con, titles, what)
    if not said:
        raise NoAnswer(f"Run {run.name} has no candidate, person or open post {what}; ids stand in out/ of the run.")
    return said


def _listed(codes: str | None, titles: dict[str, str]) -> str:
    return "; ".join(titles.get(code, code) for code in (codes or "").split())


def _sentence(reason: dict[str, Any], words: dict[str, Any], titles: dict[str, str]) -> str:
    """A reason as a sentence; `words` are the figures of the move as all sheets write them."""
    params = reason["params"] | words
    return wording.sentence(reason["code"], params | {"rules": _listed(params["rules"], titles)} if "rules" in params else params)


def _about_moves(con: duckdb.DuckDBPyConnection, titles: dict[str, str], what: str) -> list[str]:
    rows = con.execute(
        """
        select
            candidate_id, solve, part, person_id, origin.shown, target.shown, authority, missing_documents, reasons,
            {
                'need': fte(dest_need), 'pressure_before': two(dest_pressure_before), 'pressure_after': two(dest_pressure_after),
                'rounded': coalesce(rounded(origin_need, origin_need_seats, origin_posts.job_family), '–'), 'ties': ties > 0
            }
        from candidates
        left join transfer_posts as origin_posts on from_post_id = origin_posts.post_id
        left join post_names as origin on from_post_id = origin.post_id
        left join post_names as target on to_post_id = target.post_id
        left join authorities on agency_from = origin_agency_id and agency_to = destination_agency_id
            and candidates.route_code = authorities.route_code
        where $1 in (candidate_id, person_id, to_post_id)
        order by solve desc, rank
        """,
        [what],
    ).fetchall()
    said = []
    for candidate, solved, part, person, origin, post, authority, documents, reasons, words in rows:
        kind = "bila berkas dilengkapi" if solved != "published" else {"priority": "prioritas", "reserve": "cadangan"}[part]
        said.append(f"{candidate} ({kind}): {person} dari {origin} ke {post}.")
        said += [f"  {_sentence(reason, words, titles)}" for reason in json.loads(reasons)]
        said.append(f"  Kewenangan: {authority or 'belum diketahui'}.")
        said.append(f"  Perlu dilampirkan: {_listed(documents, titles) or 'tidak ada, lengkap menurut data'}.")
    return said


def _about_staying(con: duckdb.DuckDBPyConnection, titles: dict[str, str], what: str) -> list[str]:
    rows = con.execute(
        """
        select reason_code, concat(failed_rules, review_rules), shown, price_critical, price, price_fit
        from why_not left join post_names on best_post_id = post_id
        where person_id = ?
        """,
        [what],
    ).fetchall()
    said = []
    for reason, rules, post, critical, imbalance, fit in rows:
        said.append(f"{what}: {wording.stays(reason, _listed(rules, titles), post)}")
        if post is not None and reason in ("needed_at_home", "capped", "others_suit_better"):
            lost = wording.price({"critical": critical, "imbalance": imbalance, "fit": fit})
            said.append(f"  Kerugian bila dipindahkan ke {post}: paling sedikit {lost}.")
    return said


def _about_empty(con: duckdb.DuckDBPyConnection, titles: dict[str, str], what: str) -> list[str]:
    rows = con.execute(
        """
        select
            shown, reason_code, seats, people_competing, costliest_rule_code, people_lost_by_rule, hall_group,
            (select count(*) from three_names where three_names.post_id = posts.post_id)
        from unfilled_posts as posts left join post_names using (post_id)
        where post_id = ?
        """,
        [what],
    ).fetchall()
    said = []
    for post, reason, seats, people, rule, lost, group, names in rows:
        said.append(f"{post}: {indonesian.number(seats)} kursi tetap lowong.")
        rule = titles.get(rule, rule)
        told = wording.empty(reason, people, rule, lost, json.loads(group) if group else None, names)
        said += [f"  {line}" for line in told]
    return said
