"""The table of operators, made afresh: a change to what makes it shows, although it is made at import."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from pytest_kmslab.authz import operators

NEW = "2012-10-17"
NEGATED = {
    "StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike", "NumericNotEquals", "DateNotEquals",
    "NotIpAddress", "ArnNotEquals", "ArnNotLike",
}  # fmt: skip
ANA = "arn:aws:iam::111122223333:user/ana"


@pytest.fixture
def table() -> Any:
    """The rows of a copy of the module that was loaded just now, for each test again: mutmut puts a mutant to
    those tests only that were seen to come by it."""
    spec = importlib.util.spec_from_file_location(operators.__name__, operators.__file__)
    assert spec is not None
    assert spec.loader is not None
    fresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fresh)
    return fresh.OPERATORS


def test_there_are_the_operators_that_aws_documents(table: Any) -> None:
    orders = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
    ordered = [f"{family}{order}" for family in ("Numeric", "Date") for order in orders]
    texts = ["StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"]
    texts += ["StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike", "ArnNotEquals", "ArnNotLike"]
    assert sorted(table) == sorted([*ordered, *texts, "Bool", "BinaryEquals", "IpAddress", "NotIpAddress"])
    assert all(row.name == name for name, row in table.items())


def test_negation_is_marked_where_the_name_says_so(table: Any) -> None:
    assert {name for name, row in table.items() if row.negated} == NEGATED


@pytest.mark.parametrize("order", ["Equals", "NotEquals", "LessThan", "GreaterThanEquals"])
@pytest.mark.parametrize(("family", "read"), [("Numeric", "7"), ("Date", "2026-11-23")])
def test_an_order_says_which_values_it_reads(table: Any, family: str, read: str, order: str) -> None:
    reads = table[f"{family}{order}"].reads
    assert reads(read)
    assert not reads("seven")


@pytest.mark.parametrize(
    ("name", "wanted", "given", "matches"),
    [
        ("StringEquals", ["a", "b"], "b", True),
        ("StringEquals", ["a", "b"], "B", False),
        ("StringEquals", ["a*"], "ab", False),
        ("StringNotEquals", ["a"], "a", True),
        ("StringEqualsIgnoreCase", ["aB"], "Ab", True),
        ("StringEqualsIgnoreCase", ["aB"], "Abc", False),
        ("StringNotEqualsIgnoreCase", ["aB"], "Ab", True),
        ("StringLike", ["a*c", "x"], "abbc", True),
        ("StringLike", ["a*c"], "ABC", False),
        ("StringNotLike", ["a?c"], "abc", True),
        ("ArnEquals", ["arn:aws:iam::*:user/an?"], ANA, True),
        ("ArnLike", ["arn:aws:iam::111122223333:user/b*", ANA], ANA, True),
        ("ArnLike", ["arn:aws:iam:*:user/ana"], ANA, None),
        ("ArnLike", ["arn:aws:iam:*:user/ana:*"], ANA, False),
        ("ArnNotEquals", [ANA], ANA, True),
        ("ArnNotLike", ["arn:aws:iam::*:user/*"], ANA, True),
        ("ArnNotLike", [ANA], ANA.replace("ana", "ben"), False),
        ("NumericEquals", ["7"], "7.0", True),
        ("NumericEquals", ["7", "8"], "9", False),
        ("NumericNotEquals", ["7"], "7", True),
        ("NumericLessThan", ["7"], "6", True),
        ("NumericLessThan", ["7"], "7", False),
        ("NumericLessThanEquals", ["7"], "7", True),
        ("NumericLessThanEquals", ["7"], "8", False),
        ("NumericGreaterThan", ["7"], "8", True),
        ("NumericGreaterThan", ["7"], "7", False),
        ("NumericGreaterThanEquals", ["7"], "7", True),
        ("NumericGreaterThanEquals", ["7"], "6", False),
        ("NumericEquals", ["seven"], "7", None),
        ("NumericEquals", ["seven", "7"], "7", True),
        ("NumericEquals", ["7"], "seven", None),
        ("DateEquals", ["2026-11-23T10:00:00Z"], "2026-11-23T11:00:00+01:00", True),
        ("DateEquals", ["2026-11-23"], "2026-11-24", False),
        ("DateNotEquals", ["2026-11-23"], "2026-11-23", True),
        ("DateLessThan", ["2026-11-23"], "2026-11-22", True),
        ("DateLessThan", ["2026-11-23"], "2026-11-23", False),
        ("DateLessThanEquals", ["2026-11-23"], "2026-11-23", True),
        ("DateLessThanEquals", ["2026-11-23"], "2026-11-24", False),
        ("DateGreaterThan", ["2026-11-23"], "2026-11-24", True),
        ("DateGreaterThan", ["2026-11-23"], "2026-11-23", False),
        ("DateGreaterThanEquals", ["2026-11-23"], "2026-11-23", True),
        ("DateGreaterThanEquals", ["2026-11-23"], "2026-11-22", False),
        ("Bool", ["true"], "TRUE", True),
        ("Bool", ["true"], "false", False),
        ("Bool", ["true"], "yes", None),
        ("BinaryEquals", ["YQ=="], "YQ==", True),
        ("BinaryEquals", ["YQ=="], "Yg==", False),
        ("BinaryEquals", ["YQ=="], "Y Q==", None),
        ("BinaryEquals", ["a"], "YQ==", None),
        ("IpAddress", ["203.0.113.0/24"], "203.0.113.7", True),
        ("IpAddress", ["203.0.113.0/24"], "203.0.114.7", False),
        ("IpAddress", ["203.0.113.0/24"], "2001:db8::7", False),
        ("NotIpAddress", ["2001:db8::/32"], "2001:db8::7", True),
    ],
)
def test_a_value_and_the_wanted_ones(
    table: Any, name: str, wanted: list[str], given: str, matches: bool | None
) -> None:
    assert table[name].compile(wanted, NEW)({})(given) is matches


@pytest.mark.parametrize(
    ("name", "wanted", "given", "matches"),
    [
        ("StringEquals", "${aws:username}", "ana", True),
        ("StringEquals", "${aws:username}", "ben", False),
        ("StringEquals", "${aws:username}?", "ana?", True),
        ("StringEquals", "${aws:username}?", "ana1", False),
        ("StringEqualsIgnoreCase", "x${aws:username}", "XANA", True),
        ("StringLike", "${aws:username}-*", "ana-1", True),
        ("StringLike", "${aws:username}${?}", "ana?", True),
        ("StringLike", "${aws:username}${?}", "ana1", False),
        ("ArnLike", "arn:aws:iam::*:user/${aws:username}", ANA, True),
        ("ArnEquals", "arn:aws:iam:*:user/${aws:username}", ANA, None),
        ("StringEquals", "${aws:absent}", "ana", False),
        ("StringNotEquals", "${aws:absent}", "ana", None),
        ("StringNotLike", "${aws:absent}*", "ana", None),
        ("StringNotEqualsIgnoreCase", "${aws:absent}", "ana", None),
        ("ArnNotEquals", "arn:aws:iam::1:user/${aws:absent}", ANA, None),
        ("ArnNotLike", "${aws:absent}", ANA, None),
        ("ArnLike", "${aws:absent}", ANA, False),
    ],
)
def test_a_variable_among_the_wanted_values(
    table: Any, name: str, wanted: str, given: str, matches: bool | None
) -> None:
    context = {"aws:username": ("ana",)}
    assert table[name].compile([wanted], NEW)(context)(given) is matches
    other = "arn:aws:iam::1:user/nobody"
    assert table[name].compile([other, wanted], NEW)(context)(given) is matches
    assert table[name].compile([given, wanted], NEW)(context)(given) is True


def test_an_older_document_has_no_variables(table: Any) -> None:
    test = table["StringEquals"].compile(["${aws:username}"], "2008-10-17")({"aws:username": ("ana",)})
    assert test("${aws:username}") is True
    assert test("ana") is False
