"""SQL that reads one written value: an identifier, a NIP, a number, a date. What is not certain becomes NULL or stays as it is.

A spreadsheet keeps 15 digits of a number and a NIP has 18. What can be undone without a guess is undone: blanks, apostrophes,
invisible characters, dots between the parts, a `.0` behind. What cannot is left as it was written, so that no rule takes it for
a NIP and the agency sees what happened to it.
"""

from __future__ import annotations

from collections.abc import Iterable

from mutasi.engine import quoted
from mutasi.sources.datasets import EXCEL

# White space of all kinds, and characters that are not seen: joiners, direction marks, the byte order mark.
UNSEEN = r"\s\x{A0}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}\x{FEFF}"
# An apostrophe, or ="…", is how people keep a spreadsheet from rounding.
KEPT_AS_TEXT = '^[\'’‘`]+|^="|"$'
AROUND_NIP = "'’‘`\"="
# The sequence number at the end begins at 001, of PNS and of PPPK: zeros there stand for digits that a spreadsheet dropped.
LOST_NIP = r"[0-9][.,]?[0-9]*[eE]\+?[0-9]+|[0-9]{18}\.0+|[0-9]{15}000"
PARTED_NIP = r"[0-9]{8}[./-][0-9]{6}[./-][0-9][./-][0-9]{3}"
# Floats of the size of a NIP are 32 apart: a NIP that is no multiple of 32 has never been one.
FLOAT_STEP = 32

NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
NUMBER_WITH_COMMA = r"[+-]?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]+)?"

GOLONGAN = r"\b(?:i{1,3}|iv)\s*[/.-]?\s*[a-e]\b"
GOLONGAN_CODES = {
    roman + letter: f"{row}{column}"
    for row, roman in enumerate(("i", "ii", "iii", "iv"), 1)
    for column, letter in enumerate("abcde" if roman == "iv" else "abcd", 1)
}

OLDEST_YEAR = 1000
# Day 1 of a spreadsheet is 1900-01-01, and it counts a 29 February 1900 that never was; five digits are the years 1927 to 2173.
DAY_NUMBER = r"[1-9][0-9]{4}(?:\.[0-9]+)?"
MONTHS = {
    "January": r"januar[iy]|jan",
    "February": r"februar[iy]|pebruari|peb|feb",
    "March": r"maret|march|mrt|mar",
    "April": r"april|apr",
    "May": r"mei|may",
    "June": r"juni|june|jun",
    "July": r"juli|july|jul",
    "August": r"agustus|august|agust|agu|ags|agt|aug",
    "September": r"september|sept|sep",
    "October": r"oktober|october|okt|oct",
    "November": r"november|nopember|nov|nop",
    "December": r"desember|december|des|dec",
}


def identifier(text: str) -> str:
    """An identifier without white space and without what marks it as text in a spreadsheet."""
    bare = f"nullif(regexp_replace({text}, {quoted(f'[{UNSEEN}]+|{KEPT_AS_TEXT}')}, '', 'g'), '')"
    # Most have nothing to remove, and finding that out is much cheaper.
    return f"case when regexp_full_match({text}, '[0-9A-Za-z._/-]+') then {text} else {bare} end"


def nip(text: str) -> str:
    """A NIP of 18 digits where no digit is in doubt; else what was written, without blanks."""
    bare = f"regexp_replace({text}, {quoted(f'[{UNSEEN}{AROUND_NIP}]+')}, '', 'g')"
    digits = f"left({bare}, 18)"
    return f"""case when regexp_full_match({text}, '[0-9]{{18}}') then {text}
        when regexp_full_match({bare}, {quoted(PARTED_NIP)}) then regexp_replace({bare}, '[./-]', '', 'g')
        when regexp_full_match({bare}, '[0-9]{{18}}\\.0+') and try_cast({digits} as bigint) % {FLOAT_STEP} <> 0 then {digits}
        else nullif({bare}, '') end"""


def number(text: str, decimal: str, factor: float | None = None) -> str:
    """A finite number, times `factor`. With a decimal comma, dots must stand between groups of three digits, so `12.5` is none."""
    if decimal == ",":
        plain, pattern = f"replace(replace({text}, '.', ''), ',', '.')", NUMBER_WITH_COMMA
    else:
        plain, pattern = text, NUMBER
    value = f"try_cast({plain} as double)" if factor is None else f"try_cast({plain} as double) * {factor!r}::double"
    return f"case when regexp_full_match({text}, {quoted(pattern)}) and isfinite({value}) then {value} end"


def whole_number(text: str, decimal: str, factor: float | None = None) -> str:
    """A number without a fraction."""
    value = number(text, decimal, factor)
    return f"case when {value} = round({value}) then try_cast({value} as bigint) end"


def date(text: str, formats: Iterable[str]) -> str:
    """A date in the first format that fits, with or without a time of day behind it.

    Words that the database knows as dates (`epoch`, `infinity`) and years of two digits read as four are none.
    """
    given = list(formats)
    asked = [form for form in given if form != EXCEL]
    tried = [f"{f}{time}" for f in asked for time in ("", " %H:%M:%S", " %H:%M") if not time or "%H" not in f]
    is_short = any("%b" in f for f in asked)
    written = _english_months(text, is_short) if is_short or any("%B" in f for f in asked) else text
    read = dict.fromkeys(f.replace("%B", "%b") if is_short else f for f in tried)
    value = f"try_strptime({written}, [{', '.join(quoted(f) for f in read)}])"
    days = f"when regexp_full_match({text}, {quoted(DAY_NUMBER)}) then date '1899-12-30' + cast(left({text}, 5) as integer)"
    return f"""case {days if EXCEL in given else ""}
        when regexp_matches({text}, '[0-9]') and year({value}) >= {OLDEST_YEAR} then cast({value} as date) end"""


def golongan(text: str) -> str:
    """BKN's code of the golongan that stands in a text such as `Penata Muda (III/a)`; NULL where none or more than one does."""
    written = f"regexp_extract_all(lower({text}), {quoted(GOLONGAN)})"
    found = f"list_distinct(list_transform({written}, lambda one: regexp_replace(one, '[^iva-e]', '', 'g')))"
    codes = " ".join(f"when {quoted(name)} then {quoted(code)}" for name, code in GOLONGAN_CODES.items())
    return f"case when len({found}) = 1 then case {found}[1] {codes} end end"


def _english_months(text: str, is_short: bool) -> str:
    """Indonesian and English names of months, full and short, as the English names that the database reads."""
    for english, names in MONTHS.items():
        pattern = quoted(rf"(?i)\b(?:{names})\b\.?")
        text = f"regexp_replace({text}, {pattern}, {quoted(english[:3] if is_short else english)})"
    return text
