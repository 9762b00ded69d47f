"""What the search for a matching is given and gives back, and where its compiled code is kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mutasi.settings import Settings

Integers = npt.NDArray[np.int64]
Indices = npt.NDArray[np.int32]

INFINITE = 1 << 62
LIMIT = 1 << 59  # no price or cost may grow beyond this; sums of four stay below 2^62
SOLVED, UNFILLABLE, OVER_BUDGET, OVERFLOW = 0, 1, 2, 3

COMPILED = ("core.py", "foresight.py", "settling.py")


@dataclass(frozen=True)
class Network:
    """One objective over posts 0..G-1 and people 0..E-1; edges by post, each post's by rising cost, all costs >= 0.

    `protected` seats must be filled. `penalty[seat_start[p]:seat_start[p+1]]` are the penalties of the vacant seats of post
    p, falling. `owner` is who holds what at the start (post or -1) over edges of cost 0, never more than `protected`.
    """

    start: Integers
    person: Indices
    cost: Integers
    protected: Integers
    seat_start: Integers
    penalty: Integers
    owner: Indices


@dataclass(frozen=True)
class Matching:
    """What the search found; `post` is the post of each person or -1, `price` that of each post, `value` of each person."""

    status: int
    post: Indices
    filled: Integers
    price: Integers
    value: Integers
    looked: int
    where: int


def compiled_code() -> str:
    """The folder where numba keeps what it compiles, with everything else that runs write.

    Each version of the code has a folder of its own, for numba sees a change in one file but not what others take from it.
    numba reads `NUMBA_CACHE_DIR` when it is first imported; `compiling` sets it before that.
    """
    version = hashlib.sha256(b"".join((Path(__file__).parent / name).read_bytes() for name in COMPILED)).hexdigest()[:12]
    return str(Settings.from_environment().cache("numba", version))
