"""numba, loaded in half the time: without the libraries that it looks for only to serve code which calls them, and ours does not."""

from __future__ import annotations

import os
import sys

from mutasi.recommend.network import compiled_code

os.environ.setdefault("NUMBA_CACHE_DIR", compiled_code())  # read when numba is first imported

UNUSED = [name for name in ("scipy.linalg", "cffi") if name not in sys.modules]
sys.modules.update(dict.fromkeys(UNUSED))  # type: ignore[arg-type]  # their import fails, as where they are not installed
try:
    from numba import njit
    from numba.core.registry import cpu_target

    cpu_target.target_context.refresh()
    cpu_target.typing_context.refresh()
finally:
    for name in UNUSED:
        del sys.modules[name]

__all__ = ["njit"]
