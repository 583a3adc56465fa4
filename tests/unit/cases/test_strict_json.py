"""What an error shows of a value that is not what was expected."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pytest_kmslab.cases.read import as_fields, as_text, decode
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


def test_an_unknown_key_is_told_with_those_that_are_known() -> None:
    with pytest.raises(CaseError) as raised:
        as_fields({"a": 1, "d": 2}, "here", required=("a",), optional=("b", "c"))
    assert str(raised.value) == "here: unknown key `d`, known are a, b, c"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"a": 1, "b": 2, "c": 3, "b": 4}',
            "the case is ambiguous: `b` stands twice in one object: keep one",
        ),
        ('{"a": -Infinity}', "the case is not JSON: `-Infinity` is no number"),
        ("nul", "the case is not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("9" * 5000, "the case is not JSON: Exceeds the limit"),
        ("[" * 100_000, "the case is not JSON: nested too deeply"),
    ],
    ids=["a key twice", "no number", "no value", "a number too long", "a deep nest"],
)
def test_text_that_is_no_value(text: str, message: str) -> None:
    with pytest.raises(CaseError) as raised:
        decode(text)
    assert str(raised.value).startswith(message)
