"""What `denied` and `allowed` are asked for: the text of it, and the errors of what can mean nothing."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_kmslab.enforcement.clock import Clock
from pytest_kmslab.enforcement.matching import Wanted, check_principal, meant_reason

VIA = '`dynamodb`, the service that calls KMS in the caller\'s name, or `""` for direct calls'


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (Wanted("kms:Decrypt"), "`kms:Decrypt`"),
        (Wanted("kms:Decrypt", via=""), "`kms:Decrypt` called directly"),
        (
            Wanted("kms:Decrypt", "ana", "books", "dynamodb", "key policy"),
            "`kms:Decrypt` by `ana` on `books` via `dynamodb` because of `key policy`",
        ),
    ],
)
def test_what_is_wanted_is_told(wanted: Wanted, text: str) -> None:
    assert str(wanted) == text


@pytest.mark.parametrize(
    ("argument", "value"),
    [("by", ""), ("by", 7), ("on", ""), ("via", "dynamo"), ("via", 7), ("because", ""), ("because", 7)],
)
def test_what_can_mean_nothing_is_refused_with_its_argument(argument: str, value: Any) -> None:
    with pytest.raises((TypeError, ValueError)) as refused:
        Wanted("kms:Decrypt", **{argument: value})
    assert str(refused.value).startswith(f"`{argument}`: ")
    assert repr(value).strip("'") in str(refused.value)


@pytest.mark.parametrize("value", ["", 7, "arn:aws:kms:us-east-1:111122223333:key/a"])
def test_a_principal_is_named_by_the_argument_that_it_was_given_as(value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"^`principal`: "):
        check_principal("principal", value)


@pytest.mark.parametrize(
    ("because", "meant"),
    [
        ("Identity-based polcy", "; did you mean `identity-based policy`?"),
        ("key policy", "; did you mean `resource-based policy`?"),
        ("identity-based policy", ""),
        ("nothing like it", ""),
    ],
)
def test_which_reason_may_have_been_meant(because: str, meant: str) -> None:
    assert meant_reason(because) == meant


def test_a_clock_goes_on_by_what_it_is_told_and_never_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1000.0)
    clock, told = Clock(), list[float]()
    clock.tell(told.append)
    assert clock.now() == 1000.0
    clock.advance(3600)
    assert [clock.now()] == told == [4600.0]
    with pytest.raises(ValueError, match=r"^`seconds`: "):
        clock.advance(-1)
