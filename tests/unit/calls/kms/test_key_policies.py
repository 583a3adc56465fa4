"""Key policies that KMS does not take: https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html."""

from __future__ import annotations

import json
from typing import Any

import pytest
from helpers.authorizations import required_authorizations
from helpers.fake_account import FakeAccount, outcome, user
from helpers.key_policies import INVALID_PRINCIPALS, ROOT, delegated, document, put

from pytest_kmslab.calls.api_call import ServiceError


@pytest.fixture
def view() -> FakeAccount:
    return delegated(user(), "kms:PutKeyPolicy")


@pytest.mark.parametrize("character", ["\u00e9", "\u00ff"])
def test_characters_of_latin_1_are_good(view: FakeAccount, character: str) -> None:
    text = json.dumps(json.loads(document(ROOT, Sid=f"a{character}")), ensure_ascii=False)
    assert outcome(put(text), view) == "allowed"


@pytest.mark.parametrize(
    "principal",
    [
        {},
        {"AWS": []},
        {"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"},
        {"AWS": [ROOT, "arn:aws-cn:iam::123456789012:root"]},
        {"AWS": "arn:aws-us-gov:iam::123456789012:root"},
    ],
)
def test_a_statement_names_principals_that_kms_knows(view: FakeAccount, principal: Any) -> None:
    more = {"Effect": "Allow", "Principal": principal, "Action": "kms:Sign", "Resource": "*"}
    trusting = json.loads(document(ROOT))
    trusting["Statement"].append(more)
    with pytest.raises(ServiceError) as refused:
        list(required_authorizations(put(json.dumps(trusting)), view))
    assert (refused.value.code, refused.value.message) == (
        "MalformedPolicyDocumentException",
        INVALID_PRINCIPALS,
    )


SIGNING = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:Sign", "Resource": "*"}


def without(element: str, **more: Any) -> dict[str, Any]:
    """A statement that lacks an element."""
    return {name: value for name, value in {**SIGNING, **more}.items() if name != element}


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        (without("Principal"), "Policy contains a statement with no principal."),
        (without("Action"), "Missing required field Action"),
        (without("", Action=[]), "Missing required field Action"),
        (without("Resource"), "Missing required field Resource"),
        (
            without("", Principal={"Service": "lambda.example.com"}),
            "Policy contains a statement with one or more invalid service principals.",
        ),
        (
            without("", Principal={"Service": ["lambda.amazonaws.com", "nosuch.amazonaws.com"]}),
            "Policy contains a statement with one or more invalid service principals.",
        ),
        (without("", Principal={"AWS": "1234-5678-9012"}), INVALID_PRINCIPALS),
        (
            without("", Action="k*:Sign"),
            "Action vendors (e.g., aws, ec2, etc.) must not contain wildcards.",
        ),
        (
            without("", Condition={"ArnNotLike": {"aws:PrincipalArn": "nope"}}),
            "The policy failed legacy parsing",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_statements_that_kms_does_not_take(view: FakeAccount, statement: dict[str, Any], fault: str) -> None:
    trusting = json.loads(document(ROOT))
    trusting["Statement"].append(statement)
    with pytest.raises(ServiceError) as refused:
        list(required_authorizations(put(json.dumps(trusting)), view))
    assert str(refused.value) == f"MalformedPolicyDocumentException: {fault}"


@pytest.mark.parametrize(
    "statement",
    [
        without("Action", NotAction="kms:Sign"),
        without("Principal", Effect="Deny", NotPrincipal={"AWS": ROOT}),
        without("", Principal={"Service": "logs.us-east-1.amazonaws.com"}),
        without("", Principal={"Service": ["ec2.amazonaws.com", "delivery.logs.amazonaws.com"]}),
        without("", Action="*", Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}}),
        without("", Condition={"NumericLessThan": {"aws:MultiFactorAuthAge": 300}}),
    ],
)
def test_statements_that_kms_takes(view: FakeAccount, statement: dict[str, Any]) -> None:
    trusting = json.loads(document(ROOT))
    trusting["Statement"].append(statement)
    assert outcome(put(json.dumps(trusting)), view) == "allowed"
