"""The jobs of a local government and the posts each kind of unit has, as plain tables the generator multiplies out.

Names of jobs and kinds of units are the service's own; weights are chosen so that a city of 5,000 has about 60 % functional
jobs (half of them teachers, a fifth health workers), a third pelaksana and 7 % structural officials.
"""

from __future__ import annotations

from typing import NamedTuple


class Job(NamedTuple):
    """One job title.

    `golongan` is the range of BKN codes, `education` the lowest level with the levels its holders have, `female_pct` the
    share of women among holders.
    """

    job_id: str
    name: str
    kind: str
    level: str | None
    bup_age: int
    family: str
    job_class: int
    golongan: tuple[str, str]
    education: tuple[str, ...]
    field: str
    female_pct: int


class Post(NamedTuple):
    """A post that units of one type have: `weight` is its relative need, `pct` the share of units that have it."""

    job_id: str
    sub_job: str | None
    weight: float
    pct: int = 100


TEACHER, HEALTH = "Pendidikan", "Kesehatan"
S1 = ("40", "40", "40", "40", "40", "40", "40", "45")
D3 = ("35", "35", "35", "35", "35", "40")
SMA = ("15", "15", "15", "15", "20", "35", "40")
S2 = ("40", "45", "45", "45")

JOBS: tuple[Job, ...] = (
    Job("J001", "Sekretaris Daerah", "jpt", None, 60, "Manajerial", 15, ("43", "44"), S2, "Ilmu Pemerintahan", 25),
    Job("J002", "Kepala Dinas", "jpt", None, 60, "Manajerial", 14, ("42", "43"), S2, "Administrasi Publik", 30),
    Job("J003", "Kepala Badan", "jpt", None, 60, "Manajerial", 14, ("42", "43"), S2, "Administrasi Publik", 30),
    Job("J004", "Inspektur", "jpt", None, 60, "Manajerial", 14, ("42", "43"), S2, "Akuntansi", 30),
    Job("J005", "Camat", "administrator", None, 58, "Manajerial", 12, ("41", "42"), S2, "Ilmu Pemerintahan", 25),
    Job("J006", "Sekretaris", "administrator", None, 58, "Manajerial", 12, ("41", "42"), S2, "Administrasi Publik", 40),
    Job("J007", "Kepala Bidang", "administrator", None, 58, "Manajerial", 11, ("34", "41"), S2, "Administrasi Publik", 40),
    Job("J008", "Kepala Bagian", "administrator", None, 58, "Manajerial", 12, ("34", "41"), S2, "Administrasi Publik", 40),
    Job("J009", "Lurah", "pengawas", None, 58, "Manajerial", 9, ("33", "34"), S1, "Ilmu Pemerintahan", 35),
    Job("J010", "Kepala Subbagian", "pengawas", None, 58, "Manajerial", 9, ("33", "34"), S1, "Administrasi Publik", 50),
    Job("J011", "Kepala Seksi", "pengawas", None, 58, "Manajerial", 9, ("33", "34"), S1, "Administrasi Publik", 45),
    Job("J012", "Direktur Rumah Sakit", "administrator", None, 58, "Manajerial", 12, ("41", "42"), S2, "Kedokteran", 45),
    Job("J101", "Guru Ahli Pertama", "jf", "pertama", 60, TEACHER, 8, ("31", "32"), S1, "Pendidikan", 70),
    Job("J102", "Guru Ahli Muda", "jf", "muda", 60, TEACHER, 9, ("33", "34"), S1, "Pendidikan", 68),
    Job("J103", "Guru Ahli Madya", "jf", "madya", 60, TEACHER, 11, ("41", "43"), S1, "Pendidikan", 62),
    Job("J201", "Dokter Ahli Pertama", "jf", "pertama", 58, HEALTH, 9, ("31", "32"), ("40",), "Kedokteran", 65),
    Job("J202", "Dokter Ahli Muda", "jf", "muda", 58, HEALTH, 10, ("33", "34"), ("40",), "Kedokteran", 60),
    Job("J203", "Dokter Ahli Madya", "jf", "madya", 60, HEALTH, 12, ("41", "43"), ("45",), "Kedokteran", 50),
    Job("J211", "Perawat Terampil", "jf", "terampil", 58, HEALTH, 6, ("22", "24"), D3, "Keperawatan", 78),
    Job("J212", "Perawat Mahir", "jf", "mahir", 58, HEALTH, 7, ("31", "32"), D3, "Keperawatan", 78),
    Job("J213", "Perawat Ahli Pertama", "jf", "pertama", 58, HEALTH, 8, ("31", "32"), S1, "Ners", 75),
    Job("J221", "Bidan Terampil", "jf", "terampil", 58, HEALTH, 6, ("22", "24"), D3, "Kebidanan", 100),
    Job("J222", "Bidan Mahir", "jf", "mahir", 58, HEALTH, 7, ("31", "32"), D3, "Kebidanan", 100),
    Job("J231", "Apoteker Ahli Pertama", "jf", "pertama", 58, HEALTH, 8, ("31", "32"), ("40",), "Farmasi", 80),
    Job("J232", "Sanitarian Terampil", "jf", "terampil", 58, HEALTH, 6, ("22", "24"), D3, "Kesehatan Lingkungan", 60),
    Job("J233", "Nutrisionis Terampil", "jf", "terampil", 58, HEALTH, 6, ("22", "24"), D3, "Gizi", 85),
    Job("J234", "Pranata Laboratorium Kesehatan Terampil", "jf", "terampil", 58, HEALTH, 6, ("22", "24"), D3, "Analis Kesehatan", 70),
    Job("J301", "Analis SDM Aparatur Ahli Pertama", "jf", "pertama", 58, "Kepegawaian", 8, ("31", "32"), S1, "Manajemen", 55),
    Job("J302", "Perencana Ahli Muda", "jf", "muda", 58, "Perencanaan", 9, ("33", "34"), S1, "Perencanaan Wilayah", 45),
    Job("J303", "Pranata Komputer Ahli Pertama", "jf", "pertama", 58, "Informatika", 8, ("31", "32"), S1, "Teknik Informatika", 35),
    Job("J304", "Auditor Ahli Pertama", "jf", "pertama", 58, "Pengawasan", 8, ("31", "32"), S1, "Akuntansi", 50),
    Job("J305", "Auditor Ahli Muda", "jf", "muda", 58, "Pengawasan", 9, ("33", "34"), S1, "Akuntansi", 50),
    Job("J306", "Arsiparis Terampil", "jf", "terampil", 58, "Kearsipan", 6, ("22", "24"), D3, "Kearsipan", 55),
    Job("J307", "Analis Kebijakan Ahli Muda", "jf", "muda", 58, "Kebijakan", 9, ("33", "34"), S1, "Ilmu Pemerintahan", 45),
    Job("J401", "Penelaah Teknis Kebijakan", "pelaksana", None, 58, "Administrasi", 7, ("31", "34"), S1, "Administrasi Publik", 52),
    Job("J402", "Pengolah Data dan Informasi", "pelaksana", None, 58, "Administrasi", 6, ("22", "32"), D3, "Manajemen Informatika", 52),
    Job("J403", "Pengadministrasi Perkantoran", "pelaksana", None, 58, "Administrasi", 5, ("21", "31"), SMA, "Umum", 50),
    Job("J404", "Operator Layanan Operasional", "pelaksana", None, 58, "Operasional", 3, ("13", "23"), ("10", *SMA), "Umum", 25),
)  # fmt: skip

