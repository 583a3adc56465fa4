from __future__ import annotations

from typing import Any

import pytest

from pytest_kmslab.authz.decision import Outcome
from pytest_kmslab.observe.aws_outcome import ALLOWED, read_outcome

WHO = "User: arn:aws:iam::111122223333:user/ana is not authorized to perform: "
NO_IDENTITY = (
    WHO + "kms:Decrypt on resource: x because no identity-based policy allows the kms:Decrypt action"
)
OLD = (
    "KMS key access denied error: com.amazonaws.services.kms.model.AWSKMSException: The ciphertext refers to "
    "a customer master key that does not exist, does not exist in this region, or you are not allowed to use"
)


def error(code: str, message: str = "") -> dict[str, Any]:
    return {"Error": {"Code": code, "Message": message}}


def test_a_success_is_an_allowance() -> None:
    assert read_outcome(200, {"Items": []}) is ALLOWED


@pytest.mark.parametrize(
    ("text", "decision", "action", "by"),
    [
        (NO_IDENTITY, Outcome.IMPLICIT_DENY, "kms:Decrypt", "identity-based policy"),
        (
            WHO + "kms:Decrypt on resource: x with an explicit deny in a resource-based policy",
            Outcome.EXPLICIT_DENY,
            "kms:Decrypt",
            "resource-based policy",
        ),
        (
            WHO + "iam:GetUser with an explicit deny in an identity-based policy: arn:aws:iam::1:policy/p",
            Outcome.EXPLICIT_DENY,
            "iam:GetUser",
            "identity-based policy",
        ),
        (
            WHO + "kms:Decrypt on resource: x because no permissions boundary allows the kms:Decrypt action",
            Outcome.IMPLICIT_DENY,
            "kms:Decrypt",
            "permissions boundary",
        ),
        (
            WHO + "kms:Decrypt with an explicit deny in a service control policy",
            None,
            "kms:Decrypt",
            "service control policy",
        ),
        (
            WHO + "kms:Decrypt on this resource because the resource does not exist in this Region, no "
            "resource-based policies allow access, or a resource-based policy explicitly denies access",
            None,
            "kms:Decrypt",
            "",
        ),
        (OLD, None, "kms:Decrypt", ""),
        ("Access denied.", None, "", ""),
    ],
)
@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException"])
def test_a_denial_is_read_from_its_text(
    code: str, text: str, decision: Outcome | None, action: str, by: str
) -> None:
    answer = read_outcome(400, error(code, text))
    assert answer.denied
    assert (answer.decision, answer.action, answer.by, answer.why) == (decision, action, by, "")


def test_dynamodb_s_denial_names_what_kms_was_asked() -> None:
    answer = read_outcome(
        400, error("AccessDeniedException", f"KMS key access denied error: x: {NO_IDENTITY}")
    )
    assert (answer.action, answer.decision) == ("kms:Decrypt", Outcome.IMPLICIT_DENY)


@pytest.mark.parametrize("code", ["ConditionalCheckFailedException", "DryRunOperationException"])
def test_an_error_that_comes_after_permission_is_an_allowance(code: str) -> None:
    answer = read_outcome(400, error(code))
    assert (answer.decision, answer.denied, answer.why) == (Outcome.ALLOWED, False, "")


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("UnrecognizedClientException", "AWS did not know the credentials"),
        ("InvalidClientTokenId", "AWS did not know the credentials"),
        ("ThrottlingException", "AWS throttled the call"),
        ("ValidationException", "AWS answered ValidationException"),
        ("ResourceNotFoundException", "AWS answered ResourceNotFoundException"),
        ("InternalServerError", "AWS answered InternalServerError"),
    ],
)
def test_other_errors_say_nothing_of_permission(code: str, why: str) -> None:
    answer = read_outcome(400, error(code))
    assert (answer.decision, answer.denied, answer.why) == (None, False, why)


def test_an_error_without_a_code_is_told_by_its_status() -> None:
    assert read_outcome(503, {}).why == "AWS answered 503"


def test_statements_that_were_answered_one_by_one_say_nothing_as_a_whole() -> None:
    parsed = {"Responses": [{"Item": {}}, {"Error": {"Code": "AccessDenied"}}]}
    assert read_outcome(200, parsed).why == "each statement has its own answer"
