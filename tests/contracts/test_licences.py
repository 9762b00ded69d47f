"""A package with a licence that nobody judged is red, and so is one that changes its licence."""

from __future__ import annotations

import copy
import importlib.util
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mutasi.settings import PROJECT

LIST = PROJECT / ".ci" / "licences.toml"


@pytest.fixture(scope="module")
def licences() -> ModuleType:
    spec = importlib.util.spec_from_file_location("licences", PROJECT / ".ci" / "licences.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def known() -> dict[str, Any]:
    return tomllib.loads(LIST.read_text(encoding="utf-8"))


def install(folder: Path, name: str, *lines: str) -> None:
    """A package's metadata where Python looks for it."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("\n".join(["Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0", *lines, ""]))


@pytest.mark.parametrize(
    ("lines", "is_refused"),
    [
        (["License-Expression: MIT"], False),
        (["License-Expression: GPL-3.0-only OR (BSD-3-Clause)"], False),
        (["License-Expression: MIT AND AGPL-3.0-only"], True),
        (["License-Expression: AGPL-3.0-only"], True),
        (["Classifier: License :: OSI Approved :: MIT License"], False),
        (["Classifier: License :: OSI Approved", "License: Apache-2.0"], False),
        (["Classifier: License :: OSI Approved :: MIT License", "Classifier: License :: Other/Proprietary License"], True),
        (["License: Commercial"], True),
        ([], True),
    ],
)
def test_only_what_is_on_the_list_passes(licences, known, tmp_path, monkeypatch, lines, is_refused) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    install(tmp_path, "rekaan", *lines)
    assert [("rekaan declares" in sentence) for sentence in licences.refused(["rekaan"], known)] == [True] * is_refused


def test_an_exception_holds_for_the_licence_that_was_read(licences, known, tmp_path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    install(tmp_path, "rekaan", "License-Expression: LGPL-2.1")
    judged = copy.deepcopy(known)
    judged["packages"]["rekaan"] = {"declared": "LGPL-2.1", "reason": "Used unchanged."}
    assert licences.refused(["rekaan"], judged) == []
    judged["packages"]["rekaan"]["declared"] = "LGPL-2.0"
    assert licences.refused(["rekaan"], judged)


def test_a_pin_that_is_not_installed_is_red(licences, known) -> None:
    assert "not installed" in licences.refused(["paket-yang-tidak-ada"], known)[0]


def test_every_pin_of_ours_passes_and_one_struck_from_the_list_does_not(licences, known) -> None:
    pins = licences.pins(PROJECT / "requirements.txt")
    assert len(pins) > 100 and licences.refused(pins, known) == []
    del known["packages"]["paramiko"]
    assert [s.split()[0] for s in licences.refused(pins, known)] == ["paramiko"]


def test_every_line_of_the_list_has_a_reason(known) -> None:
    assert all(len(reason) > 10 for reason in known["licences"].values())
    assert all(len(package["reason"]) > 10 for package in known["packages"].values())
    assert set(known["other_names"].values()) <= set(known["licences"])


def test_lint_and_the_image_ask(licences) -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    assert ".ci/licences.py requirements.txt" in makefile
    assert "licences.py /tmp/requirements-team.txt" in (PROJECT / "Dockerfile").read_text(encoding="utf-8")
