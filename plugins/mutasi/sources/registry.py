"""Reads agency files; the folder of files is the whole registry."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import ValidationError

from mutasi.errors import NeedsAPerson
from mutasi.sources.agency import KEYS, Agency
from mutasi.sources.sentences import sentences
from mutasi.yaml_text import KeyTwice, from_yaml


class AgencyFileError(NeedsAPerson):
    """An agency file cannot be used; every line of the message is one sentence naming file, key and what to do."""


def read_agency(file: Path) -> Agency:
    """Read and check one agency file.

    Raises:
        AgencyFileError: the file is not YAML, has unknown or missing keys, or maps what does not exist.
    """
    try:
        document = from_yaml(file.read_text(encoding="utf-8"))
    except IsADirectoryError:
        raise AgencyFileError(f"{file}: is a folder; name its files, such as {file / 'contoh.yml'}.") from None
    except OSError:
        raise AgencyFileError(f"{file}: cannot be read; check the path and its permissions.") from None
    except KeyTwice as error:
        raise AgencyFileError(f"{file.name}: {error}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" near line {mark.line + 1}" if mark else ""
        raise AgencyFileError(f"{file}: is not valid YAML{line}; check indentation and quotes.") from None
    if not isinstance(document, dict):
        raise AgencyFileError(f"{file}: is empty or not a mapping; start from template.yml.")
    try:
        return Agency.model_validate(document)
    except ValidationError as error:
        raise AgencyFileError("\n".join(f"{file.name}: {line}" for line in sentences(error, KEYS))) from None


def agency_files(folder: Path) -> list[Path]:
    """The agencies' files, unopened, in the order of their names; `template.yml` is documentation and no agency."""
    return sorted(file for file in folder.glob("*.yml") if file.name != "template.yml")


def read_agencies(folder: Path) -> dict[str, Agency]:
    """All agencies of a folder by id, sorted.

    Raises:
        AgencyFileError: a file is unusable, or two files carry the same `agency_id`.
    """
    found: dict[str, Agency] = {}
    for file in agency_files(folder):
        agency = read_agency(file)
        if agency.agency_id in found:
            raise AgencyFileError(f"{file.name}: agency_id: `{agency.agency_id}` is used by another file too; ids are unique.")
        found[agency.agency_id] = agency
    return found
