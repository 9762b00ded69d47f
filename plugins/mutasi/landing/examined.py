"""One dataset of an agency under the eye of somebody who writes its agency file: what each column holds, in sentences.

Codes are shown, because they have to be mapped; values of identifiers, names and texts never are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from mutasi.engine import named, quoted
from mutasi.landing import values
from mutasi.landing.date_forms import likelier_formats, swapped
from mutasi.landing.findings import Finding, Tolerance
from mutasi.landing.no_records import TOTALS, blank_rows, blank_sentence
from mutasi.landing.plausible import implausible
from mutasi.landing.typed import BLANKS, MORE_DATE_FORMATS, NIP, typed_query
from mutasi.sources.agency import ColumnMap, DatasetSource, FilesRead
from mutasi.sources.connection import Extract, SourceError
from mutasi.sources.datasets import FALSE_WORDS, TRUE_WORDS, Column, datasets
from mutasi.sources.request import Request, is_of_a_person
from mutasi.sources.staging import engine

# The rules on keys stop a dataset above this share of its rows; a few rows of a small dataset are no reason to stop.
TOLERATED, TOLERATED_ROWS = 0.05, 10
SHOWN_CODES, LONGEST_CODE = 12, 24
# Numbers that tell nothing by themselves.
OF_BKN = ("legal_status_code", "education_level_code", "min_education_code", "golongan_code", "golongan_min", "golongan_max")
MEANT = " What BKN's codes mean stands at the end of docs/reference/datasets.md."


class Examined:
    """The raw and the typed rows of one dataset in an engine of their own."""

    def __init__(self, request: Request, found: Extract, folder: Path, tolerances: Sequence[Tolerance] = ()) -> None:
        self.request, self.canon = request, datasets()[request.dataset]
        self.tolerances = [t for t in tolerances if t.dataset == request.dataset]
        self.names = found.batches.schema.names
        present = {c: m for c, m in request.source.columns.items() if m.source is None or m.source in self.names}
        skips = {c: words for c, words in request.source.skip_where.items() if c in self.names}
        fills = tuple(c for c in request.source.fill_down if c in self.names)
        changes = {"columns": present, "skip_where": skips, "fill_down": fills}
        self.source: DatasetSource = request.source.model_copy(update=changes)
        self.con = engine(folder)
        self.con.register("arrived", found.batches)
        self.con.execute("create table raw as select row_number() over () as _place, * from arrived")
        typed = typed_query(request.agency.agency_id, self.canon, self.source, found.batches.schema, "raw")
        self.con.execute(f"create table typed as {typed}")
        self.read = self._number("select count(*) from typed")
        if skips:
            self.con.execute("delete from typed where _is_skipped")
        self.rows = self._number("select count(*) from typed")
        self.blank = blank_rows(self.con, self.source)

    def findings(self) -> tuple[int, list[Finding]]:
        """(rows read, what is to be said of them)."""
        found = list(self._missing())
        if self.read > self.rows:
            found.append(Finding(f"{self.read - self.rows:,} rows are no records by `skip_where`."))
        if self.blank:
            found.append(Finding(blank_sentence(self.canon, self.source, self.blank, self.rows)))
        if self.rows == 0:
            found.append(Finding(self._why_none(), stops=self.canon.core))
        else:
            for column, mapping in self.source.columns.items():
                found += self._column(column, self.canon.columns[column], mapping)
            found += self._keys()
            for tolerance in self.tolerances:
                found += self._tolerated(tolerance)
            found += [Finding(sentence) for sentence in implausible(self.con, self.request.dataset, set(self.source.columns))]
        found += self._left_over()
        self.con.close()
        return self.read, found

    def _why_none(self) -> str:
        if self.read:
            return "there are no rows but those that `skip_where` leaves out; correct its words."
        if isinstance(self.source.read, FilesRead):
            return (
                "there are no rows below the header. Ask the agency for a complete export; if the rows stand in another file or sheet, "
                "correct `path` or `sheet`."
            )
        return "there are no rows. Correct what is read (`table`, `query`, the path of the service), or ask the agency why it is empty."

    def _missing(self) -> Iterator[Finding]:
        try:
            self.request.require(self.request.mapped, self.names)
        except SourceError as error:
            yield Finding(str(error), stops=True)

    def _left_over(self) -> Iterator[Finding]:
        known = {*self.request.mapped, *(() if self.source.ignore == "*" else self.source.ignore)}
        rest = [f"`{name}`" for name in self.names if name not in known]
        if rest and self.source.ignore != "*" and not is_of_a_person(self.names):
            yield Finding(f"nothing maps the source's {', '.join(rest)}; map them or name them under `ignore`.")

    def _keys(self) -> Iterator[Finding]:
        key = [named(column) for column in self.canon.key if column in self.source.columns]
        if len(key) < len([c for c in self.canon.key if self.canon.columns[c].required]):
            return
        complete = " and ".join(f"{named(c)} is not null" for c in self.canon.key if self.canon.columns[c].required)
        twice = self._number(
            f"select coalesce(sum(n), 0) from (select count(*) as n from typed where {complete} group by {', '.join(key)} having n > 1)"
        )
        if twice:
            yield Finding(
                f"{twice:,} rows share their key ({', '.join(self.canon.key)}) with another row.",
                stops=self._is_too_many(twice),
            )

    def _tolerated(self, rule: Tolerance) -> Iterator[Finding]:
        """What the night would say of a column as a whole; the columns themselves are told one by one."""
        mapping = self.source.columns.get(rule.column)
        if rule.values and (mapping is None or mapping.source is None):
            return
        listed = ", ".join(quoted(value) for value in rule.values)
        fails = f"typed.{named(rule.column)} not in ({listed})" if rule.values else f"{named(rule.column)} <> ''"
        bad = self._number(f"select count(*) from typed where {fails}")
        stops = bad > rule.percent / 100 * self.rows and (bad >= rule.rows or bad == self.rows)
        if bad and mapping is not None:
            meant = MEANT if rule.column in OF_BKN else ""
            codes = f"{self._codes(fails, mapping)} Ours are {', '.join(rule.values)}.{meant}"
            yield Finding(
                f"{rule.column} (from `{mapping.source}`): {bad:,} of {self.rows:,} rows hold a code that is not mapped: {codes}",
                stops,
            )
        elif stops:
            what = "a code that is not mapped" if rule.column == "_unmapped" else "a date or number that cannot be read"
            yield Finding(
                f"{bad:,} of {self.rows:,} rows hold {what}; above {rule.percent:g} % the night stops the dataset ({rule.rule}).",
                stops,
            )

    def _column(self, name: str, column: Column, mapping: ColumnMap) -> Iterator[Finding]:
        value = named(name)
        if mapping.source is None:
            return
        label = f"{name} (from `{mapping.source}`)"
        bad = self._number(f"select count(*) from typed where contains(_unreadable || _unmapped, {quoted(f' {name} ')})")
        empty = self._number(f"select count(*) from typed where {value} is null") - bad
        is_needed = column.required and self._is_too_many(bad + empty)
        if bad:
            yield Finding(f"{label}: {self._bad(name, column, mapping, bad)}", stops=is_needed)
        if empty == self.rows:
            yield Finding(f"{label}: is empty in every row.", stops=column.required)
        elif empty and column.required:
            # Never for a number: a quantity that is missing is not that of the row above.
            hint = self._why_empty(column, mapping.source, empty - self.blank, bad)
            yield Finding(f"{label}: is required and empty in {empty:,} of {self.rows:,} rows.{hint}", stops=is_needed)
        if name == NIP:
            yield from self._nips(label)
        if column.type == "date" and (told := swapped(self.con, self._texts(mapping))):
            yield Finding(f"{label}: {told}", stops=column.required)
        if column.type in ("integer", "decimal") and mapping.decimal == ".":
            yield from self._groups(label, mapping)

    def _why_empty(self, column: Column, source: str, empty: int, bad: int) -> str:
        """What leaves an identifier empty in files, wholly blank rows aside."""
        if column.type != "id" or not empty or not isinstance(self.source.read, FilesRead):
            return ""
        if self._is_too_many(bad + empty):
            return f" If cells are merged over rows, set `fill_down: [{source}]`."
        return TOTALS

    def _groups(self, label: str, mapping: ColumnMap) -> Iterator[Finding]:
        """`2.400` is two thousand four hundred in Indonesia, and 2.4 to a computer."""
        [(dotted, grouped)] = self.con.execute(
            f"select count(*), count(*) filter (where regexp_full_match(x, '[0-9]{{1,3}}(\\.[0-9]{{3}})+')) "
            f"from ({self._texts(mapping)}) where contains(x, '.')"
        ).fetchall()
        if dotted and dotted == grouped:
            yield Finding(
                f"{label}: every dot of its {dotted:,} dotted values stands before three digits; if it parts thousands, set "
                '`decimal: ","`.'
            )

    def _nips(self, label: str) -> Iterator[Finding]:
        is_lost = f"regexp_full_match(nip, {quoted(values.LOST_NIP)})"
        lost = self._number(f"select count(*) from typed where {is_lost}")
        wrong = self._number(f"select count(*) from typed where not regexp_full_match(nip, '[0-9]{{18}}') and not {is_lost}")
        stops = self._is_too_many(lost + wrong)
        if lost:
            yield Finding(
                f"{label}: {lost:,} of {self.rows:,} values were rounded by a spreadsheet, which keeps 15 digits of a number (`E+17`, or "
                "`000` at the end); what is lost cannot be recovered. Ask for a new export from the system itself, with this column as text.",
                stops,
            )
        if wrong:
            yield Finding(
                f"{label}: {wrong:,} of {self.rows:,} values have not 18 digits, and their rows are left out. If another column holds the "
                "NIP (an old NIP has 9 digits, a NIK 16), map that one; else ask the agency to correct them.",
                stops,
            )

    def _bad(self, name: str, column: Column, mapping: ColumnMap, bad: int) -> str:
        of = f"{bad:,} of {self.rows:,} rows"
        if column.type == "date":
            asked, others = mapping.format or self.source.date_format, self.source.more_date_formats

            def readable(forms: tuple[str, ...]) -> int:
                return self._readable(mapping, lambda x: values.date(x, (*forms, *MORE_DATE_FORMATS)))

            zero = self._number(f"select count(*) from ({self._texts(mapping)}) where x in ('0000-00-00', '00-00-0000')")
            zeros = f" {zero:,} of them are zero dates; name them under `nulls`." if zero else ""
            return f"{of} hold no date in the format {asked}.{zeros}{likelier_formats(readable, asked, others)}"
        if column.type in ("integer", "decimal"):
            other = "," if mapping.decimal == "." else "."
            more = self._readable(mapping, lambda x: values.number(x, other))
            hint = f' With `decimal: "{other}"` {more:,} rows would be numbers.' if more > self._readable_now(name) else ""
            kind = "whole number" if column.type == "integer" else "number"
            return f"{of} hold no {kind} with the decimal sign `{mapping.decimal}`.{hint}"
        meant = MEANT if name in OF_BKN else ""
        wanted = f" Ours are {', '.join(column.allowed)}.{meant}" if column.allowed else ""
        if column.type == "boolean":
            wanted = f" Understood are {', '.join(TRUE_WORDS)}; {', '.join(FALSE_WORDS)}."
        failing = f"contains(typed._unmapped || typed._unreadable, {quoted(f' {name} ')})"
        return f"{of} hold a code that is not mapped: {self._codes(failing, mapping)}{wanted}"

    def _readable_now(self, name: str) -> int:
        return self._number(f"select count({named(name)}) from typed")

    def _readable(self, mapping: ColumnMap, sql: Callable[[str], str]) -> int:
        return self._number(f"select count({sql('x')}) from ({self._texts(mapping)})")

    def _codes(self, failing: str, mapping: ColumnMap) -> str:
        """The codes of failing rows with their counts; what looks like persons' data instead of codes is counted and not shown."""
        found = self.con.execute(
            f"""
            select trim(cast(raw.{named(str(mapping.source))} as varchar), {quoted(BLANKS)}) as code, count(*) as times
            from typed join raw on raw._place = typed._row_id
            where {failing} and code is not null
            group by code order by times desc, code
            """
        ).fetchall()
        rows = sum(times for _, times in found)
        if len(found) > max(SHOWN_CODES, 0.2 * rows) or self._maps_persons(mapping):
            return f"{len(found):,} different values; is `{mapping.source}` the right column?"
        shown = [f"`{code}` ({times:,})" for code, times in found[:SHOWN_CODES] if _is_like_a_code(code)]
        rest = len(found) - len(shown)
        return ", ".join(shown) + (f"{' and ' if shown else ''}{rest} more that are not shown" if rest else "") + "."

    def _maps_persons(self, mapping: ColumnMap) -> bool:
        """The same source column fills a column about persons too."""
        return any(
            other.source == mapping.source and self.canon.columns[column].privacy in ("identity", "contact")
            for column, other in self.source.columns.items()
        )

    def _is_too_many(self, rows: int) -> bool:
        return rows > TOLERATED * self.rows and (rows >= TOLERATED_ROWS or 2 * rows >= self.rows)

    def _texts(self, mapping: ColumnMap) -> str:
        return f"select trim(cast({named(str(mapping.source))} as varchar), {quoted(BLANKS)}) as x from raw"

    def _number(self, query: str) -> int:
        [(number,)] = self.con.execute(query).fetchall()
        return int(number)


def _is_like_a_code(code: str) -> bool:
    return len(code) <= LONGEST_CODE and sum(c.isdigit() for c in code) < 8
