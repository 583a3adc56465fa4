from __future__ import annotations

from typing import Any

import pytest
from helpers.factories import ACCOUNT, KEY, TABLE, USER, allow, deny, named, request_of

from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.policy import NamedPolicy, Policies
from pytest_kmslab.authz.statement import parse_statement
from pytest_kmslab.errors import PolicyError

GET = "dynamodb:GetItem"
ADMIN = named(allow(), name="admin")


def applies(policy: NamedPolicy, action: str = GET, resource: str = TABLE, **context: Any) -> bool:
    """Whether the policy's one Allow, or its one Deny, applies."""
    (statement,) = policy.policy.statements
    identity = (ADMIN, policy) if statement.denies else (policy,)
    allowed = authorize(request_of(USER, action, resource, **context), Policies(identity)).allowed
    return allowed is not statement.denies


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (GET, True),
        ("DYNAMODB:getitem", True),
        ("dynamodb:*", True),
        ("dynamodb:Get*", True),
        ("dynamodb:?etItem", True),
        ("dynamodb:*Item", True),
        ("*", True),
        (["dynamodb:PutItem", "dynamodb:GetItem"], True),
        ("dynamodb:GetItems", False),
        ("dynamodb:Get", False),
        ("dynamodb:?GetItem", False),
        ("kms:*", False),
        ([], False),
    ],
)
def test_actions(pattern: str | list[str], expected: bool) -> None:
    assert applies(named(allow(pattern))) is expected
    assert applies(named(deny(pattern))) is expected
    inverse = {"Effect": "Allow", "NotAction": pattern, "Resource": "*"}
    if pattern:
        assert applies(named(inverse)) is not expected
        assert applies(named(inverse | {"Effect": "Deny"})) is not expected


@pytest.mark.parametrize("pattern", ["*:*", "*:GetItem", "k*:Decrypt", "dynamod?:GetItem", "d*b:*"])
@pytest.mark.parametrize("element", ["Action", "NotAction"])
def test_no_service_has_a_wildcard(element: str, pattern: str) -> None:
    with pytest.raises(PolicyError, match="wildcard in its service"):
        parse_statement({"Effect": "Deny", element: pattern, "Resource": "*"}, 0, "2012-10-17")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*", True),
        (TABLE, True),
        (f"arn:aws:dynamodb:*:{ACCOUNT}:table/books", True),
        ("arn:aws:dynamodb:us-*:*:table/b??ks", True),
        ("arn:*:dynamodb:*:*:table/*", True),
        ("arn:aws:dynamodb:*", True),
        ("arn:aws:dynamodb", True),
        (["arn:aws:s3:::b", TABLE], True),
        ("arn:aws:dynamodb:us-east-1:111122223333:table/Books", False),
        ("arn:aws:dynamodb:us-east-1:111122223333:table/book", False),
        ("arn:aws:dynamodb:us-east-1:444455556666:table/books", False),
        ("arn:aws:kms", False),
        ("ARN:aws:dynamodb:*:*:*", False),
        ([], False),
    ],
)
def test_resources(pattern: str | list[str], expected: bool) -> None:
    assert applies(named(allow(resource=pattern))) is expected
    assert applies(named(deny(resource=pattern))) is expected
    inverse = {"Effect": "Allow", "Action": "*", "NotResource": pattern}
    if pattern:
        assert applies(named(inverse)) is not expected
        assert applies(named(inverse | {"Effect": "Deny"})) is not expected


@pytest.mark.parametrize("element", ["NotAction", "NotResource"])
def test_an_empty_negated_list_counts_against_the_caller(element: str) -> None:
    statement = {"Action": "*", "Resource": "*", "Effect": "Allow", element: []}
    del statement[element.removeprefix("Not")]
    assert not applies(named(statement))
    assert applies(named(statement | {"Effect": "Deny"}))


@pytest.mark.parametrize(
    "pattern",
    [
        "arn:aws:dynamodb:us*1:111122223333:table/books:x",
        "arn:aws:*:us-east-1:111122223333:table/books",
        "arn:aws:dyn*:us-east-1:111122223333:table/books",
        "arn:*",
        "**",
        "a*",
        "arn:aws:dynamodb:us*33:table/books",
        "arn:aws:dynamodb:*:table/books",
        "arn:aws:dynamodb:us-east-1?111122223333:table/books",
        "arn:aws:dynamod?:us-east-1:111122223333:table/books",
        "a*:aws:dynamodb:us-east-1:111122223333:table/books",
        "arn:aws:dynamodb:us-east-1:${x:account}:table/books",
        "arn:aws:dynamodb:us-east-1:${x:account}:table/${x:name}",
        "arn:aws:dynamodb:us-east-1:${x:account}",
        "arn:aws:dynamodb:us-${x:zone, 'east-1'}",
        "${x:nothing, ''}arn:aws:dynamodb",
    ],
)
def test_a_pattern_outside_the_rules_is_read_against_the_caller(pattern: str) -> None:
    context = {"x__account": ACCOUNT, "x__name": "books"}
    assert not applies(named(allow(resource=pattern)), **context)
    if not pattern.endswith(":x"):
        assert applies(named(deny(resource=pattern)), **context)
        exception = {"Effect": "Allow", "Action": "*", "NotResource": pattern}
        assert not applies(named(exception), **context)
        assert applies(named(exception | {"Effect": "Deny"}), **context)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("arn:aws:x:*:111122223333:table/*", True),
        ("arn:aws:x:us-*:111122223333:table/*", True),
        ("arn:aws:x:us*2:111122223333:table/*", False),
        ("arn:aws:x:*-2:111122223333:table/*", False),
        ("arn:aws:x:us*:111122223333:tab*s", True),
        ("arn:aws:x:us-east-1:store*:table/books", True),
        ("arn:aws:x:us-east-1:s*3:table/books", False),
    ],
)
def test_a_star_at_the_end_of_a_part_reaches_beyond_the_colon(pattern: str, expected: bool) -> None:
    (statement,) = named(allow(resource=pattern)).policy.statements
    crossing = "arn:aws:x:us-east-1:store-2:111122223333:table/books"
    assert statement.covers_resource(crossing, "x", Context()) is expected


