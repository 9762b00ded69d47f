"""Where the demo's agencies stand: the three code systems, the districts, and how 12,000 people spread over them.

The codes of BKN, Kemendagri and BPS disagree for the same city, which is why each is kept under its own name. Rumbai is a
district of Pekanbaru; in 2020 its name moved from code 14.71.12 (Rumbai Pesisir) and the old Rumbai became Rumbai Barat.
"""

from __future__ import annotations

from typing import NamedTuple


class City(NamedTuple):
    """A city or administrative city: its region code (Kemendagri), a point in it, and its districts by code."""

    name: str
    region_code: str
    latitude: float
    longitude: float
    districts: dict[str, str]


class Place(NamedTuple):
    """One agency on the ground.

    `largest` caps its people, so that a service asked person by person stays quick; `has_hex_ids` gives its
    units the 32 hex digits that SIASN uses; `is_short` leaves no post with more people than it needs.
    """

    agency_id: str
    root_name: str
    bkn_code: str
    share: float
    cities: tuple[City, ...]
    largest: int | None = None
    has_hex_ids: bool = False
    is_short: bool = False


def _numbered(prefix: str, names: str) -> dict[str, str]:
    return {f"{prefix}.{i:02d}": name.strip() for i, name in enumerate(names.split(","), start=1)}


PEKANBARU = _numbered(
    "14.71",
    "Sukajadi, Pekanbaru Kota, Sail, Lima Puluh, Senapelan, Rumbai Barat, Bukit Raya, Binawidya, Marpoyan Damai, Tenayan Raya, "
    "Payung Sekaki, Rumbai, Tuah Madani, Kulim, Rumbai Timur",
)
DUMAI = _numbered("14.72", "Dumai Barat, Dumai Timur, Bukit Kapur, Sungai Sembilan, Medang Kampai, Dumai Kota, Dumai Selatan")
TANJUNGBALAI = _numbered(
    "12.74", "Tanjungbalai Selatan, Tanjungbalai Utara, Sei Tualang Raso, Teluk Nibung, Datuk Bandar, Datuk Bandar Timur"
)
BINJAI = _numbered("12.75", "Binjai Utara, Binjai Kota, Binjai Barat, Binjai Timur, Binjai Selatan")
JAKARTA = (
    City("Jakarta Selatan", "31.74", -6.26, 106.81, _numbered("31.74", "Tebet, Setiabudi, Mampang Prapatan, Pasar Minggu")),
    City("Jakarta Timur", "31.75", -6.22, 106.90, _numbered("31.75", "Matraman, Pulogadung, Jatinegara, Kramat Jati")),
    City("Jakarta Pusat", "31.71", -6.18, 106.83, _numbered("31.71", "Gambir, Sawah Besar, Kemayoran")),
    City("Jakarta Barat", "31.73", -6.17, 106.76, _numbered("31.73", "Cengkareng, Grogol Petamburan, Taman Sari")),
    City("Jakarta Utara", "31.72", -6.14, 106.88, _numbered("31.72", "Penjaringan, Tanjung Priok, Koja")),
)

PLACES: tuple[Place, ...] = (
    Place(
        "binjai",
        "Pemerintah Kota Binjai",
        "5273",
        0.032,
        (City("Binjai", "12.75", 3.60, 98.49, BINJAI),),
        largest=380,
        has_hex_ids=True,
        is_short=True,
    ),
    Place("dumai", "Pemerintah Kota Dumai", "5373", 0.191, (City("Dumai", "14.72", 1.67, 101.45, DUMAI),)),
    Place("jakarta", "Pemerintah Provinsi DKI Jakarta", "6000", 0.367, JAKARTA),
    Place("pekanbaru", "Pemerintah Kota Pekanbaru", "5371", 0.30, (City("Pekanbaru", "14.71", 0.53, 101.45, PEKANBARU),)),
    Place(
        "tanjungbalai", "Pemerintah Kota Tanjungbalai", "5275", 0.11, (City("Tanjungbalai", "12.74", 2.97, 99.80, TANJUNGBALAI),)
    ),
)


def invented(number: int) -> Place:
    """An agency that does not exist, for measurements at any scale; its codes lie outside the official ranges."""
    code = f"99.{number:04d}"
    districts = {f"{code}.{i:02d}": f"Kecamatan Contoh {i}" for i in range(1, 9)}
    city = City(f"Contoh {number:04d}", code, -2.0, 113.0, districts)
    return Place(f"contoh_{number:04d}", f"Pemerintah Kota Contoh {number:04d}", f"9{number:04d}", 0, (city,))
