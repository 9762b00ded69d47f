"""Splits a landed snapshot by what the checks found: rows that may be used, blanked and flagged, and rows that may not, with the reasons.

With Arrow and not in SQL: what is found is little, and a small agency's rows are through before a query for them is planned.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mutasi.engine import ROW_GROUP
from mutasi.landing.data_files import DataFile
from mutasi.sources.datasets import Dataset
from mutasi.sources.staging import open_parquet

Ints = npt.NDArray[np.int64]
Texts = npt.NDArray[np.object_]
TEXTS = ["agency_id", "rule_code", "action", "column_name"]


@dataclass(frozen=True)
class Found:
    """What the checks found in the rows of a snapshot: one line per failing row, rule and column (None: the whole row), in this order."""

    row_ids: Ints
    rules: Texts
    actions: Texts
    columns: Texts

    def codes(self, *actions: str) -> tuple[Ints, pa.Array]:
        """The rows with a rule of these actions, and beside each the codes of its rules in order, with blanks between."""
        of = np.logical_or.reduce([self.actions == action for action in actions])
        rows, rules = self.row_ids[of], self.rules[of]
        begins = np.diff(rows, prepend=-1) != 0
        counts = begins | (rules != np.roll(rules, 1))  # a rule may have failed in several columns
        places = np.append(np.flatnonzero(begins[counts]), np.count_nonzero(counts))
        codes = pa.ListArray.from_arrays(pa.array(places, pa.int32()), pa.array(rules[counts], pa.string()))
        return rows[begins], pc.binary_join(codes, " ")

    def blanked(self) -> dict[str, Ints]:
        """Columns with values to blank, and the rows in which."""
        of = self.actions == "blank"
        rows, columns = self.row_ids[of], self.columns[of]
        return {name: rows[columns == name] for name in dict.fromkeys(columns) if name}


def found_in(failures: Path, agency_id: str) -> Found:
    """What the checks found in one agency's snapshot, by the file of a dataset's day."""
    with pq.ParquetFile(failures, read_dictionary=TEXTS) as file:
        # Its rows are in the order of the agencies.
        bounds = [file.metadata.row_group(number).column(0).statistics for number in range(file.num_row_groups)]
        near = [number for number, of in enumerate(bounds) if of is None or not of.has_min_max or of.min <= agency_id <= of.max]
        rows = file.read_row_groups(near, columns=[*TEXTS, "_row_id"], use_threads=False)
    # Where the snapshot as such failed no row is named.
    of = rows.filter(pc.and_(pc.equal(rows["agency_id"], agency_id), pc.is_valid(rows["_row_id"])))
    # As texts: NumPy would take the last text of a dictionary for a NULL, or have none to take.
    texts = (of[name].cast(pa.string()).to_numpy() for name in ("rule_code", "action", "column_name"))
    return Found(of["_row_id"].to_numpy(), *texts)


def split(
    landed: Path, dataset: Dataset, day: dt.date, found: Found, stopped_by: Sequence[str], kept: Path, refused: Path
) -> tuple[int, int]:
    """Write the rows that may be used to `kept` and the others to `refused`, both in the order of the source.

    A dataset that is stopped keeps none; where no row is refused, `refused` is not written.

    Returns:
        Rows kept and rows refused.
    """
    columns, blanked = list(dataset.promoted_columns), found.blanked()
    dropped, reasons = found.codes("drop")
    flagged, flags = found.codes("blank", "warn")
    # First what most rows have.
    said = pa.concat_arrays([pa.array([""]), pc.binary_join_element_wise("", flags, "", " ")]).dictionary_encode()
    rows_kept = rows_refused = 0
    with open_parquet(landed) as file, ExitStack() as files:
        # A column may be marked as never empty; what is made of it need not be so.
        arrived = pa.schema([field.with_nullable(True) for field in file.schema_arrow])
        left = pa.schema([*(field.with_type(_plain(field.type)) for field in arrived), ("reasons", pa.string())])
        typed = [arrived.field("agency_id"), ("snapshot_date", pa.date32()), arrived.field("_row_id")]
        used = pa.schema([*typed, *(arrived.field(name) for name in columns), ("_flags", said.type)])
        keeping = None if stopped_by else files.enter_context(DataFile(kept, used))
        refusing = files.enter_context(DataFile(refused, left)) if stopped_by or len(dropped) else None
        for rows in file.iter_batches(batch_size=ROW_GROUP, use_threads=False):
            ids = rows["_row_id"].to_numpy()
            amiss, which = (np.arange(len(ids)), None) if stopped_by else _places(ids, dropped)
            if keeping is not None:
                flag = np.zeros(len(ids), np.int32)
                marked, of = _places(ids, flagged)
                flag[marked] = of + 1
                cells = [
                    _without(rows[name], _places(ids, blanked[name])[0]) if name in blanked else rows[name] for name in columns
                ]
                date = pa.repeat(pa.scalar(day, pa.date32()), len(ids))
                judged = pa.table([rows["agency_id"], date, rows["_row_id"], *cells, said.take(pa.array(flag))], schema=used)
                if len(amiss):
                    judged = judged.filter(pa.array(~_mask(len(ids), amiss)))
                keeping.write(judged)
                rows_kept += judged.num_rows
            if refusing is not None:
                why = pa.repeat(" ".join(stopped_by), len(ids)) if stopped_by else reasons.take(pa.array(which))
                refusing.write(pa.table([*rows.take(pa.array(amiss)).columns, why], [*arrived.names, "reasons"]))
                rows_refused += len(amiss)
    return rows_kept, rows_refused


def _plain(kind: pa.DataType) -> pa.DataType:
    """Few rows are refused: a dictionary of all that the column holds would be longer than their texts."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _places(ids: Ints, of: Ints) -> tuple[Ints, Ints]:
    """Where some rows stand among those of these ids, and which of them do; both count up."""
    places = np.searchsorted(ids, of)
    there = np.flatnonzero(np.append(ids, -1)[places] == of)
    return places[there], there


def _mask(rows: int, places: Ints) -> npt.NDArray[np.bool_]:
    mask = np.zeros(rows, np.bool_)
    mask[places] = True
    return mask


def _without(values: pa.Array, places: Ints) -> pa.Array:
    """The values, NULL in some places."""
    if pa.types.is_dictionary(values.type):  # else each text would be looked up again
        return pa.DictionaryArray.from_arrays(_without(values.indices, places), values.dictionary)
    return pc.if_else(pa.array(_mask(len(values), places)), pa.scalar(None, values.type), values)
