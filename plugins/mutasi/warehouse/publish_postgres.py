"""The same marts in PostgreSQL, for teams: loaded beside what readers see, then put in its place by renaming three schemas.

A reader never waits for a load and never sees half of one. Sessions that still read the old tables keep them until a later
publish, which drops them once nobody holds them.
"""

from __future__ import annotations

import datetime as dt
import logging
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mutasi.engine import named, quoted
from mutasi.warehouse.dictionary import ModelTable, model_tables
from mutasi.warehouse.publish_rights import ROLES, agency_role, grant_statements, role_statements, row_security
from mutasi.warehouse.publish_session import Occupied, ReportingDatabaseError, ReportingRefused, Session, session
from mutasi.warehouse.publish_types import column_type

if TYPE_CHECKING:
    import duckdb

    from mutasi.warehouse.publish import Table

log = logging.getLogger("mutasi.publish")

SCHEMAS = ("marts", "planning", "quality")
NEW, OLD = "mutasi_new_", "mutasi_old_"
MARK = "Published by Mutasi and replaced as a whole at every refresh: keep nothing of your own here."
PUBLICATION = {
    "run_id": "Run that wrote it; where two stores show the same, they show the same night",
    "as_of": "Day that all tables describe",
    "published_at": "Time of writing (UTC)",
}
SWAP_TRIES = 40
BATCH_ROWS = 100_000


@dataclass(frozen=True)
class Run:
    """What the table `publication` says in each schema: run, day described, time written (UTC)."""

    run_id: str
    as_of: dt.date
    published_at: dt.datetime


class Publication:
    """One publish to one server; it holds a lock there, so that two homes cannot mix their nights."""

    def __init__(self, server: Session, models: Path) -> None:
        self._server = server
        self._models = {schema: {t.name: t for t in model_tables(models, schema)} for schema in SCHEMAS}
        if not server.one("select pg_try_advisory_lock(hashtext('mutasi.publish'))"):
            raise ReportingDatabaseError("Another refresh is publishing to the reporting database; wait for it, then try again.")

    def load(self, build: duckdb.DuckDBPyConnection, tables: Sequence[Table], personal: frozenset[str], run: Run) -> None:
        """Copy `tables` into new schemas that no reader looks at yet.

        Args:
            build: DuckDB with all that was built.
            tables: What readers get.
            personal: Names of columns that say something about a person.
            run: What readers are told about the night.
        """
        self._drop_leftovers()
        agencies = [row[0] for row in build.execute("select agency_id from marts.dim_agency order by 1").fetchall()]
        with self._server.transaction("the roles"):
            self._ensure_roles(agencies)
        for schema in SCHEMAS:
            fresh, chosen = NEW + schema, [t for t in tables if t.schema == schema]
            with self._server.transaction(f"the load of {schema}"):
                self._server.run(f"create schema {named(fresh)}", f"comment on schema {named(fresh)} is {quoted(MARK)}")
                for table in chosen:
                    self._copy(build, table)
                self._server.run(*_publication_table(fresh, run))
                if schema == "planning":
                    self._server.run(*row_security(fresh, {t.name: t.columns for t in chosen}, personal))
                self._server.run(*grant_statements(schema, fresh))
        # Statistics and visibility before the first reader comes, who would otherwise pay for them.
        self._server.run(f"vacuum (analyze) {', '.join(f'{named(NEW + t.schema)}.{named(t.name)}' for t in tables)}")

    def swap(self) -> None:
        """Let readers see the new schemas, all three at once.

        The old tables are locked for that moment. Without it a statement could take one table from the old night and
        another from the new, for the server looks their names up one by one. A session that holds a table for long is
        not waited for.
        """
        stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%d%H%M%S%f")
        tables = [
            row[0]
            for row in self._server.rows(
                "select format('%I.%I', schemaname, tablename) from pg_catalog.pg_tables where schemaname in "
                f"({', '.join(map(quoted, SCHEMAS))}) order by 1"
            )
        ]
        for _ in range(SWAP_TRIES):
            with suppress(Occupied), self._server.transaction("the change of names"):
                self._server.run("set local lock_timeout = '100ms'")
                self._lock(tables)
                self._rename(stamp)
                return
            time.sleep(random.uniform(0.02, 0.2))
        log.warning("A session holds tables of the night before; the new night takes their names without waiting for it.")
        with self._server.transaction("the change of names"):
            self._rename(stamp)

    def _lock(self, tables: list[str]) -> None:
        """Lock one by one; a table that was not to be had comes first the next time.

        Whoever holds it may wait for one that we hold already. Taken in the readers' own order there is no such circle.
        """
        for table in list(tables):
            try:
                self._server.run(f"lock table {table} in access exclusive mode")
            except Occupied:
                tables.remove(table)
                tables.insert(0, table)
                raise

    def _rename(self, stamp: str) -> None:
        present = self._schemas(f"in ({', '.join(map(quoted, SCHEMAS))})")
        for schema in SCHEMAS:
            if schema in present:
                self._server.run(f"alter schema {named(schema)} rename to {named(f'{OLD}{stamp}_{schema}')}")
            self._server.run(f"alter schema {named(NEW + schema)} rename to {named(schema)}")

    def _schemas(self, condition: str) -> list[str]:
        """Names of the schemas that fulfil a condition; each must bear our mark.

        Raises:
            ReportingRefused: somebody else's schema has a name that we need.
        """
        rows = self._server.rows(
            "select nspname::text, coalesce(obj_description(oid, 'pg_namespace'), '') from pg_catalog.pg_namespace "
            f"where nspname {condition} order by 1"
        )
        if foreign := [name for name, comment in rows if comment != MARK]:
            raise ReportingRefused(
                f"The reporting database has a schema {', '.join(foreign)} that Mutasi did not make: rename it, or give Mutasi a "
                "database of its own (MUTASI_REPORTING_URL). Nothing was published."
            )
        return [name for name, _ in rows]

    def _drop_leftovers(self) -> None:
        """Drop what a killed publish left, and the nights before the present one that nobody reads any more."""
        self._schemas(f"in ({', '.join(map(quoted, SCHEMAS))})")
        for prefix in (NEW, OLD):
            pattern = prefix.replace("_", r"\_") + "%"
            for name in self._schemas(f"like {quoted(pattern)}"):
                with suppress(Occupied), self._server.transaction(f"dropping {name}"):
                    self._server.run("set local lock_timeout = '2s'", f"drop schema {named(name)} cascade")

    def _ensure_roles(self, agencies: Sequence[str]) -> None:
        listed = ", ".join(map(quoted, [*ROLES, *map(agency_role, agencies)]))
        present = {
            row[0] for row in self._server.rows(f"select rolname::text from pg_catalog.pg_roles where rolname in ({listed})")
        }
        statements = role_statements(agencies, present)
        if not statements:
            return
        if self._server.one("select rolsuper or rolcreaterole from pg_catalog.pg_roles where rolname = current_user"):
            self._server.run(*statements)
        elif not set(ROLES) <= present:
            raise ReportingRefused(
                "The reporting database lacks roles and Mutasi's login may not create them. Nothing was published. Have its "
                f"administrator run: {'; '.join(statements)};"
            )
        else:  # Without its role an agency's people are closed to every planner, so the others need not wait.
            log.warning("Planners of new agencies see no people yet; have the administrator run: %s;", "; ".join(statements))

    def _copy(self, build: duckdb.DuckDBPyConnection, table: Table) -> None:
        model = self._models[table.schema].get(table.name) or ModelTable(table.name, "", (), ())
        target = f"{named(NEW + table.schema)}.{named(table.name)}"
        filled = {c.name for c in model.columns if c.is_filled}
        types = {
            name: column_type(f"{table.schema}.{table.name}.{name}", kind)
            for name, kind in zip(table.columns, table.types, strict=True)
        }
        columns = ", ".join(f"{named(n)} {t.postgres}{' not null' if n in filled else ''}" for n, t in types.items())
        self._server.run(f"create table {target} ({columns})")
        chosen = ", ".join(f"cast({named(n)} as {t.duckdb}) as {named(n)}" for n, t in types.items())
        # Keys stand first; in their order an index finds its rows on neighbouring pages.
        order = ", ".join(map(named, table.columns[:5]))
        reader = build.sql(f"select {chosen} from {table.sql} order by {order}").to_arrow_reader(BATCH_ROWS)
        self._server.append(NEW + table.schema, table.name, reader)
        self._server.run(*_keys(target, model, filled), *_comments(target, model), what=f"{table.schema}.{table.name}")


