"""The best plan of a cycle: the exact matching where caps do not bind, linear programs priced over every edge where they do.

A cap counts moves of many people at once, which no matching can hold. Agencies whose plan breaks a cap are solved again:
HiGHS finds the plan and what each cap costs, over the edges that matter; the matching, with those costs on the edges,
proves it over all edges, or shows the edges that were missing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mutasi.recommend.face import Graph
from mutasi.recommend.lexicographic import NotSolved, Solution, minimise
from mutasi.recommend.network import INFINITE, UNFILLABLE, Indices, Integers
from mutasi.recommend.plan import Plan
from mutasi.recommend.problem import Problem
from mutasi.recommend.processes import run

SCALE = 60  # prices of caps are fractions with small denominators; 60 holds those of 2, 3, 4 and 5
ROUNDS = 12  # of adding edges that were missing, before the gap is left and shown
BATCH_PEOPLE = 20_000  # that go to one process together
BEST_EDGES, BEST_EDGES_NEAR = 16, 4  # per person and per post, of each round; the fewer where good prices are known


class Infeasible(RuntimeError):
    """No plan keeps every protected seat held; `post_id` names one that nobody lawful can hold."""

    def __init__(self, post_id: str) -> None:
        super().__init__(f"Nobody can take over {post_id}, which may not fall below its need.")
        self.post_id = post_id


def solve(problem: Problem, budget: int = INFINITE, near: Integers | None = None) -> Plan:
    """The lexicographic optimum under the caps; deterministic, whatever the order of the input.

    `near` are prices of the caps (in parts of SCALE) of a plan for almost the same problem: they only save time.

    Raises:
        Infeasible: a seat that must be held can be held by nobody.
    """
    free = _matching(problem, budget)
    post = np.where(free.post < 0, problem.home, free.post).astype(np.int32)
    broken = problem.cap_use(problem.moves(post)) > problem.cap_limit
    if not broken.any():
        row = problem.row(post)
        prices = np.zeros((len(problem.cap_limit), len(row)), np.int64)
        return Plan(post, row, free.price, free.value, prices, 1, _bound(problem, free, prices, 1), free.looked)
    return _capped(problem, post, broken, budget, near)


def _matching(problem: Problem, budget: int) -> Solution:
    try:
        return minimise(problem, budget)
    except NotSolved as given_up:
        if given_up.status == UNFILLABLE:
            raise Infeasible(str(problem.post_ids[given_up.where])) from None
        raise


def _bound(problem: Problem, solution: Solution, cap_price: Integers, scale: int) -> tuple[int, ...]:
    """What the prices add up to, figure by figure, in parts of `scale`: no plan costs less."""
    total = (solution.price * problem.protected[:, None]).sum(axis=0) + solution.value.sum(axis=0)
    total = total - (cap_price * problem.cap_limit[:, None]).sum(axis=0)
    price, penalty = solution.price[problem.seat_post], problem.seat_penalty * scale
    differs = price != penalty
    first = np.argmax(differs, axis=1)
    rows = np.arange(len(first))
    lower = (price[rows, first] < penalty[rows, first])[:, None]
    return tuple(int(figure) for figure in total + np.where(lower, price, penalty).sum(axis=0))


def _capped(problem: Problem, post: Indices, broken: npt.NDArray[np.bool_], budget: int, near: Integers | None) -> Plan:
    """Solve again what shares a broken cap, and prove the whole."""
    group = connected(problem)
    post, cap_price, branched = post.copy(), np.zeros((len(problem.cap_limit), problem.edge_cost.shape[1]), np.int64), False
    touched = problem.edge_caps >= 0
    hurt = np.unique(group[problem.edge_post[(touched & broken[problem.edge_caps]).any(axis=1)]])
    for numbers in _batches(group[problem.home], hurt):
        part = Part.of(problem, np.isin(group, numbers))
        found, prices, hard = _capped_part(part.problem, budget, None if near is None else near[part.caps])
        post[part.people] = part.posts[found]
        cap_price[part.caps], branched = prices, branched or hard
    proof = _matching(priced_problem(problem, cap_price), budget)
    row = problem.row(post)
    bound = _bound(problem, proof, cap_price, SCALE)
    return Plan(post, row, proof.price, proof.value, cap_price, SCALE, bound, proof.looked, branched)


def _batches(of_people: Indices, groups: Indices) -> list[Indices]:
    """Small groups together, for each process takes time to start; a large group stands alone."""
    people = np.bincount(of_people, minlength=int(groups.max()) + 1)[groups]
    return [groups[people > BATCH_PEOPLE][i : i + 1] for i in range(int((people > BATCH_PEOPLE).sum()))] + [
        batch for batch in np.array_split(groups[people <= BATCH_PEOPLE], max(1, int(people.sum()) // BATCH_PEOPLE)) if len(batch)
    ]


def priced_problem(problem: Problem, cap_price: Integers, scale: int = SCALE) -> Problem:
    """The problem in parts of `scale`, each edge dearer by the prices of the caps that count it."""
    cost = problem.edge_cost * scale
    has_price = np.append(cap_price.any(axis=1), False)  # the last stands for -1: no cap
    for caps in problem.edge_caps.T:
        counted = np.flatnonzero(has_price[caps])
        cost[counted] += cap_price[caps[counted]]
    return replace(problem, edge_cost=cost, seat_penalty=problem.seat_penalty * scale)


def _capped_part(problem: Problem, budget: int, near: Integers | None) -> tuple[Indices, Integers, bool]:
    """The capped plan of one part: over its promising edges first, then with those that the proof asks for."""
    like = problem if near is None else priced_problem(problem, near)
    best_edges = BEST_EDGES if near is None else BEST_EDGES_NEAR
    chosen = _promising(like, _matching(like, budget), _may_leave(problem), best_edges)
    best: tuple[tuple[int, ...], Indices] | None = None
    prices, hard = np.zeros((len(problem.cap_limit), problem.edge_cost.shape[1]), np.int64), False
    for _ in range(ROUNDS):
        small = problem.only(chosen)
        found = _program(small)
        prices, hard = found["cap_price"].astype(np.int64), bool(found["branched"][0])
        post = problem.home.copy()
        used = found["used"].astype(bool)
        post[small.edge_person[used]] = small.edge_post[used]
        row = problem.row(post)
        if best is None or row < best[0]:
            best = row, post
        proof = _matching(priced_problem(problem, prices), budget)
        if _bound(problem, proof, prices, SCALE) == tuple(SCALE * figure for figure in best[0]):
            break
        missing = _promising(priced_problem(problem, prices), proof, _may_leave(problem), best_edges) & ~chosen
        if not missing.any():
            break
        chosen |= missing
    assert best is not None
    return best[1], prices, hard


def _program(problem: Problem) -> dict[str, npt.NDArray[np.generic]]:
    """Hand a problem with caps to HiGHS; people without an edge stay, and hold their seats."""
    known, person = np.unique(problem.edge_person, return_inverse=True)
    staying = problem.at_home() - np.bincount(problem.home[known], minlength=len(problem.protected))
    small = replace(
        problem,
        person_ids=problem.person_ids[known],
        home=problem.home[known],
        protected=np.maximum(0, problem.protected - staying),
        edge_person=person.astype(np.int32),
    )
    graph = Graph.of(small)
    stays = len(graph.post) - len(small.edge_post)
    none = np.full((stays, small.edge_caps.shape[1]), -1, np.int32)
    found = run(
        "mutasi.recommend.processes.capped",
        {
            "post": graph.post,
            "person": graph.person,
            "cost": graph.cost,
            "caps": np.vstack([none, small.edge_caps]),
            "cap_limit": small.cap_limit,
            "protected": small.protected,
            "idle": np.zeros(len(small.home)),
            "seat_post": small.seat_post,
            "seat_penalty": small.seat_penalty,
            "scale": np.array(SCALE),
        },
    )
    return found | {"used": found["used"][stays:]}


def _may_leave(problem: Problem) -> npt.NDArray[np.bool_]:
    """The edges of people whose post can spare somebody: others can only move when somebody takes over."""
    spare: npt.NDArray[np.bool_] = (problem.at_home() > problem.protected)[problem.home[problem.edge_person]]
    return spare


def _promising(problem: Problem, free: Solution, among: npt.NDArray[np.bool_], best: int) -> npt.NDArray[np.bool_]:
    """By reduced cost the best edges of each person and post among some, all that cost nothing more, and those in use."""
    reduced = problem.edge_cost - free.price[problem.edge_post] - free.value[problem.edge_person]
    order = np.lexsort(reduced.T[::-1])
    order = order[among[order]]
    chosen: npt.NDArray[np.bool_] = (reduced == 0).all(axis=1)
    for key in (problem.edge_person, problem.edge_post):
        sorted_key = key[order]
        by_key = np.argsort(sorted_key, kind="stable")
        nth = np.arange(len(order)) - np.searchsorted(sorted_key[by_key], sorted_key[by_key])
        chosen[order[by_key[nth < best]]] = True
    chosen[problem.moves(free.post)] = True
    return chosen


def connected(problem: Problem) -> Indices:
    """A number per post: posts that an edge or a cap ties together share it."""
    posts, caps = len(problem.protected), len(problem.cap_limit)
    edge, which = np.nonzero(problem.edge_caps >= 0)
    tails = np.concatenate([problem.home[problem.edge_person], problem.edge_post[edge]])
    heads = np.concatenate([problem.edge_post, posts + problem.edge_caps[edge, which]])
    size = posts + caps
    links = coo_array((np.ones(len(tails), np.int8), (tails, heads)), shape=(size, size))
    numbers: Indices = connected_components(links, directed=False)[1]
    return numbers[:posts]


@dataclass(frozen=True)
class Part:
    """One group as a problem of its own, with where its people, posts, caps and edges stand in the whole."""

    problem: Problem
    people: npt.NDArray[np.intp]
    posts: Indices
    caps: npt.NDArray[np.intp]
    edges: npt.NDArray[np.intp]

    @classmethod
    def of(cls, problem: Problem, inside: npt.NDArray[np.bool_]) -> Part:
        """The posts inside, which no edge or cap ties to others."""
        posts = np.flatnonzero(inside).astype(np.int32)
        people = np.flatnonzero(inside[problem.home])
        edges, seats = inside[problem.edge_post], inside[problem.seat_post]
        used = np.unique(problem.edge_caps[edges])
        caps = used[used >= 0].astype(np.intp)
        new_post, new_person = np.full(len(inside), -1, np.int32), np.full(len(problem.home), -1, np.int32)
        new_cap = np.full(len(problem.cap_limit) + 1, -1, np.int32)
        new_post[posts], new_person[people], new_cap[caps] = np.arange(len(posts)), np.arange(len(people)), np.arange(len(caps))
        part = replace(
            problem,
            person_ids=problem.person_ids[people],
            home=new_post[problem.home[people]],
            post_ids=problem.post_ids[posts],
            protected=problem.protected[posts],
            seat_post=new_post[problem.seat_post[seats]],
            seat_penalty=problem.seat_penalty[seats],
            edge_post=new_post[problem.edge_post[edges]],
            edge_person=new_person[problem.edge_person[edges]],
            edge_cost=problem.edge_cost[edges],
            cap_limit=problem.cap_limit[caps],
            edge_caps=new_cap[problem.edge_caps[edges]],
        )
        return cls(part, people, posts, caps, np.flatnonzero(edges))