POSTS: dict[str, tuple[Post, ...]] = {
    "root": (),
    "secretariat": (Post("J006", None, 1),),
    "office": (Post("J002", None, 1), Post("J302", None, 1.2, 40)),
    "agency_body": (Post("J003", None, 1), Post("J302", None, 1.2, 60)),
    "inspectorate": (Post("J004", None, 1), Post("J304", None, 4), Post("J305", None, 4)),
    "district": (Post("J005", None, 1), Post("J403", None, 2), Post("J402", None, 1.5)),
    "village": (Post("J009", None, 1), Post("J403", None, 1.6), Post("J402", None, 1.1), Post("J404", None, 1, 40)),
    "division": (
        Post("J007", None, 1), Post("J401", None, 1.4), Post("J402", None, 1.3), Post("J307", None, 1.6, 80),
        Post("J303", None, 1.2, 50), Post("J403", None, 1, 50),
    ),
    "section": (
        Post("J010", None, 1), Post("J401", None, 1, 50), Post("J402", None, 1.2), Post("J403", None, 1.3),
        Post("J301", None, 1.1, 50), Post("J306", None, 1.1, 50), Post("J404", None, 1, 35),
    ),
    "school_primary": (
        Post("J101", "Guru Kelas", 3.8), Post("J102", "Guru Kelas", 2.6), Post("J103", "Guru Kelas", 1.1, 60),
        Post("J101", "PJOK", 1), Post("J101", "Pendidikan Agama", 1.1), Post("J403", None, 1, 60), Post("J404", None, 1, 50),
    ),
    "school_junior": (
        Post("J101", "Matematika", 1.8), Post("J101", "Bahasa Indonesia", 1.8), Post("J101", "IPA", 1.7),
        Post("J101", "IPS", 1.3), Post("J101", "Bahasa Inggris", 1.4), Post("J102", "Matematika", 1.3, 70),
        Post("J102", "Bahasa Indonesia", 1.3, 70), Post("J103", "IPA", 1, 50), Post("J101", "PJOK", 1),
        Post("J101", "Pendidikan Agama", 1), Post("J403", None, 1.8),
    ),
    "health_centre": (
        Post("J201", "Umum", 1.8), Post("J202", "Umum", 1, 50), Post("J201", "Gigi", 1), Post("J211", None, 4.6), Post("J212", None, 3),
        Post("J221", None, 4.6), Post("J222", None, 3), Post("J231", None, 1), Post("J232", None, 1), Post("J233", None, 1),
        Post("J234", None, 1), Post("J403", None, 1.8),
    ),
    "hospital": (
        Post("J012", None, 1), Post("J201", "Umum", 6), Post("J203", "Penyakit Dalam", 2), Post("J203", "Anak", 2),
        Post("J203", "Kebidanan dan Kandungan", 2), Post("J203", "Bedah", 2), Post("J203", "Anestesi", 1.4), Post("J211", None, 22),
        Post("J212", None, 15), Post("J213", None, 12), Post("J221", None, 9), Post("J222", None, 6), Post("J231", None, 4),
        Post("J234", None, 5), Post("J233", None, 3), Post("J403", None, 7), Post("J402", None, 4),
    ),
    "other": (Post("J401", None, 2), Post("J403", None, 2)),
}  # fmt: skip

