"""What decides between equally good plans: a fixed figure of person and post, never the order of rows or a lottery."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from mutasi.recommend.network import Indices, Integers

TIE_BITS = 20


def tie_figures(
    person_ids: npt.NDArray[np.str_], post_ids: npt.NDArray[np.str_], edge_person: Indices, edge_post: Indices
) -> Integers:
    """A figure below 2^20 per edge from the ids alone, so that the same pair has the same figure in every run."""
    return _mixed(_digests(person_ids)[edge_person] ^ (_digests(post_ids)[edge_post] * np.uint64(0x9E3779B97F4A7C15)))


def _digests(ids: npt.NDArray[np.str_]) -> npt.NDArray[np.uint64]:
    """The first eight bytes of BLAKE2 of each id."""
    digests = b"".join(hashlib.blake2b(text.encode(), digest_size=8).digest() for text in ids.tolist())
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def _mixed(x: npt.NDArray[np.uint64]) -> Integers:
    """SplitMix64's finish: every bit of the input turns half of the output."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((x ^ (x >> np.uint64(31))) >> np.uint64(64 - TIE_BITS)).astype(np.int64)
