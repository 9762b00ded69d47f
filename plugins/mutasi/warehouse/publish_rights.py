"""Who may read what in PostgreSQL: three roles, one more per agency, and the rows that a planner sees.

Row security follows membership in `planner_<agency_id>`, which only a database administrator can grant. A setting of the
session would not do: whoever connects could change it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from mutasi.engine import named, quoted

BI_READER, AUDITOR, PLANNER = "bi_reader", "auditor", "planner"
ROLES = (BI_READER, AUDITOR, PLANNER)
READERS: Mapping[str, tuple[str, ...]] = {"marts": (BI_READER, PLANNER), "quality": (AUDITOR,), "planning": (PLANNER,)}
AGENCY_PREFIX = f"{PLANNER}_"
# Evaluated once per query. Membership whose rights are not inherited (`usage` is false) does not count.
OWN_AGENCIES = (
    f"any (array(select substr(r.rolname, {len(AGENCY_PREFIX) + 1})::text from pg_catalog.pg_roles as r "
    f"where r.rolname like {quoted(AGENCY_PREFIX.replace('_', chr(92) + '_') + '%')} "
    "and pg_catalog.pg_has_role(current_user, r.oid, 'usage')))"
)


def agency_role(agency_id: str) -> str:
    """The role whose members see one agency's people."""
    return f"{AGENCY_PREFIX}{agency_id}"


def role_statements(agency_ids: Collection[str], present: Collection[str]) -> list[str]:
    """SQL that makes the roles that are not `present` yet; a planner of an agency is a planner."""
    agencies = [agency_role(agency_id) for agency_id in sorted(agency_ids)]
    made = [f"create role {named(role)} nologin" for role in (*ROLES, *agencies) if role not in present]
    return made + [f"grant {PLANNER} to {named(role)}" for role in agencies if role not in present]


def grant_statements(schema: str, fresh: str) -> list[str]:
    """SQL that lets the readers of `schema` read the schema `fresh`, which will bear that name, and nobody else."""
    readers = ", ".join(READERS[schema])
    return [
        f"revoke all on schema {named(fresh)} from public",
        f"revoke all on all tables in schema {named(fresh)} from public",
        f"grant usage on schema {named(fresh)} to {readers}",
        f"grant select on all tables in schema {named(fresh)} to {readers}",
    ]


def row_security(fresh: str, columns: Mapping[str, Collection[str]], personal: Collection[str]) -> list[str]:
    """SQL that closes every table of planning and opens each planner's own rows.

    A table without an agency is followed to it: through the person, or through the post, whose id begins with it. What
    can be followed in neither way is open when it says nothing about a person (rules, policies), else to nobody.

    Args:
        fresh: The new schema, before it gets its name.
        columns: By table, its columns.
        personal: Names of columns that say something about a person.
    """
    statements = []
    for table, names in columns.items():
        target = f"{named(fresh)}.{named(table)}"
        statements.append(f"alter table {target} enable row level security")
        if rule := _visible(fresh, set(names), columns.keys(), personal):
            statements.append(f"create policy own_agencies on {target} for select to {PLANNER} using ({rule})")
    return statements


def _visible(fresh: str, columns: set[str], tables: Collection[str], personal: Collection[str]) -> str | None:
    if "agency_id" in columns:
        return f"agency_id = {OWN_AGENCIES}"
    if "person_id" in columns:
        # The employees' own policy applies within.
        return f"person_id in (select e.person_id from {named(fresh)}.employees as e)" if "employees" in tables else None
    if "post_id" in columns:
        return f"split_part(post_id, '|', 1) = {OWN_AGENCIES}"
    return None if columns & set(personal) else "true"
