from __future__ import annotations

import duckdb
import pytest

from mutasi.settings import Settings
from mutasi.warehouse.peek import PeekError, _place, summary_text
from mutasi.warehouse.publish import reporting_file

PUBLISHED = """
    create schema marts; create schema quality;
    create table quality.publication as select 'r2' as run_id, date '2026-11-23' as as_of;
    create table quality.runs as
    select *, 'promote' as step from (values
        ('r1', 'lama', date '2026-11-22', null, null, timestamp '2026-11-22 02:00'),
        ('r2', 'dumai', date '2026-11-23', 99, 1, timestamp '2026-11-23 02:00'),
        ('r2', 'binjai', date '2026-11-23', 50, 0, timestamp '2026-11-23 02:00'),
        ('r2', 'baru', date '2026-11-23', null, null, timestamp '2026-11-23 02:00'),
        ('r3', 'binjai', date '2026-11-23', 60, 2, timestamp '2026-11-23 09:00'),
        ('r4', 'binjai', date '2026-11-20', 40, 0, timestamp '2026-11-23 10:00')
    ) as t (run_id, agency_id, snapshot_date, rows_promoted, rows_quarantined, started_at);
    create table marts.dim_agency as
    select *, date '2026-11-23' as data_as_of, false as is_stale
    from (values ('dumai', 'Kota Dumai'), ('binjai', 'Kota Binjai')) as t (agency_id, agency_name);
    create table marts.dim_unit (agency_id text, unit_id text, unit_path text);
    create table marts.unit_workload (agency_id text, unit_id text, unit_name text, need_fte double, staff_of_known_need_fte double,
        shortage_fte double, pressure double, abk_year int, is_under_review boolean, is_ranked boolean, has_final_abk boolean, is_active boolean);
    create table marts.vacancies (agency_id text, unit_id text, scope text, status text, open_seats int, is_critical boolean);
"""


def test_nothing_published_is_said_in_a_sentence(settings: Settings) -> None:
    with pytest.raises(PeekError, match="make run"):
        summary_text(settings)


@pytest.mark.parametrize("path", ["Puskesmas", "Dinas / " * 40 + "Seksi Umum"])
def test_a_long_path_keeps_its_end_and_the_column_its_width(path: str) -> None:
    place = _place("tanjungbalai", path)
    assert len(place) <= 61
    assert place.endswith(path[-9:])


def test_agencies_show_their_newest_run_and_the_missing_ones_are_named(settings: Settings) -> None:
    settings.folder("warehouse")
    with duckdb.connect(str(reporting_file(settings))) as con:
        con.execute(PUBLISHED)
    text = summary_text(settings)
    assert "Not in the marts: baru; a core dataset never came. See docs/runbooks/stale-agency.md." in text
    assert "lama" not in text, "that night is over"
    figures = {line[:11].strip(): line.split()[-2:] for line in text.splitlines() if line.startswith("Kota ")}
    assert figures == {"Kota Dumai": ["99", "1"], "Kota Binjai": ["60", "2"]}, "a run for one agency hides no other"
    assert "posts under review not counted" in text and "not is_under_review" in text
    # The query that is offered runs on what was published.
    query = text.split(".sql('")[1].split("')")[0]
    with duckdb.connect(str(reporting_file(settings)), read_only=True) as con:
        assert con.sql(query).fetchall() == []
