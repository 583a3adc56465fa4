"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccessKey.html"""

from __future__ import annotations

from typing import Any

import pytest
from helpers.fake_account import ACCOUNT, call, role_session, root, user

from pytest_kmslab.account.model import Caller
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.iam.implicit_user import OF_ONESELF, check_roots_own, implicit_user, of_root


@pytest.mark.parametrize(
    ("service", "operation", "params", "caller", "named"),
    [
        *(("iam", name, {}, user(), {"UserName": "ana"}) for name in sorted(OF_ONESELF)),
        ("iam", "GetUser", {"UserName": "bob"}, user(), {}),
        ("iam", "GetUser", {}, role_session(), {}),
        ("iam", "GetUser", {}, root(), {}),
        ("iam", "ListServiceSpecificCredentials", {"AllUsers": True}, user(), {}),
        ("iam", "ListUsers", {}, user(), {}),
        ("iam", "DeleteUser", {}, user(), {}),
        ("sts", "GetUser", {}, user(), {}),
    ],
)
def test_who_names_nobody_means_themselves(
    service: str, operation: str, params: dict[str, Any], caller: Caller, named: dict[str, str]
) -> None:
    assert implicit_user(call(service, operation, params, caller)) == named


def test_the_root_user_can_mean_themselves_too() -> None:
    assert of_root(call("iam", "ListAccessKeys", {}, root()))
    assert not of_root(call("iam", "ListAccessKeys", {"UserName": "bob"}, root()))
    assert not of_root(call("iam", "ListAccessKeys", {}, user()))


@pytest.mark.parametrize(
    ("operation", "params", "what"),
    [
        ("DeleteAccessKey", {"AccessKeyId": "AKIA1"}, "Access Key with id AKIA1"),
        ("UpdateAccessKey", {"AccessKeyId": "AKIA1"}, "Access Key with id AKIA1"),
        ("DeleteSigningCertificate", {"CertificateId": "C1"}, "Certificate with id C1"),
        ("UpdateSigningCertificate", {"CertificateId": "C1"}, "Certificate with id C1"),
        (
            "ResetServiceSpecificCredential",
            {"ServiceSpecificCredentialId": "S1"},
            "Service specific credential with id S1",
        ),
        ("DeactivateMFADevice", {"SerialNumber": "m1"}, "MFA device with serial number m1"),
        ("DeleteLoginProfile", {}, f"Login Profile for User {ACCOUNT}"),
        ("GetLoginProfile", {}, f"Login Profile for User {ACCOUNT}"),
    ],
)
def test_of_the_root_users_own_things_none_is_kept(operation: str, params: dict[str, Any], what: str) -> None:
    with pytest.raises(ServiceError) as refused:
        check_roots_own(call("iam", operation, params, root()))
    told = refused.value
    assert (told.code, told.message, told.status) == ("NoSuchEntity", f"The {what} cannot be found.", 404)
    check_roots_own(call("iam", operation, params, user()))


def test_what_the_root_user_may_have_is_looked_for() -> None:
    check_roots_own(call("iam", "ListAccessKeys", {}, root()))
    check_roots_own(call("iam", "DeleteAccessKey", {"AccessKeyId": "AKIA1", "UserName": "bob"}, root()))
