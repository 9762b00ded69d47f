"""What to read from a database, as SQL that every dialect understands, and what to say when that fails.

The relation of the agency file (a table, a view or a query) is always the inner part; what we add stands around it. So the
agency's own words reach the database unchanged, and count and rows are by construction taken from the same thing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mutasi.sources.agency import SqlRead
from mutasi.sources.connection import SourceError
from mutasi.sources.request import Request

DELETED = "_deleted"


@dataclass(frozen=True)
class Counted:
    """What the database itself says of a relation: living rows, and the newest value of the cursor column."""

    rows: int
    newest: int | str | None = None


@dataclass(frozen=True)
class Selection:
    """The rows to read.

    Attributes:
        relation: what stands behind `from`, under the alias `source`.
        cursor: quoted name of the column by which changes are found.
        deleted: condition that is true for rows which the agency has deleted without removing them.
        since: read only rows whose cursor is this value or later, deleted ones included and marked.
    """

    relation: str
    cursor: str | None = None
    deleted: str | None = None
    since: int | str | None = None

    def after(self, newest: int | str) -> Selection:
        """The rows that changed since `newest`."""
        return replace(self, since=newest)

    def facts(self, more: Sequence[str] = (), as_text: str = "{}") -> str:
        """What to ask beside the rows: their number and the newest cursor value, over all living rows whatever `since` is."""
        newest = as_text.format(f"max({self.cursor})") if self.cursor else "null"
        return f"select {', '.join(['count(*)', newest, *more])} from {self.relation}{self._living()}"

    def count(self) -> str:
        """The number of living rows by itself, as a subquery."""
        return f"select count(*) from {self.relation}{self._living()}"

    def newest(self, as_text: str) -> str:
        """The newest cursor value by itself, as a subquery."""
        return f"select {as_text.format(f'max({self.cursor})')} from {self.relation}{self._living()}"

    def rows(self, columns: Sequence[str] = ("source.*",)) -> str:
        """The statement for the rows."""
        if self.since is None:
            return f"select {', '.join(columns)} from {self.relation}{self._living()}"
        # `>=`, because more rows may have come within the same second; rows without a value are always asked for.
        later = f"{self.cursor} >= {self._literal()} or {self.cursor} is null"
        marked = [*columns, f"{self.is_deleted()} as {DELETED}"]
        return f"select {', '.join(marked)} from {self.relation} where {later}"

    def is_deleted(self) -> str:
        """1 for a row that the agency has deleted, else 0; where the condition is unknown, the row lives."""
        return f"case when ({self.deleted}) then 1 else 0 end" if self.deleted else "0"

    def _living(self) -> str:
        return f" where {self.is_deleted()} = 0" if self.deleted else ""

    def _literal(self) -> str:
        return str(self.since) if isinstance(self.since, int) else "'" + str(self.since).replace("'", "''") + "'"


@dataclass(frozen=True)
class Source:
    """One reading task of a database, with its sentences; a database's own words may hold values and are never passed on."""

    request: Request
    read: SqlRead

    @property
    def what(self) -> str:
        """What is read, for a sentence."""
        return f"the table `{self.read.table}`" if self.read.table else "the query of the agency file"

    def selection(self, quote: Callable[[str], str]) -> Selection:
        """The selection of all rows; a table's name is quoted part by part, so it may be `schema.table` and hold capitals."""
        if self.read.table is not None:
            relation = ".".join(quote(part) for part in self.read.table.split("."))
        else:
            # The line break ends a comment in the query's last line.
            relation = f"({(self.read.query or '').strip().rstrip(';')}\n)"
        if self.request.sample is not None:
            relation = f"(select * from {relation} sampled limit {self.request.sample})"
        cursor = quote(self.read.cursor) if self.read.cursor else None
        return Selection(f"{relation} source", cursor, self.read.deleted)

    def unreachable(self) -> SourceError:
        """The database cannot be opened."""
        return self.request.error(
            f"the database of connection `{self.request.connection_name}` cannot be opened; check address, password and that it runs."
        )

    def refused(self) -> SourceError:
        """The database will not run the statement."""
        more = ", the cursor column and the condition for deleted rows" if self.read.cursor or self.read.deleted else ""
        return self.request.error(
            f"the database refuses to read {self.what}; check its name, its columns{more} and the right to read it."
        )

    def broken_off(self) -> SourceError:
        """The connection was lost half-way."""
        return self.request.error(f"the database broke off while {self.what} was read; nothing of it was taken. Try again later.")

    def named_twice(self) -> SourceError:
        """A query gives one name to several columns."""
        return self.request.error(
            f"{self.what} gives several columns the same name; name each its own way (`select a.id as unit_id, b.id as …`)."
        )
