"""Pseudonyms are the standard's HMAC, and the key has no default."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from mutasi.privacy.pseudonyms import Key
from mutasi.settings import Settings, SettingsError


@pytest.mark.parametrize("key", [b"k" * 32, b"k" * 64, b"k" * 200])
def test_pseudonyms_equal_the_standard_library(key):
    def standard(message: bytes) -> str:
        return hmac.new(key, message, hashlib.sha256).hexdigest()

    ours = Key(key)
    nips = ["1", "199001012015031001"]
    assert ours.person_ids(nips) == [f"P{standard(f'person:{nip}'.encode())[:20]}" for nip in nips]
    assert ours.pseudonyms(nips) == [standard(f"pseudonym:{nip}".encode())[:24] for nip in nips]


@pytest.mark.parametrize("value", ["", "short"])
def test_a_missing_or_short_key_is_an_error_when_used(monkeypatch, value):
    monkeypatch.delenv("MUTASI_PSEUDONYM_KEY_FILE", raising=False)
    monkeypatch.setenv("MUTASI_PSEUDONYM_KEY", value)
    settings = Settings.from_environment()
    with pytest.raises(SettingsError, match="MUTASI_PSEUDONYM_KEY_FILE"):
        _ = settings.pseudonym_key
