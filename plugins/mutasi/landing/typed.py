"""Raw columns become canonical columns in one DuckDB query per dataset.

Nothing is rejected here. A value that cannot be read becomes NULL and its column is named in `_unreadable`; a code that
nobody mapped becomes NULL and is named in `_unmapped`; an identifier or text that had to be changed is named in
`_repaired`. The checks decide what that means; the raw archive keeps what was written.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import pyarrow as pa

from mutasi.engine import named, quoted
from mutasi.landing import values
from mutasi.sources.agency import ColumnMap, DatasetSource
from mutasi.sources.datasets import FALSE_WORDS, TRUE_WORDS, Column, Dataset

BLANKS = "\t\n\r \N{NO-BREAK SPACE}"
MORE_DATE_FORMATS = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S")
NIP = "nip"
MARKS = ("_unreadable", "_unmapped", "_repaired")
GOLONGAN = ("golongan_code", "golongan_min", "golongan_max")
# Words for nothing that could be a number, a date or a truth value.
LIKE_VALUES = r"[0-9]|nan|inf|true|false"
# What trimming a value changes, and what folding the blanks inside a text does.
TO_TRIM = r"^[\t\n\r \x{A0}]|[\t\n\r \x{A0}]$"
TO_FOLD = r"[\t\n\f\r\x{A0}]|  "

# `columns` names a pattern once for all columns that fit; a text for each would take longer to read than a small file's rows.
# Most values have no blank to remove, and finding that out costs a third of removing it.
WRITTEN = "columns('^w_(.*)$')"
OUTSIDE = f"regexp_matches({WRITTEN}, {quoted(TO_TRIM)})"
TRIMMED = f"case when {OUTSIDE} then trim({WRITTEN}, {quoted(BLANKS)}) else {WRITTEN} end as 't_\\1'"


def typed_query(
    agency_id: str, dataset: Dataset, source: DatasetSource, schema: pa.Schema, relation: str, others: Collection[str] = ()
) -> str:
    """The query that types `relation` (raw columns as in `schema`) into the landing columns of `dataset`, without the others.

    The result has `agency_id`, `_row_id` (1..n in the order of the source), the canonical columns, and the three
    lists of column names. With `skip_where` it also has `_is_skipped`: the row is no record, such as a subtotal.
    """
    columns = {c: column for c, column in dataset.columns.items() if c not in others}
    mapped = {c: m for c, m in source.columns.items() if c in columns}
    read = {c: m for c, m in mapped.items() if not _is_typed(dataset.columns[c], m, schema)}
    texts = [c for c, m in read.items() if m.source is None or _is_text(schema, m.source)]
    written = {c: f"{'w' if c in texts else 't'}_{c}" for c in read}
    as_written = [f"{_written(m, schema)} as {named(written[c])}" for c, m in read.items()]
    as_typed = [f"{_typed_present(m, source)} as {named('p_' + c)}" for c, m in mapped.items() if c not in read]
    typed = [f"{_value(dataset.columns[c], m, source, c)} as {named(c)}" for c, m in read.items()]
    typed += [f"{_typed_value(dataset.columns[c], m, schema, c)} as {named(c)}" for c, m in mapped.items() if c not in read]
    empty = [f"null::{col.sql_type} as {named(c)}" for c, col in columns.items() if c not in mapped]
    coded = [c for c in mapped if dataset.columns[c].type == "code"]
    changed = [c for c, m in mapped.items() if dataset.columns[c].type in ("id", "text") and m.value is None]
    # Nested and not as common tables, which without the optimizer would be kept whole.
    raw = _filled_down(source, f"select row_number() over () as _row_id, *{_skipped(source)} from {relation}")
    is_skipped = ", _is_skipped" if source.skip_where else ""
    arrived = f"select {', '.join(['_row_id', *as_written, *as_typed, *empty])}{is_skipped} from ({raw})"
    trimmed = f"select *, {TRIMMED} from ({arrived})" if texts else arrived
    present = f"select *, {_present(source)} from ({trimmed})" if read else trimmed
    valued = f"select *, {', '.join(typed)} from ({present})" if typed else present
    return f"""
select
  {", ".join([f"{quoted(agency_id)} as agency_id", "_row_id", *map(named, columns)])},
  {_listed({c: f"{named('p_' + c)} is not null and {named(c)} is null" for c in mapped if c not in coded})} as _unreadable,
  {_listed({c: f"{named('p_' + c)} is not null and {named(c)} is null" for c in coded})} as _unmapped,
  {_listed({c: f"{named(written[c])} <> {named(c)}" for c in changed})} as _repaired{is_skipped}
