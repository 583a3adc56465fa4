"""What an error shows of a value that is not what was expected."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pytest_kmslab.authz.strict_json import as_text
from pytest_kmslab.errors import CaseError


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ([1, None], "[1, null]"),
        (["x" * 56], f'["{"x" * 56}"]'),
        (["x" * 57], f'["{"x" * 55}...'),
        (date(2026, 11, 23), '"2026-11-23"'),
    ],
    ids=["short", "sixty characters", "more", "no JSON value"],
)
def test_a_wrong_value_is_shown_and_cut_short(given: Any, shown: str) -> None:
    with pytest.raises(CaseError) as raised:
        as_text(given, "here")
    assert str(raised.value) == f"here: expected a string, got `{shown}`"
