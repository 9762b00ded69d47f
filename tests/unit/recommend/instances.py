"""Small invented problems, and the slow way of solving them that nobody can get wrong."""

from __future__ import annotations

import itertools

import numpy as np

from mutasi.recommend.problem import Problem


def random_problem(seed: int, people: int, posts: int, density: float = 0.6, largest: int = 3) -> Problem:
    """People over posts with few seats and coarse costs, so that ties and chains are many."""
    rng = np.random.default_rng(seed)
    home = rng.integers(0, posts, people).astype(np.int32)
    at_home = np.bincount(home, minlength=posts)
    vacant = rng.integers(0, 3, posts)
    protected = np.where(vacant > 0, at_home, np.maximum(0, at_home - rng.integers(0, 3, posts)))
    penalties = []
    for post in range(posts):
        critical = int(rng.random() < 0.3)
        falling = sorted(rng.integers(0, 2 * largest + 1, vacant[post]), reverse=True)
        penalties.extend((critical, imbalance, 0, 0, 0) for imbalance in falling)
    pairs = [(e, p) for e in range(people) for p in range(posts) if home[e] != p and rng.random() < density]
    cost = np.column_stack(
        [np.zeros(len(pairs), int), *(rng.integers(0, largest + 1, (3, len(pairs)))), rng.integers(0, 1 << 10, len(pairs))]
    ).reshape(-1, 5)
    edges = np.array(pairs, dtype=np.int32).reshape(-1, 2)
    return Problem.of(
        np.array([f"P{i:04}" for i in range(people)], dtype=str),
        home,
        np.array([f"post-{i:04}" for i in range(posts)], dtype=str),
        protected.astype(np.int64),
        np.repeat(np.arange(posts, dtype=np.int32), vacant),
        np.array(penalties, dtype=np.int64).reshape(-1, 5),
        edges[:, 1].copy(),
        edges[:, 0].copy(),
        cost.astype(np.int64),
    )


def shuffled(problem: Problem, seed: int) -> Problem:
    """The same problem with every array in another order."""
    rng = np.random.default_rng(seed)
    people, posts = rng.permutation(len(problem.home)), rng.permutation(len(problem.protected))
    seats, edges = rng.permutation(len(problem.seat_post)), rng.permutation(len(problem.edge_post))
    new_person, new_post = np.argsort(people).astype(np.int32), np.argsort(posts).astype(np.int32)
    return Problem.of(
        problem.person_ids[people],
        new_post[problem.home[people]],
        problem.post_ids[posts],
        problem.protected[posts],
        new_post[problem.seat_post[seats]],
        problem.seat_penalty[seats],
        new_post[problem.edge_post[edges]],
        new_person[problem.edge_person[edges]],
        problem.edge_cost[edges],
    )


def brute_force(problem: Problem) -> tuple[int, ...]:
    """The least row of costs over every way to place everybody; each person stays or takes one edge."""
    people, posts = len(problem.home), len(problem.protected)
    choices: list[list[tuple[int, tuple[int, ...] | None]]] = [[(int(problem.home[e]), None)] for e in range(people)]
    for post, person, cost in zip(problem.edge_post, problem.edge_person, problem.edge_cost.tolist(), strict=True):
        choices[person].append((int(post), tuple(cost)))
    best: tuple[int, ...] | None = None
    for way in itertools.product(*choices):
        row = _cost(problem, way, posts)
        if row is not None and (best is None or row < best):
            best = row
    assert best is not None
    return best


def _cost(problem: Problem, way: tuple[tuple[int, tuple[int, ...] | None], ...], posts: int) -> tuple[int, ...] | None:
    total = np.zeros(5, np.int64)
    for post in range(posts):
        arrived = sum(1 for p, cost in way if p == post and cost is not None)
        present = sum(1 for p, _ in way if p == post)
        seats = problem.seat_penalty[problem.seat_post == post]
        protected = problem.protected[post]
        if present < protected or arrived > protected + len(seats):
            return None
        total += seats[max(0, min(present - protected, len(seats))) :].sum(axis=0)
    for _, cost in way:
        if cost is not None:
            total += np.array(cost)
    return tuple(int(x) for x in total)


def is_lawful(problem: Problem, post: np.ndarray) -> bool:
    """Whether a plan uses lawful pairs, keeps what may not be lost, has a seat for everybody who comes, and keeps the caps."""
    moves = problem.moves(post)
    arrived = np.bincount(problem.edge_post[moves], minlength=len(problem.protected))
    present = np.bincount(post, minlength=len(problem.protected))
    seats = np.bincount(problem.seat_post, minlength=len(problem.protected))
    held = len(moves) == (post != problem.home).sum() and (present >= problem.protected).all()
    kept = (problem.cap_use(moves) <= problem.cap_limit).all() and (arrived <= problem.protected + seats).all()
    return bool(held and kept)
