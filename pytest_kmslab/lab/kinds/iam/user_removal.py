"""Delete an IAM user with everything that blocks it.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html lists what has to go first.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from pytest_kmslab.backends.endpoint.clients import lacks
from pytest_kmslab.calls.error_codes import DENIAL_CODES, error_code

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient

Remove = Callable[["IAMClient", str, Any], object]

BLOCKERS: tuple[tuple[str, str, Remove], ...] = (
    (
        "list_access_keys",
        "AccessKeyMetadata",
        lambda iam, user, blocker: iam.delete_access_key(UserName=user, AccessKeyId=blocker["AccessKeyId"]),
    ),
    (
        "list_signing_certificates",
        "Certificates",
        lambda iam, user, blocker: iam.delete_signing_certificate(
            UserName=user, CertificateId=blocker["CertificateId"]
        ),
    ),
    (
        "list_ssh_public_keys",
        "SSHPublicKeys",
        lambda iam, user, blocker: iam.delete_ssh_public_key(
            UserName=user, SSHPublicKeyId=blocker["SSHPublicKeyId"]
        ),
    ),
    (
        "list_service_specific_credentials",
        "ServiceSpecificCredentials",
        lambda iam, user, blocker: iam.delete_service_specific_credential(
            UserName=user, ServiceSpecificCredentialId=blocker["ServiceSpecificCredentialId"]
        ),
    ),
    (
        "list_mfa_devices",
        "MFADevices",
        # Deactivated it blocks no more; a virtual one would be left without a user, and is deleted with it.
        lambda iam, user, blocker: _remove_mfa_device(iam, user, blocker["SerialNumber"]),
    ),
    (
        "list_user_policies",
        "PolicyNames",
        lambda iam, user, blocker: iam.delete_user_policy(UserName=user, PolicyName=blocker),
    ),
    (
        "list_attached_user_policies",
        "AttachedPolicies",
        lambda iam, user, blocker: iam.detach_user_policy(UserName=user, PolicyArn=blocker["PolicyArn"]),
    ),
    (
        "list_groups_for_user",
        "Groups",
        lambda iam, user, blocker: iam.remove_user_from_group(UserName=user, GroupName=blocker["GroupName"]),
    ),
)
"""What blocks DeleteUser, but for the login profile: how it is listed, and how one of it is removed."""


IN_THE_WAY = {
    "ListAccessKeys": "access keys",
    "ListAttachedUserPolicies": "detach all policies",
    "ListGroupsForUser": "group",
    "ListMFADevices": "mfa",
    "ListUserPolicies": "delete policies",
}
"""How DeleteUser calls what is in its way, by the operation that lists it."""


def delete_user(iam: IAMClient, name: str) -> None:
    """Remove whatever blocks the deletion of a user, and delete it; a user that is gone is no error.

    What may not be listed is taken not to be there, unless the user cannot be deleted then.
    """
    denied: list[ClientError] = []
    try:
        with suppress(iam.exceptions.NoSuchEntityException):
            iam.delete_login_profile(UserName=name)
        for operation, listed, remove in BLOCKERS:
            for blocker in _seen(iam, operation, listed, name, denied):
                remove(iam, name, blocker)
        iam.delete_user(UserName=name)
    except iam.exceptions.NoSuchEntityException:
        if _exists(iam, name):
            raise
    except iam.exceptions.DeleteConflictException as conflict:
        # What may not be listed is in the way: the denial of the list that would have told it says more than
        # the conflict; the first of them where that is not said.
        said = str(conflict).lower()
        telling = (error for error in denied if IN_THE_WAY.get(error.operation_name, "no words") in said)
        raise next(telling, denied[0] if denied else conflict) from conflict


def _seen(iam: IAMClient, operation: str, listed: str, name: str, denied: list[ClientError]) -> list[Any]:
    """What may be listed of one kind; a denial is put to the others."""
    # To the last page before anything is removed: what is removed meanwhile would shift the pages.
    blockers: list[Any] = []
    more: dict[str, str] = {}
    try:
        while True:
            answer = _ask(iam, operation, {"UserName": name, **more})
            blockers += answer.get(listed, [])
            if not answer.get("IsTruncated"):
                return blockers
            more = {"Marker": answer["Marker"]}
    except ClientError as error:
        if error_code(error) not in DENIAL_CODES:
            raise
        denied.append(error)
        return []


def _ask(iam: IAMClient, operation: str, parameters: dict[str, str]) -> dict[str, Any]:
    """The answer of a list operation; an empty one where an emulator lacks it."""
    try:
        return dict(getattr(iam, operation)(**parameters))
    except NotImplementedError:  # moto in this process: what it cannot list nobody can have made
        return {}
    except ClientError as error:
        if not lacks(error):
            raise
        return {}


def _remove_mfa_device(iam: IAMClient, user: str, serial_number: str) -> None:
    """Deactivate a device; a virtual one, known by its ARN, is deleted too."""
    iam.deactivate_mfa_device(UserName=user, SerialNumber=serial_number)
    if ":mfa/" in serial_number:
        iam.delete_virtual_mfa_device(SerialNumber=serial_number)


def _exists(iam: IAMClient, name: str) -> bool:
    try:
        iam.get_user(UserName=name)
    except iam.exceptions.NoSuchEntityException:
        return False
    return True
