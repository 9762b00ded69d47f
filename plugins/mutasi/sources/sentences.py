"""Validation errors as sentences: where, what was found, and the closest word that would be right."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

from pydantic import ValidationError
from pydantic_core import ErrorDetails

Place = tuple[str, ...]


def one_of(word: str, known: Iterable[str]) -> str:
    """Say that a word is unknown and which known word is closest."""
    words = [str(w) for w in known]
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    hint = f"did you mean `{close[0]}`?" if close else f"expected one of {', '.join(words)}"
    return f"`{word}` is unknown; {hint}"


def sentences(error: ValidationError, keys: Mapping[Place, list[str]], prefix: Place = ()) -> list[str]:
    """One line per error, each starting with the dotted key.

    Args:
        error: what pydantic found.
        keys: the keys that may stand at a place; `*` in a place matches any one key.
        prefix: the place of the validated document inside the file.
    """
    lines: list[str] = []
    for item in error.errors(include_url=False):
        place = (*prefix, *(str(part) for part in item["loc"]))
        text = _text(item, place, keys)
        lines += [f"{'.'.join(place)}: {line}" if place else line for line in text.split("\n")]
    return lines


def _text(item: ErrorDetails, place: Place, keys: Mapping[Place, list[str]]) -> str:
    match item["type"]:
        case "extra_forbidden":
            return one_of(place[-1], _keys_at(place[:-1], keys))
        case "missing":
            return "is missing; add it"
        case "literal_error":
            return one_of(str(item["input"]), re.findall("'([^']+)'", item["ctx"]["expected"]))
        case "string_type" if isinstance(item["input"], int | float):
            return "is text; put it in quotes, for YAML takes it for a number or a truth value"
        case "string_pattern_mismatch":
            return "takes small letters, digits and _, and begins with a letter"
    return item["msg"].removeprefix("Value error, ")


def _keys_at(place: Place, keys: Mapping[Place, list[str]]) -> list[str]:
    for pattern, known in keys.items():
        if len(pattern) == len(place) and all(p in ("*", part) for p, part in zip(pattern, place, strict=True)):
            return known
    return []
