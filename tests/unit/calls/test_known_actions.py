"""Actions that an assertion may name, and those that nobody can ask for."""

from __future__ import annotations

import pytest

from pytest_kmslab import KmsKey, Lab, Trail, access_matrix, allowed, denied
from pytest_kmslab.calls.operations import ASKS_FOR, OPERATIONS, as_aws_spells, unknown_action_text

MISSPELT = {
    "kms:decrpyt": "kms:Decrypt",
    "kms:Decypt": "kms:Decrypt",
    "kms:ReEncryptFrm": "kms:ReEncryptFrom",
    "dynamodb:GetItems": "dynamodb:GetItem",
    "dynamodb:PartiQlSelects": "dynamodb:PartiQLSelect",
    "iam:PasRole": "iam:PassRole",
    "sts:AssumeRoles": "sts:AssumeRole",
}


@pytest.mark.parametrize(("action", "meant"), MISSPELT.items())
def test_a_misspelt_action_is_told_with_the_one_that_is_near(action: str, meant: str) -> None:
    service = action.partition(":")[0]
    assert unknown_action_text(action) == f"`{action}` is no action of {service}: did you mean `{meant}`?"


@pytest.mark.parametrize(
    "action",
    [
        "kms:Decrypt",
        "kms:decrypt",
        "KMS:DECRYPT",
        "dynamodb:ConditionCheckItem",
        "iam:PassRole",
        "sts:TagSession",
    ],
)
def test_an_action_is_known_in_any_case(action: str) -> None:
    assert unknown_action_text(action) == ""


def test_every_action_that_a_call_asks_for_is_known() -> None:
    operations = {f"{service}:{name}" for service, names in OPERATIONS.items() for name in names}
    named = {name.replace("dynamodbstreams:", "dynamodb:") for name in operations} - set(ASKS_FOR)
    assert [action for action in sorted(named) if unknown_action_text(action)] == []


def test_an_operation_that_asks_for_other_actions_says_which() -> None:
    text = "`kms:ReEncrypt` is an operation and no action: it asks for kms:ReEncryptFrom and kms:ReEncryptTo"
    assert unknown_action_text("kms:reencrypt") == text


def test_what_is_near_to_nothing_is_told_alone() -> None:
    assert unknown_action_text("kms:Frobnicate") == "`kms:Frobnicate` is no action of kms"


def test_an_action_of_a_service_that_is_not_decided_is_told_so() -> None:
    text = unknown_action_text("S3:GetObject")
    assert "only those to dynamodb, iam, kms, sts are" in text


def test_an_action_is_spelt_as_aws_spells_it() -> None:
    assert as_aws_spells("KMS:reencryptfrom") == "kms:ReEncryptFrom"
    assert as_aws_spells("s3:getobject") == "s3:getobject"


@pytest.mark.parametrize("action", ["kms:decrpyt", "s3:GetObject", "kms:ReEncrypt"])
def test_all_that_take_an_action_say_it(
    action: str, kmslab: Lab, kms_key: KmsKey, kmslab_trail: Trail
) -> None:
    for ask in (
        lambda: denied(action),
        lambda: allowed(action),
        lambda: kmslab_trail.denied(action),
        lambda: kmslab_trail.allowed(action),
        lambda: access_matrix([kmslab.admin], [action], [kms_key]),
    ):
        with pytest.raises(ValueError, match=r"is no action|are not decided|is an operation"):
            ask()
