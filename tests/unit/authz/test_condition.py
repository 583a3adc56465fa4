from __future__ import annotations

from typing import Any

import pytest

from pytest_kmslab.authz.condition import parse_conditions
from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.operators import OPERATORS
from pytest_kmslab.errors import PolicyError

YES, NO, UNTOLD = True, False, None
ARN = "arn:aws:sns:us-east-1:111122223333:topic"
CROSSING = "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"


def holds(
    operator: str, wanted: Any, given: Any = None, version: str = "2012-10-17", **more: Any
) -> bool | None:
    """One condition on the key `x:k`; given is None where the request has no such key."""
    keys = {} if given is None else {"X:K": given}
    keys |= {name.replace("__", ":"): value for name, value in more.items()}
    (condition,) = parse_conditions({operator: {"x:k": wanted}}, version)
    return condition.holds(Context(keys).folded)


@pytest.mark.parametrize(
    ("operator", "wanted", "given", "expected"),
    [
        ("StringEquals", "Ab", "Ab", YES),
        ("StringEquals", "Ab", "ab", NO),
        ("StringEquals", ["a", "b"], "b", YES),
        ("StringEquals", "a*", "ab", NO),
        ("StringEquals", "a*", "a*", YES),
        ("StringEquals", 5, "5", YES),
        ("StringEquals", True, "true", YES),
        ("StringEquals", "", "", YES),
        ("StringEquals", "${aws:username}", "${aws:username}", NO),
        ("StringNotEquals", ["a", "b"], "b", NO),
        ("StringNotEquals", ["a", "b"], "c", YES),
        ("StringEqualsIgnoreCase", "STRASSE", "straße", YES),
        ("StringEqualsIgnoreCase", "ab", "AB", YES),
        ("StringNotEqualsIgnoreCase", "ab", "AB", NO),
        ("StringLike", "a*c?", "abcd", YES),
        ("StringLike", "a*", "Ab", NO),
        ("StringNotLike", ["x*", "a*"], "ab", NO),
        ("NumericEquals", "10", "10.0", YES),
        ("NumericEquals", 10, 10, YES),
        ("NumericEquals", "1e1", "10", YES),
        ("NumericNotEquals", "10", "11", YES),
        ("NumericLessThan", "10", "9.5", YES),
        ("NumericLessThan", "10", "10", NO),
        ("NumericLessThanEquals", "10", "10", YES),
        ("NumericGreaterThan", "-3", "-2", YES),
        ("NumericGreaterThanEquals", ["20", "5"], "7", YES),
        ("NumericEquals", "ten", "10", UNTOLD),
        ("NumericEquals", ["ten", "10"], "10", YES),
        ("NumericNotEquals", "10", "ten", UNTOLD),
        ("NumericEquals", "١", "1", UNTOLD),
        ("DateEquals", "2020-01-01T00:00:00Z", "1577836800", YES),
        ("DateEquals", "2020", "2020-01-01", YES),
        ("DateEquals", "2020-01", "2020-01-01T01:00+01:00", YES),
        ("DateEquals", "2020-01-01T05:45+05:45", "2020-01-01", YES),
        ("DateEquals", "2020-01-01T12:00+12:00", "2020-01-01", YES),
        ("DateEquals", "2019-12-31T14:00-10:00", "2020-01-01", YES),
        ("DateEquals", "2020-01-01T00:30Z", "2020-01-01", NO),
        ("DateEquals", "2020-01-01T00:30Z", "1577838600", YES),
        ("DateEquals", "2020-01-01T00:00:30Z", "1577836830", YES),
        ("DateNotEquals", "2020-01-01", "2020-01-02", YES),
        ("DateLessThan", "2020-01-01T00:00:00.5Z", "2020-01-01T00:00:00.25Z", YES),
        ("DateLessThanEquals", "1577836800", "2020-01-01", YES),
        ("DateGreaterThan", "2020-01-01T00:00:00-05:00", "2020-01-01T05:00:00Z", NO),
        ("DateGreaterThanEquals", "2020-01-01T00:00:00-05:00", "2020-01-01T05:00:00Z", YES),
        ("DateEquals", "2020-01-01T00:00:00", "2020-01-01", UNTOLD),
        ("DateLessThan", "2020-02-30", "2020-01-01", UNTOLD),
        ("DateLessThan", "tomorrow", "2020-01-01", UNTOLD),
        ("Bool", "true", True, YES),
        ("Bool", "True", "true", YES),
        ("Bool", False, "true", NO),
        ("Bool", "yes", "true", UNTOLD),
        ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", YES),
        ("BinaryEquals", "QmluYXJ5", "AAAA", NO),
        ("BinaryEquals", "not base64!", "QmluYXJ5", UNTOLD),
        ("IpAddress", "203.0.113.0/24", "203.0.113.7", YES),
        ("IpAddress", "203.0.113.7", "203.0.113.8", NO),
        ("IpAddress", "203.0.113.9/24", "203.0.113.7", YES),
        ("IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5678::1", YES),
        ("IpAddress", "2001:db8::1", "2001:db8::1", YES),
        ("IpAddress", "::/0", "203.0.113.7", NO),
        ("IpAddress", "203.0.113.0/24", "::ffff:203.0.113.7", YES),
        ("NotIpAddress", "203.0.113.0/24", "198.51.100.1", YES),
        ("NotIpAddress", "203.0.113.0/24", "203.0.113.7", NO),
        ("NotIpAddress", "203.0.113.0/24", "AWS Internal", UNTOLD),
        ("IpAddress", "203.0.113.0/99", "203.0.113.7", UNTOLD),
        ("ArnEquals", "arn:aws:sns:*:111122223333:t?pic", ARN, YES),
        ("ArnLike", "arn:aws:sns:*:111122223333:TOPIC", ARN, NO),
        ("ArnLike", "arn:aws:someservice:*:111122223333:finance/*", CROSSING, NO),
        ("StringLike", "arn:aws:someservice:*:111122223333:finance/*", CROSSING, YES),
        ("ArnLike", "arn:aws:sns:*", ARN, UNTOLD),
        ("ArnNotLike", "nope", ARN, UNTOLD),
        ("ArnEquals", "nope", "nope", UNTOLD),
        ("ArnNotLike", ["nope", ARN], ARN, NO),
        ("ArnLike", ["nope", ARN], ARN, YES),
        ("ArnNotEquals", ARN, ARN, NO),
        ("ArnNotLike", "arn:aws:sqs:*:*:*", ARN, YES),
        ("Null", "true", "a", NO),
        ("Null", "false", "a", YES),
        ("Null", ["true", "false"], "a", YES),
        ("Null", "maybe", "a", UNTOLD),
        ("Null", "false", "", UNTOLD),
    ],
)
def test_a_condition_on_one_value(operator: str, wanted: Any, given: Any, expected: bool | None) -> None:
    assert holds(operator, wanted, given) is expected


