"""Why the plan is as it is, as data: each move with its gain and price, each empty post and each person who stays with a reason.

Codes and numbers stand here, sentences in `wording`. Prices of refusing come from planning again without the move.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order

from mutasi.engine import quoted
from mutasi.recommend import reading, writing
from mutasi.recommend.network import Indices, Integers
from mutasi.recommend.packages import Packages, bound_together, packages
from mutasi.recommend.plan import Plan
from mutasi.recommend.problem import TIERS, Problem
from mutasi.recommend.proving import below
from mutasi.recommend.replanning import Replanner

PRICED_MOVES = 1_000  # of the plan, by gain; beyond it the price of refusing is asked for one by one
EMPTY_POSTS_TRACED = 1_000


def explain(con: duckdb.DuckDBPyConnection, problem: Problem, plan: Plan, priced_moves: int = PRICED_MOVES) -> None:
    """Make the temporary tables `out_<name>` in `con`, which holds the tables of the candidates."""
    for name, table in (
        ("explained_moves", _moves(problem, plan, packages(problem, plan.post), priced_moves)),
        ("explained_posts", _empty_posts(problem, plan)),
        ("explained_people", _stayers(problem, plan)),
    ):
        con.register(name, table)
    con.execute(reading.text("explanation.sql"))


def shortlist(con: duckdb.DuckDBPyConnection, run: Path) -> None:
    """Make `out_three_names`: whom the Tim Penilai Kinerja may weigh for open posts of officials; after `explain`, with reviews."""
    moves = quoted(str(run / "out" / "candidates.parquet"))
    con.execute(f"create view published_moves as select distinct person_id from read_parquet({moves})")
    con.execute(reading.text("shortlist.sql"))


def write(con: duckdb.DuckDBPyConnection, run: Path, names: tuple[str, ...]) -> None:
    """Write some of the explained tables below `out/` of a run."""
    for name in names:
        writing.write_table(con, run, name, f"from out_{name}", folder="out")


def package_gains(problem: Problem, plan: Plan, moves: Packages) -> Integers:
    """What each package brings, figure by figure: the least seat filled where it ends, less the costs of its moves (moves, 5)."""
    cost = np.zeros((len(moves.edge), len(TIERS)), np.int64)
    np.add.at(cost, moves.package, problem.edge_cost[moves.edge])
    filled = _present(problem, plan.post) - problem.protected
    first = np.searchsorted(problem.seat_post, problem.edge_post[moves.edge])
    worth = np.zeros_like(cost)
    ends = np.flatnonzero((moves.place == 0) & ~moves.is_swap & (filled[problem.edge_post[moves.edge]] > 0))
    last_seat = first[ends] + filled[problem.edge_post[moves.edge[ends]]] - 1
    worth[moves.package[ends]] = problem.seat_penalty[last_seat]
    gains: Integers = (worth - cost)[moves.package]
    return gains


def _gains_together(gains: Integers, moves: Packages, together: Packages) -> tuple[Integers, Packages]:
    """What packages bring whose people move only together, given what each brings by itself; and those packages."""
    _, first = np.unique(moves.package, return_index=True)
    total = np.zeros_like(gains)
    np.add.at(total, together.package[first], gains[first])
    return total[together.package], together


def _present(problem: Problem, post: Indices) -> Integers:
    return np.bincount(post, minlength=len(problem.protected)).astype(np.int64)


def _spare(problem: Problem, post: Indices) -> npt.NDArray[np.bool_]:
    """Posts that hold more people than they need: beyond protected seats and vacant ones, which the plan may have filled (G)."""
    seats = np.bincount(problem.seat_post, minlength=len(problem.protected))
    spare: npt.NDArray[np.bool_] = np.greater(_present(problem, post) - problem.protected, seats)
    return spare


def _stopped_by_caps(problem: Problem, post: Indices) -> npt.NDArray[np.bool_]:
    """Edges that one more move along would break a cap (M): of moves, of a budget, or of people who move only together."""
    room = problem.cap_limit - problem.cap_use(problem.moves(post))
    stopped: npt.NDArray[np.bool_] = np.any(np.append(room < 1, False)[problem.edge_caps], axis=1)
    stopped[problem.link_edge[problem.link_weight > room[problem.link_cap]]] = True
    return stopped


def _moves(problem: Problem, plan: Plan, moves: Packages, priced_moves: int) -> pa.Table:
    """The moves with package, gain, price of refusing and who would come instead."""
    gains, moves = _gains_together(package_gains(problem, plan, moves), moves, bound_together(problem, moves))
    order = np.lexsort((moves.package, -gains[:, 1], -gains[:, 0]))
    price = np.full((len(moves.edge), len(TIERS)), np.nan)
    exact = np.zeros(len(moves.edge), bool)
    instead = np.full(len(moves.edge), -1, np.int32)
    replanner = Replanner(problem, plan)
    for n in order[:priced_moves].tolist():
        edge = int(moves.edge[n])
        change = replanner.refuse(edge)
        price[n], exact[n] = change.price, change.is_exact
        if change.post is not None:
            post = problem.edge_post[edge]
            new = np.flatnonzero((change.post == post) & (plan.post != post))
            instead[n] = new[0] if len(new) else -1
    columns = {
        "person_no": problem.edge_person[moves.edge],
        "post_no": problem.edge_post[moves.edge],
        "package_no": moves.package,
        "place": moves.place,
        "package_moves": moves.size,
        "is_swap": moves.is_swap,
        "refusal_is_exact": exact,
        "runner_up_no": instead,
    }
    for n, tier in enumerate(TIERS[:4]):
        columns |= {f"gain_{tier}": gains[:, n], f"refusal_{tier}": price[:, n]}
    return pa.table({name: pa.array(values, from_pandas=True) for name, values in columns.items()})


def _empty_posts(problem: Problem, plan: Plan) -> pa.Table:
    """Per post with an empty seat: lawful pairs, where their people are, and how far the competition for them reaches."""
    filled = np.maximum(0, _present(problem, plan.post) - problem.protected)
    seats = np.bincount(problem.seat_post, minlength=len(filled))
    empty = np.flatnonzero(seats > filled)
    away = plan.post[problem.edge_person] != problem.home[problem.edge_person]
    home_spare = _spare(problem, plan.post)[problem.home[problem.edge_person]] & ~away
    stopped = _stopped_by_caps(problem, plan.post) & home_spare & (seats > filled)[problem.edge_post]
    edges = np.flatnonzero(stopped)
    next_seat = np.searchsorted(problem.seat_post, problem.edge_post[edges]) + filled[problem.edge_post[edges]]
    capped = np.zeros(len(away), bool)
    capped[edges] = below(problem.edge_cost[edges], problem.seat_penalty[next_seat])

    def count(which: npt.NDArray[np.bool_]) -> Integers:
        found: Integers = np.bincount(problem.edge_post[which], minlength=len(seats))[empty]
        return found

    rivals, contested = _competition(problem, plan.post, empty[:EMPTY_POSTS_TRACED], seats, filled)
    unknown = np.full(len(empty) - len(rivals), -1)
    columns = {
        "post_no": empty,
        "empty_seats": (seats - filled)[empty],
        "pairs": count(np.ones(len(away), bool)),
        "moved_elsewhere": count(away & (plan.post[problem.edge_person] != problem.edge_post)),
        "needed_at_home": count(~away & ~home_spare),
        "free": count(home_spare & ~stopped),
        "capped": count(capped),
        "capped_and_small": count(stopped & ~capped),
        "rival_posts": np.concatenate([rivals, unknown]),
        "contested_seats": np.concatenate([contested[:, 0], unknown]),
        "contested_people": np.concatenate([contested[:, 1], unknown]),
    }
    return pa.table({name: pa.array(values, from_pandas=True) for name, values in columns.items()})


def _competition(
    problem: Problem, post: Indices, empty: npt.NDArray[np.intp], seats: Integers, filled: Integers
) -> tuple[Integers, Integers]:
    """For each empty post the posts that hold the people it could have had, and so on: open seats there, and seats filled."""
    size = len(seats)
    # In the form that the search wants, or it would bring every link into it again for every post.
    links = csr_array((np.ones(len(problem.edge_post)), (problem.edge_post, post[problem.edge_person])), shape=(size, size))
    links.sum_duplicates()
    rivals, contested = np.zeros(len(empty), np.int64), np.zeros((len(empty), 2), np.int64)
    for n, one in enumerate(empty.tolist()):
        reached = breadth_first_order(links, one, return_predecessors=False)
        rivals[n] = (seats[reached] > 0).sum()
        contested[n] = seats[reached].sum(), filled[reached].sum()
    return rivals, contested


def _stayers(problem: Problem, plan: Plan) -> pa.Table:
    """Per person who stays: how many lawful posts there were, the nearest miss, and how much it missed by, in points."""
    reduced = problem.edge_cost * plan.scale - plan.price[problem.edge_post] - plan.value[problem.edge_person]
    with_none = np.vstack([plan.cap_price, np.zeros((1, len(TIERS)), np.int64)])
    of_caps = with_none[problem.edge_caps].sum(axis=1)
    reduced = reduced + of_caps
    order = np.lexsort((*reduced.T[::-1], problem.edge_person))
    person, first = np.unique(problem.edge_person[order], return_index=True)
    best = order[first]
    stays: npt.NDArray[np.bool_] = plan.post[person] == problem.home[person]
    spare = _spare(problem, plan.post)
    # What a cap stops, and what would improve the plan if the cap cost nothing.
    capped = _stopped_by_caps(problem, plan.post)[best] & below(reduced[best], of_caps[best])
    columns = {
        "person_no": person[stays],
        "pairs": np.bincount(problem.edge_person, minlength=len(problem.home))[person][stays],
        "best_post_no": problem.edge_post[best][stays],
        "is_needed_at_home": ~spare[problem.home[person]][stays],
        "is_capped": capped[stays],
    }
    columns |= {f"missed_{tier}": (reduced[best, n] / plan.scale)[stays] for n, tier in enumerate(TIERS[:4])}
    return pa.table({name: pa.array(values, from_pandas=True) for name, values in columns.items()})
