from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from pytest_kmslab import ExpectationError, denied

pytestmark = pytest.mark.usefixtures("undecided")

USER = "arn:aws:iam::111122223333:user/mounika"
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TABLE = "arn:aws:dynamodb:us-east-1:111122223333:table/my_table_kms"

NO_IDENTITY_POLICY = "because no identity-based policy allows the kms:Decrypt action"
OLD = (
    "The ciphertext refers to a customer master key that does not exist, does not exist in this region, "
    "or you are not allowed to access."
)


def error(code: str, message: str, operation: str = "GetItem") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


def from_kms(inner: str, exception: str = "AWSKMSException", code: str = "AccessDeniedException") -> str:
    return (
        f"KMS key access denied error: com.amazonaws.services.kms.model.{exception}: {inner} "
        f"(Service: AWSKMS; Status Code: 400; Error Code: {code}; Request ID: 0; Proxy: null)"
    )


def refusal(action: str, tail: str) -> str:
    return f"User: {USER} is not authorized to perform: {action} {tail}"


DENIALS = [
    ("kms:Decrypt", "AccessDeniedException", from_kms(OLD)),
    (
        "kms:Decrypt",
        "AccessDeniedException",
        from_kms(
            refusal("kms:Decrypt", f"on the resource associated with this ciphertext {NO_IDENTITY_POLICY}")
        ),
    ),
    (
        "kms:CreateGrant",
        "AccessDeniedException",
        from_kms(
            refusal("kms:CreateGrant", f"on resource: {KEY} with an explicit deny in a resource-based policy")
        ),
    ),
    (
        "kms:DescribeKey",
        "AccessDeniedException",
        from_kms(
            refusal(
                "kms:DescribeKey",
                "on this resource because the resource does not exist in this Region, no resource-based "
                "policies allow access, or a resource-based policy explicitly denies access",
            )
        ),
    ),
    (
        "dynamodb:PutItem",
        "AccessDeniedException",
        refusal(
            "dynamodb:PutItem",
            f"on resource: {TABLE} because no identity-based policy allows the dynamodb:PutItem action",
        ),
    ),
    (
        "kms:Decrypt",
        "AccessDeniedException",
        refusal("kms:Decrypt", f"on resource: {KEY} {NO_IDENTITY_POLICY}"),
    ),
    (
        "kms:Decrypt",
        "AccessDeniedException",
        refusal(
            "kms:Decrypt",
            f"on resource: {KEY} because no resource-based policy allows the kms:Decrypt action",
        ),
    ),
    (
        "kms:Decrypt",
        "AccessDeniedException",
        refusal(
            "kms:Decrypt", f"on resource: {KEY} with an explicit deny in an identity-based policy: {KEY}"
        ),
    ),
    (
        "iam:CreateUser",
        "AccessDenied",
        refusal("iam:CreateUser", f"on resource: {USER} because no identity-based policy allows the action"),
    ),
    ("sts:AssumeRole", "AccessDenied", refusal("sts:AssumeRole", f"on resource: {USER}")),
]


@pytest.mark.parametrize(("action", "code", "message"), DENIALS)
def test_a_denial_of_the_action_passes(action: str, code: str, message: str) -> None:
    with denied(action) as denial:
        raise error(code, message)
    assert (denial.action, denial.code, denial.message) == (action, code, message)
    assert denial.operation == "GetItem"


def test_case_does_not_matter_and_the_spelling_of_aws_is_kept() -> None:
    with denied("KMS:decrypt") as denial:
        raise error("AccessDeniedException", from_kms(OLD))
    assert denial.action == "kms:Decrypt"


def test_the_attributes_are_empty_before_the_denial() -> None:
    with denied("kms:Decrypt") as denial:
        assert (denial.action, denial.code, denial.message, denial.operation) == ("", "", "", "")
        raise error("AccessDeniedException", from_kms(OLD))


OTHERS = [
    ("UnrecognizedClientException", "The security token included in the request is invalid."),
    ("InvalidClientTokenId", "The security token included in the request is invalid."),
    (
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided.",
    ),
    ("ResourceNotFoundException", "Requested resource not found"),
    ("DisabledException", f"{KEY} is disabled."),
    (
        "ValidationException",
        f"KMS key disabled error: com.amazonaws.services.kms.model.DisabledException: {KEY} is disabled.",
    ),
    ("ThrottlingException", "You have exceeded the rate at which you may call KMS."),
    # The text of a denial in an error that is none.
    ("ValidationException", refusal("kms:Decrypt", f"on resource: {KEY} {NO_IDENTITY_POLICY}")),
    ("ValidationException", from_kms(OLD)),
]


@pytest.mark.parametrize(("code", "message"), OTHERS)
def test_another_error_is_not_a_denial(code: str, message: str) -> None:
    came = error(code, message)
    with pytest.raises(ExpectationError) as caught, denied("kms:Decrypt"):
        raise came
    assert str(caught.value) == f"`kms:Decrypt` was not denied: GetItem was answered {code}: {message}"
    assert caught.value.__cause__ is came


def test_the_denial_of_another_action_is_not_the_one_that_was_meant() -> None:
    message = refusal("dynamodb:GetItem", f"on resource: {TABLE} because no identity-based policy allows it")
    with (
        pytest.raises(
            ExpectationError, match="`kms:Decrypt` was not denied: `dynamodb:GetItem` was; GetItem was"
        ),
        denied("kms:Decrypt"),
    ):
        raise error("AccessDeniedException", message)


@pytest.mark.parametrize("action", ["kms:Encrypt", "kms:DescribeKey", "dynamodb:GetItem"])
def test_the_denial_of_decrypt_is_not_that_of_a_similar_action(action: str) -> None:
    with pytest.raises(ExpectationError, match="`kms:Decrypt` was;"), denied(action):
        raise error("AccessDeniedException", from_kms(OLD))


@pytest.mark.parametrize(
    "message", ["Access Denied", OLD, f"{refusal('kms:', '')}", from_kms("No more text.")]
)
def test_a_denial_that_names_no_action_does_not_pass(message: str) -> None:
    with pytest.raises(ExpectationError, match="the denial names no action"), denied("kms:Decrypt"):
        raise error("AccessDeniedException", message)


def test_no_error_is_not_a_denial() -> None:
    with (
        pytest.raises(ExpectationError, match="`kms:Decrypt` was not denied: calls are not decided"),
        denied("kms:Decrypt"),
    ):
        pass


@pytest.mark.parametrize(
    "came",
    [
        ValueError("broken"),
        AssertionError("not so"),
        EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
    ],
)
def test_an_exception_that_is_no_denial_passes_through(came: Exception) -> None:
    with pytest.raises(type(came)) as caught, denied("kms:Decrypt"):
        raise came
    assert caught.value is came


@pytest.mark.parametrize("came", [KeyboardInterrupt, SystemExit, pytest.skip.Exception])
def test_what_is_not_an_error_passes_through(came: type[BaseException]) -> None:
    with pytest.raises(came), denied("kms:Decrypt"):
        raise came


@pytest.mark.parametrize(
    "action", ["", "Decrypt", "kms:", ":Decrypt", "kms:*", "kms:Decrypt*", "kms Decrypt"]
)
def test_what_is_not_an_action_is_a_mistake_of_the_test(action: str) -> None:
    with pytest.raises(ValueError, match=r"is not an action: write it as `service:Operation`"):
        denied(action)
