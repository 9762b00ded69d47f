"""The sheets of a week's extract: which columns they have, who gets them, and how many rows a workbook takes.

The rows come from `transfer_tables.sql` (once per run) and `transfer_sheets.sql` (once per viewer).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import duckdb
import yaml

from mutasi import indonesian as id_
from mutasi.publish.spreadsheet import MAX_ROWS, Column

REGION = "*"
MOST_ROWS = 20_000  # a workbook beyond this opens too slowly; everything lies beside it as Parquet and CSV


@dataclass(frozen=True)
class Sheet:
    """One sheet and the files of the same rows.

    Attributes:
        stem: name of the CSV and Parquet files.
        title: name of the sheet.
        query: rows, from the tables of `transfer_sheets.sql`.
        for_region: whether the region gets it; it holds nobody's name then.
        most: rows in the workbook; the files hold all.
        nothing: the sentence that stands in an empty sheet.
    """

    stem: str
    title: str
    query: str
    columns: tuple[Column, ...]
    for_region: bool = False
    most: int = MOST_ROWS
    nothing: str = "Tidak ada."

    def __post_init__(self) -> None:
        assert self.most < MAX_ROWS, self.stem


_WHO = (Column("name", "Nama", 24), Column("nip", "NIP", 21, "id"))
_NOMINATIVE = (
    Column("rank", "No", 5, "whole"), Column("name", "Nama", 18), Column("nip", "NIP", 20, "id"), Column("golongan_name", "Gol. ruang", 9),
    Column("golongan_since", "TMT gol", 12, "date"), Column("from_job", "Jabatan lama", 17), Column("from_unit_path", "Unit kerja lama", 21),
    Column("to_job", "Jabatan baru (diusulkan)", 17), Column("to_unit_path", "Unit kerja tujuan", 21), Column("education", "Pendidikan", 13),
    Column("time_in_post", "Masa jabatan", 9), Column("skp_last_year", "SKP th-1", 9), Column("skp_year_before", "SKP th-2", 9),
    Column("potential_box", "Kotak talenta", 9, "whole"), Column("origin_abk", "ABK/ bezetting lama", 12), Column("dest_abk", "ABK/ bezetting baru", 12),
    Column("kind", "Jenis mutasi", 13), Column("authority", "Kewenangan", 15), Column("documents", "Kelengkapan berkas", 21), Column("reason", "Alasan", 36),
    Column("remark", "Keterangan", 22), Column("fit_points", "Nilai kesesuaian", 14, "whole"), Column("candidate_id", "Kode usulan", 17),
)  # fmt: skip

SHEETS: tuple[Sheet, ...] = (
    Sheet(
        "usulan-prioritas", "Usulan Prioritas", "select * from sheet_usulan where part = 'priority'", _NOMINATIVE, for_region=True,
        nothing="Tidak ada usulan prioritas minggu ini: tidak ada mutasi yang sah dan cukup bermanfaat.",
    ),
    Sheet(
        "usulan-cadangan", "Usulan Cadangan", "select * from sheet_usulan where part <> 'priority'", _NOMINATIVE, for_region=True,
        nothing="Tidak ada usulan cadangan minggu ini.",
    ),
    Sheet(
        "rantai-mutasi", "Rantai Mutasi", "from sheet_rantai",
        (
            Column("chain_id", "Rantai", 14), Column("chain_order", "Urutan", 8, "whole"), Column("chain_length", "Jumlah mutasi", 9, "whole"),
            Column("chain_kind", "Bentuk", 13), *_WHO, Column("from_job", "Jabatan lama", 26), Column("from_unit_path", "Unit kerja lama", 34),
            Column("to_job", "Jabatan baru (diusulkan)", 26), Column("to_unit_path", "Unit kerja tujuan", 34),
            Column("package", "Pelaksanaan", 36), Column("candidate_id", "Kode usulan", 17),
        ), for_region=True, nothing="Tidak ada rantai: setiap usulan dapat dilaksanakan sendiri.",
    ),
    Sheet(
        "jabatan-lowong", "Jabatan Lowong", "from sheet_lowong",
        (
            Column("agency_name", "Instansi", 24), Column("unit_path", "Unit kerja", 40), Column("job", "Jabatan", 30), Column("is_critical", "Kritis", 8),
            Column("open_seats", "Kursi lowong", 9, "whole"), Column("filled", "Terisi oleh usulan", 10, "whole"),
            Column("left_open", "Tetap lowong", 9, "whole"), Column("need_fte", "Kebutuhan (ABK)", 12, "decimal"),
            Column("staff_definitive", "Bezetting definitif", 12, "whole"), Column("staff_present_fte", "Pegawai hadir", 10, "decimal"),
            Column("abk_year", "Tahun ABK", 8), Column("reason", "Sebab tetap lowong", 34), Column("people_competing", "ASN yang bersaing", 10, "whole"),
            Column("costliest_rule", "Syarat yang paling membatasi", 36),
        ), for_region=True, nothing="Tidak ada jabatan lowong yang pasti menurut ABK final dan peta jabatan.",
    ),
    Sheet(
        "siap-dimutasi", "ASN Siap Dimutasi", "from sheet_siap",
        (
            *_WHO, Column("golongan_name", "Gol. ruang", 9), Column("job", "Jabatan", 28), Column("unit_path", "Unit kerja", 38),
            Column("time_in_post", "Masa jabatan", 12), Column("is_due", "Lewat masa peninjauan", 13), Column("education", "Pendidikan", 22),
            Column("performance_points", "Nilai kinerja 2 th", 10, "whole"), Column("potential_box", "Kotak talenta", 9, "whole"),
            Column("state", "Formasi jabatan asal", 13), Column("wishes", "Minat", 32), Column("is_proposed", "Diusulkan minggu ini", 12),
        ), nothing="Tidak ada ASN yang memenuhi seluruh syarat.",
    ),
    Sheet(
        "penugasan-sementara", "Penugasan Sementara", "from sheet_sementara",
        (
            Column("unit_path", "Unit yang membutuhkan", 40), Column("job", "Jabatan", 28), Column("need_fte", "Kebutuhan sementara", 12, "decimal"),
            Column("from_date", "Mulai", 12, "date"), Column("to_date", "Sampai", 12, "date"), *_WHO, Column("from_unit_path", "Unit asal", 40),
            Column("remark", "Keterangan", 40),
        ), nothing="Tidak ada kebutuhan sementara yang tercatat.",
    ),
    Sheet(
        "bila-berkas-lengkap", "Bila Berkas Dilengkapi", "from sheet_berkas",
        (
            *_WHO, Column("golongan_name", "Gol. ruang", 9), Column("job", "Jabatan", 28), Column("unit_path", "Unit kerja", 38),
            Column("rule", "Syarat yang belum pasti", 36), Column("item", "Yang perlu dilengkapi", 34), Column("could_go", "Jabatan yang terbuka", 40),
            Column("gain", "Manfaat bagi rencana", 12, "whole"),
        ), nothing="Tidak ada berkas yang membuka usulan baru.",
    ),
    Sheet(
        "tiga-nama", "Tiga Nama untuk TPK", "from sheet_tiga",
        (
            Column("to_unit_path", "Unit kerja jabatan lowong", 36), Column("to_job", "Jabatan lowong", 24), Column("place", "Urutan", 8, "whole"), *_WHO,
            Column("golongan_name", "Gol. ruang", 9), Column("job", "Jabatan sekarang", 26), Column("unit_path", "Unit kerja sekarang", 36),
            Column("way", "Sifat", 11), Column("fit_points", "Nilai kesesuaian", 14, "whole"), Column("performance_points", "Nilai kinerja 2 th", 10, "whole"),
            Column("potential_box", "Kotak talenta", 9, "whole"), Column("rules", "Syarat yang belum pasti", 36), Column("items", "Yang perlu dilengkapi", 34),
        ), nothing="Tidak ada jabatan administrator atau pengawas yang lowong dengan calon yang dapat dipertimbangkan.",
    ),
    Sheet(
        "tidak-diusulkan", "Tidak Diusulkan", "from sheet_tidak",
        (
            *_WHO, Column("golongan_name", "Gol. ruang", 9), Column("job", "Jabatan", 28), Column("unit_path", "Unit kerja", 38),
            Column("outcome", "Hasil pemeriksaan syarat", 18), Column("reason", "Sebab", 32), Column("rules", "Syarat", 44),
            Column("nearest", "Jabatan terdekat", 36), Column("price", "Selisih nilai", 10, "whole"),
        ), most=1_000, nothing="Tidak ada catatan.",
    ),
    Sheet(
        "data-imut", "Data I-MUT", "from sheet_imut",
        (
            Column("candidate_id", "Kode usulan", 17), Column("kind_code", "Kode jenis mutasi", 9, "id"), Column("kind_name", "Jenis mutasi", 24),
            Column("nip", "NIP", 21, "id"), Column("name", "Nama", 26), Column("unor_old", "ID unor lama", 34, "id"),
            Column("unor_old_name", "Unor lama", 32), Column("unor_new", "ID unor baru", 34, "id"), Column("unor_new_name", "Unor baru", 32),
            Column("job_old", "ID jabatan lama", 34, "id"), Column("job_old_name", "Jabatan lama", 28), Column("job_new", "ID jabatan baru", 34, "id"),
            Column("job_new_name", "Jabatan baru", 28),
        ),
    ),
    Sheet(
        "rapat-tim-penilai", "Rapat Tim Penilai Kinerja", "from sheet_rapat",
        (
            Column("rank", "No", 5, "whole"), *_WHO, Column("golongan_name", "Gol. ruang", 9), Column("from_post", "Jabatan dan unit lama", 28),
            Column("to_post", "Usulan jabatan dan unit", 28), Column("reason", "Alasan", 40), Column("benefit", "Manfaat bagi pegawai", 28),
            Column("competence_gap", "Kesenjangan kompetensi dan diklat", 28), Column("fit", "Kesesuaian", 30),
            Column("alternatives", "Bila tidak disetujui", 30), Column("documents", "Kelengkapan berkas", 24),
            Column("decision", "Keputusan (setuju/ tolak)", 15), Column("note", "Catatan", 20), Column("initial", "Paraf", 9),
        ), nothing="Tidak ada usulan prioritas untuk dibahas.",
    ),
    Sheet(
        "beban-kerja-unit", "Beban Kerja Unit", "from sheet_beban",
        (
            Column("agency_name", "Instansi", 24), Column("unit_path", "Unit kerja", 50), Column("need_fte", "Kebutuhan (ABK)", 12, "decimal"),
            Column("staff_before", "Bezetting sekarang", 12, "decimal"), Column("staff_after", "Bezetting setelah usulan", 12, "decimal"),
            Column("pressure_before", "Beban per orang sekarang", 12, "ratio"), Column("pressure_after", "Beban per orang setelah usulan", 12, "ratio"),
            Column("moves_in", "Masuk", 8, "whole"), Column("moves_out", "Keluar", 8, "whole"),
        ), for_region=True, nothing="Tidak ada unit yang berubah.",
    ),
    Sheet(
        "aturan-dan-sumber", "Aturan dan Sumber", "from sheet_aturan",
        (
            Column("topic", "Jenis", 12), Column("what", "Isi", 60), Column("value", "Nilai", 22), Column("source", "Dasar", 70),
            Column("valid_from", "Berlaku sejak", 13, "date"), Column("code", "Kode", 26),
        ), for_region=True,
    ),
)  # fmt: skip


@cache
def _statements(name: str) -> tuple[str, ...]:
    text = files("mutasi.publish").joinpath(name).read_text(encoding="utf-8")
    return tuple(part for part in text.split(";\n") if part.strip() and not part.strip().startswith("--\n"))


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Join the run with names and words, once for all viewers; after `attach_run`."""
    codes = yaml.safe_load(files("mutasi.publish").joinpath("imut.yml").read_text(encoding="utf-8"))["kinds"]
    con.execute(
        "create or replace temp table imut_kinds (place integer, code varchar, name varchar, job_kind varchar, job_name_begins varchar, same_job boolean)"
    )
    con.executemany(
        "insert into imut_kinds values (?, ?, ?, ?, ?, ?)",
        [[n, c["code"], c["name"], c["job_kind"], c.get("job_name_begins"), c.get("same_job")] for n, c in enumerate(codes)],
    )
    con.execute(id_.NUMBERS.read_text(encoding="utf-8"))
    for name in ("words.sql", "transfer_tables.sql"):
        for statement in _statements(name):
            con.execute(statement)


def create_view(con: duckdb.DuckDBPyConnection, viewer: str, run_id: str) -> None:
    """Tables of what one viewer may see: an agency, or `REGION`."""
    for statement in _statements("transfer_sheets.sql"):
        given = {name: value for name, value in (("viewer", viewer), ("run_id", run_id)) if f"${name}" in statement}
        con.execute(statement, given or None)


def sheets_of(viewer: str) -> tuple[Sheet, ...]:
    """The sheets that a viewer gets."""
    return tuple(s for s in SHEETS if s.for_region or viewer != REGION)


def rows_of(con: duckdb.DuckDBPyConnection, sheet: Sheet, most: int | None = None) -> Sequence[Sequence[Any]]:
    """The rows of a sheet in the order of its columns."""
    columns = ", ".join(c.key for c in sheet.columns)
    limit = f" limit {most}" if most is not None else ""
    return con.execute(f"select {columns} from ({sheet.query}){limit}").fetchall()
