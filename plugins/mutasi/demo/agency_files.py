"""The agency files of generated populations that have no hand-written one: Parquet under canonical names."""

from __future__ import annotations

from pathlib import Path

import yaml

from mutasi.demo.places import Place
from mutasi.sources.agency import Agency
from mutasi.sources.datasets import datasets

LANDED = ("units", "jobs", "positions", "employees", "assignments", "performance_reviews", "workloads", "non_asn_counts")


def write_agency_file(folder: Path, place: Place) -> Agency:
    """Write the file of an agency whose Parquet files already have the canonical columns."""
    document = {
        "agency_id": place.agency_id,
        "agency_name": place.root_name,
        "agency_kind": "city",
        "codes": {"bkn": place.bkn_code, "kemendagri": place.cities[0].region_code},
        "owner": {"unit": "Badan Kepegawaian (rekaan)", "email": f"{place.agency_id.replace('_', '-')}@example.invalid"},
        "connections": {"lake": {"type": "files", "name": f"{place.agency_id}_lake"}},
        "datasets": {
            name: {
                "connection": "lake",
                "read": {"path": f"{name}.parquet", "format": "parquet"},
                "columns": {column: column for column in datasets()[name].columns},
            }
            for name in LANDED
        },
    }
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # the C emitter: hundreds of these files are written for a national population
    text = yaml.dump(document, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), sort_keys=False, allow_unicode=True)
    (folder / f"{place.agency_id}.yml").write_text(text, encoding="utf-8")
    return Agency.model_validate(document)
