"""JSON records as text columns: every key becomes a column, a nested value stays JSON text.

DuckDB takes the values out of the text, because a number such as an 18-digit NIP must not pass through a float.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from mutasi.engine import quoted
from mutasi.sources.request import Request
from mutasi.sources.staging import engine, stage

RECORD_BYTES = 256 << 20


def read_json_array(file: Path, request: Request) -> tuple[pa.RecordBatchReader, int]:
    """Rows of a file that holds one array of objects, and their number by Python's own JSON reader.

    Raises:
        SourceError: the file is not an array of objects.
    """
    try:
        document = json.loads(file.read_bytes())
    except ValueError:
        document = None
    if not isinstance(document, list) or not all(isinstance(record, dict) for record in document):
        raise request.error(
            f"the file {file.name} is not one JSON array of objects; it may be cut off. Ask the agency for a new export."
        )
    received = len(document)
    del document
    return stage_records(f"select json as record from {_texts(file, 'array')}", request), received


def _texts(file: Path, layout: str) -> str:
    """SQL source with one JSON value a row, in the column `json`."""
    return (
        f"read_json({quoted(str(file))}, format='{layout}', records=false, columns={{'json': 'JSON'}}, "
        f"maximum_object_size={RECORD_BYTES})"
    )


def response_records(file: Path, key: str | None) -> str:
    """SQL for the records of archived responses, one line each: `{"nip": …, "response": {"data": object or array}}`.

    With `key`, the column under which the service names the person is added to records that lack it.
    """
    data = f"""
        select json ->> '$.nip' as nip,
               unnest(case json_type(json, '$.response.data')
                          when 'ARRAY' then json_extract(json, '$.response.data[*]')
                          when 'OBJECT' then [json_extract(json, '$.response.data')]
                          else []::json[] end) as record
        from {_texts(file, "newline_delimited")}"""
    if key is None:
        return f"select record from ({data})"
    path = _path(key)
    return f"""
        select case when json_extract_string(record, {path}) is null
                    then json_merge_patch(record, json_object({quoted(key)}, nip)) else record end as record
        from ({data})"""


def stage_records(records: str, request: Request) -> pa.RecordBatchReader:
    """Rows of a query that gives one JSON object a row, in the column `record`.

    The columns are the union of all keys in the order of first sight; without any record they are the mapped ones.

    Raises:
        SourceError: a record is not an object, or the text is not JSON.
    """
    import duckdb

    try:
        with engine(request.archive) as connection:
            keys = connection.execute(
                f"""
                select key from (
                    select unnest(keys) as key, generate_subscripts(keys, 1) as place, number
                    from (select json_keys(record) as keys, row_number() over () as number from ({records})))
                where key not in ('', '*')  -- no JSON path names these
                group by key order by min(number), min(place), key"""
            ).fetchall()
            names = [key for (key,) in keys] or list(request.mapped)
            return stage(connection, _columns(names, records), (), names, request.archive)
    except duckdb.Error:
        raise request.error("the source holds text that is not JSON, or records that are not objects; ask its owner.") from None


def _columns(names: Sequence[str], records: str) -> str:
    columns = ", ".join(f"json_extract_string(record, {_path(name)}) as c{i}" for i, name in enumerate(names))
    return f"select {columns} from ({records})"


def _path(key: str) -> str:
    """A key as a JSON path between SQL quotes, whatever characters the key holds."""
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return quoted(f'$."{escaped}"')