from ({valued})
"""


def _skipped(source: DatasetSource) -> str:
    """Whether a row is no record: every named column holds one of its words; `*` in a word stands for any text."""
    conditions = []
    for column, words in source.skip_where.items():
        text = f"coalesce(trim(cast({named(column)} as varchar), {quoted(BLANKS)}), '')"
        likes = (re.sub(r"([\\%_])", r"\\\1", word).replace("*", "%") for word in words)
        conditions.append(
            f"({' or '.join(f'{text} ilike {quoted(like)} escape {quoted(chr(92))}' for like in likes) or 'false'})"
        )
    return f", {' and '.join(conditions)} as _is_skipped" if conditions else ""


def _filled_down(source: DatasetSource, raw: str) -> str:
    """The rows with the value above in the empty cells of the declared columns; rows that are no records lend none."""
    if not source.fill_down:
        return raw
    words = ", ".join(quoted(word) for word in ("", *source.nulls))
    is_record = "not _is_skipped and " if source.skip_where else ""
    filled = [
        f"last_value(case when {is_record}trim(cast({named(c)} as varchar), {quoted(BLANKS)}) not in ({words}) then {named(c)} end "
        f"ignore nulls) over (order by _row_id rows between unbounded preceding and current row) as {named(c)}"
        for c in dict.fromkeys(source.fill_down)
    ]
    return f"select * replace ({', '.join(filled)}) from ({raw})"


def _listed(conditions: dict[str, str]) -> str:
    """SQL for the list ' a b ' of the columns whose condition holds; '' when none does."""
    if not conditions:
        return "''"
    parts = ", ".join(f"case when {condition} then {quoted(c + ' ')} end" for c, condition in conditions.items())
    return f"coalesce(nullif(concat(' ', {parts}), ' '), '')"


def _written(mapping: ColumnMap, schema: pa.Schema) -> str:
    """The value as text, as the source wrote it, without a declared prefix."""
    if mapping.source is None:
        return f"{quoted(str(mapping.value))}"
    column = f"cast({named(mapping.source)} as varchar)"
    if mapping.strip_prefix:
        column = f"regexp_replace({column}, {quoted('^[' + _class(mapping.strip_prefix) + ']+')}, '')"
    return column


def _class(prefix: str) -> str:
    return "".join("\\" + c if c in "-]^\\" else c for c in dict.fromkeys(prefix))


def _present(source: DatasetSource) -> str:
    """The texts; NULL where the source means nothing."""
    words = ", ".join(quoted(w) for w in source.nulls) or "''"
    return f"case when columns('^t_(.*)$') in ({words}) then null else columns('^t_(.*)$') end as 'p_\\1'"


def _is_typed(column: Column, mapping: ColumnMap, schema: pa.Schema) -> bool:
    """The source already typed the column as what it is to be, so no text is made of it that would have to be read."""
    if mapping.source is None or mapping.strip_prefix or mapping.factor is not None:
        return False
    kind = schema.field(mapping.source).type
    match column.type:
        case "date":
            return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))
        case "integer" | "decimal":
            return bool(pa.types.is_integer(kind) or pa.types.is_float64(kind))
        case "boolean":
            return bool(pa.types.is_boolean(kind)) and not mapping.codes
    return False


def _typed_present(mapping: ColumnMap, source: DatasetSource) -> str:
    """The source's own value; NULL where the source means nothing, for which only a word that looks like a value can stand."""
    column = named(str(mapping.source))
    words = ", ".join(quoted(w) for w in source.nulls if re.search(LIKE_VALUES, w))
    return f"case when cast({column} as varchar) in ({words}) then null else {column} end" if words else column


def _is_text(schema: pa.Schema, name: str) -> bool:
    kind = schema.field(name).type
    return not (
        pa.types.is_temporal(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    )


def _typed_value(column: Column, mapping: ColumnMap, schema: pa.Schema, name: str) -> str:
    """What the source typed, in our type; not what is too large for it, and no number that is infinite or has a fraction too many."""
    value = named("p_" + name)
    typed = f"try_cast({value} as {column.sql_type})"
    if not pa.types.is_floating(schema.field(str(mapping.source)).type):
        return typed
    is_whole = f" and {value} = round({value})" if column.type == "integer" else ""
    return f"case when isfinite({value}){is_whole} then {typed} end"


def _value(column: Column, mapping: ColumnMap, source: DatasetSource, name: str) -> str:
    text = named("p_" + name)
    match column.type:
        case "id":
            return values.nip(text) if name == NIP else values.identifier(text)
        case "text":
            folded = f"nullif(regexp_replace({text}, '[\\s\\x{{A0}}]+', ' ', 'g'), '')"
            return f"case when regexp_matches({text}, {quoted(TO_FOLD)}) then {folded} else nullif({text}, '') end"
        case "code":
            return _code(column, mapping, text, name)
        case "integer":
            return values.whole_number(text, mapping.decimal, mapping.factor)
        case "decimal":
            return values.number(text, mapping.decimal, mapping.factor)
        case "date":
            return values.date(text, (mapping.format or source.date_format, *source.more_date_formats, *MORE_DATE_FORMATS))
        case "boolean":
            word = f"lower({_mapped(mapping, text)})"
            true, false = (", ".join(quoted(w) for w in words) for words in (TRUE_WORDS, FALSE_WORDS))
            return f"case when {word} in ({true}) then true when {word} in ({false}) then false end"


def _mapped(mapping: ColumnMap, text: str) -> str:
    if not mapping.codes:
        return text
    cases = " ".join(f"when {quoted(given)} then {quoted(ours)}" for given, ours in mapping.codes.items())
    return f"case {text} {cases} else {text} end"


def _code(column: Column, mapping: ColumnMap, text: str, name: str) -> str:
    value = _mapped(mapping, text)
    if name in GOLONGAN:  # BKN's own codes have two digits
        value = f"case when length({value}) < 3 then {value} else coalesce({values.golongan(value)}, {value}) end"
    if not column.allowed:
        return value
    return f"case when {value} in ({', '.join(quoted(a) for a in column.allowed)}) then {value} end"
