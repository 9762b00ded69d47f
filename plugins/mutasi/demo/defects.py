"""Plants defects in the generated rows and writes down each one, so that quarantine can be checked against the truth.

About one row in a hundred is defective. No defect changes what the marts must find per post: rows that lose their key are
copies or closed rows, and where a person becomes unusable the post held is written beside the defect (the marts must show
it as to be reviewed, not as vacant).
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pyarrow as pa

from mutasi.demo.catalogue import HEAD_KINDS
from mutasi.engine import quoted
from mutasi.sources.datasets import datasets

CLOSED = "valid_to is not null and assignment_type = 'D'"
FINAL = "status = 'final' and activity_class = 'service'"
LEAF = "unit_type in ('school_primary', 'village')"
INCUMBENT = "nip in (select nip from incumbents)"
OTHERS = f"not ({INCUMBENT})"
# brings the shares below to about one defective row in a hundred over all datasets
DENSITY = 1.8
UNREADABLE = "'00/00/0000'"


@dataclass(frozen=True)
class Defect:
    """One kind of defect.

    `per_mille` (times `DENSITY`) of the dataset's rows, at least one, among those `where` holds are changed as `sets` says (column to SQL), or,
    when `copies` is given, copied with those changes and left as they are. `loses_row`: the row cannot be used at all.
    """

    dataset: str
    name: str
    column: str
    meaning: str
    per_mille: float
    where: str = "true"
    sets: tuple[tuple[str, str], ...] = ()
    copies: tuple[tuple[tuple[str, str], ...], ...] = ()
    loses_row: bool = False
    needs_text: bool = False
    fits_service: bool = True


def _set(column: str, value: str) -> tuple[tuple[str, str], ...]:
    return ((column, value),)


DIFFERS = "(birth_date::date + 1)::varchar"
FLIPPED = "case sex when 'M' then 'F' else 'M' end"

DEFECTS: tuple[Defect, ...] = (
    Defect("employees", "duplicate_exact", "nip", "key repeated by an equal row", 1.5, OTHERS, copies=((),), loses_row=True, fits_service=False),
    Defect("employees", "duplicate_conflict", "nip", "key repeated by a different row", 0.5, OTHERS,
           copies=(_set("employee_name", "'Lain ' || employee_name"),), loses_row=True, fits_service=False),
    Defect("employees", "nip_17_digits", "nip", "NIP is not 18 digits", 0.6, OTHERS, _set("nip", "substr(nip, 1, 17)"), loses_row=True,
           fits_service=False),
    Defect("employees", "nip_letters", "nip", "NIP is not 18 digits", 0.6, OTHERS,
           _set("nip", "substr(nip, 1, 15) || 'O' || substr(nip, 17)"), loses_row=True, fits_service=False),
    Defect("employees", "birth_differs", "birth_date", "birth date differs from NIP", 1.2, OTHERS, _set("birth_date", DIFFERS)),
    Defect("employees", "sex_differs", "sex", "sex differs from NIP", 1.0, OTHERS, _set("sex", FLIPPED)),
    Defect("employees", "birth_unreadable", "birth_date", "date cannot be read", 0.8, OTHERS, _set("birth_date", UNREADABLE), needs_text=True),
    Defect("employees", "status_unmapped", "employment_status", "code is not mapped", 0.6, OTHERS, _set("employment_status", "'HNR'")),
    Defect("employees", "education_unmapped", "education_level_code", "code is not mapped", 0.8, OTHERS, _set("education_level_code", "'99'")),
    Defect("employees", "name_missing", "employee_name", "required field is empty", 0.6, OTHERS, _set("employee_name", "null")),
    Defect("employees", "pns_before_cpns", "tmt_pns", "start as PNS before start as CPNS", 0.6,
           f"{OTHERS} and tmt_pns is not null", _set("tmt_pns", "(tmt_cpns::date - 40)::varchar")),
    Defect("employees", "incumbent_birth_differs", "birth_date", "birth date differs from NIP", 0.5, INCUMBENT, _set("birth_date", DIFFERS)),
    Defect("employees", "incumbent_sex_differs", "sex", "sex differs from NIP", 0.5, INCUMBENT, _set("sex", FLIPPED)),
    Defect("employees", "incumbent_birth_unreadable", "birth_date", "date cannot be read", 0.5, INCUMBENT,
           _set("birth_date", UNREADABLE), needs_text=True),
    Defect("employees", "incumbent_education_unmapped", "education_level_code", "code is not mapped", 0.5, INCUMBENT,
           _set("education_level_code", "'99'")),
    Defect("assignments", "unit_unknown", "unit_id", "unit does not exist", 1.0, CLOSED, _set("unit_id", "'X' || unit_id")),
    Defect("assignments", "position_unknown", "position_id", "post does not exist", 1.0, CLOSED, _set("position_id", "'X' || position_id")),
    Defect("assignments", "employee_unknown", "nip", "employee does not exist", 0.8, CLOSED,
           _set("nip", "'195001011975011' || lpad((1 + _i % 998)::varchar, 3, '0')"), fits_service=False),
    Defect("assignments", "type_unmapped", "assignment_type", "code is not mapped", 0.5, CLOSED, _set("assignment_type", "'ZZ'"), loses_row=True),
    Defect("assignments", "start_unreadable", "valid_from", "date cannot be read", 0.5, CLOSED, _set("valid_from", UNREADABLE),
           loses_row=True, needs_text=True),
    Defect("assignments", "period_reversed", "valid_to", "ends before it starts", 0.8, CLOSED, _set("valid_to", "'1979-12-31'")),
    Defect("performance_reviews", "outside_matrix", "predicate_code", "predicate contradicts the nine-cell matrix", 2.0,
           "work_result_code = '2' and behaviour_code = '2'", _set("predicate_code", "'5'")),
    Defect("performance_reviews", "duplicate_exact", "nip", "key repeated by an equal row", 1.0, copies=((),), loses_row=True),
    Defect("performance_reviews", "behaviour_unmapped", "behaviour_code", "code is not mapped", 1.0, sets=_set("behaviour_code", "'9'")),
    Defect("workloads", "negative_volume", "volume", "volume is negative", 1.2, FINAL,
           copies=((("task_id", "'9' || task_id"), ("volume", "'-12'")),), loses_row=True),
    Defect("workloads", "minutes_zero", "minutes_per_unit", "norm is not positive", 0.8, FINAL,
           copies=((("task_id", "'8' || task_id"), ("minutes_per_unit", "'0'")),), loses_row=True),
    Defect("workloads", "duplicate_exact", "task_id", "key repeated by an equal row", 1.0, FINAL, copies=((),), loses_row=True),
    Defect("workloads", "status_unmapped", "status", "code is not mapped", 0.6, FINAL,
           copies=((("task_id", "'7' || task_id"), ("status", "'REVISI'")),)),
    Defect("workloads", "position_unknown", "position_id", "post does not exist", 0.8, FINAL, copies=(_set("position_id", "'X' || position_id"),)),
    Defect("positions", "job_unknown", "job_id", "job does not exist", 2.0, sets=_set("job_id", "'J999'")),
    Defect("positions", "bup_zero", "bup_age", "retirement age is 0", 2.0, sets=_set("bup_age", "'0'")),
    Defect("positions", "duplicate_exact", "position_id", "key repeated by an equal row", 1.0, copies=((),), loses_row=True),
    Defect("positions", "unit_unknown", "unit_id", "unit does not exist", 1.0, copies=(_set("unit_id", "'X' || unit_id"),)),
    Defect("units", "duplicate_exact", "unit_id", "key repeated by an equal row", 1.5, LEAF, copies=((),), loses_row=True),
    Defect("units", "duplicate_conflict", "unit_id", "key repeated by a different row", 1.0, LEAF, copies=(
        (("unit_id", "unit_id || 'D'"), ("unit_name", "'Unit Ganda A'")), (("unit_id", "unit_id || 'D'"), ("unit_name", "'Unit Ganda B'"))),
           loses_row=True),
    Defect("units", "tree_cycle", "parent_unit_id", "units stand above each other in a circle", 1.0, LEAF, copies=(
        (("unit_id", "unit_id || 'C1'"), ("parent_unit_id", "unit_id || 'C2'"), ("unit_name", "'Unit Lingkar A'")),
        (("unit_id", "unit_id || 'C2'"), ("parent_unit_id", "unit_id || 'C1'"), ("unit_name", "'Unit Lingkar B'")))),
    Defect("units", "parent_unknown", "parent_unit_id", "unit above does not exist", 1.0, LEAF, copies=(
        (("unit_id", "unit_id || 'P'"), ("parent_unit_id", "'X' || unit_id"), ("unit_name", "'Unit Tanpa Induk'")),)),
    Defect("units", "latitude_outside", "latitude", "point lies outside Indonesia", 2.0, LEAF, _set("latitude", "'52.5'")),
    Defect("jobs", "bup_zero", "bup_age", "retirement age is 0", 1.0, sets=_set("bup_age", "'0'")),
    Defect("non_asn_counts", "negative_headcount", "headcount", "headcount is negative", 1.0, sets=_set("headcount", "'-3'"), loses_row=True),
    Defect("job_requirements", "subtotal", "job_id", "subtotal among the rows", 60.0, copies=(
        (("job_id", "null"), ("sub_job_id", "null"), ("sub_job_name", "null"), ("required_count", "'10' || required_count")),), loses_row=True),
)  # fmt: skip


def to_text(con: duckdb.DuckDBPyConnection, names: tuple[str, ...]) -> None:
    """Make `t_<dataset>`: the canonical tables with every value as text, ready for defects and for any source's habits."""
    for name in names:
        columns = [
            f"regexp_replace({c}::varchar, '\\.0$', '') as {c}" if column.type == "decimal" else f"{c}::varchar as {c}"
            for c, column in datasets()[name].columns.items()
        ]
        con.execute(f"create or replace table t_{name} as select _i::bigint as _i, {', '.join(columns)} from {name} order by _i")


