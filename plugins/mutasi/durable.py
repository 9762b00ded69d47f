"""What was put in its place is there whole, also after the power failed.

A rename alone does not say so: the name may reach the disk before the content does, and then an empty file stands in the place
of a whole one, for good. So the content is flushed first, and the folder after the rename that makes others believe in it.
"""

from __future__ import annotations

import os
from pathlib import Path


def put(unfinished: Path, target: Path) -> None:
    """Give a finished file its name."""
    flush(unfinished)
    unfinished.replace(target)


def put_for_good(unfinished: Path, target: Path) -> None:
    """The same for what makes others count: manifests, verdicts, records; when this returns, the name is on disk too."""
    put(unfinished, target)
    flush(target.parent)


def flush(path: Path) -> None:
    """Wait until a file's content, or a folder's names, are on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def flush_tree(folder: Path) -> None:
    """Flush everything below a folder."""
    for path in folder.rglob("*"):
        if not path.is_symlink():
            flush(path)
    flush(folder)