READABLE = {"Arn": ARN, "Bin": "YWJj", "IpA": "::1", "Not": "::1"}
"""A value of the type of the operators that begin so; `1` is one of all others."""


@pytest.mark.parametrize("operator", OPERATORS)
def test_without_the_key_a_condition_holds_if_it_is_negated_or_says_so(operator: str) -> None:
    negated, value = "Not" in operator, READABLE.get(operator[:3], "1")
    assert OPERATORS[operator].negated is negated
    for nothing in (None, []):
        assert holds(operator, value, nothing) is negated
        assert holds(f"{operator}IfExists", value, nothing) is True
        assert holds(f"ForAllValues:{operator}", value, nothing) is True
        assert holds(f"ForAnyValue:{operator}", value, nothing) is False
        assert holds(f"ForAnyValue:{operator}IfExists", value, nothing) is (UNTOLD if nothing is None else NO)


@pytest.mark.parametrize(
    ("operator", "value"),
    [
        ("ArnNotLike", "nope"),
        ("ArnNotEquals", "arn:aws:s3:b"),
        ("NumericNotEquals", "abc"),
        ("NumericEqualsIfExists", "0x10"),
        ("DateNotEquals", "tomorrow"),
        ("NotIpAddress", "203.0.113.999/24"),
        ("ForAllValues:BinaryEquals", "!!!"),
    ],
)
def test_a_value_that_cannot_be_read_tells_nothing_without_the_key(operator: str, value: str) -> None:
    assert holds(operator, value, None) is UNTOLD
    assert holds(operator, [value, value], []) is UNTOLD


