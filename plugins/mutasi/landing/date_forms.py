"""Which formats would read the dates of a column: the likeliest one, and others beside it where people wrote in several ways."""

from __future__ import annotations

from collections.abc import Callable

from mutasi.sources.datasets import EXCEL

DATE_FORMATS = (
    "%d-%m-%Y", "%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y", "%Y/%m/%d", "%Y%m%d", "%d %B %Y", "%d %b %Y", "%d-%b-%Y", "%d-%m-%y",
    "%d/%m/%y", EXCEL, "%m/%d/%Y", "%m-%d-%Y",
)  # fmt: skip


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
