"""https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from pytest_kmslab.calls.error_codes import PASSING_CODES, denied_action, error_code
from pytest_kmslab.calls.services import QUERY, protocol_of


def test_the_code_of_an_error() -> None:
    assert error_code(ClientError({"Error": {"Code": "AccessDenied"}}, "GetUser")) == "AccessDenied"
    assert error_code(ValueError("AccessDenied")) == ""


def test_a_service_that_is_not_decided_has_the_codes_of_the_oldest_protocol() -> None:
    assert protocol_of("ec2") is QUERY
    assert protocol_of("sts") is QUERY
    assert protocol_of("kms") is not QUERY


OLD = "The ciphertext refers to a customer master key that does not exist"


@pytest.mark.parametrize(
    ("message", "action"),
    [
        (
            "User: arn:aws:iam::1:user/a is not authorized to perform: kms:Decrypt on resource: x",
            "kms:Decrypt",
        ),
        ("a is not authorized to perform: dynamodb:PartiQLSelect on y", "dynamodb:PartiQLSelect"),
        ("x is not authorized to perform: access-analyzer:ListFindings", "access-analyzer:ListFindings"),
        (f"KMS key access denied error: {OLD}, or you have no access to it", "kms:Decrypt"),
        (f"Validation: {OLD}", ""),
        ("KMS key access denied error: something else", ""),
        ("Requested resource not found", ""),
    ],
)
def test_the_action_that_was_denied(message: str, action: str) -> None:
    assert denied_action(message) == action


@pytest.mark.parametrize(
    "code", ["UnrecognizedClientException", "InvalidClientTokenId", "ThrottlingException", "Throttling"]
)
def test_what_passes_by_itself(code: str) -> None:
    assert code in PASSING_CODES
    assert not PASSING_CODES & {"AccessDenied", "AccessDeniedException", "ExpiredTokenException"}