@contextmanager
def publication(url: str, models: Path) -> Iterator[Publication]:
    """Connect to the reporting database for one publish.

    Raises:
        ReportingDatabaseError: it cannot be reached or refuses the login, or another publish is under way.
    """
    with session(url) as server:
        yield Publication(server, models)


def _publication_table(fresh: str, run: Run) -> Iterator[str]:
    target = f"{named(fresh)}.publication"
    values = ", ".join(map(quoted, (run.run_id, run.as_of.isoformat(), run.published_at.isoformat())))
    yield f"create table {target} (run_id text not null, as_of date not null, published_at timestamp not null)"
    yield f"insert into {target} values ({values})"
    yield from publication_comments(target)


def publication_comments(target: str) -> Iterator[str]:
    """The same words in files and on the server; both have PostgreSQL's statement for them."""
    yield f"comment on table {target} is 'One row: what stands beside it was written by this run'"
    for column, meaning in PUBLICATION.items():
        yield f"comment on column {target}.{column} is {quoted(meaning)}"


def _keys(target: str, model: ModelTable, filled: set[str]) -> Iterator[str]:
    """Uniqueness as dbt tests it; the first key without gaps is the primary one."""
    primary = next((key for key in model.keys if set(key) <= filled), None)
    for key in model.keys:
        columns = ", ".join(map(named, key))
        if key == primary:
            yield f"alter table {target} add primary key ({columns})"
        else:
            yield f"create unique index on {target} ({columns}) nulls not distinct"
    for index in model.indexes:
        yield f"create index on {target} ({', '.join(map(named, index))})"


def _comments(target: str, model: ModelTable) -> Iterator[str]:
    if model.description:
        yield f"comment on table {target} is {quoted(model.description)}"
    for column in model.columns:
        yield f"comment on column {target}.{named(column.name)} is {quoted(column.description)}"