def plant(
    con: duckdb.DuckDBPyConnection, agency_id: str, names: tuple[str, ...], seed: int, *, typed: bool, service: tuple[str, ...]
) -> pa.Table:
    """Plant every defect that the agency's sources can carry and return the list of what was planted.

    Args:
        typed: the sources are typed files, which cannot hold an unreadable date.
        service: the datasets that come from a service person by person, where a key cannot repeat.
    """
    con.execute("""create or replace table planted (agency_id varchar, dataset varchar, defect varchar, column_name varchar,
        meaning varchar, loses_row boolean, record_key varchar, unit_id varchar, position_id varchar)""")
    heads = ", ".join(quoted(kind) for kind in HEAD_KINDS)
    con.execute(f"""
        create or replace table incumbents as select a.nip from assignments a join positions p using (unit_id, position_id)
        where a.assignment_type = 'D' and a.valid_to is null and p.job_kind in ({heads})""")
    con.execute("""
        create or replace table held as select nip, unit_id, position_id
        from assignments where assignment_type in ('D', 'DPK') and valid_to is null
        qualify row_number() over (partition by nip order by assignment_type, unit_id, position_id) = 1""")
    con.execute("create or replace table marked (dataset varchar, defect integer, _i bigint, origin bigint)")
    planted = [
        (number, defect)
        for number, defect in enumerate(DEFECTS)
        if defect.dataset in names
        and not (typed and defect.needs_text)
        and (defect.fits_service or defect.dataset not in service)
    ]
    for number, defect in planted:
        _plant_one(con, defect, number, seed)
    for dataset in dict.fromkeys(defect.dataset for _, defect in planted):
        _record(con, agency_id, dataset)
    return con.sql("from planted order by all").to_arrow_table()