def test_a_question_mark_stays_in_its_part() -> None:
    (statement,) = named(allow(resource="arn:aws:x:us-east-1?:111122223333:table/books")).policy.statements
    assert not statement.covers_resource("arn:aws:x:us-east-1::111122223333:table/books", "x", Context())
    assert statement.covers_resource("arn:aws:x:us-east-1a:111122223333:table/books", "x", Context())


@pytest.mark.parametrize("pattern", ["arn", "arn:aws", "arn:aws:dynamodb", "arn:aws:dynamodb:us-east-1"])
def test_the_beginning_of_an_arn_is_all_that_begin_so_in_an_iam_policy_or_a_deny(pattern: str) -> None:
    table = named(allow(resource=pattern, Principal={"AWS": USER}))
    assert not authorize(request_of(USER, GET, TABLE), Policies(resource=table)).allowed
    assert applies(named(allow(resource=pattern))) is (pattern.count(":") > 1)
    no_table = named(deny(resource=pattern, Principal={"AWS": USER}))
    assert not authorize(request_of(USER, GET, TABLE), Policies((ADMIN,), resource=no_table)).allowed


@pytest.mark.parametrize(
    ("pattern", "context", "expected"),
    [
        ("arn:aws:dynamodb:*:*:table/${aws:username}", {"aws__username": "books"}, True),
        ("arn:aws:dynamodb:us-*:*:table/${aws:username}*", {"aws__username": "bo"}, True),
        ("arn:aws:dynamodb:u*-1:*:table/${aws:username}", {"aws__username": "books"}, True),
        ("arn:aws:dynamodb:*:*:table/${aws:username}", {"aws__username": "b*"}, False),
        ("arn:aws:dynamodb:*:*:table/${aws:username}", {}, False),
        ("arn:aws:dynamodb:*:*:table/${aws:username, 'books'}", {}, True),
        ("arn:aws:dynamodb:*:*:table/book${*}", {}, False),
        ("arn:aws:dyn*:*:*:table/${aws:username}", {"aws__username": "books"}, False),
    ],
)
def test_variables_in_a_resource(pattern: str, context: dict[str, str], expected: bool) -> None:
    assert applies(named(allow(resource=pattern)), **context) is expected


def test_an_unresolved_variable_in_not_resource_counts_against_the_caller() -> None:
    statement = {
        "Effect": "Allow",
        "Action": "*",
        "NotResource": "arn:aws:dynamodb:*:*:table/${aws:username}",
    }
    assert not applies(named(statement))
    assert applies(named(statement | {"Effect": "Deny"}))
    assert applies(named(statement), aws__username="other")


def test_before_2012_a_variable_in_a_resource_is_text() -> None:
    literal = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/${{aws:username}}"
    policy = named(allow(resource=literal), version="2008-10-17")
    assert not applies(policy, aws__username="books")
    assert applies(policy, resource=literal)


def test_conditions_must_all_hold() -> None:
    conditions = {"StringEquals": {"a:x": "1", "a:y": "2"}, "Bool": {"a:z": "true"}}
    policy = named(allow(Condition=conditions))
    assert applies(policy, a__x="1", a__y="2", a__z=True)
    assert not applies(policy, a__x="1", a__y="3", a__z=True)
    assert not applies(policy, a__x="1", a__y="2")


def test_what_cannot_be_told_counts_against_the_caller() -> None:
    untold = {"NumericLessThan": {"a:n": "5"}}
    assert not applies(named(allow(Condition=untold)), a__n="many")
    assert applies(named(deny(Condition=untold)), a__n="many")
    assert not applies(named(deny(Condition=untold)), a__n="7")


@pytest.mark.parametrize("resource", ["*", KEY])
def test_an_action_without_resource_is_met_by_a_star_only(resource: str) -> None:
    assert applies(named(allow("kms:*", resource)), "kms:ListKeys", "*") is (resource == "*")


@pytest.mark.parametrize("missing", ["Action", "Resource"])
@pytest.mark.parametrize(
    ("action", "resource"), [(GET, TABLE), ("kms:ListKeys", "*"), ("sts:GetSessionToken", "*")]
)
def test_an_incomplete_iam_statement_counts_against_the_caller(
    missing: str, action: str, resource: str
) -> None:
    statement = allow()
    del statement[missing]
    assert not applies(named(statement), action, resource)
    assert applies(named(statement | {"Effect": "Deny"}), action, resource)


def test_an_iam_statement_with_a_principal_is_void_unless_it_denies() -> None:
    assert not applies(named(allow(Principal={"AWS": USER})))
    assert applies(named(deny(Principal={"AWS": "arn:aws:iam::444455556666:root"})))
