"""The problem of one cycle as arrays of whole numbers, in the order of its keys: the order of the input cannot matter.

A post has protected seats, which somebody must hold because the unit may not fall below its need, and vacant seats, each
with what leaving it empty costs. A person may keep a seat of the own post at no cost, or take one along an edge. Costs are
rows of five figures, compared from the left: a critical seat outweighs any imbalance, imbalance any fit, and so on.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from mutasi.recommend.network import Indices, Integers

TIERS = ("critical", "imbalance", "fit", "effort", "tie")
CAPS_PER_EDGE = 3
Texts = npt.NDArray[np.str_]


class ProblemError(ValueError):
    """The arrays do not describe a problem; the sentence says which and why."""


@dataclass(frozen=True)
class Problem:
    """People, posts, vacant seats and edges of one cycle; make it with `Problem.of`, which sorts and checks.

    Shapes: `home`, `person_ids` (E); `protected`, `post_ids` (G); `seat_post` (S) and `seat_penalty` (S, 5), each post's
    seats by falling penalty; `edge_post`, `edge_person` (M) and `edge_cost` (M, 5), sorted by post and person;
    `cap_limit` (C): most moves that each cap allows, `edge_caps` (M, 3): the caps that count an edge once, -1 = none.
    `link_edge`, `link_cap` and `link_weight` (L), by edge and cap: edges that a cap counts with another weight. A budget
    counts what a move costs; a person who moves only together with another is +1 and the other one -1 in a cap of 0.
    """

    person_ids: Texts
    home: Indices
    post_ids: Texts
    protected: Integers
    seat_post: Indices
    seat_penalty: Integers
    edge_post: Indices
    edge_person: Indices
    edge_cost: Integers
    cap_limit: Integers
    edge_caps: Indices
    link_edge: Indices
    link_cap: Indices
    link_weight: Integers

    @classmethod
    def of(
        cls,
        person_ids: Texts,
        home: Indices,
        post_ids: Texts,
        protected: Integers,
        seat_post: Indices,
        seat_penalty: Integers,
        edge_post: Indices,
        edge_person: Indices,
        edge_cost: Integers,
        cap_limit: Integers | None = None,
        edge_caps: Indices | None = None,
        links: tuple[Indices, Indices, Integers] | None = None,
    ) -> Problem:
        """Bring arrays in any order into the canonical one, and check them.

        Raises:
            ProblemError: a key is doubled, an index or cost is out of range, or a post is to keep more than it has.
        """
        people, posts = _order(person_ids), _order(post_ids)
        new_person, new_post = np.empty(len(person_ids), np.int32), np.empty(len(post_ids), np.int32)
        new_person[people], new_post[posts] = np.arange(len(person_ids)), np.arange(len(post_ids))
        seat_post, edge_post, edge_person = new_post[seat_post], new_post[edge_post], new_person[edge_person]
        seats = np.lexsort((*(-seat_penalty.T[::-1]), seat_post))
        edges = _order(edge_post.astype(np.int64) * max(1, len(person_ids)) + edge_person)
        if cap_limit is None or edge_caps is None:
            cap_limit, edge_caps = np.empty(0, np.int64), np.full((len(edge_post), CAPS_PER_EDGE), -1, np.int32)
        problem = cls(
            person_ids[people],
            new_post[home][people],
            post_ids[posts],
            protected[posts].astype(np.int64),
            seat_post[seats],
            seat_penalty[seats].astype(np.int64),
            edge_post[edges],
            edge_person[edges],
            edge_cost[edges].astype(np.int64, copy=False),
            cap_limit,
            edge_caps[edges],
            *_sorted_links(links, np.arange(len(edge_post))[edges]),
        )
        problem._check()
        return problem

    def _check(self) -> None:
        """Refuse what would make an answer meaningless."""
        same_edge = (np.diff(self.edge_post) == 0) & (np.diff(self.edge_person) == 0)
        wrong = {
            "a person stands twice in the people": (self.person_ids[1:] == self.person_ids[:-1]).any(),
            "a post stands twice in the posts": (self.post_ids[1:] == self.post_ids[:-1]).any(),
            "a pair of person and post stands twice in the edges": same_edge.any(),
            "an edge leads to the person's own post": (self.home[self.edge_person] == self.edge_post).any(),
            "a cost or penalty is below zero": (self.edge_cost < 0).any() or (self.seat_penalty < 0).any(),
            "a post is to keep more people than it has": (self.protected > self.at_home()).any() or (self.protected < 0).any(),
        }
        found = [sentence for sentence, amiss in wrong.items() if amiss]
        if found:
            raise ProblemError(f"The problem cannot be solved as it is: {found[0]}.")

    def at_home(self) -> Integers:
        """People per post who hold it now and could move (G)."""
        return np.bincount(self.home, minlength=len(self.post_ids)).astype(np.int64)

    def only(self, edges: npt.NDArray[np.bool_]) -> Problem:
        """The same problem with some edges only."""
        linked = edges[self.link_edge]
        number = np.cumsum(edges) - 1 if len(linked) else np.empty(0, np.int64)
        return replace(
            self,
            link_edge=number[self.link_edge[linked]].astype(np.int32),
            link_cap=self.link_cap[linked],
            link_weight=self.link_weight[linked],
            edge_post=self.edge_post[edges],
            edge_person=self.edge_person[edges],
            edge_cost=self.edge_cost[edges],
            edge_caps=self.edge_caps[edges],
        )

    def moves(self, post: Indices) -> npt.NDArray[np.intp]:
        """The edges that a plan uses, given the post of each person (-1 or the own post = stays)."""
        return np.flatnonzero(post[self.edge_person] == self.edge_post)

    def after(self, moves: npt.NDArray[np.intp]) -> Indices:
        """The post of each person once these edges are used (E)."""
        post = self.home.copy()
        post[self.edge_person[moves]] = self.edge_post[moves]
        return post

    def row(self, post: Indices) -> tuple[int, ...]:
        """What a plan costs, figure by figure: its moves and the seats it leaves empty."""
        moves = self.moves(post)
        leaves, comes = self.home[self.edge_person[moves]], self.edge_post[moves]
        posts = len(self.protected)
        present = self.at_home() - np.bincount(leaves, minlength=posts) + np.bincount(comes, minlength=posts)
        empty = self.seat_number() >= (present - self.protected)[self.seat_post]
        total = self.edge_cost[moves].sum(axis=0) + self.seat_penalty[empty].sum(axis=0)
        return tuple(int(figure) for figure in total)

    def seat_number(self) -> Integers:
        """0, 1, … for the vacant seats of each post, the dearest first (S)."""
        return np.arange(len(self.seat_post)) - np.searchsorted(self.seat_post, self.seat_post)

    def cap_use(self, moves: npt.NDArray[np.intp]) -> Integers:
        """What each cap counts of these moves (C)."""
        used = self.edge_caps[moves].ravel()
        found = np.bincount(used[used >= 0], minlength=len(self.cap_limit)).astype(np.int64)
        linked = np.isin(self.link_edge, moves)
        np.add.at(found, self.link_cap[linked], self.link_weight[linked])
        return found

    def equals(self, other: Problem) -> bool:
        """Whether both hold the same numbers."""
        return all(np.array_equal(getattr(self, f.name), getattr(other, f.name)) for f in fields(self))


def _order(keys: npt.NDArray[Any]) -> npt.NDArray[np.intp] | slice:
    """What sorts rows by their keys; rows that are sorted stay where they are, and arrays of millions are not copied."""
    return slice(None) if (keys[1:] >= keys[:-1]).all() else np.argsort(keys, kind="stable")


def _sorted_links(
    links: tuple[Indices, Indices, Integers] | None, order: npt.NDArray[np.intp]
) -> tuple[Indices, Indices, Integers]:
    """Links by the new number of their edge, given the order into which edges are brought, and by cap."""
    if links is None:
        return np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.int64)
    number = np.empty(len(order), np.int32)
    number[order] = np.arange(len(order))
    edge, cap, weight = number[links[0]], links[1].astype(np.int32), links[2].astype(np.int64)
    by_edge = np.lexsort((cap, edge))
    return edge[by_edge], cap[by_edge], weight[by_edge]
