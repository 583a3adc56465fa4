"""What nearly allowed a request, and in which words."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.factories import (
    KEY,
    OTHER,
    ROOT,
    SERVICE,
    STRANGER,
    TABLE,
    USER,
    allow,
    named,
    request_of,
)

from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.evaluation import Evaluation
from pytest_kmslab.authz.explain.near_misses import NearMiss, listed, near_misses
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.policy import Policies
from pytest_kmslab.authz.request import Request


def nearest(request: Request, policies: Policies, grants: tuple[Grant, ...] = ()) -> list[NearMiss]:
    decision = authorize(request, policies, grants)
    return near_misses(Evaluation(request, bounded=False), policies, grants, decision)


def why(request: Request, *statements: dict[str, Any], grants: tuple[Grant, ...] = ()) -> list[str]:
    policies = Policies(identity=(named(*statements),), resource=named(name=request.resource))
    return [f"{near_miss.element}: {near_miss.why}" for near_miss in nearest(request, policies, grants)]


def of_key_policy(*statements: dict[str, Any]) -> list[str]:
    found = nearest(request_of(), Policies(resource=named(*statements, name=KEY)))
    return [f"{near_miss.statement} {near_miss.element}: {near_miss.why}" for near_miss in found]


def when(**condition: Any) -> dict[str, Any]:
    ((operator, (key, values)),) = condition.items()
    return allow("kms:Decrypt", Condition={operator: {key: values}})


def test_a_statement_about_another_service_is_no_near_miss() -> None:
    assert why(request_of(), allow("dynamodb:GetItem")) == []
    assert why(request_of(), allow(["dynamodb:GetItem", "KMS:Encrypt"])) == [
        "Action: wanted KMS:Encrypt, asked kms:Decrypt"
    ]


def test_the_service_is_what_stands_before_the_first_colon() -> None:
    assert why(request_of(), allow("kms:Encrypt:More")) == [
        "Action: wanted kms:Encrypt:More, asked kms:Decrypt"
    ]
    grant = Grant(USER, frozenset(["Decrypt"]))
    assert why(request_of(action="kms:More:Decrypt"), grants=(grant,)) == [
        "Operations: allows Decrypt, asked More:Decrypt"
    ]


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ("true", "wanted it absent, the request has 7"),
        (["true", "maybe"], "wanted it absent or present, the request has 7"),
    ],
)
def test_null_wants_a_key_absent_or_present(wanted: Any, shown: str) -> None:
    statement = when(Null=("x:k", wanted))
    assert why(request_of(x__k="7"), statement) == [f"Condition Null x:k: {shown}"]


def test_the_request_of_a_missing_key_has_none() -> None:
    assert why(request_of(), when(StringEquals=("x:k", ["a", "b"]))) == [
        "Condition StringEquals x:k: wanted a or b, the request has none"
    ]
    assert why(request_of(x__k="a"), when(StringNotEquals=("x:k", ["a", "b"]))) == [
        "Condition StringNotEquals x:k: wanted none of a or b, the request has a"
    ]


def test_several_values_need_a_set_operator() -> None:
    shown = "wanted a, the request has a or b"
    assert why(request_of(x__k=["a", "b"]), when(StringEquals=("x:k", "a"))) == [
        f"Condition StringEquals x:k: {shown}: a key of several values needs ForAllValues or ForAnyValue"
    ]
    element = {"ForAllValues:StringEquals": {"x:k": "a"}}
    assert why(request_of(x__k=["a", "b"]), allow(Condition=element)) == [
        f"Condition ForAllValues:StringEquals x:k: {shown}"
    ]


def test_constraints_of_both_kinds_are_joined() -> None:
    both = Grant(
        USER,
        frozenset(["Decrypt"]),
        encryption_context_equals={"b": "1", "a": "1"},
        encryption_context_subset={"a": "1"},
    )
    assert why(request_of(), grants=(both,)) == [
        'Constraints: wanted exactly {"a": "1", "b": "1"} and at least {"a": "1"} in the encryption context'
    ]


def test_a_constraint_on_whom_the_request_is_for_is_joined() -> None:
    both = Grant(USER, frozenset(["Decrypt"]), encryption_context_equals={}, source_arn=TABLE)
    assert why(request_of(), grants=(both,)) == [
        f"Constraints: wanted exactly {{}} in the encryption context and a request on behalf of {TABLE}"
    ]


@pytest.mark.parametrize(("number", "told"), [(50, "the request has "), (51, "the key has more than 50 ")])
def test_aliases_over_the_quota_are_told_of(number: int, told: str) -> None:
    condition = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/wanted"}}
    context = {"kms__ResourceAliases": [f"alias/{each}" for each in range(number)]}
    (said,) = why(request_of(**context), allow(Condition=condition))
    assert told in said


def test_a_grant_that_gives_fewer_operations() -> None:
    child = request_of(action="kms:CreateGrant", kms__GrantOperations=["Encrypt"])
    grant = Grant(USER, frozenset(["CreateGrant", "Decrypt"]))
    assert why(child, grants=(grant,)) == ["Constraints: wanted a grant of no more operations than its own"]


def test_a_grant_for_requests_on_behalf_of_a_resource() -> None:
    grant = Grant(USER, frozenset(["Decrypt"]), source_arn=TABLE)
    assert why(request_of(), grants=(grant,)) == [f"Constraints: wanted a request on behalf of {TABLE}"]


def test_a_grant_is_no_near_miss_where_grants_do_not_count() -> None:
    grant = Grant(USER, frozenset(["Encrypt", "RetireGrant"]))
    assert why(request_of(action="dynamodb:GetItem", resource=TABLE), grants=(grant,)) == []
    assert why(request_of(action="kms:ListKeys", resource="*"), grants=(grant,)) == []
    constrained = Grant(USER, frozenset(["RetireGrant"]), encryption_context_equals={})
    assert why(request_of(action="kms:RetireGrant", resource=KEY), grants=(grant, constrained)) == []
    assert why(request_of(), grants=(grant,)) == ["Operations: allows Encrypt or RetireGrant, asked Decrypt"]


@pytest.mark.parametrize(
    ("principal", "names"),
    [
        ({"AWS": STRANGER}, STRANGER),
        ({"AWS": [STRANGER, OTHER], "Service": SERVICE}, f"{STRANGER} or {OTHER} or {SERVICE}"),
        ({"AWS": []}, "nobody"),
        ({}, "nobody"),
        (None, "nobody"),
    ],
)
def test_a_statement_that_names_others(principal: Any, names: str) -> None:
    statement = allow(Sid="s") if principal is None else allow(Sid="s", Principal=principal)
    assert of_key_policy(statement) == [f"s Principal: names {names}, not {USER}"]


def test_what_fails_by_two_elements_is_no_near_miss() -> None:
    other = allow("kms:Encrypt", Sid="s", Principal={"AWS": STRANGER})
    assert of_key_policy(other) == []
    assert why(request_of(), allow("kms:Encrypt", TABLE)) == []


def test_a_deny_is_no_near_miss() -> None:
    statement = {**allow("kms:Decrypt", TABLE), "Effect": "Deny"}
    assert why(request_of(), statement) == []
    assert why(request_of(), statement, allow("kms:Encrypt")) == [
        "Action: wanted kms:Encrypt, asked kms:Decrypt"
    ]


def test_an_iam_policy_has_no_business_with_principals() -> None:
    assert why(request_of(), allow(Principal="*")) == [f"Principal: names *, not {USER}"]


def test_misses_by_the_action_come_last() -> None:
    found = of_key_policy(
        allow("kms:Encrypt", Sid="a", Principal={"AWS": ROOT}), allow(Sid="b", Principal={"AWS": STRANGER})
    )
    assert [text.partition(":")[0] for text in found] == ["b Principal", "a Action"]


def test_the_other_resources_that_a_statement_is_about() -> None:
    assert why(request_of(), allow("kms:*", [TABLE, "arn:aws:kms:*:*:alias/a"])) == [
        f"Resource: wanted {TABLE} or arn:aws:kms:*:*:alias/a, asked {KEY}"
    ]
    negated = {"Effect": "Allow", "Action": "kms:*", "NotResource": KEY}
    assert why(request_of(), negated) == [f"Resource: wanted anything but {KEY}, asked {KEY}"]
    without = {"Effect": "Allow", "Action": "kms:*"}
    assert why(request_of(), without) == [f"Resource: the statement has no Resource, asked {KEY}"]


def test_the_other_actions_that_a_statement_is_about() -> None:
    negated = {"Effect": "Allow", "NotAction": ["kms:Decrypt", "kms:Sign"], "Resource": "*"}
    assert why(request_of(), negated) == [
        "Action: wanted anything but kms:Decrypt or kms:Sign, asked kms:Decrypt"
    ]
    assert why(request_of(), {"Effect": "Allow", "Resource": "*"}) == []


@pytest.mark.parametrize(
    ("values", "text"),
    [([], "nothing"), (["a", "b", "c"], "a or b or c"), (list("abcde"), "a or b or c or 2 more")],
)
def test_of_many_values_the_first_are_shown(values: list[str], text: str) -> None:
    assert listed(values) == text
