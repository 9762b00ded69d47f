"""Raw columns become canonical columns in one DuckDB query per dataset.

Nothing is rejected here. A value that cannot be read becomes NULL and its column is named in `_unreadable`; a code that
nobody mapped becomes NULL and is named in `_unmapped`; an identifier or text that had to be changed is named in
`_repaired`. The checks decide what that means; the raw archive keeps what was written.
"""

from __future__ import annotations

import re

import pyarrow as pa

from mutasi.engine import named, quoted
from mutasi.landing import values
from mutasi.sources.agency import ColumnMap, DatasetSource
from mutasi.sources.datasets import FALSE_WORDS, TRUE_WORDS, Column, Dataset

BLANKS = "\t\n\r \N{NO-BREAK SPACE}"
MORE_DATE_FORMATS = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S")
NIP = "nip"


def typed_query(agency_id: str, dataset: Dataset, source: DatasetSource, schema: pa.Schema, relation: str) -> str:
    """The query that types `relation` (raw columns as in `schema`) into the landing columns of `dataset`.

    The result has `agency_id`, `_row_id` (1..n in the order of the source), every canonical column, and the three
    lists of column names. With `skip_where` it also has `_is_skipped`: the row is no record, such as a subtotal.
    """
    mapped = {c: m for c, m in source.columns.items() if c in dataset.columns}
    as_written = [f"{_written(m, schema)} as {named('w_' + c)}" for c, m in mapped.items()]
    as_trimmed = [f"{_trimmed(m, schema, 'w_' + c)} as {named('t_' + c)}" for c, m in mapped.items()]
    as_present = [f"{_present(source, 't_' + c)} as {named('p_' + c)}" for c in mapped]
    typed = [f"{_value(dataset.columns[c], m, source, schema, c)} as {named(c)}" for c, m in mapped.items()]
    empty = [f"null::{col.sql_type} as {named(c)}" for c, col in dataset.columns.items() if c not in mapped]
    coded = [c for c, m in mapped.items() if dataset.columns[c].type == "code"]
    changed = [c for c in mapped if dataset.columns[c].type in ("id", "text") and mapped[c].value is None]
    # Nested and not as common tables, which without the optimizer would be kept whole.
    raw = _filled_down(source, f"select row_number() over () as _row_id, *{_skipped(source)} from {relation}")
    is_skipped = ", _is_skipped" if source.skip_where else ""
    written = f"select _row_id, {', '.join(as_written)}, {_typed_originals(mapped, schema)}{is_skipped} from ({raw})"
    trimmed = f"select *, {', '.join(as_trimmed)} from ({written})"
    present = f"select *, {', '.join(as_present)} from ({trimmed})"
    valued = f"select *, {', '.join([*typed, *empty])} from ({present})"
    return f"""
select
  {quoted(agency_id)} as agency_id, _row_id, {", ".join(named(c) for c in dataset.columns)},
  {_listed({c: f"{named('p_' + c)} is not null and {named(c)} is null" for c in mapped if c not in coded})} as _unreadable,
  {_listed({c: f"{named('p_' + c)} is not null and {named(c)} is null" for c in coded})} as _unmapped,
  {_listed({c: f"{named('w_' + c)} <> {named(c)}" for c in changed})} as _repaired{is_skipped}
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
    parts = " || ".join(f"case when {condition} then {quoted(c + ' ')} else '' end" for c, condition in conditions.items())
    return f"coalesce(nullif(' ' || {parts}, ' '), '')"


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


def _trimmed(mapping: ColumnMap, schema: pa.Schema, column: str) -> str:
    """The value without surrounding blanks, which only a text can have."""
    if mapping.source is not None and not _is_text(schema, mapping.source):
        return named(column)
    # Most values have no blank to remove, and finding that out costs a third of removing it.
    outside = f"regexp_matches({named(column)}, '^[\\t\\n\\r \\x{{A0}}]|[\\t\\n\\r \\x{{A0}}]$')"
    return f"case when {outside} then trim({named(column)}, {quoted(BLANKS)}) else {named(column)} end"


def _present(source: DatasetSource, column: str) -> str:
    """The value; NULL where the source means nothing."""
    words = ", ".join(quoted(w) for w in source.nulls) or "''"
    return f"case when {named(column)} in ({words}) then null else {named(column)} end"


def _typed_originals(mapped: dict[str, ColumnMap], schema: pa.Schema) -> str:
    """Columns that the source already typed as dates or whole numbers keep their type beside the text."""
    sources = {c: m.source for c, m in mapped.items() if m.source is not None}
    typed = [f"try_cast({named(s)} as date) as {named('d_' + c)}" for c, s in sources.items() if _is_date(schema, s)]
    typed += [f"try_cast({named(s)} as bigint) as {named('n_' + c)}" for c, s in sources.items() if _is_whole(schema, s)]
    return ", ".join(typed) or "null as _"


def _is_text(schema: pa.Schema, name: str) -> bool:
    kind = schema.field(name).type
    return not (
        pa.types.is_temporal(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    )


def _is_whole(schema: pa.Schema, name: str) -> bool:
    return bool(pa.types.is_integer(schema.field(name).type))


def _is_date(schema: pa.Schema, name: str) -> bool:
    kind = schema.field(name).type
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))


def _value(column: Column, mapping: ColumnMap, source: DatasetSource, schema: pa.Schema, name: str) -> str:
    text = named("p_" + name)
    match column.type:
        case "id":
            return values.nip(text) if name == NIP else values.identifier(text)
        case "text":
            folded = f"nullif(regexp_replace({text}, '[\\s\\x{{A0}}]+', ' ', 'g'), '')"
            return f"case when regexp_matches({text}, '[\\t\\n\\f\\r\\x{{A0}}]|  ') then {folded} else nullif({text}, '') end"
        case "code":
            return _code(column, mapping, text)
        case "integer" | "decimal" if mapping.factor is None and mapping.source is not None and _is_whole(schema, mapping.source):
            kept = named("n_" + name) if column.type == "integer" else f"cast({named('n_' + name)} as double)"
            return f"case when {text} is not null then {kept} end"
        case "integer":
            return values.whole_number(text, mapping.decimal, mapping.factor)
        case "decimal":
            return values.number(text, mapping.decimal, mapping.factor)
        case "date":
            if mapping.source is not None and _is_date(schema, mapping.source):
                return named("d_" + name)
            return values.date(text, (mapping.format or source.date_format, *MORE_DATE_FORMATS))
        case "boolean":
            word = f"lower({_mapped(mapping, text)})"
            true, false = (", ".join(quoted(w) for w in words) for words in (TRUE_WORDS, FALSE_WORDS))
            return f"case when {word} in ({true}) then true when {word} in ({false}) then false end"


def _mapped(mapping: ColumnMap, text: str) -> str:
    if not mapping.codes:
        return text
    cases = " ".join(f"when {quoted(given)} then {quoted(ours)}" for given, ours in mapping.codes.items())
    return f"case {text} {cases} else {text} end"


def _code(column: Column, mapping: ColumnMap, text: str) -> str:
    value = _mapped(mapping, text)
    if not column.allowed:
        return value
    return f"case when {value} in ({', '.join(quoted(a) for a in column.allowed)}) then {value} end"
