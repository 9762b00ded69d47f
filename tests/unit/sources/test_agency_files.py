"""An agency file either works or says, in a sentence, which key to change and to what."""

from __future__ import annotations

from pathlib import Path

import pytest

from mutasi.sources.registry import AgencyFileError, read_agencies, read_agency

GOOD = """
agency_id: contoh
agency_name: Pemerintah Kota Contoh
agency_kind: city
codes: {bkn: "0000", kemendagri: "00.00"}
owner: {unit: BKPSDM, email: data@example.invalid}
connections: {simpeg: {type: sql, name: contoh_simpeg}}
datasets:
  units:
    connection: simpeg
    read: {table: m_unor}
    columns: {unit_id: id, unit_name: nama, unit_type: {from: jenis, codes: {"1": hospital}}}
"""


def write(folder: Path, text: str, name: str = "contoh.yml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_a_good_file_is_read(tmp_path):
    agency = read_agency(write(tmp_path, GOOD))
    assert agency.datasets["units"].columns["unit_type"].codes == {"1": "hospital"}


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        (
            "agency_kind: city",
            "agency_kind: town",
            "agency_kind: `town` is unknown; expected one of ministry, province, regency, city",
        ),
        ("agency_kind: city", "agency_kind: citty", "agency_kind: `citty` is unknown; did you mean `city`?"),
        (
            "agency_kind: city",
            "agency_kind: city\nagency_kind: province",
            "`agency_kind` stands twice, in lines 4 and 5; keep one",
        ),
        ("agency_id: contoh", "agency_id: Contoh", "agency_id: takes small letters, digits and _, and begins with a letter"),
        ('bkn: "0000"', "bkn: 9000", "codes.bkn: is text; put it in quotes, for YAML takes it for a number or a truth value"),
        ("agency_name:", "agency_nama:", "agency_nama: `agency_nama` is unknown; did you mean `agency_name`?"),
        ("owner: {unit: BKPSDM, email", "owner: {unit: BKPSDM, mail", "owner.email: is missing; add it"),
        ("owner: {unit: BKPSDM, email", "owner: {unit: BKPSDM, emial", "owner.emial: `emial` is unknown; did you mean `email`?"),
        ("table: m_unor", "tabel: m_unor", "datasets.units.read.tabel: `tabel` is unknown; did you mean `table`?"),
        ("table: m_unor", "table: m_unor, query: select 1", "datasets.units.read: needs either `table` or `query`, and not both"),
        ("connection: simpeg", "connection: simpg", "datasets.units.connection: `simpg` is unknown; did you mean `simpeg`?"),
        ("unit_name: nama", "unit_nam: nama", "datasets.units.columns.unit_name: is required"),
        (
            "unit_name: nama",
            "unit_nam: nama",
            "datasets.units.columns.unit_nam: is not a column of units; `unit_nam` is unknown; did you mean `unit_name`?",
        ),
        ('"1": hospital', '"1": hospitl', "datasets.units.columns.unit_type: `hospitl` is unknown; did you mean `hospital`?"),
        ("unit_id: id", "unit_id: no", "datasets.units.columns.unit_id: YAML takes yes, no, on and off for truth values; put"),
        (
            "unit_id: id",
            "unit_id: {from: id, value: 1}",
            "needs either `from` (a source column) or `value` (a fixed value), and not both",
        ),
        ("unit_id: id", "unit_id: {from: id, factor: 60}", "datasets.units.columns.unit_id.factor: is for numbers, and this"),
        (
            "unit_id: id",
            "unit_id: {from: id, factor: 0}",
            "datasets.units.columns.unit_id.factor: Input should be greater than 0",
        ),
        ("unit_id: id", "unit_id: {frm: id}", "`frm` is unknown; did you mean `from`?"),
        ("  units:", "  unit:", "datasets.unit: is not a dataset; `unit` is unknown; did you mean `units`?"),
        ("type: sql", "type: sqll", "connections.simpeg.type: `sqll` is unknown; did you mean `sql`?"),
        (
            "unit_id: id",
            "unit_id: id, is_active: {from: aktif, codes: {T: tidk}}",
            "datasets.units.columns.is_active: `tidk` is unknown; did you mean `tidak`?",
        ),
        ("unit_id: id", "unit_id: id, valid_from: {value: 2025-13-01}", "columns.valid_from.value: `2025-13-01` is no date"),
        ("unit_id: id", "unit_id: id, latitude: {value: utara}", "columns.latitude.value: `utara` is no decimal"),
        (
            "unit_id: id",
            "unit_id: id, valid_from: {from: sejak, format: dd-mm-yyyy}",
            'columns.valid_from.format: `dd-mm-yyyy` names no part of a date; write it as in "%d-%m-%Y"',
        ),
        (
            "    read:",
            "    date_format: dd/mm/yyyy\n    read:",
            "datasets.units.date_format: `dd/mm/yyyy` names no part of a date",
        ),
        (
            "    read:",
            "    more_date_formats: [excel, dd/mm/yyyy]\n    read:",
            "datasets.units.more_date_formats: `dd/mm/yyyy` names no part of a date",
        ),
        (
            "name: contoh_simpeg",
            "name: contoh_simpeg, concurrency: 8",
            "connections.simpeg: `concurrency` paces calls of type siasn",
        ),
        ("data@example.invalid", "data at example", "owner.email: `data at example` is no e-mail address"),
    ],
)
def test_errors_name_file_key_and_the_closest_valid_word(tmp_path, right, wrong, sentence):
    file = write(tmp_path, GOOD.replace(right, wrong))
    with pytest.raises(AgencyFileError) as error:
        read_agency(file)
    assert "contoh.yml: " in str(error.value)
    assert sentence in str(error.value)


