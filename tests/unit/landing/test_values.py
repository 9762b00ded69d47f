"""The SQL that reads NIPs, numbers and dates against plain Python, on examples and on generated text."""

from __future__ import annotations

import calendar
import datetime as dt
import math
import re
from collections.abc import Callable

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mutasi.landing import values

NIP = "198801012010011001"
ROUNDED = str(int(float(NIP)))
BATCH = settings(derandomize=True, max_examples=12, deadline=None, database=None)
Sql = Callable[[str], str]


def read(sql: Sql, texts: list[str]) -> list[object]:
    """What the SQL makes of each text, in one query."""
    with duckdb.connect() as con:
        con.execute("create table t as select unnest(?::varchar[]) as x, unnest(range(?)) as n", [texts, len(texts)])
        return [value for (value,) in con.execute(f"select {sql('x')} from t order by n").fetchall()]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (NIP, NIP),
        (f"'{NIP}", NIP),
        (f'="{NIP}"', NIP),
        ("19880101 201001 1 001", NIP),
        ("19880101.201001.1.001", NIP),
        ("19880101-201001-1-001", NIP),
        (f"\ufeff{NIP}\u200b", NIP),
        (f"{NIP}\n", NIP),
        (f"{NIP}.0", NIP),
        (f"{ROUNDED}.0", f"{ROUNDED}.0"),
        ("1.98E+17", "1.98E+17"),
        ("1,98801012010011E+17", "1,98801012010011E+17"),
        ("1.98801012010011001E+17", "1.98801012010011001E+17"),
        ("1988010120100110O1", "1988010120100110O1"),
        ("19880101-20100110-01", "19880101-20100110-01"),
        ("", None),
        ("'", None),
    ],
)
def test_a_nip_is_recovered_only_where_no_digit_is_in_doubt(written: str, found: str | None) -> None:
    assert read(values.nip, [written]) == [found]


def python_nip(text: str) -> str | None:
    bare = "".join(c for c in text if c not in "'’‘`\"= \u00a0\u200b\ufeff\n\t")
    if re.fullmatch(r"[0-9]{8}[./-][0-9]{6}[./-][0-9][./-][0-9]{3}", bare):
        return re.sub(r"[./-]", "", bare)
    whole, point, zeros = bare.partition(".")
    if re.fullmatch("[0-9]{18}", whole) and point and zeros and not zeros.strip("0") and int(whole) != int(float(whole)):
        return whole
    return bare or None


@BATCH
@given(
    st.lists(
        st.one_of(
            st.text("0123456789.'-/ \u00a0\u200b\"=Ee+", max_size=24),
            st.builds(
                lambda head, nip, tail: f"{head}{nip}{tail}",
                st.sampled_from(["", "'", '="', "\ufeff", " "]),
                st.integers(10**17, 10**18 - 1).map(str) | st.just(NIP),
                st.sampled_from(["", ".0", ".00", '"', "\u200b", "E0", ".5"]),
            ),
            st.floats(1.9e17, 2.1e17).map(repr),
            st.floats(1.9e17, 2.1e17).map("{:.1f}".format),
        ),
        min_size=40,
        max_size=40,
    )
)
def test_nips_like_python(texts: list[str]) -> None:
    # The reference knows no float below the size of a NIP: there, not every rounding is a multiple of 32.
    texts = [t for t in texts if not re.search(r"(?<!\d)1[0-3]\d{16}\.|[3-9]\d{17}\.|2[2-9]\d{16}\.", t)]
    found = read(values.nip, texts)
    assert found == [python_nip(text) for text in texts]
    rounded = [text for text in texts if re.fullmatch(r"[12]\.\d+e\+17|\d{18}\.0", text) and float(text) == int(float(text))]
    for text, value in zip(texts, found, strict=True):
        if text in rounded and "e" in text:
            assert value is None or not re.fullmatch(r"\d{18}", str(value)), "what was a float is no NIP"


@pytest.mark.parametrize(
    ("written", "decimal", "found"),
    [
        ("1234", ".", 1234.0),
        ("12.5", ".", 12.5),
        ("1e3", ".", 1000.0),
        ("1,5", ".", None),
        ("1_000", ".", None),
        ("nan", ".", None),
        ("inf", ".", None),
        ("1e999", ".", None),
        ("1 000", ".", None),
        ("12,5", ",", 12.5),
        ("1.234,56", ",", 1234.56),
        ("1.234.567", ",", 1234567.0),
        ("-1.234", ",", -1234.0),
        ("82.70", ",", None),
        ("1,234.56", ",", None),
        ("1.23,4", ",", None),
        ("12,5,6", ",", None),
        ("Rp1.000", ",", None),
    ],
)
def test_numbers(written: str, decimal: str, found: float | None) -> None:
    assert read(lambda x: values.number(x, decimal), [written]) == [found]


def python_number(text: str, decimal: str) -> float | None:
    if decimal == ",":
        whole, comma, fraction = text.partition(",")
        groups = whole.lstrip("+-").split(".")
        is_grouped = len(groups) == 1 or (1 <= len(groups[0]) <= 3 and all(len(g) == 3 for g in groups[1:]))
        if not is_grouped or len(whole) - len(whole.lstrip("+-")) > 1 or (comma and not fraction) or not all(groups):
            return None
        if not all(c in "0123456789" for g in (*groups, fraction) for c in g):
            return None
        text = whole.replace(".", "") + ("." + fraction if fraction else "")
    if "_" in text or not text.isascii() or text != text.strip() or len(text) - len(text.lstrip("+-")) > 1:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