def test_there_are_26_operators_and_null() -> None:
    assert len(OPERATORS) == 26
    assert holds("Null", "true") is True
    assert holds("Null", False) is False
    assert holds("Null", "true", []) is True


@pytest.mark.parametrize(
    ("operator", "wanted", "given", "expected"),
    [
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "b", "a"], YES),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], NO),
        ("ForAllValues:StringEquals", "a", [""], YES),
        ("ForAllValues:StringNotEquals", ["a", "b"], ["c", "d"], YES),
        ("ForAllValues:StringNotEquals", ["a", "b"], ["c", "a"], NO),
        ("ForAllValues:StringLikeIfExists", "a*", ["ab", "ac"], YES),
        ("ForAnyValue:StringEquals", ["a", "b"], ["c", "b"], YES),
        ("ForAnyValue:StringEquals", ["a", "b"], ["c"], NO),
        ("ForAnyValue:StringEquals", "", [""], NO),
        ("ForAnyValue:StringNotEquals", "a", ["a", "b"], YES),
        ("ForAnyValue:StringNotEquals", "a", ["a", "a"], NO),
        ("ForAllValues:NumericLessThan", "10", ["1", "x"], UNTOLD),
        ("ForAllValues:NumericLessThan", "10", ["11", "x"], NO),
        ("ForAnyValue:NumericLessThan", "10", ["1", "x"], YES),
        ("ForAnyValue:NumericLessThan", "10", ["11", "x"], UNTOLD),
        ("StringEquals", "a", ["a", "b"], UNTOLD),
        ("StringNotEquals", "a", ["b", "c"], UNTOLD),
        ("StringEquals", "a", ["a"], YES),
        ("StringEquals", [], "a", UNTOLD),
        ("StringNotEquals", [], "a", UNTOLD),
        ("StringEqualsIfExists", [], "a", NO),
        ("ForAllValues:StringEquals", [], "a", NO),
        ("ForAnyValue:StringNotEquals", [], "a", NO),
    ],
)
def test_a_condition_on_several_values_or_none(
    operator: str, wanted: Any, given: Any, expected: bool | None
) -> None:
    assert holds(operator, wanted, given) is expected


@pytest.mark.parametrize(
    ("operator", "wanted", "given", "context", "expected"),
    [
        ("StringEquals", "${aws:UserName}", "ana", {"aws__username": "ana"}, YES),
        ("StringEquals", "home/${aws:username}/x", "home/ana/x", {"aws__username": "ana"}, YES),
        ("StringEquals", "${aws:username}", "ana", {}, NO),
        ("StringEquals", ["${aws:username}", "ana"], "ana", {}, YES),
        ("StringNotEquals", "${aws:username}", "ana", {}, UNTOLD),
        ("StringNotEquals", ["${aws:username}", "ana"], "ana", {}, NO),
        ("StringNotEquals", "${aws:username}", "ana", {"aws__username": "bob"}, YES),
        ("StringEquals", "${aws:username, 'anybody'}", "anybody", {}, YES),
        ("StringEquals", "${aws:username, ''}x", "x", {}, YES),
        ("StringEquals", "${aws:username, 'anybody'}", "ana", {"aws__username": "ana"}, YES),
        ("StringEquals", "${aws:TagKeys}", "a", {"aws__TagKeys": ["a", "b"]}, NO),
        ("StringEquals", "${$}{*}", "${*}", {}, YES),
        ("StringEquals", "${*}${?}${$}", "*?$", {}, YES),
        ("StringLike", "a${*}", "a*", {}, YES),
        ("StringLike", "a${*}", "ab", {}, NO),
        ("StringLike", "a${?}*", "a?b", {}, YES),
        ("StringLike", "${aws:username}*", "xyz", {"aws__username": "*"}, NO),
        ("StringEqualsIgnoreCase", "${aws:username}", "ANA", {"aws__username": "ana"}, YES),
        ("ArnLike", "arn:aws:sns:*:111122223333:${x:name}", ARN, {"x__name": "topic"}, YES),
        ("ArnLike", "arn:aws:sns:${x:tail}", ARN, {"x__tail": "us-east-1:111122223333:topic"}, YES),
        ("NumericEquals", "${x:n}", "5", {"x__n": "5"}, UNTOLD),
        ("Bool", "${x:b}", "true", {"x__b": "true"}, UNTOLD),
    ],
)
def test_policy_variables(
    operator: str, wanted: Any, given: Any, context: dict[str, Any], expected: bool | None
) -> None:
    assert holds(operator, wanted, given, **context) is expected


