"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html"""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_kmslab.calls.rules.policy_principals import principal_exists, principals_of, renamed

ANA, BOB = "arn:aws:iam::123456789012:user/ana", "arn:aws:iam::123456789012:user/bob"


def text(*statements: Any) -> str:
    return json.dumps({"Statement": list(statements)})


@pytest.mark.parametrize(
    ("document", "named"),
    [
        (text({"Principal": {"AWS": ANA}}), (ANA,)),
        (text({"Principal": {"AWS": [ANA, ANA]}}, {"NotPrincipal": {"AWS": BOB}}), (ANA, BOB)),
        (text({"Principal": {"AWS": [ANA, 7], "Service": "s3.amazonaws.com"}}), (ANA,)),
        (json.dumps({"Statement": {"Principal": {"AWS": ANA}}}), (ANA,)),
        (text({"Principal": "*"}, {"Principal": {"Service": "x"}}, "nothing"), ()),
        ("[]", ()),
        ("{}", ()),
        ("no JSON", ()),
        pytest.param("[" * 100_000, (), id="deep"),
    ],
)
def test_the_aws_principals_of_a_document(document: str, named: tuple[str, ...]) -> None:
    assert principals_of(document) == named


def test_names_are_changed_where_somebody_is_named_and_nowhere_else() -> None:
    statements = [
        {"Principal": {"AWS": "AIDABOB"}, "Condition": {"StringEquals": {"aws:userid": "AIDABOB"}}},
        {"NotPrincipal": {"AWS": ["AIDABOB", ANA]}},
        {"Principal": {"Service": "AIDABOB"}},
        {"Principal": "AIDABOB"},
    ]
    assert json.loads(renamed(text(*statements), {"AIDABOB": BOB})) == {
        "Statement": [
            {"Principal": {"AWS": BOB}, "Condition": {"StringEquals": {"aws:userid": "AIDABOB"}}},
            {"NotPrincipal": {"AWS": [BOB, ANA]}},
            {"Principal": {"Service": "AIDABOB"}},
            {"Principal": "AIDABOB"},
        ]
    }
    alone = json.dumps({"Statement": {"Principal": {"AWS": "AIDABOB"}}})
    assert json.loads(renamed(alone, {"AIDABOB": BOB})) == {"Statement": {"Principal": {"AWS": BOB}}}
    for nothing in ("[]", text("nothing"), "{}"):
        assert json.loads(renamed(nothing, {})) == json.loads(nothing)


class Directory:
    """Ana, a role app of another account, and one unique id."""

    def has_arn(self, arn: str) -> bool:
        return arn == ANA

    def has_unique_id(self, identifier: str) -> bool:
        return identifier == "AROAKNOWN"

    def has_role(self, name: str, account: str, partition: str) -> bool:
        return (name, account) == ("app", "210987654321")


@pytest.mark.parametrize(
    ("principal", "exists"),
    [
        (ANA, True),
        (BOB, False),
        ("arn:aws:iam::123456789012:role/app", False),
        ("arn:aws:sts::210987654321:assumed-role/app/s1", True),
        ("arn:aws:sts::123456789012:assumed-role/app/s1", False),
        ("arn:aws:sts::210987654321:assumed-role/other/s1", False),
        ("AROAKNOWN", True),
        ("AIDAUNKNOWN", False),
        ("*", True),
        ("123456789012", True),
        ("12345678901", False),
        ("arn:aws:iam::123456789012:root", True),
        ("arn:aws:sts::123456789012:federated-user/fed", True),
        ("arn:aws:iam::123456789012:group/all", False),
        ("ana", False),
    ],
)
def test_who_can_be_resolved(principal: str, exists: bool) -> None:
    assert principal_exists(principal, Directory()) is exists
