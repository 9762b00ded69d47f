"""The problem of one cycle as arrays of whole numbers, in the order of its keys: the order of the input cannot matter.

A post has protected seats, which somebody must hold because the unit may not fall below its need, and vacant seats, each
with what leaving it empty costs. A person may keep a seat of the own post at no cost, or take one along an edge. Costs are
rows of five figures, compared from the left: a critical seat outweighs any imbalance, imbalance any fit, and so on.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from mutasi.recommend.core import Indices, Integers

TIERS = ("critical", "imbalance", "fit", "effort", "tie")
Texts = npt.NDArray[np.str_]


class ProblemError(ValueError):
    """The arrays do not describe a problem; the sentence says which and why."""


@dataclass(frozen=True)
class Problem:
    """People, posts, vacant seats and edges of one cycle; make it with `Problem.of`, which sorts and checks.

    Shapes: `home`, `person_ids` (E); `protected`, `post_ids` (G); `seat_post` (S) and `seat_penalty` (S, 5), each post's
    seats by falling penalty; `edge_post`, `edge_person` (M) and `edge_cost` (M, 5), sorted by post and person.
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
    ) -> Problem:
        """Bring arrays in any order into the canonical one, and check them.

        Raises:
            ProblemError: a key is doubled, an index or cost is out of range, or a post is to keep more than it has.
        """
        people, posts = np.argsort(person_ids, kind="stable"), np.argsort(post_ids, kind="stable")
        new_person, new_post = np.empty(len(people), np.int32), np.empty(len(posts), np.int32)
        new_person[people], new_post[posts] = np.arange(len(people)), np.arange(len(posts))
        seat_post, edge_post, edge_person = new_post[seat_post], new_post[edge_post], new_person[edge_person]
        seats = np.lexsort((*(-seat_penalty.T[::-1]), seat_post))
        edges = np.lexsort((edge_person, edge_post))
        problem = cls(
            person_ids[people],
            new_post[home][people],
            post_ids[posts],
            protected[posts].astype(np.int64),
            seat_post[seats],
            seat_penalty[seats].astype(np.int64),
            edge_post[edges],
            edge_person[edges],
            edge_cost[edges].astype(np.int64),
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
        return replace(
            self, edge_post=self.edge_post[edges], edge_person=self.edge_person[edges], edge_cost=self.edge_cost[edges]
        )

    def equals(self, other: Problem) -> bool:
        """Whether both hold the same numbers."""
        return all(np.array_equal(getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
