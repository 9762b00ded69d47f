"""The Indonesian sentences about a week's plan that the workbook, the report and the notices share."""

from __future__ import annotations

from mutasi import indonesian as id_
from mutasi.publish.transfer_run import Run
from mutasi.publish.transfer_sheets import REGION, sheets_of
from mutasi.publish.transfer_summary import Figures

TITLE = "Usulan Mutasi ASN"
NOT_A_DECISION = (
    "Daftar ini adalah usulan. Keputusan mutasi ditetapkan oleh pejabat yang berwenang setelah pertimbangan Tim Penilai Kinerja; "
    "ASN yang diusulkan berhak menyampaikan keberatan."
)
OBJECTIVES = {
    "critical_unfilled": "Kursi kritis yang tetap lowong, seluruh rencana",
    "imbalance": "Ketimpangan beban kerja, seluruh rencana (poin)",
    "open_seats": "Kursi lowong, seluruh rencana",
    "involuntary_moves": "Mutasi di luar minat ASN, seluruh rencana",
}
IMBALANCE = "tiap jabatan: 1.000 × kekurangan² ÷ kebutuhan, dijumlahkan; jabatan untuk satu orang yang kosong = 1.000 poin"
FLOORS = {
    "need": "kebutuhannya yang dibulatkan",
    "equal_pressure": "tingkat keterisian rata-rata jabatan sejenis di instansinya (beban setara)",
}
POINTS = {
    "published": "rencana ini",
    "wishes_only": "hanya sesuai minat",
    "gain_x10": "hanya manfaat sangat besar",
    "gain_x4": "hanya manfaat besar",
    "every_relief": "setiap perbaikan",
}


def classification(viewer: str, name: str) -> str:
    """The line at the top of every page and sheet."""
    if viewer == REGION:
        return "TERBATAS · tanpa nama dan NIP · untuk koordinasi wilayah · usulan, bukan keputusan"
    return f"TERBATAS · memuat data pribadi ASN (UU 27/2022) · hanya untuk pengelola mutasi {name} · usulan, bukan keputusan"


def week_title(week: str) -> str:
    """`2026-W47` becomes `Minggu ke-47 tahun 2026`."""
    year, number = week.split("-W")
    return f"Minggu ke-{int(number)} tahun {year}"


def headline(f: Figures, run: Run) -> str:
    """The most important sentence."""
    if f.priority + f.reserve:
        people = f"{id_.number(f.priority)} usulan prioritas dan {id_.number(f.reserve)} cadangan"
        filled = f"{people} mengisi {id_.number(f.filled)} dari {id_.number(f.open_seats)} kursi lowong"
        return f"{filled}; tidak satu pun jabatan turun di bawah {FLOORS[run.donor_floor]}."
    if f.open_seats and not f.releasable:
        return (
            f"Tidak ada kelebihan yang sah: {id_.number(f.open_seats)} kursi lowong, tetapi tidak satu pun jabatan memiliki pegawai di atas "
            "kebutuhannya. Mutasi di dalam instansi hanya akan memindahkan kekurangan."
        )
    return "Tidak ada usulan minggu ini: tidak ada mutasi yang sah dan cukup bermanfaat."


def what_else(f: Figures, viewer: str) -> str | None:
    """What to do where transfers do not help, and on which sheet of this viewer more is said."""
    if f.open_seats <= f.filled:
        return None
    on = {s.stem: f" (lembar {s.title})" for s in sheets_of(viewer)}
    return (
        f"{id_.number(f.open_seats - f.filled)} kursi tetap lowong. Langkah lain: usul kebutuhan (formasi) kepada KemenPANRB, penugasan "
        f"sementara{on.get('penugasan-sementara', '')}, mutasi antarinstansi dengan persetujuan kedua PPK, melengkapi berkas ASN yang masih "
        f"perlu verifikasi{on.get('bila-berkas-lengkap', '')}, dan peninjauan ABK."
    )


def proof(run: Run) -> str:
    """What is proved about the plan."""
    over = "seluruh pasangan ASN dan jabatan yang sah" if run.is_optimal_over_all_pairs else "pasangan calon yang dihitung"
    found = (
        f"Rencana ini terbukti yang terbaik atas {over}"
        if run.gap is None
        else (f"Rencana ini terbukti paling jauh {id_.number(run.gap, 3)} poin dari yang terbaik atas {over}")
    )
    settled = (
        "; perhitungan cabang dan batas tidak menemukan rencana yang lebih baik" if run.gap is not None and run.is_settled else ""
    )
    checked = " dan dihitung ulang dengan OR-Tools" if run.is_cross_checked else ""
    return f"{found}{settled}, diperiksa dengan satu kueri SQL{checked}. Kode rencana {run.run_id}."


def announcement(run: Run, names: dict[str, str]) -> dict[str, str | list[str]]:
    """What the officials who approve are told of a run, beside its size."""
    return {
        "week": run.week,
        "run_id": run.run_id,
        "title": week_title(run.week),
        "data": id_.date(run.data_as_of),
        "proof": proof(run),
        "left_out": [names.get(agency, agency) for agency, _ in run.left_out],
    }


def left_out(run: Run, names: dict[str, str]) -> str | None:
    """Agencies that take no part."""
    if not run.left_out:
        return None
    return (
        "Tidak diikutsertakan: "
        + "; ".join(f"{names.get(a, a)} ({reason or 'data tidak mutakhir'})" for a, reason in run.left_out)
        + "."
    )
