"""The reasons of a plan as Indonesian sentences, from codes and numbers; names of people are joined elsewhere or never."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mutasi.indonesian import number

STAYS = {
    "rules_failed": "Tidak memenuhi syarat: {rules}.",
    "items_missing": "Belum dapat diusulkan; berkas atau data yang belum lengkap untuk syarat: {rules}.",
    "move_or_objection_open": "Ada usul mutasi, penolakan, atau keberatan yang belum selesai.",
    "companion_stays": "Hanya bersedia pindah bersama pasangan; rencana terbaik tidak memindahkan keduanya ke wilayah yang sama.",
    "no_lawful_post": "Tidak ada jabatan sejenis yang syaratnya terbukti terpenuhi dan yang cukup sesuai.",
    "needed_at_home": "Jabatan asal tidak mempunyai kelebihan pegawai; kepindahan memerlukan pengganti.",
    "capped": "Batas mutasi per unit, per instansi, atau anggaran pindah sudah tercapai. Jabatan yang paling dekat: {post}.",
    "others_suit_better": "Jabatan yang paling dekat ({post}) lebih baik diisi orang lain atau tidak cukup bermanfaat.",
}
EMPTY = {
    "no_lawful_person": "Tidak ada ASN yang memenuhi semua syarat jabatan ini.",
    "held_back": "ASN yang memenuhi syarat tidak ikut: sedang diproses, menolak, hanya bersedia pindah bersama, atau kurang sesuai.",
    "review": "ASN yang sesuai masih memerlukan kelengkapan berkas.",
    "open_selection": "Jabatan pimpinan tinggi: diisi melalui seleksi terbuka, tidak diusulkan.",
    "three_names": "Dipertimbangkan Tim Penilai Kinerja; {names} nama dalam lembar Tiga Nama untuk TPK.",
    "needed_at_home": "{people} ASN memenuhi syarat, tetapi jabatan asalnya tidak mempunyai kelebihan.",
    "competed": "{people} ASN memenuhi syarat, tetapi yang dapat dilepas lebih dibutuhkan di jabatan lain.",
    "capped": "Ada ASN yang dapat dilepas, tetapi batas mutasi per unit, per instansi, atau anggaran pindah sudah tercapai.",
    "capped_and_small": "Ada ASN yang dapat dilepas, tetapi batas mutasi sudah tercapai dan manfaat pengisian lebih kecil daripada yang disyaratkan.",
    "gain_below_minimum": "Ada ASN yang dapat dilepas, tetapi manfaat pengisian lebih kecil daripada yang disyaratkan kebijakan.",
}
FIT = {
    "education": "pendidikan",
    "competence": "kompetensi",
    "experience": "pengalaman",
    "performance": "kinerja",
    "potential": "potensi",
    "preference": "minat",
    "distance": "jarak",
    "ground": "alasan terverifikasi",
    "due": "masa jabatan",
}
ADDED = ("ground", "due")  # count where they apply; nobody lacks them


def sentence(code: str, params: dict[str, Any]) -> str:
    """One reason as a sentence, with needs and loads in words; an unknown code stands for itself."""
    say = SENTENCES.get(code)
    return code if say is None else say(params)


def _destination(p: dict[str, Any]) -> str:
    text = f"Jabatan tujuan membutuhkan {p['need']} orang; bezetting naik dari {p['staff_before']} menjadi {p['staff_after']}"
    if p["pressure_before"] is not None and p["pressure_after"] is not None:
        text += f" dan beban kerja per orang turun dari {p['pressure_before']} menjadi {p['pressure_after']}"
    return text + "."


def _replaced(p: dict[str, Any]) -> str:
    return (
        f"Menempati kursi yang ditinggalkan; jabatan tujuan membutuhkan {p['need']} orang, "
        f"bezetting {p['staff_before']} menjadi {p['staff_after']}."
    )


def _origin(p: dict[str, Any]) -> str:
    """The need as it is counted and as it is rounded, and what the move leaves of the staff."""
    return f"({p['rounded']}): bezetting {p['staff_before']} menjadi {p['staff_after']}."


def _fit(p: dict[str, Any]) -> str:
    known = {key: name for key, name in FIT.items() if p.get(key) is not None}
    unknown = [name for key, name in FIT.items() if key not in known and key not in ADDED]
    counted = f", yaitu {sum(p[key] for key in known)} dari {p['possible']} yang dapat dinilai" if "possible" in p else ""
    text = f"Kesesuaian {p['points']} dari 100{counted} ({', '.join(f'{name} {p[key]}' for key, name in known.items())})"
    return text + (f"; tidak ada data {', '.join(unknown)}." if unknown else ".")


def price(p: dict[str, Any]) -> str:
    """A difference between plans in words; beyond the figures named there are only ways and the number of moves."""
    words = {"critical": "kursi kritis", "imbalance": "poin ketimpangan", "fit": "nilai kesesuaian"}
    parts = [f"{number(p[key])} {word}" for key, word in words.items() if p[key]]
    return ", ".join(parts) or "hanya jarak atau jumlah mutasi"


def _refusal(p: dict[str, Any]) -> str:
    if p["ties"]:
        return "Kerugian bila ditolak: tidak ada, karena rencana lain sama baiknya."
    return f"Kerugian bila ditolak: {'' if p['is_exact'] else 'paling sedikit '}{price(p)}."


SENTENCES: dict[str, Callable[[dict[str, Any]], str]] = {
    "FILLS_CRITICAL_SEAT": lambda p: "Mengisi kursi kritis yang lowong.",
    "RELIEVES_DESTINATION": _destination,
    "REPLACES_LEAVER": _replaced,
    "ORIGIN_KEEPS_ITS_NEED": lambda p: f"Jabatan asal tetap memenuhi kebutuhannya {_origin(p)}",
    "ORIGIN_FALLS_SHORT": lambda p: f"Jabatan asal turun di bawah kebutuhannya {_origin(p)}",
    "ORIGIN_IS_REPLACED": lambda p: f"Kursi asal diisi kembali dalam rantai {p['chain']}; bezetting tetap {p['staff_after']}.",
    "PART_OF_CHAIN": lambda p: (
        f"Bagian dari {'tukar tempat' if p['kind'] == 'cycle' else 'rantai'} {p['chain']}, urutan {p['order']} dari {p['length']}; "
        "seluruhnya dilaksanakan bersama atau tidak sama sekali."
    ),
    "MOVES_TOGETHER": lambda p: (
        f"Pindah bersama pasangan ({p['person']}) ke wilayah yang sama; keduanya dilaksanakan bersama atau tidak sama sekali."
    ),
    "WISHED": lambda p: "Sesuai minat yang diajukan pegawai.",
    "VERIFIED_GROUND": lambda p: "Alasan pribadi yang telah diverifikasi terpenuhi.",
    "DUE": lambda p: "Sudah melewati masa peninjauan dalam jabatan.",
    "FIT": _fit,
    "RUNNER_UP": lambda p: f"Calon berikutnya: {p['person']}.",
    "PRICE_OF_REFUSAL": _refusal,
    "EQUALLY_GOOD_PLAN": lambda p: "Ada rencana lain yang sama baiknya tanpa mutasi ini.",
    "PUBLISHED_LAST_WEEK": lambda p: "Sudah diusulkan minggu lalu.",
    "NEEDS_ITEMS": lambda p: f"Hanya bila berkas dilengkapi untuk syarat {p['rules']}.",
}


def stays(reason: str, rules: str, post: str | None) -> str:
    """Why a person is not proposed."""
    return STAYS.get(reason, reason).format(rules=rules or "–", post=post or "–")


def empty(
    reason: str, people: int, rule: str | None, lost: int | None, group: dict[str, int] | None, names: int = 0
) -> list[str]:
    """Why a seat stays empty, which rule costs most people, and who competes; `names` are those that a panel may weigh."""
    said = [EMPTY.get(reason, reason).format(people=number(people), names=number(names) if names else "belum ada")]
    if rule:
        said.append(f"Syarat yang paling banyak menggugurkan calon: {rule}, {number(lost)} orang.")
    if group and group["posts"] > 1 and group["people"] < group["seats"]:
        said.append(
            f"{number(group['seats'])} kursi lowong di {number(group['posts'])} jabatan memperebutkan orang yang sama; "
            f"yang dapat dilepas hanya {number(group['people'])}."
        )
    return said