HEAD_KINDS = ("jpt", "administrator", "pengawas")
TASKS: dict[str, tuple[str, str, str, str]] = {
    "jf": ("Melaksanakan pelayanan langsung", "Menyusun rencana pelayanan", "Menilai hasil pelayanan", "Menyusun laporan"),
    "pelaksana": ("Mengolah surat dan data", "Melayani permohonan", "Memeriksa kelengkapan berkas", "Menyusun laporan"),
    "head": ("Memimpin pelaksanaan tugas unit", "Menyusun rencana kerja", "Membina pegawai", "Menyusun laporan"),
}
OFFICES = (
    "Pendidikan", "Kesehatan", "Pekerjaan Umum", "Perumahan", "Sosial", "Tenaga Kerja", "Perhubungan", "Lingkungan Hidup",
    "Kependudukan dan Pencatatan Sipil", "Komunikasi dan Informatika", "Koperasi dan UKM", "Penanaman Modal", "Kepemudaan dan Olahraga",
    "Perpustakaan dan Kearsipan", "Pertanian", "Perikanan", "Perdagangan", "Perindustrian", "Pariwisata", "Pemadam Kebakaran",
    "Pemberdayaan Perempuan", "Pengendalian Penduduk", "Ketahanan Pangan", "Kebudayaan",
)  # fmt: skip
BODIES = (
    "Perencanaan Pembangunan", "Keuangan", "Kepegawaian", "Pendapatan", "Penanggulangan Bencana", "Kesatuan Bangsa",
)  # fmt: skip
DIVISIONS = ("Perencanaan", "Pelayanan", "Pembinaan", "Pengendalian", "Data dan Informasi")
BUREAUS = (
    "Pemerintahan", "Hukum", "Organisasi", "Umum", "Kesejahteraan Rakyat", "Perekonomian", "Pengadaan", "Protokol", "Administrasi Pembangunan",
)  # fmt: skip
