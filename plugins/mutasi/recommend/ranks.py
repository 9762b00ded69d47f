"""The first few of each: of a person's pairs, of a post's."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.intp]


def first_of_each(order: Places, few: int, *keys: npt.NDArray[np.integer]) -> Places:
    """Of some places in an order those that are among the first few with their key, by any of the keys that each place has."""
    found = np.zeros(len(order), bool)
    for key in keys:
        by_key = np.argsort(key[order], kind="stable")
        ordered = key[order][by_key]
        nth = np.arange(len(order)) - np.searchsorted(ordered, ordered)
        found[by_key[nth < few]] = True
    return order[found]
