"""The SQL is the standard's HMAC, and the key has no default."""

from __future__ import annotations

import hashlib
import hmac

import duckdb
import pytest

from mutasi.privacy.pseudonyms import hmac_pads, hmac_sql
from mutasi.settings import Settings, SettingsError


@pytest.mark.parametrize("key", [b"k" * 32, b"k" * 64, b"k" * 200])
def test_the_sql_equals_the_standard_library(key):
    ours = duckdb.connect().execute(f"select {hmac_sql(chr(39) + 'person:1' + chr(39))}", hmac_pads(key)).fetchone()
    assert ours == (hmac.new(key, b"person:1", hashlib.sha256).hexdigest(),)


@pytest.mark.parametrize("value", ["", "short"])
def test_a_missing_or_short_key_is_an_error_when_used(monkeypatch, value):
    monkeypatch.delenv("MUTASI_PSEUDONYM_KEY_FILE", raising=False)
    monkeypatch.setenv("MUTASI_PSEUDONYM_KEY", value)
    settings = Settings.from_environment()
    with pytest.raises(SettingsError, match="MUTASI_PSEUDONYM_KEY_FILE"):
        _ = settings.pseudonym_key
