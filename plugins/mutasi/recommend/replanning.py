"""What would change if one thing were otherwise: the exact plan without some pairs and with others settled, and what that costs.

The best plan without one pair, or with one settled, lies one shortest path away from the best plan (`detour`), which takes
milliseconds; several follow one after the other. With caps the paths are found at the prices of the caps; if the result keeps
them and uses those that have a price to the full, it is the exact answer, else what it costs is a bound. Where exactness is asked
for, the plan is found again from there, by the engine for caps (`nearby`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from mutasi.recommend.detour import NONE, Detour, Residual
from mutasi.recommend.nearby import plan_near
from mutasi.recommend.network import Indices
from mutasi.recommend.parts import Part, Parts, Places, connected, refuse_without_seats, tied_to, with_locked
from mutasi.recommend.plan import Plan
from mutasi.recommend.problem import Problem
from mutasi.recommend.proving import SCALE, Infeasible, with_bound


@dataclass(frozen=True)
class Change:
    """The plan after a change: posts of all people, what it costs more than before, and whether that is exact.

    Where it is not exact, `price` is a lower bound. `post` is nothing when the bound came without a plan that keeps the caps.
    """

    post: Indices | None
    price: tuple[float, ...]
    is_exact: bool


class Replanner:
    """Answers questions about one plan."""

    def __init__(self, problem: Problem, plan: Plan, is_group: bool = False) -> None:
        self.problem, self.plan, self._is_group = problem, plan, is_group
        self._groups: dict[int, tuple[Part, Replanner]] = {}

    @cached_property
    def _residual(self) -> Residual:
        return Residual(self.problem, self.plan)

    def refuse(self, edge: int) -> Change:
        """Plan again without one pair, exactly or where caps leave it at that by a bound."""
        return self.change(np.array([edge]), is_bound_enough=True)

    def change(self, refused: Places, settled: Places = NONE, is_bound_enough: bool = False) -> Change:
        """Plan again without some pairs, in rising order, and with others settled, of one person each.

        Raises:
            Infeasible: no plan does without the pairs, or none can hold those that are settled.
        """
        problem, plan = self.problem, self.plan
        used = refused[plan.post[problem.edge_person[refused]] == problem.edge_post[refused]]
        new = settled[plan.post[problem.edge_person[settled]] != problem.edge_post[settled]]
        if not len(used) and not len(new):
            return self._change(plan.post)
        refuse_without_seats(problem, settled)
        if not self._is_group and not (is_bound_enough and plan.is_proved):
            return self._in_their_groups(refused, settled, is_bound_enough)
        near = self._at_the_prices(refused, settled) if plan.is_proved else plan
        if near.is_proved and (problem.cap_use(problem.moves(near.post)) <= problem.cap_limit).all():
            return self._change(near.post)
        if is_bound_enough and plan.is_proved:
            return Change(None, tuple((a - b) / plan.scale for a, b in zip(near.bound, plan.bound, strict=True)), False)
        return self._near(near, refused, settled)

    def _at_the_prices(self, refused: Places, settled: Places) -> Plan:
        """The best plan after the changes at the prices of the caps, with the prices that prove it."""
        problem, plan, person = self.problem, self.plan, self.problem.edge_person
        banned = np.union1d(refused, np.setdiff1d(self._edges_of(settled), settled))
        for n, edge in enumerate(settled.tolist()):
            if plan.post[person[edge]] != problem.edge_post[edge]:
                plan = self._after(plan, edge, Residual(problem, plan, person[settled[:n]]).through(edge, banned))
        while len(used := refused[plan.post[person[refused]] == problem.edge_post[refused]]):
            residual = self._residual if plan is self.plan else Residual(problem, plan, person[settled])
            plan = self._after(plan, int(used[0]), residual.without(int(used[0]), banned))
        return with_bound(problem, replace(plan, row=problem.row(plan.post)))

    def _after(self, plan: Plan, edge: int, found: Detour | None) -> Plan:
        if found is None:
            raise Infeasible(str(self.problem.post_ids[self.problem.home[self.problem.edge_person[edge]]]))
        return replace(plan, post=found.post, price=found.price, value=found.value)

    def _edges_of(self, settled: Places) -> Places:
        """All edges of the people of the settled pairs."""
        return np.flatnonzero(np.isin(self.problem.edge_person, self.problem.edge_person[settled])) if len(settled) else settled

    def _in_their_groups(self, refused: Places, settled: Places, is_bound_enough: bool) -> Change:
        """The same asked of those alone whom edges or caps tie to the pairs; that may be proved where the whole is not."""
        edges = np.concatenate([refused, settled])
        if is_bound_enough:  # one question of many about pairs of one group
            number = int(self._tied[self.problem.edge_post[edges[0]]])
            if number not in self._groups:
                self._groups[number] = self._alone(self._parts.part(number))
            part, one = self._groups[number]
        else:
            part, one = self._alone(Part.of(self.problem, tied_to(self.problem, self.problem.edge_post[edges])))
        found = one.change(np.searchsorted(part.edges, refused), np.searchsorted(part.edges, settled), is_bound_enough)
        if found.post is None:
            return found
        whole = self.plan.post.copy()
        whole[part.people] = part.posts[found.post]
        return replace(found, post=whole)

    def _alone(self, part: Part) -> tuple[Part, Replanner]:
        """A part with a replanner of its own."""
        plan = part.of_plan(self.plan)
        own = replace(plan, row=part.problem.row(plan.post))
        return part, Replanner(part.problem, with_bound(part.problem, own), is_group=True)

    @cached_property
    def _tied(self) -> Indices:
        return connected(self.problem)

    @cached_property
    def _parts(self) -> Parts:
        return Parts(self.problem, self._tied)

    def _change(self, post: Indices) -> Change:
        row = self.problem.row(post)
        return Change(post, tuple(a - b for a, b in zip(row, self.plan.row, strict=True)), self.plan.is_exact)

    def _near(self, near: Plan, refused: Places, settled: Places) -> Change:
        """By the engine for caps, from the prices of a plan."""
        problem, kept = self.problem, np.ones(len(self.problem.edge_post), bool)
        kept[refused] = False
        asked, people, _ = with_locked(problem.only(kept), (np.cumsum(kept) - 1)[settled])
        found = plan_near(asked, replace(near, post=near.post[people]).in_parts_of(SCALE))
        post = self.plan.post.copy()
        post[problem.edge_person[settled]] = problem.edge_post[settled]
        post[people] = found.post
        return replace(self._change(post), is_exact=found.is_exact and self.plan.is_exact)
