"""Who answered what, and when: one file per published run, beside its extracts and never changed into another answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mutasi.landing.snapshots import write_text
from mutasi.settings import Settings

ANSWERS = {"Approve": "approved", "Reject": "refused"}


def record_answer(settings: Settings, told: Mapping[str, Any], answer: Mapping[str, Any] | None) -> str:
    """Keep the officials' answer to a published run; returns approved, refused or unanswered. The first answer stays."""
    if not answer or not answer.get("chosen_options"):
        return "unanswered"
    file = approval_file(settings, str(told["week"]), str(told["run_id"]))
    if file.exists():
        return str(json.loads(file.read_text(encoding="utf-8"))["answer"])
    found = ANSWERS[answer["chosen_options"][0]]
    by = answer.get("responded_by_user") or {}
    content = {
        "week": told["week"],
        "run_id": told["run_id"],
        "answer": found,
        "answered_by": dict(by) if isinstance(by, Mapping) else str(by),
        "answered_at": str(answer.get("responded_at")),
    }
    write_text(file, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return found


def approval_file(settings: Settings, week: str, run_id: str) -> Path:
    """Where the answer to a run lies."""
    return settings.folder("extracts", week, "approvals") / f"{run_id}.json"
