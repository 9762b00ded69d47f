"""What no dataset asks for, whatever an agency could send: religion, health, family, a street, numbers of licences."""

from __future__ import annotations

import re

import pytest

from mutasi.sources.datasets import datasets

WORDS = (
    "religion", "agama", "faith", "ethnic", "suku", "diagnos", "disease", "blood", "marital", "child", "address", "alamat", "street",
    "village", "kelurahan", "postal", "photo", "licence_number", "bank", "salary",
)  # fmt: skip
# Contact data may be looked at while landing; what outlives it is named here, so that nothing joins it unseen.
CONTACT = {"nik", "phone", "email", "title_front", "title_back"}


@pytest.mark.parametrize("dataset", datasets().values(), ids=datasets())
def test_no_column_holds_what_no_rule_needs(dataset) -> None:
    asked = [name for name in dataset.columns if re.search("|".join(WORDS), name)]
    assert asked == []


def test_contact_data_end_with_the_landing() -> None:
    contact = {name for dataset in datasets().values() for name, column in dataset.columns.items() if column.privacy == "contact"}
    assert contact == CONTACT
    for dataset in datasets().values():
        assert not CONTACT & set(dataset.promoted_columns), dataset.name


def test_a_home_is_a_district_and_nothing_finer() -> None:
    places = [name for name in datasets()["employees"].columns if re.search("home|region|place|latitude|longitude", name)]
    assert places == ["home_district_code"]