ASKED = GOOD.replace(
    "connections: {", "connections: {berkas: {type: files, name: contoh_berkas}, siasn: {type: siasn, name: contoh_siasn}, "
).replace(
    "connection: simpeg\n    read: {table: m_unor}",
    "connection: siasn\n    read: {per_nip: /a, nips: {path: nip.csv}, nips_connection: berkas}",
)


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        (
            "path: nip.csv",
            "path: nip.csv, encoding: utf8-bm",
            "datasets.units.read.nips.encoding: `utf8-bm` is no known encoding",
        ),
        ("path: nip.csv", "pth: nip.csv", "datasets.units.read.nips.pth: `pth` is unknown; did you mean `path`?"),
        ("per_nip: /a", "table: a", "datasets.units.read.table: `table` is unknown; expected one of per_nip, list, nips"),
        ("nips_connection: berkas", "nips_connection: bekas", "read.nips_connection: `bekas` is unknown; did you mean `berkas`?"),
        (
            "nips_connection: berkas",
            "nips_connection: simpeg",
            "read.nips_connection: the list of NIPs is a file, and `simpeg` is",
        ),
    ],
)
def test_what_a_service_is_asked_for_is_checked_without_it(tmp_path, right, wrong, sentence):
    assert read_agency(write(tmp_path, ASKED)).datasets
    with pytest.raises(AgencyFileError) as error:
        read_agency(write(tmp_path, ASKED.replace(right, wrong)))
    assert sentence in str(error.value)


def test_fixed_values_are_read_as_yaml_means_them(tmp_path):
    fixed = "unit_id: id, valid_from: {value: 2025-01-31}, is_active: {value: true}, latitude: {value: 1}"
    columns = read_agency(write(tmp_path, GOOD.replace("unit_id: id", fixed))).datasets["units"].columns
    assert [columns[c].value for c in ("valid_from", "is_active", "latitude")] == ["2025-01-31", True, 1]


@pytest.mark.parametrize(
    ("text", "sentence"), [("a: [", "is not valid YAML near line"), ("", "is empty or not a mapping"), ("- a", "is empty")]
)
def test_what_is_no_agency_file_says_so(tmp_path, text, sentence):
    with pytest.raises(AgencyFileError, match=sentence):
        read_agency(write(tmp_path, text))


def test_religion_cannot_be_mapped(tmp_path):
    with pytest.raises(AgencyFileError, match="is not a column of units"):
        read_agency(write(tmp_path, GOOD.replace("unit_name: nama", "unit_name: nama, agama: agama")))


def test_two_files_with_one_id_are_refused(tmp_path):
    write(tmp_path, GOOD)
    write(tmp_path, GOOD, "lain.yml")
    with pytest.raises(AgencyFileError, match="used by another file too"):
        read_agencies(tmp_path)


def test_the_template_is_no_agency(tmp_path):
    write(tmp_path, GOOD, "template.yml")
    assert read_agencies(tmp_path) == {}


def test_a_header_is_one_piece_and_a_tab_delimits(tmp_path):
    files = GOOD.replace("type: sql", "type: files").replace(
        "{table: m_unor}", '{path: "*.tsv", delimiter: "\\t", header_row: [2, 3]}'
    )
    read = read_agency(write(tmp_path, files)).datasets["units"].read
    assert (read.delimiter, read.header_rows) == ("\t", (2, 3))
    with pytest.raises(AgencyFileError, match=r"`header_row` is one row, or rows that follow each other, for example \[3, 4\]"):
        read_agency(write(tmp_path, files.replace("[2, 3]", "[2, 4]")))


def test_a_folder_in_place_of_a_file_is_called_one(tmp_path):
    with pytest.raises(AgencyFileError, match="is a folder; name its files"):
        read_agency(tmp_path)
