"""The plan of one cycle, with the prices that prove it and how far they reach."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mutasi.recommend.network import Indices, Integers


@dataclass(frozen=True)
class Plan:
    """Where everybody is, what that costs, and the bound that no plan can beat.

    `post` (E) is the post of each person, the own one for those who stay. Prices `price` (G, 5), `value` (E, 5) and
    `cap_price` (C, 5) and `bound` (5) are in parts of `scale`; `row` (5) is in whole points. The plan is proved optimal
    when `row * scale` equals `bound`; `branched` says that caps took branch and bound, `is_exact` that this, where prices
    leave a gap, found that no plan within it is better.
    """

    post: Indices
    row: tuple[int, ...]
    price: Integers
    value: Integers
    cap_price: Integers
    scale: int
    bound: tuple[int, ...]
    looked: int
    branched: bool = False
    is_exact: bool = True

    def in_parts_of(self, scale: int) -> Plan:
        """The same with prices and bound in other parts, of which each of the present ones is a whole number."""
        times = scale // self.scale
        figures = {name: getattr(self, name) * times for name in ("price", "value", "cap_price")}
        return replace(self, **figures, scale=scale, bound=tuple(figure * times for figure in self.bound))

    @property
    def is_proved(self) -> bool:
        """Whether the prices alone prove that no plan is better."""
        return self.bound == tuple(self.scale * figure for figure in self.row)

    @property
    def gap(self) -> tuple[int, float] | None:
        """The first objective that the prices do not settle and by how much in points; nothing when all are settled."""
        for tier, (figure, least) in enumerate(zip(self.row, self.bound, strict=True)):
            if figure * self.scale != least:
                return tier, figure - least / self.scale
        return None