@BATCH
@given(
    st.lists(
        st.one_of(
            st.text("0123456789.,-+eE_ ", max_size=9), st.floats().map(repr), st.integers(-(10**9), 10**9).map("{:,}".format)
        ),
        min_size=60,
        max_size=60,
    ),
    st.sampled_from([".", ","]),
)
def test_numbers_like_python(texts: list[str], decimal: str) -> None:
    found = read(lambda x: values.number(x, decimal), texts)
    assert found == [python_number(text, decimal) for text in texts]
    whole = read(lambda x: values.whole_number(x, decimal), texts)
    fits = [v is not None and v == round(v) and -(2**63) <= v < 2**63 for v in found]
    assert whole == [round(v) if is_whole else None for v, is_whole in zip(found, fits, strict=True)]


@pytest.mark.parametrize(
    ("written", "form", "found"),
    [
        ("31-12-2020", "%d-%m-%Y", dt.date(2020, 12, 31)),
        ("1-2-2020", "%d-%m-%Y", dt.date(2020, 2, 1)),
        ("31/12/2020 00:00:00", "%d/%m/%Y", dt.date(2020, 12, 31)),
        ("31/12/2020 07:30", "%d/%m/%Y", dt.date(2020, 12, 31)),
        ("12/31/2020", "%d/%m/%Y", None),
        ("29-02-2021", "%d-%m-%Y", None),
        ("0000-00-00", "%d-%m-%Y", None),
        ("31-12-20", "%d-%m-%Y", None),
        ("31-12-20", "%d-%m-%y", dt.date(2020, 12, 31)),
        ("epoch", "%d-%m-%Y", None),
        ("infinity", "%d-%m-%Y", None),
        ("44197", "%d-%m-%Y", None),
        ("1990-01-31T17:00:00.000Z", "%d-%m-%Y", None),
        ("17 Agustus 1995", "%d %B %Y", dt.date(1995, 8, 17)),
        ("1 MEI 2001", "%d %B %Y", dt.date(2001, 5, 1)),
        ("3 Nopember 1989", "%d %B %Y", dt.date(1989, 11, 3)),
        ("3 Okt. 1989", "%d %b %Y", dt.date(1989, 10, 3)),
        ("3 Marta 1989", "%d %B %Y", None),
    ],
)
def test_dates(written: str, form: str, found: dt.date | None) -> None:
    assert read(lambda x: values.date(x, [form]), [written]) == [found]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("01-02-2026", dt.date(2026, 2, 1)),
        ("1 Februari 2026", dt.date(2026, 2, 1)),
        ("1 Feb 2026", dt.date(2026, 2, 1)),
        ("46054", dt.date(2026, 2, 1)),
        ("46054.75", dt.date(2026, 2, 1)),
        ("01/02/2026", None),
        ("4605", None),
        ("2026", None),
    ],
)
def test_dates_of_several_hands(written: str, found: dt.date | None) -> None:
    assert read(lambda x: values.date(x, ["%d-%m-%Y", "%d %B %Y", "%d %b %Y", "excel"]), [written]) == [found]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("III/a", "31"),
        ("Penata Muda/ III a", "31"),
        ("Penata Muda Tk.I, III/b", "32"),
        ("Pembina Utama\n(IV/E)", "45"),
        ("IID", "24"),
        ("Pengatur Tk. I - II/d", "24"),
        ("III/a (naik ke III/b)", None),
        ("Penata Muda", None),
        ("II/e", None),
        ("IX", None),
        ("IV dan V", None),
    ],
)
def test_a_golongan_within_words(written: str, found: str | None) -> None:
    assert read(values.golongan, [written]) == [found]


def python_date(text: str) -> dt.date | None:
    found = re.fullmatch(r"([0-9]{1,2})([-/])([0-9]{1,2})\2([0-9]{1,4})", text)
    if not found or found[2] != "-":
        return None
    day, month, year = int(found[1]), int(found[3]), int(found[4])
    if year < values.OLDEST_YEAR or not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(year, month)[1]:
        return None
    return dt.date(year, month, day)


@BATCH
@given(
    st.lists(
        st.one_of(
            st.text("0123456789-/ ", max_size=11),
            st.builds("{}-{}-{}".format, st.integers(0, 33), st.integers(0, 14), st.integers(0, 12_000)),
            st.dates().map(lambda d: d.strftime("%d/%m/%Y")),
            st.dates(min_value=dt.date(1900, 1, 1)).map(lambda d: d.strftime("%d-%m-%Y")),
            st.sampled_from(["epoch", "infinity", "-infinity", "today", "now"]),
        ),
        min_size=60,
        max_size=60,
    )
)
def test_dates_like_python(texts: list[str]) -> None:
    assert read(lambda x: values.date(x, ["%d-%m-%Y"]), texts) == [python_date(text) for text in texts]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("'01", "01"),
        ('="0071"', "0071"),
        ("14.71\u00a0", "14.71"),
        ("A 1\n2", "A12"),
        ("O'Neil", "O'Neil"),
        ("3.0", "3.0"),
        ("'", None),
    ],
)
def test_identifiers(written: str, found: str | None) -> None:
    assert read(values.identifier, [written]) == [found]
