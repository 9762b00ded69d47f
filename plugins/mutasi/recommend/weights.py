"""Weights under which several objectives are minimised together, and the check that none of them reached into another.

A weight is one more than the largest cost of the later objectives times some room. If no price took more than the room,
the sum of the figures after one can never outweigh it, and the order of the sums is the order of the rows of figures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mutasi.recommend.network import Integers
from mutasi.recommend.problem import Problem


@dataclass(frozen=True)
class Weights:
    """The objectives `first`, first + 1, ... with their weights, the last one's being 1, and their largest costs."""

    first: int
    of_tier: tuple[int, ...]
    largest: tuple[int, ...]

    @classmethod
    def of(cls, problem: Problem, first: int, room: int, limit: int) -> Weights:
        """As many objectives from `first` on as fit below the limit with so many bits of room each; at least one."""
        largest = [
            max(int(problem.edge_cost[:, tier].max(initial=0)), int(problem.seat_penalty[:, tier].max(initial=0)))
            for tier in range(first, problem.edge_cost.shape[1])
        ]
        spans = [(figure + 1) << room for figure in largest]
        count = 1
        while count < len(spans) and _product(spans[: count + 1]) < limit:
            count += 1
        return cls(first, tuple(_product(spans[n + 1 : count]) for n in range(count)), tuple(largest[:count]))

    def together(self, rows: Integers) -> Integers:
        """One figure for each row of five."""
        if len(self.of_tier) == 1:
            return rows[:, self.first]
        summed: Integers = rows[:, self.first : self.first + len(self.of_tier)] @ np.array(self.of_tier, np.int64)
        return summed

    def apart(self, sums: Integers) -> Integers:
        """The figures that sums are made of, those after the first as near to zero as can be; (n, objectives)."""
        rows = np.empty((len(sums), len(self.of_tier)), np.int64)
        rest = sums
        for n in range(len(self.of_tier) - 1, 0, -1):
            span = self.of_tier[n - 1] // self.of_tier[n]
            rows[:, n] = (rest + span // 2) % span - span // 2
            rest = (rest - rows[:, n]) // span
        rows[:, 0] = rest
        return rows

    def hold_apart(self, price: Integers, value: Integers) -> bool:
        """Whether no edge, seat or person can exist whose later figures outweigh an earlier one."""
        if len(self.of_tier) == 1:
            return True
        prices, values = (np.abs(self.apart(sums)).max(axis=0, initial=0).tolist() for sums in (price, value))
        reach = [a + b + c for a, b, c in zip(prices, values, self.largest, strict=True)]
        later = 0
        for n in range(len(self.of_tier) - 1, 0, -1):
            later += self.of_tier[n] * reach[n]
            if later >= self.of_tier[n - 1]:
                return False
        return True


def _product(spans: list[int]) -> int:
    found = 1
    for span in spans:
        found *= span
    return found
