"""The examples that stand in a scrubbed case: those of AWS's documentation, and names of nobody."""

from __future__ import annotations

import hashlib

WORDS = {
    "user": ("ana", "ben", "cleo", "dora", "emil", "fay"),
    "role": ("reader", "writer", "auditor", "builder"),
    "group": ("people", "others"),
    "session": ("session-one", "session-two"),
    "path": ("team", "division"),
    "policy": ("some-policy", "other-policy"),
    "table": ("books", "films", "songs"),
    "alias": ("first-key", "second-key"),
    "value": ("red", "green", "blue"),
    "thing": ("thing-one", "thing-two"),
}
"""By kind of name; further ones get a number."""

ACCOUNTS = ("111122223333", "444455556666", "777788889999")
KEYS = ("1234abcd-12ab-34cd-56ef-1234567890ab", "0987dcba-09fe-87dc-65ba-ab0987654321")


def word(kind: str, number: int) -> str:
    """The word for the name with this number of its kind."""
    words = WORDS[kind]
    return words[number] if number < len(words) else f"{kind}-{number + 1}"


def account_id(number: int) -> str:
    """The id of an account."""
    return ACCOUNTS[number] if number < len(ACCOUNTS) else f"{999_900_000_000 + number}"


def key_id(number: int) -> str:
    """The id of a key."""
    if number < len(KEYS):
        return KEYS[number]
    digits = hex_id(number, 32)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def hex_id(number: int, length: int) -> str:
    """Hexadecimal digits, the same for the same number."""
    return hashlib.sha256(f"example {number}".encode()).hexdigest()[:length]


def unique_id(number: int, prefix: str) -> str:
    """A unique id or access key id of a kind that its prefix tells (`AIDA`, `AROA`, `AKIA` …)."""
    return f"{prefix}EXAMPLE{number + 1:09d}"
