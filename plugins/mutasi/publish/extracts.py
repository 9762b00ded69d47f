"""Extracts of a week: one folder per agency and one for the region, written once and never changed.

They appear together in one rename, `extracts/<week>/<run_id>/`, and the pointer `current` beside the runs is turned to them. The
run id is the hash of inputs and policy, so that the same week with the same data is not written a second time.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from mutasi.durable import flush_tree
from mutasi.engine import connect, copy
from mutasi.errors import NeedsAPerson
from mutasi.landing.snapshots import sha256, write_text
from mutasi.publish import transfer_wording as wording
from mutasi.publish.delimited import delimited
from mutasi.publish.spreadsheet import Column
from mutasi.publish.transfer_run import Run, attach_run
from mutasi.publish.transfer_sheets import REGION, create_tables, create_view, rows_of, sheets_of
from mutasi.publish.transfer_summary import figures
from mutasi.settings import Settings

REGION_FOLDER = "wilayah"
XLSX, HTML, PDF = "usulan-mutasi.xlsx", "laporan-usulan-mutasi.html", "laporan-usulan-mutasi.pdf"
DECISIONS = "keputusan.csv"
MANIFEST, CURRENT = "manifest.json", "current"
Agreed = Sequence[tuple[str, str]]


class ExtractError(NeedsAPerson):
    """Extracts cannot be written or are not what they should be; what was published before stays."""


def extracts_folder(settings: Settings, run: Run) -> Path:
    """Where the extracts of a run lie once they are published."""
    return settings.home / "extracts" / run.week / run.run_id


def is_published(settings: Settings, run: Run) -> bool:
    """Whether the extracts of these inputs and this policy stand already.

    Raises:
        ExtractError: the place is taken by a run of other inputs or another policy.
    """
    file = extracts_folder(settings, run) / MANIFEST
    if not file.exists():
        return False
    told = json.loads(file.read_text(encoding="utf-8"))
    if (told["inputs_hash"], told["policy_hash"]) != (run.inputs_hash, run.policy_hash):
        raise ExtractError(
            f"{file.parent} holds extracts of other inputs under the same run id; nothing was written. Move that folder away and look "
            "for what changed it: extracts are never changed."
        )
    return True


def viewers(settings: Settings, run: Run) -> list[str]:
    """The agencies of a run, then the region."""
    with connect(settings) as con:
        attach_run(con, settings, run)
        return [row[0] for row in con.execute("select distinct agency_id from run_transfer_posts order by 1").fetchall()] + [
            REGION
        ]


def write_extract(settings: Settings, run: Run, viewer: str, names: dict[str, str], agreed: Agreed = ()) -> Path:
    """Write what one viewer gets into the unfinished folder of the run; returns its folder.

    Args:
        settings: where runs and extracts lie.
        run: a proved run.
        viewer: an agency, or `REGION`.
        names: names of the agencies by id.
        agreed: pairs of person and destination post to which the origin agency has agreed; only these names are shown to receivers.
    """
    if is_published(settings, run):
        return extracts_folder(settings, run) / _folder_name(viewer)
    folder = _unfinished(settings, run) / _folder_name(viewer)
    shutil.rmtree(folder, ignore_errors=True)
    relative = folder.relative_to(settings.home)
    for part in ("csv", "parquet"):
        settings.folder(*relative.parts, part)
    with connect(settings) as con:
        _prepare(con, settings, run, viewer, names, agreed)
        rows = _write_files(con, run, viewer, names, folder)
    _write_manifest(folder, run, viewer, names, rows)
    return folder


def _prepare(
    con: duckdb.DuckDBPyConnection, settings: Settings, run: Run, viewer: str, names: dict[str, str], agreed: Agreed
) -> None:
    attach_run(con, settings, run)
    con.execute("create or replace temp table agencies (agency_id varchar, agency_name varchar)")
    con.execute("create or replace temp table agreed (person_id varchar, to_post_id varchar)")
    if names:
        con.executemany("insert into agencies values (?, ?)", [list(pair) for pair in names.items()])
    if agreed:
        con.executemany("insert into agreed values (?, ?)", [list(pair) for pair in sorted(set(agreed))])
    create_tables(con)
    create_view(con, viewer, run.run_id)


def _write_files(con: duckdb.DuckDBPyConnection, run: Run, viewer: str, names: dict[str, str], folder: Path) -> dict[str, int]:
    """All files of one viewer; returns rows per file where a file has rows."""
    from mutasi.publish.transfer_report import write_report
    from mutasi.publish.transfer_workbook import write_transfer_workbook

    found, counts = figures(con, viewer), {}
    line = wording.classification(viewer, names.get(viewer, "Wilayah"))
    for sheet in sheets_of(viewer):
        rows = rows_of(con, sheet)
        counts[f"csv/{sheet.stem}.csv"] = counts[f"parquet/{sheet.stem}.parquet"] = len(rows)
        (folder / "csv" / f"{sheet.stem}.csv").write_bytes(delimited(sheet.columns, rows))
        copy(con, sheet.query, folder / "parquet" / f"{sheet.stem}.parquet")
    if viewer != REGION:
        cursor = con.execute("from sheet_keputusan")
        columns = [Column(d[0], d[0], 10) for d in cursor.description]
        counts[DECISIONS] = len(decisions := cursor.fetchall())
        (folder / DECISIONS).write_bytes(delimited(columns, decisions))
    write_transfer_workbook(con, run, viewer, names, found, folder / XLSX)
    write_report(con, run, viewer, names, found, folder / HTML, folder / PDF)
    (folder / "KLASIFIKASI.txt").write_text(line + "\n", encoding="utf-8")
    return counts


def _write_manifest(folder: Path, run: Run, viewer: str, names: dict[str, str], rows: dict[str, int]) -> None:
    files = sorted(f for f in folder.rglob("*") if f.is_file() and f.name != MANIFEST)
    told = {
        **_identity(run),
        "agency_id": viewer if viewer != REGION else None,
        "agency_name": names.get(viewer) if viewer != REGION else "Wilayah",
        "classification": wording.classification(viewer, names.get(viewer, "Wilayah")),
        "files": [
            {
                "name": str(f.relative_to(folder)),
                "sha256": sha256(f),
                "bytes": f.stat().st_size,
                "rows": rows.get(str(f.relative_to(folder))),
            }
            for f in files
        ],
    }
    for file in files:
        file.chmod(0o400)
    write_text(folder / MANIFEST, json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    (folder / MANIFEST).chmod(0o400)


def _identity(run: Run) -> dict[str, Any]:
    return {
        "week": run.week,
        "run_id": run.run_id,
        "data_as_of": run.data_as_of.isoformat(),
        "policy_hash": run.policy_hash,
        "inputs_hash": run.inputs_hash,
        "code_version": run.code_version,
        "label": run.label,
        "status": "usulan",
    }


def publish_extracts(settings: Settings, run: Run, expected: Sequence[str]) -> Path:
    """Let the extracts of all viewers appear in one rename and turn `current` to them; returns their folder.

    Raises:
        ExtractError: a viewer's extract is missing or was changed since it was written.
    """
    target = extracts_folder(settings, run)
    if not is_published(settings, run):
        unfinished = _unfinished(settings, run)
        manifests = {viewer: unfinished / _folder_name(viewer) / MANIFEST for viewer in expected}
        if missing := sorted(_folder_name(v) for v, file in manifests.items() if not file.exists()):
            raise ExtractError(
                f"No extract was written for {', '.join(missing)}, so none is published. Clear those tasks and go on."
            )
        for file in manifests.values():
            verify_extract(file.parent)
        told = {**_identity(run), "extracts": {_folder_name(v): sha256(file) for v, file in sorted(manifests.items())}}
        write_text(unfinished / MANIFEST, json.dumps(told, indent=1, ensure_ascii=False) + "\n")
        flush_tree(unfinished)
        unfinished.rename(target)
    _point(target)
    return target


def size(published: Path) -> dict[str, int]:
    """How much a published run holds: agencies, and proposals in both parts of the list."""
    told = json.loads((published / REGION_FOLDER / MANIFEST).read_text(encoding="utf-8"))
    rows = {f["name"]: f["rows"] for f in told["files"]}
    agencies = json.loads((published / MANIFEST).read_text(encoding="utf-8"))["extracts"]
    return {
        "agencies": len(agencies) - 1,
        "priority": rows["csv/usulan-prioritas.csv"],
        "reserve": rows["csv/usulan-cadangan.csv"],
    }


def verify_extract(folder: Path) -> int:
    """Compare every file of an extract with its manifest; returns how many files it names.

    Raises:
        ExtractError: a file is missing, was changed, or is not named.
    """
    told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    named = {f["name"]: f["sha256"] for f in told["files"]}
    there = {str(f.relative_to(folder)): f for f in folder.rglob("*") if f.is_file() and f.name != MANIFEST}
    amiss = sorted(set(named) ^ set(there)) + [
        name for name in sorted(set(named) & set(there)) if sha256(there[name]) != named[name]
    ]
    if amiss:
        raise ExtractError(
            f"{folder} is not what its manifest says: {', '.join(amiss)}. Do not pass it on; write the week again."
        )
    return len(named)


def _point(target: Path) -> None:
    """Turn the pointer in one rename.

    Raises:
        ExtractError: a folder stands in its place, as after a copy that followed links.
    """
    if (target.parent / CURRENT).is_dir() and not (target.parent / CURRENT).is_symlink():
        raise ExtractError(
            f"{target.parent / CURRENT} is a folder and no link, probably from a copy that followed links. Remove it; the runs beside it hold all."
        )
    fresh = target.parent / f".{CURRENT}-{os.getpid()}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target.name)
    fresh.replace(target.parent / CURRENT)


def _unfinished(settings: Settings, run: Run) -> Path:
    return settings.home / "extracts" / run.week / f".{run.run_id}"


def _folder_name(viewer: str) -> str:
    return REGION_FOLDER if viewer == REGION else viewer
