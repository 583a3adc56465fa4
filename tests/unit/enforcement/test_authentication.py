from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from helpers.fake_account import FakeAccount, call, role_session, root, table_arn, user

from pytest_kmslab.account.model import Caller, Credential
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.enforcement.authentication import (
    SINCE,
    SpentPasswords,
    access_key_to_send,
    authenticate,
    check_service,
    root_user,
)
from pytest_kmslab.enforcement.clock import Clock

NOW = 1_800_000_000.0
ANA = Caller(
    "arn:aws:iam::111122223333:user/ana",
    "111122223333",
    "arn:aws:iam::111122223333:user/ana",
    "AIDA1",
    "User",
)


class Stopped(Clock):
    """A clock that stands still."""

    def now(self) -> float:
        return NOW


class Known:
    """An account that knows one access key."""

    def __init__(self, **changes: object) -> None:
        self._credential = Credential(
            **{"access_key_id": "AKIA1", "secret_access_key": "s", "caller": ANA, **changes}
        )

    def credential(self, access_key_id: str) -> Credential | None:
        return self._credential if access_key_id == self._credential.access_key_id else None


def test_the_right_secret_is_its_owner() -> None:
    assert authenticate(Credentials("AKIA1", "s"), "kms", Known(), Stopped()) is ANA


@pytest.mark.parametrize(
    ("given", "known", "json_code", "query_code"),
    [
        (Credentials("AKIA2", "s"), {}, "UnrecognizedClientException", "InvalidClientTokenId"),
        (Credentials("AKIA1", "s"), {"active": False}, "UnrecognizedClientException", "InvalidClientTokenId"),
        (Credentials("AKIA1", "s", "token"), {}, "UnrecognizedClientException", "InvalidClientTokenId"),
        (
            Credentials("AKIA1", "s"),
            {"session_token": "t"},
            "UnrecognizedClientException",
            "InvalidClientTokenId",
        ),
        (Credentials("AKIA1", "wrong"), {}, "InvalidSignatureException", "SignatureDoesNotMatch"),
        (Credentials("AKIA1", "s"), {"expires_at": NOW}, "ExpiredTokenException", "ExpiredToken"),
        (None, {}, "MissingAuthenticationTokenException", "MissingAuthenticationToken"),
    ],
    ids=["unknown", "inactive", "needless token", "token missing", "wrong secret", "expired", "unsigned"],
)
def test_everything_else_is_the_services_own_error_and_never_access_denied(
    given: Credentials | None, known: dict[str, object], json_code: str, query_code: str
) -> None:
    for service, code, status in (
        ("dynamodb", json_code, 400),
        ("kms", json_code, 400),
        ("iam", query_code, 403),
    ):
        with pytest.raises(ServiceError) as refused:
            authenticate(given, service, Known(**known), Stopped())
        assert (refused.value.code, refused.value.status) == (code, status)


MFA = {"aws:MultiFactorAuthPresent": "true"}
FEDERATED = replace(ANA, kind="FederatedUser")


@pytest.mark.parametrize(
    ("caller", "is_taken"),
    [
        (ANA, True),
        (root(), True),
        (role_session(token_issued="2026-11-30T08:00:00Z"), True),
        (replace(ANA, token_issued="2026-11-30T08:00:00Z"), False),
        (replace(ANA, token_issued="2026-11-30T08:00:00Z", context=MFA), True),
        (replace(FEDERATED, token_issued="2026-11-30T08:00:00Z"), False),
        (replace(FEDERATED, token_issued="2026-11-30T08:00:00Z", context=MFA), False),
    ],
)
def test_whose_sessions_iam_takes(caller: Caller, is_taken: bool) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html"""
    check_service(caller, "dynamodb")
    if is_taken:
        check_service(caller, "iam")
    else:
        with pytest.raises(ServiceError) as refused:
            check_service(caller, "iam")
        assert (refused.value.code, refused.value.status) == ("InvalidClientTokenId", 403)


def test_a_password_is_taken_once_while_it_is_shown() -> None:
    spent = SpentPasswords()
    given = {"SerialNumber": "arn:mfa", "TokenCode": "123456"}
    asked = call("sts", "GetSessionToken", given)
    spent.check(asked, NOW)
    spent.spend(asked, NOW)
    for act in (spent.check, spent.spend):
        with pytest.raises(ServiceError) as refused:
            act(asked, NOW + 89)
        assert (refused.value.code, refused.value.status) == ("AccessDenied", 403)
    spent.check(asked, NOW + 90)
    spent.check(call("sts", "GetSessionToken", {**given, "SerialNumber": "arn:other"}), NOW)
    spent.check(call("sts", "GetSessionToken", {**given, "TokenCode": "654321"}), NOW)
    without = call("sts", "AssumeRole", {})
    spent.spend(without, NOW)
    spent.check(without, NOW)


@pytest.mark.parametrize(
    ("operation", "response"),
    [
        ("GetUser", {"User": {"UserId": root().account, "Arn": root().arn, "CreateDate": SINCE}}),
        ("ListAccessKeys", {"AccessKeyMetadata": [], "IsTruncated": False}),
        ("ListMFADevices", {"MFADevices": [], "IsTruncated": False}),
        ("ListSigningCertificates", {"Certificates": [], "IsTruncated": False}),
        ("ListGroups", None),
    ],
)
def test_what_the_root_user_is_told_of_themselves(operation: str, response: Any) -> None:
    assert root_user(call("iam", operation, {}, root())) == response
    assert root_user(call("iam", operation, {}, user())) is None
    assert root_user(call("iam", operation, {"UserName": "ana"}, root())) is None


THERE = "210987654321"


@pytest.mark.parametrize(
    ("caller", "params", "own", "sent"),
    [
        (user(), {"TableName": "orders"}, "AKIAROOT", None),
        (user(), {"TableName": table_arn(account=THERE)}, "AKIAROOT", THERE),
        (user("eve", THERE), {"TableName": "orders"}, "AKIAROOT", THERE),
        (user("eve", THERE), {"TableName": table_arn()}, "AKIAROOT", "AKIAROOT"),
        (user(), {"TableName": "orders"}, "123456789012", "123456789012"),
        (user(), {"TableName": table_arn(account=THERE)}, "123456789012", THERE),
    ],
)
def test_an_endpoint_does_a_call_in_the_account_that_it_is_about(
    caller: Caller, params: dict[str, str], own: str, sent: str | None
) -> None:
    backend: Any = SimpleNamespace(root=Credentials(own, "s"), view=FakeAccount(), account="123456789012")
    assert access_key_to_send(call("dynamodb", "GetItem", params, caller), backend) == sent
