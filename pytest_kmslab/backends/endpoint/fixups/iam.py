"""What LocalStack and ministack take of IAM that AWS does not.

Each was seen on LocalStack 2026.3 or ministack 1.5.33.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from pytest_kmslab.backends.endpoint.clients import lacks
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.error_codes import error_code
from pytest_kmslab.calls.iam.implicit_user import implicit_user
from pytest_kmslab.calls.iam.resources import iam_arn, oidc_provider_arn
from pytest_kmslab.calls.resource_owner import account_of_call
from pytest_kmslab.calls.rules import attachments as attaching
from pytest_kmslab.calls.rules.iam_documents import INLINE, check_inline_size
from pytest_kmslab.calls.rules.iam_names import already_there
from pytest_kmslab.calls.rules.policy_normalization import normalized_document

if TYPE_CHECKING:
    from pytest_kmslab.backends.endpoint.reader import EndpointAccountReader


def attached(view: EndpointAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """A policy that is to be attached."""
    # ministack attaches one that does not exist.
    if not view.identities.document(str(call.params["PolicyArn"])):
        raise attaching.not_attachable(str(call.params["PolicyArn"]))
    kind, member, _ = attaching.ATTACHED[call.operation]
    holder = view.identities.snapshot.named(kind, str(call.params[member]))
    attaching.check_attached(call, () if holder is None else holder.attached)
    return {}


def bounding(view: EndpointAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """A policy that is to be a permissions boundary, where a call names one."""
    arn = call.params.get("PermissionsBoundary")
    # The emulators take the ARN of no policy, and a boundary that cannot be read would limit nobody.
    if arn and not view.identities.document(str(arn)):
        raise attaching.not_attachable(str(arn), boundary=True)
    return {}


def passed(view: EndpointAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """Policies that are to limit a session."""
    owner = view.at(account_of_call(call, view)) or view
    for policy in call.params.get("PolicyArns") or ():
        if not owner.identities.document(str(policy["arn"])):
            raise attaching.not_passable(str(policy["arn"]))
    return {}


_LISTED: Mapping[str, Callable[[Any], list[str]]] = {
    "CreateOpenIDConnectProvider": lambda iam: [
        provider["Arn"] for provider in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    ],
    "CreateSAMLProvider": lambda iam: [
        provider["Arn"] for provider in iam.list_saml_providers()["SAMLProviderList"]
    ],
    "UploadServerCertificate": lambda iam: [
        certificate["ServerCertificateName"]
        for page in iam.get_paginator("list_server_certificates").paginate()
        for certificate in page["ServerCertificateMetadataList"]
    ],
}
"""The ARNs or names of those that are there."""
_MADE: Mapping[str, Callable[[ApiCall], str]] = {
    "CreateOpenIDConnectProvider": oidc_provider_arn,
    "CreateSAMLProvider": lambda call: iam_arn(call, f"saml-provider/{call.params['Name']}"),
    "UploadServerCertificate": lambda call: str(call.params["ServerCertificateName"]),
}
"""The same of the one to be made."""


def first_of_its_name(view: EndpointAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """A provider or certificate that is to be made."""
    # LocalStack puts it in the place of another.
    try:
        listed = _LISTED[call.operation](view.clients.of("iam"))
    except ClientError:  # the endpoint knows none of the kind
        return {}
    if _MADE[call.operation](call) in listed:
        raise already_there(call)
    return {}


def joining(view: EndpointAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """A user who is to join a group."""
    user = view.identities.snapshot.named("user", str(call.params["UserName"]))
    attaching.check_groups(call, () if user is None else user.groups)
    return {}


def emptied(view: EndpointAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """A group that is to be deleted."""
    snapshot, name = view.identities.snapshot, str(call.params["GroupName"])
    group = snapshot.named("group", name)
    if group is not None:
        users = any(group.name in entity.groups for entity in snapshot.entities.values())
        attaching.check_empty(users=users, attached=bool(group.attached), inline=bool(group.inline))
    return {}


LISTS: Mapping[str, tuple[str, str]] = {
    "groups": ("list_groups_for_user", "Groups"),
    "login profile": ("get_login_profile", "LoginProfile"),
    "access keys": ("list_access_keys", "AccessKeyMetadata"),
    "signing certificates": ("list_signing_certificates", "Certificates"),
    "SSH public keys": ("list_ssh_public_keys", "SSHPublicKeys"),
    "MFA devices": ("list_mfa_devices", "MFADevices"),
}
"""How what blocks DeleteUser is asked for."""


def deletable(view: EndpointAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """A user who is to be deleted."""
    attaching.check_user_is_bare(lambda kind: _listed(view, *LISTS[kind], str(call.params.get("UserName"))))
    return {}


def _listed(view: EndpointAccountReader, operation: str, listed: str, user: str) -> Any:
    """What a user has of a kind; nothing where the endpoint lacks the operation, or the user is not there."""
    try:
        return getattr(view.clients.of("iam"), operation)(UserName=user).get(listed) or ()
    except ClientError as error:
        if lacks(error) or error_code(error) == "NoSuchEntity":
            return ()
        raise


OWNED: Mapping[str, tuple[str, str, str, str]] = {
    "AccessKey": ("list_access_keys", "AccessKeyMetadata", "AccessKeyId", "Access Key"),
    "SigningCertificate": ("list_signing_certificates", "Certificates", "CertificateId", "Certificate"),
    "SSHPublicKey": ("list_ssh_public_keys", "SSHPublicKeys", "SSHPublicKeyId", "Public Key"),
}
"""Of what a user has: how it is listed, by which member it is named, and what it is called."""


def owned(view: EndpointAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """What a call deletes or changes of a user's must be theirs.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccessKey.html
    """
    own = implicit_user(call)
    user = str(call.params.get("UserName") or own.get("UserName", ""))
    kind = call.operation.removeprefix("Delete").removeprefix("Update")
    operation, listed, member, called = OWNED[kind]
    wanted = call.params[member]
    # ministack takes anybody's, whoever is named. Where it cannot be seen whose it is, it is nobody's.
    owned_items = _listed(view, operation, listed, user)
    if all(item[member] != wanted for item in owned_items):
        raise ServiceError("NoSuchEntity", f"The {called} with id {wanted} cannot be found.", 404)
    return own


def put_policy(view: EndpointAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """The limits of inline policies, and numbers as LocalStack takes them."""
    if call.operation in INLINE:
        kind, member, _ = INLINE[call.operation]
        holder = view.identities.snapshot.named(kind, str(call.params[member]))
        check_inline_size(call, {} if holder is None else holder.inline)
    return normalized_document(call)