def test_before_2012_a_variable_is_text() -> None:
    assert (
        holds("StringEquals", "${aws:username}", "${aws:username}", "2008-10-17", aws__username="a") is True
    )
    assert holds("StringLike", "${*}", "${abc}", "2008-10-17") is True


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ([], "Condition: not an object of operators"),
        ({"StringEquals": []}, "Condition.StringEquals: not an object of condition keys"),
        ({"StringEqualz": {"k": "v"}}, "Condition.StringEqualz.k: unknown condition operator `StringEqualz`"),
        ({"stringEquals": {"k": "v"}}, "Condition.stringEquals.k: unknown condition operator"),
        ({"NullIfExists": {"k": "true"}}, "unknown condition operator `NullIfExists`"),
        ({"ForAnyValue:Null": {"k": "true"}}, "unknown condition operator `ForAnyValue:Null`"),
        ({"ForSome:StringEquals": {"k": "v"}}, "unknown qualifier `ForSome`"),
        ({"StringEquals": {"k": None}}, "Condition.StringEquals.k: a value is null"),
        ({"StringEquals": {"k": ["a", {}]}}, "a value is an object"),
        ({"StringEquals": {"k": [["a"]]}}, "a value is a list"),
        ({"StringEquals": {"": "v"}}, "Condition.StringEquals.: the condition key has no name"),
        ({"StringEquals": {"aws:A": "v", "AWS:a": "w"}}, "two condition keys differ only by case"),
        ({"StringLike": {"k": "a${aws:username"}}, "malformed policy variable in `a${aws:username`"),
        ({"StringLike": {"k": "a${${aws:username}"}}, "malformed policy variable in `a${${aws:username}`"),
        ({"StringLike": {"k": "${}"}}, "malformed policy variable"),
        ({"StringLike": {"k": "${ }"}}, "malformed policy variable"),
        ({"StringLike": {"k": f"${{{' ' * 50_000}x"}}, "malformed policy variable"),
        ({"ArnLike": {"k": "${aws:username, x}"}}, "malformed policy variable"),
    ],
)
def test_what_is_no_condition(conditions: Any, message: str) -> None:
    with pytest.raises(PolicyError, match=r"^Condition") as caught:
        parse_conditions(conditions, "2012-10-17")
    assert message in str(caught.value)


@pytest.mark.parametrize(("number", "told"), [(50, True), (51, False)])
@pytest.mark.parametrize(
    ("operator", "wanted"),
    [
        ("ForAnyValue:StringLike", "alias/*"),
        ("ForAllValues:StringLike", "alias/*"),
        ("ForAnyValue:StringNotEquals", "alias/none"),
        ("ForAnyValue:StringLikeIfExists", "alias/*"),
        ("Null", "false"),
    ],
)
def test_aliases_over_the_quota_of_a_key_tell_nothing(
    operator: str, wanted: str, number: int, told: bool
) -> None:
    """https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html#aliases-per-key"""
    (condition,) = parse_conditions({operator: {"kms:ResourceAliases": wanted}}, "2012-10-17")
    names = [f"alias/{each}" for each in range(number)]
    assert condition.holds(Context({"KMS:resourcealiases": names}).folded) is (True if told else None)
    other = parse_conditions({operator: {"aws:TagKeys": wanted}}, "2012-10-17")[0]
    assert other.holds(Context({"aws:TagKeys": names}).folded) is True
