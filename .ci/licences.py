"""No package is used whose licence nobody has judged: the pins, as installed, against the list in `licences.toml`.

python .ci/licences.py requirements.txt
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

LIST = Path(__file__).with_suffix(".toml")
NO_LICENCE = {"OSI Approved", "DFSG approved"}


def pins(file: Path) -> list[str]:
    """Names of the packages that the pins ask for on this machine and Python."""
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if "==" in line and not line.startswith("#")]
    wanted = [Requirement(line) for line in lines]
    return sorted({r.name for r in wanted if r.marker is None or r.marker.evaluate()})


def declared(name: str) -> str:
    """What a package declares: its SPDX expression, else its classifiers, else its licence field; '' when it says nothing.

    Several classifiers are joined by AND: whether they are a choice is not told, so somebody has to look.

    Raises:
        PackageNotFoundError: it is not installed.
    """
    told = metadata(name)
    if expression := told.get("License-Expression"):
        return expression
    classifiers = [c.split("::")[-1].strip() for c in told.get_all("Classifier") or [] if c.startswith("License ::")]
    if named := [c for c in classifiers if c not in NO_LICENCE]:
        return " AND ".join(named)
    return (told.get("License") or "").strip().partition("\n")[0]


def is_allowed(expression: str, known: dict[str, Any]) -> bool:
    """Every part joined by AND is on the list; of parts joined by OR one is enough."""

    def known_licence(name: str) -> bool:
        return any(known["other_names"].get(n, n) in known["licences"] for n in (name.strip(), name.strip(" ()")))

    parts = [expression] if known_licence(expression) else re.split(r" AND | WITH ", expression)
    return all(any(known_licence(choice) for choice in part.split(" OR ")) for part in parts)


def refused(names: Iterable[str], known: dict[str, Any]) -> list[str]:
    """A sentence for each package that may not be used as it stands."""
    found = []
    for name in names:
        try:
            told = declared(name)
        except PackageNotFoundError:
            found.append(f"{name} is pinned and not installed, so its licence is unknown: make setup.")
            continue
        exception = known["packages"].get(name)
        if not told or not (is_allowed(told, known) or (exception and exception["declared"] == told)):
            found.append(f"{name} declares '{told}', which is not on the list: read the licence, then add it to {LIST.name}.")
    return found


def main(file: str) -> int:
    """Print what is refused; 1 when something is."""
    names = pins(Path(file))
    found = refused(names, tomllib.loads(LIST.read_text(encoding="utf-8")))
    sys.stdout.write("\n".join([*found, f"{len(names)} packages of {file}, {len(found)} without a judged licence.", ""]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
