"""Keeps the numbers of AWS accounts out of a report, and different accounts apart."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

NUMBER = re.compile(
    r"(?<![0-9])(?<![0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-)[0-9]{12}(?![0-9])"
    r"|(?<![0-9-])[0-9]{4}-[0-9]{4}-[0-9]{4}(?![0-9-])"
)
"""Twelve digits, or with the dashes that IAM takes too; the end of a key's id is none."""

ACCESS_KEY_ID = re.compile(r"(?<![A-Z0-9])(A[KS]IA)[A-Z0-9]{12,}(?![A-Z0-9])")
"""An access key id: the number of its account can be computed from it."""


class AccountMask:
    """Puts `ACCOUNT` in place of the account at home, and `ACCOUNT-2` and so on in place of others."""

    def __init__(self, home: str = "") -> None:
        self._names = {home: "ACCOUNT"} if home else {}
        self._masked = lru_cache(maxsize=65_536)(self._mask)

    def __call__(self, text: str) -> str:
        """The text without the number of any account."""
        return self._masked(text)

    def _mask(self, text: str) -> str:
        without_keys = ACCESS_KEY_ID.sub(r"\1***", text)
        return NUMBER.sub(lambda match: self._name(match[0].replace("-", "")), without_keys)

    def _name(self, number: str) -> str:
        # Where the account at home is not known the first that is met stands for it.
        others = len(self._names) + 1
        return self._names.setdefault(number, f"ACCOUNT-{others}" if others > 1 else "ACCOUNT")


def unmasked(text: str) -> str:
    """The text as it is."""
    return text


def masked_values(value: Any, mask: Any) -> Any:
    """Plain values with every text in them masked, names of members too."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {mask(name): masked_values(member, mask) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked_values(element, mask) for element in value]
    return value
