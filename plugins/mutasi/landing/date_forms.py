"""Which formats would read the dates of a column: the likeliest one, and others beside it where people wrote in several ways."""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from mutasi.sources.datasets import EXCEL

DATE_FORMATS = (
    "%d-%m-%Y", "%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y", "%Y/%m/%d", "%Y%m%d", "%d %B %Y", "%d %b %Y", "%d-%b-%Y", "%d-%m-%y",
    "%d/%m/%y", EXCEL, "%m/%d/%Y", "%m-%d-%Y",
)  # fmt: skip


SPREADSHEET_DATE = "^[0-9]{4}-[0-9]{2}-([0-9]{2})( |$)"
WRITTEN_DATE = "^([0-9]{1,2})[-/.][0-9]{1,2}[-/.][0-9]{4}"
FEW = 10


def swapped(con: duckdb.DuckDBPyConnection, texts: str) -> str | None:
    """What to say where a spreadsheet took the day for the month wherever it could, and left the other dates as text.

    Args:
        texts: query of the values as text, in the column `x`.
    """
    days = ", ".join(
        f"try_cast(regexp_extract(x, '{form}', 1) as integer) as {n}"
        for form, n in ((SPREADSHEET_DATE, "a"), (WRITTEN_DATE, "b"))
    )
    counted = "count(a), coalesce(max(a), 0), count(b), coalesce(min(b), 0)"
    [(dates, latest, written, earliest)] = con.execute(f"select {counted} from (select {days} from ({texts}))").fetchall()
    if min(dates, written) < FEW or latest > 12 or earliest <= 12:
        return None
    return (
        f"the {dates:,} dates that the spreadsheet knows fall on days 1 to 12, the {written:,} that it left as text on days 13 to 31. A program "
        "of American settings has taken the day for the month; ask the agency for the dates as text, for day and month cannot be told apart."
    )


def likelier_formats(readable: Callable[[tuple[str, ...]], int], asked: str, more: tuple[str, ...]) -> str:
    """What to say of the formats asked for; nothing if no other reads more rows.

    Args:
        readable: number of rows that the formats read.
        asked: the format of the column.
        more: the `more_date_formats` of the dataset.
    """

    def best(forms: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, int]:
        counts = {form: readable((form, *others)) for form in forms}
        return max(counts.items(), key=lambda pair: pair[1])  # the first of equals

    chosen, count = best((asked, *DATE_FORMATS), more)
    said = "" if chosen == asked else f' Most likely is "{chosen}", which reads {count:,} rows.'
    # Beside a day that comes first, a month that does would read dates as other days.
    forms = () if chosen.startswith("%m") else tuple(form for form in DATE_FORMATS if not form.startswith("%m"))
    others = more
    while forms:
        form, together = best(forms, (chosen, *others))
        if together <= count:
            break
        others, count = (*others, form), together
    if others == more:
        return said
    written = ", ".join(f'"{form}"' for form in others)
    return f"{said} Written in several ways: with `more_date_formats: [{written}]` {count:,} rows would be dates."