def _plant_one(con: duckdb.DuckDBPyConnection, defect: Defect, number: int, seed: int) -> None:
    table = f"t_{defect.dataset}"
    # copies stand behind all rows, numbered by defect, copy and original
    moved = [(number + 1) * 8 + copy << 51 for copy in range(len(defect.copies))]
    marked = ", ".join(f"({offset}::bigint)" for offset in ([0, *moved] if defect.sets else moved))
    # picked by a hash of the row's own number: the same rows are defective in every night
    con.execute(f"""
        insert into marked
        select {quoted(defect.dataset)}, {number}, _i + moved, _i
        from (
            select _i from {table} where ({defect.where})
                and _i not in (select origin from marked where dataset = {quoted(defect.dataset)}) and _i < {1 << 50}
            order by hash(_i, {seed}, {quoted(defect.dataset + defect.name)})
            limit (select greatest(1, round(count(*) * {defect.per_mille * DENSITY} / 1000))::bigint from {defect.dataset})
        ) cross join (values {marked}) as marks (moved)""")
    picks = f"_i in (select origin from marked where defect = {number})"
    if defect.sets:
        changes = ", ".join(f"{column} = {value}" for column, value in defect.sets)
        con.execute(f"update {table} set {changes} where {picks}")
    for offset, values in zip(moved, defect.copies, strict=True):
        replaced = ", ".join([f"_i + {offset}::bigint as _i", *(f"{value} as {column}" for column, value in values)])
        con.execute(f"insert into {table} select * replace ({replaced}) from {table} where {picks}")


def _record(con: duckdb.DuckDBPyConnection, agency_id: str, dataset: str) -> None:
    key = " || '|' || ".join(f"coalesce(t.{column}, '')" for column in datasets()[dataset].key)
    columns = datasets()[dataset].columns
    posts, join = "null::varchar, null::varchar", ""
    if dataset == "employees":
        posts = "h.unit_id, h.position_id"
        join = "left join employees e on e._i = m.origin left join held h on h.nip = e.nip"
    elif "unit_id" in columns:
        position = "o.position_id" if "position_id" in columns else "null::varchar"
        posts, join = f"o.unit_id, {position}", f"left join {dataset} o on o._i = m.origin"
    told = ", ".join(
        f"({number}, {quoted(d.name)}, {quoted(d.column)}, {quoted(d.meaning)}, {d.loses_row})"
        for number, d in enumerate(DEFECTS)
    )
    con.execute(f"""
        insert into planted
        select {quoted(agency_id)}, m.dataset, d.name, d.column_name, d.meaning, d.loses_row, {key}, {posts}
        from marked m
        join (values {told}) as d (defect, name, column_name, meaning, loses_row) on d.defect = m.defect
        join t_{dataset} t on t._i = m._i {join}
        where m.dataset = {quoted(dataset)}""")
