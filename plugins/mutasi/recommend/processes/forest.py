"""Forests: the ties of a network that reach all that its ties reach, and close no ring."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def forest(
    starts: npt.NDArray[np.integer], ends: npt.NDArray[np.integer], nodes: int
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """The ties that make a forest of the nodes, earlier ones before later ones, and which node of each tree is its root: the last."""
    chosen, root, left = np.zeros(len(starts), bool), np.arange(nodes), np.arange(len(starts))
    while len(left):
        one, other = root[starts[left]], root[ends[left]]
        is_apart = one != other
        left, low, high = left[is_apart], np.minimum(one, other)[is_apart], np.maximum(one, other)[is_apart]
        trees, first = np.unique(low, return_index=True)  # each tree joins one with a higher root, so that no ring can close
        chosen[left[first]] = True
        above = np.arange(nodes)
        above[trees] = high[first]
        while (above[above] != above).any():
            above = above[above]
        root = above[root]
    return chosen, root == np.arange(nodes)
