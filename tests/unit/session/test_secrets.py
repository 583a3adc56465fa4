"""A secret is masked however it is written."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from pytest_kmslab.session.secrets import MASK, Secrets

KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "FwoGZXIvYXdzEA0aDJ/+==" + "x" * 300
PASSWORD = "pa\"ss<'w\\örd&/ 1"


@pytest.fixture
def secrets() -> Secrets:
    known = Secrets()
    known.after_call({"AccessKey": {"SecretAccessKey": KEY}})
    known.after_call({"Credentials": {"SessionToken": TOKEN}})
    known.before_call({"body": {"Password": PASSWORD}})
    return known


@pytest.mark.parametrize("secret", [KEY, TOKEN, PASSWORD], ids=["key", "token", "password"])
@pytest.mark.parametrize(
    "written",
    [
        str,
        repr,
        json.dumps,
        lambda secret: json.dumps(secret, ensure_ascii=False),
        lambda secret: quote(secret, safe=""),
        quote,
        quote_plus,
        html.escape,
        lambda secret: base64.b64encode(secret.encode()).decode(),
        lambda secret: f"one:{secret}{secret}",
    ],
    ids=["plain", "repr", "json", "json-unicode", "url", "path", "form", "html", "base64", "glued"],
)
def test_it_is_masked(secrets: Secrets, secret: str, written: object) -> None:
    text = f"before {written(secret)} after"  # type: ignore[operator]
    masked = secrets.masked(text)
    assert masked.startswith("before ")
    assert masked.rstrip("'\"= ").endswith(" after")
    assert MASK in masked
    assert secret[:20] not in masked


@pytest.mark.parametrize("member", ["Plaintext", "PrivateKeyPlaintext", "SharedSecret"])
@pytest.mark.parametrize(
    "written",
    [repr, bytes.hex, lambda key: base64.b64encode(key).decode(), lambda key: json.dumps({"key": repr(key)})],
    ids=["repr", "hex", "base64", "json"],
)
def test_a_plaintext_data_key_is_masked(member: str, written: Callable[[bytes], str]) -> None:
    secrets, key = Secrets(), bytes(range(5, 37))
    secrets.after_data_key({member: key, "KeyId": "a-key-of-mine", "CiphertextBlob": b"ciphertext-of-it"})
    masked = secrets.masked(f"{written(key)} a-key-of-mine {written(b'ciphertext-of-it')}")
    assert written(key)[2:-2] not in masked
    assert MASK in masked
    assert masked.endswith(f" a-key-of-mine {written(b'ciphertext-of-it')}")


def test_a_text_without_any_stays(secrets: Secrets) -> None:
    assert secrets.masked("kms:Decrypt denied to mounika") == "kms:Decrypt denied to mounika"


def test_what_the_person_has_in_the_environment_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a-token-of-mine")
    assert Secrets().masked("it is a-token-of-mine.") == f"it is {MASK}."


def test_a_short_word_is_none() -> None:
    known = Secrets()
    known.before_call({"body": {"Password": "test"}})
    assert known.masked("a test") == "a test"
