"""Builds an agency's tree of units: secretariats, offices, districts, schools, health centres, in realistic numbers.

A city of 5,000 gets about 600 units, at most five levels deep, of which a quarter share their name with others. The loop
here goes over units (a few hundred an agency), never over people.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mutasi.demo.catalogue import BODIES, BUREAUS, DIVISIONS, OFFICES
from mutasi.demo.places import City, Place


@dataclass
class Units:
    """The units of one agency, column by column; `parent` holds row numbers, -1 for the root."""

    name: list[str] = field(default_factory=list)
    kind: list[str] = field(default_factory=list)
    parent: list[int] = field(default_factory=list)
    region: list[str] = field(default_factory=list)
    point: list[tuple[float, float]] = field(default_factory=list)

    def add(self, parent: int, kind: str, name: str, region: str, city: City) -> int:
        """Append a unit and return its row number."""
        self.parent.append(parent)
        self.kind.append(kind)
        self.name.append(name)
        self.region.append(region)
        self.point.append((city.latitude, city.longitude))
        return len(self.name) - 1

    def depth(self) -> int:
        """Levels below the root."""
        deepest: list[int] = []
        for parent in self.parent:
            deepest.append(0 if parent < 0 else deepest[parent] + 1)
        return max(deepest)


def build_units(place: Place, employees: int) -> Units:
    """The tree of an agency with about `employees` people."""
    units = Units()
    capital = place.cities[0]
    root = units.add(-1, "root", place.root_name, capital.region_code, capital)
    _secretariat(units, root, capital, employees)
    units.add(root, "inspectorate", "Inspektorat", capital.region_code, capital)
    for topic in BODIES[: _within(employees / 700, 1, len(BODIES))]:
        body = units.add(root, "agency_body", f"Badan {topic}", capital.region_code, capital)
        _inner(units, body, capital, employees)
    if len(place.cities) == 1:
        _city(units, root, capital, employees, "Dinas")
    else:
        for city in place.cities:
            subtree = units.add(root, "other", f"Kota Administrasi {city.name}", city.region_code, city)
            _city(units, subtree, city, employees // len(place.cities), "Suku Dinas")
    return units


def _within(value: float, low: int, high: int) -> int:
    return int(np.clip(round(value), low, high))


def _secretariat(units: Units, root: int, city: City, employees: int) -> None:
    top = units.add(root, "secretariat", "Sekretariat Daerah", city.region_code, city)
    for topic in BUREAUS[: _within(employees / 450, 1, len(BUREAUS))]:
        bureau = units.add(top, "division", f"Bagian {topic}", city.region_code, city)
        for part in ("Tata Usaha", "Pelaporan")[: _within(employees / 500, 0, 2)]:
            units.add(bureau, "section", f"Subbagian {part}", city.region_code, city)


def _inner(units: Units, office: int, city: City, employees: int) -> None:
    """Secretariat, sections and divisions of one office; their names repeat from office to office."""
    secretariat = units.add(office, "secretariat", "Sekretariat", city.region_code, city)
    for part in ("Umum dan Kepegawaian", "Keuangan")[: _within(employees / 300, 1, 2)]:
        units.add(secretariat, "section", f"Subbagian {part}", city.region_code, city)
    own = units.name[office].split(" ", 1)[1]
    for topic in DIVISIONS[: _within(employees / 400, 1, 3)]:
        division = units.add(office, "division", f"Bidang {topic} {own}", city.region_code, city)
        if employees >= 1500:
            units.add(division, "section", f"Seksi {topic} {own}", city.region_code, city)


def _city(units: Units, parent: int, city: City, employees: int, prefix: str) -> None:
    """Offices, schools, health centres, hospital and districts of one city."""
    offices = {}
    for topic in OFFICES[: _within(employees / 190, 2, len(OFFICES))]:
        offices[topic] = units.add(parent, "office", f"{prefix} {topic}", city.region_code, city)
        _inner(units, offices[topic], city, employees)
    codes = list(city.districts)
    _in_districts(
        units, offices["Pendidikan"], city, codes, "school_primary", "SD Negeri {i:03d} " + city.name, employees * 0.020
    )
    _in_districts(units, offices["Pendidikan"], city, codes, "school_junior", "SMP Negeri {i:d} " + city.name, employees * 0.0062)
    _in_districts(units, offices["Kesehatan"], city, codes, "health_centre", "Puskesmas {district} {i}", employees * 0.0032)
    for i in range(1, round(employees / 6000 + 0.4) + 1):
        units.add(offices["Kesehatan"], "hospital", f"RSUD {city.name} {i}", city.region_code, city)
    _districts(units, parent, city, employees)


def _in_districts(units: Units, parent: int, city: City, codes: list[str], kind: str, name: str, count: float) -> None:
    for i in range(max(1, round(count))):
        code = codes[i % len(codes)]
        units.add(parent, kind, name.format(i=i + 1, district=city.districts[code]), code, city)


def _districts(units: Units, parent: int, city: City, employees: int) -> None:
    shown = list(city.districts)[: max(1, min(len(city.districts), employees // 60))]
    villages = max(1, round(employees * 0.014 / len(shown)))
    for code in shown:
        district = units.add(parent, "district", f"Kecamatan {city.districts[code]}", code, city)
        if employees >= 300:
            secretariat = units.add(district, "secretariat", "Sekretariat Kecamatan", code, city)
            units.add(secretariat, "section", "Subbagian Umum", code, city)
        for part in ("Pemerintahan", "Ketenteraman dan Ketertiban")[: _within(employees / 400, 0, 2)]:
            units.add(district, "section", f"Seksi {part}", code, city)
        for i in range(1, villages + 1):
            units.add(district, "village", f"Kelurahan Contoh {city.districts[code]} {i}", code, city)
