"""Engines that run in processes of their own: arrays go in and come out, nothing else is shared."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

Arrays = dict[str, npt.NDArray[Any]]
DONE = "done\n"


class EngineError(RuntimeError):
    """A process ended without an answer; the sentence says which engine and how."""


class Engine:
    """A process that answers one question after another, for starting it takes longer than most answers."""

    def __init__(self, module: str) -> None:
        self.module = module
        self._folder = tempfile.TemporaryDirectory()
        self._said = Path(self._folder.name, "said")
        with self._said.open("w") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True
            )

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.kill()  # it waits for a question or is still starting; nothing is lost
        self._process.communicate()
        self._folder.cleanup()

    def ask(self, arrays: Arrays) -> Arrays:
        """What the module's function makes of the arrays.

        Raises:
            EngineError: the process ended instead of answering.
        """
        source, target = Path(self._folder.name, "in.npz"), Path(self._folder.name, "out.npz")
        np.savez(source, **arrays)  # type: ignore[arg-type]
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps([str(source), str(target)]) + "\n")
        self._process.stdin.flush()
        if not any(line == DONE for line in iter(self._process.stdout.readline, "")):
            last = self._said.read_text().strip().splitlines()[-1:] or ["no message"]
            name = self.module.rpartition(".")[2]
            raise EngineError(f"The engine {name} ended with code {self._process.wait()}: {last[0]}")
        with np.load(target) as found:
            return dict(found)


def run(module: str, arrays: Arrays) -> Arrays:
    """Ask a process that is started for this one question.

    Raises:
        EngineError: the process failed.
    """
    with Engine(module) as engine:
        return engine.ask(arrays)


def serve(solve: Callable[[Mapping[str, npt.NDArray[Any]]], Arrays]) -> None:
    """The other side: answer until nobody asks any more. Arrays are read when they are looked at."""
    for line in sys.stdin:
        source, target = json.loads(line)
        with np.load(source) as given:
            np.savez(target, **solve(given))  # type: ignore[arg-type]
        sys.stdout.write(DONE)
        sys.stdout.flush()
