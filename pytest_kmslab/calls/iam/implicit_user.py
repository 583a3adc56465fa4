"""Operations of IAM that are about whoever calls them where they name nobody.

IAM takes the user from the access key that signs. A backend that takes them from what the call names (the
access key to delete) or for root would act on somebody nobody was asked about.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccessKey.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateLoginProfile.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_kmslab.calls.api_call import ApiCall, ServiceError

OF_ONESELF = frozenset(
    {
        "CreateAccessKey",
        "CreateLoginProfile",
        "DeactivateMFADevice",
        "DeleteAccessKey",
        "DeleteLoginProfile",
        "DeleteServiceSpecificCredential",
        "DeleteSigningCertificate",
        "GetLoginProfile",
        "GetUser",
        "ListAccessKeys",
        "ListMFADevices",
        "ListSSHPublicKeys",
        "ListServiceSpecificCredentials",
        "ListSigningCertificates",
        "ResetServiceSpecificCredential",
        "UpdateAccessKey",
        "UpdateServiceSpecificCredential",
        "UpdateSigningCertificate",
        "UploadSigningCertificate",
    }
)

_NOT_FOUND: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("DeleteAccessKey", "UpdateAccessKey"), ("Access Key with id", "AccessKeyId")),
    **dict.fromkeys(
        ("DeleteSigningCertificate", "UpdateSigningCertificate"), ("Certificate with id", "CertificateId")
    ),
    **dict.fromkeys(
        (
            "DeleteServiceSpecificCredential",
            "ResetServiceSpecificCredential",
            "UpdateServiceSpecificCredential",
        ),
        ("Service specific credential with id", "ServiceSpecificCredentialId"),
    ),
    "DeactivateMFADevice": ("MFA device with serial number", "SerialNumber"),
    **dict.fromkeys(("DeleteLoginProfile", "GetLoginProfile"), ("Login Profile for User", "UserName")),
}
"""What each of them looks for among the caller's own, and the member that names it."""


def implicit_user(call: ApiCall) -> Mapping[str, Any]:
    """The calling user, as the member that a call about oneself leaves out; empty for every other call."""
    # A backend would take the user from the access key that is to be deleted, or take root.
    return {"UserName": call.caller.username} if _of_oneself(call) and call.caller.kind == "User" else {}


def of_root(call: ApiCall) -> bool:
    """Whether a call is about the root user, who makes it."""
    return _of_oneself(call) and call.caller.kind == "Account"


def check_roots_own(call: ApiCall) -> None:
    """Raise NoSuchEntity where the root user asks for one of their own keys, certificates or devices."""
    if of_root(call) and call.operation in _NOT_FOUND:
        # Of the root user's none is kept, and those of users are not theirs. Texts but the first are
        # inferred.
        what, member = _NOT_FOUND[call.operation]
        user = call.params.get(member, call.account)
        raise ServiceError("NoSuchEntity", f"The {what} {user} cannot be found.", 404)


def _of_oneself(call: ApiCall) -> bool:
    about_one = call.service == "iam" and call.operation in OF_ONESELF and not call.params.get("AllUsers")
    return about_one and not call.params.get("UserName")
