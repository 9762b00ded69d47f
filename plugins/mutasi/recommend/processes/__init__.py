"""Engines that run in processes of their own: arrays go in and come out, nothing else is shared."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # NumPy loads when it is used: an engine that starts before that is ready sooner
    import numpy.typing as npt

# Read when NumPy is first imported, here or in an engine: nobody multiplies matrices, and threads for that double the import.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# NumPy parses what stands before each array, and Python 3.11 fails when two threads parse at once (python/cpython#106905).
_reading = threading.Lock()
Arrays = dict[str, "npt.NDArray[Any]"]
CAPPED = "mutasi.recommend.processes.capped"
DONE = "done\n"


class EngineError(RuntimeError):
    """A process ended without an answer; the sentence says which engine and how."""


class Engine:
    """A process that answers one question after another, for starting it takes longer than most answers."""

    def __init__(self, module: str) -> None:
        self.module = module
        self._folder = Path(tempfile.mkdtemp())
        self._said = self._folder / "said"
        with self._said.open("w") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True
            )

    def close(self) -> None:
        """End the process, whatever it is at."""
        self._process.kill()
        self._process.communicate()
        shutil.rmtree(self._folder)

    def ask(self, arrays: Arrays) -> Arrays:
        """What the module's function makes of the arrays.

        Raises:
            EngineError: the process ended instead of answering.
        """
        import numpy as np

        source, target = self._folder / "in.npz", self._folder / "out.npz"
        np.savez(source, **arrays)  # type: ignore[arg-type]
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps([str(source), str(target)]) + "\n")
        self._process.stdin.flush()
        if not any(line == DONE for line in iter(self._process.stdout.readline, "")):
            last = self._said.read_text().strip().splitlines()[-1:] or ["no message"]
            name = self.module.rpartition(".")[2]
            raise EngineError(f"The engine {name} ended with code {self._process.wait()}: {last[0]}")
        with _reading, np.load(target) as found:
            return dict(found)


# By process and module: a process that was forked from this one has engines of its own.
_at_rest: defaultdict[tuple[int, str], list[Engine]] = defaultdict(list)


def start(module: str, number: int) -> None:
    """Have so many engines at rest soon, for whoever will ask."""
    resting = _at_rest[os.getpid(), module]
    while len(resting) < number:
        resting.append(Engine(module))


def run(module: str, arrays: Arrays) -> Arrays:
    """Ask an engine that is at rest, or a new one; it rests again for whoever asks next, until this process ends.

    Raises:
        EngineError: the engine's process failed.
    """
    resting = _at_rest[os.getpid(), module]
    try:
        engine = resting.pop()
    except IndexError:
        engine = Engine(module)
    try:
        found = engine.ask(arrays)
    except BaseException:  # it may still be at work on what nobody waits for
        engine.close()
        raise
    resting.append(engine)
    return found


@atexit.register
def close_all() -> None:
    """End the engines of this process that rest; what they used then counts as its children's."""
    for (process, _), engines in _at_rest.items():
        while process == os.getpid() and engines:
            engines.pop().close()


def serve(solve: Callable[[Mapping[str, npt.NDArray[Any]]], Arrays]) -> None:
    """The other side: answer until nobody asks any more. Arrays are read when they are looked at."""
    import numpy as np

    for line in sys.stdin:
        source, target = json.loads(line)
        with np.load(source) as given:
            np.savez(target, **solve(given))  # type: ignore[arg-type]
        sys.stdout.write(DONE)
        sys.stdout.flush()
