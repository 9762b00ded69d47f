"""Engines that run in processes of their own: arrays go in and come out, nothing else is shared."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Arrays = dict[str, npt.NDArray[Any]]


class EngineError(RuntimeError):
    """A process ended without an answer; the sentence says which engine and how."""


def run(module: str, arrays: Arrays) -> Arrays:
    """Run a module's `main(input, output)` on arrays and return the arrays that it wrote.

    Raises:
        EngineError: the process failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.npz"), Path(folder, "out.npz")
        np.savez(source, **arrays)  # type: ignore[arg-type]
        done = subprocess.run(
            [sys.executable, "-m", module, str(source), str(target)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            last = done.stderr.strip().splitlines()[-1:] or ["no message"]
            raise EngineError(f"The engine {module.rpartition('.')[2]} ended with code {done.returncode}: {last[0]}")
        with np.load(target) as found:
            return dict(found)
