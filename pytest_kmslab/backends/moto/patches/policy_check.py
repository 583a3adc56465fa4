"""Keeps moto from judging key policies itself: of DescribeKey it denies everybody whatever a Deny names,
its principals and conditions unread.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch


@contextmanager
def without_moto_policy_check() -> Iterator[None]:
    """While this is open, a call that was let through is answered."""
    with patch("moto.kms.responses.validate_policy", _nothing):
        yield


def _nothing(key: Any, action: str) -> None:
    """Judges nothing."""
