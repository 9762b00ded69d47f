from __future__ import annotations

import pytest

from mutasi.settings import Settings
from mutasi.warehouse.peek import PeekError, _place, summary_text


def test_nothing_published_is_said_in_a_sentence(settings: Settings) -> None:
    with pytest.raises(PeekError, match="make run"):
        summary_text(settings)


@pytest.mark.parametrize("path", ["Puskesmas", "Dinas / " * 40 + "Seksi Umum"])
def test_a_long_path_keeps_its_end_and_the_column_its_width(path: str) -> None:
    place = _place("tanjungbalai", path)
    assert len(place) <= 61
    assert place.endswith(path[-9:])
