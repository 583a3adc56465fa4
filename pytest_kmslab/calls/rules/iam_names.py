"""Names of users, groups and roles: each is given once, whatever its case.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-names
"""

from __future__ import annotations

from collections.abc import Mapping

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.calls.api_call import ApiCall, ServiceError

_GIVEN: Mapping[str, tuple[str, str, str, str]] = {
    "CreateGroup": ("group", "", "GroupName", "Group with name {} already exists."),
    "CreateRole": ("role", "", "RoleName", "Role with name {} already exists."),
    "CreateUser": ("user", "", "UserName", "User with name {} already exists."),
    "CreateInstanceProfile": (
        "instance-profile",
        "",
        "InstanceProfileName",
        "Instance Profile {} already exists.",
    ),
    "UpdateGroup": ("group", "GroupName", "NewGroupName", "Group with name {} already exists."),
    "UpdateUser": ("user", "UserName", "NewUserName", "User with name {} already exists."),
}
"""By operation: of which kind a name is given, the members that hold the name until now and the name to
be given, and what IAM says where another has it."""


def check_name_is_free(call: ApiCall, view: AccountView) -> None:
    """Raise EntityAlreadyExists for a name that another of the kind has.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateUser.html
    """
    row = _GIVEN.get(call.operation)
    if row is None or not call.params.get(row[2]):
        return
    kind, own, member, text = row
    name = str(call.params[member])
    holder = view.iam_arn(kind, name, call.account, call.partition)
    # One's own name may change its case.
    renamed = view.iam_arn(kind, str(call.params[own]), call.account, call.partition) if own else None
    if holder is not None and holder != renamed:
        raise ServiceError("EntityAlreadyExists", text.format(name), 409)


_OTHERS: Mapping[str, tuple[str, str]] = {
    "CreateOpenIDConnectProvider": ("Url", "Provider with url {} already exists."),
    "CreateSAMLProvider": ("Name", "Provider with name {} already exists."),
    "UploadServerCertificate": (
        "ServerCertificateName",
        "The Server Certificate with name {} already exists.",
    ),
    "UpdateServerCertificate": (
        "NewServerCertificateName",
        "The Server Certificate with name {} already exists.",
    ),
}
"""By operation: the member that names what is made, and what IAM says where there is one already. Texts are
pasted in pulumi/examples, org-formation/aws-resource-providers#59 and dlapiduz/certbot-s3front#17."""
MADE_ONCE = tuple(f"iam:{operation}" for operation in _OTHERS if not operation.startswith("Update"))


def already_there(call: ApiCall) -> ServiceError:
    """What IAM answers to a provider or certificate that is made under the name of another.

    No emulator's answer is this: they put the new one in the other's place, tags and all.
    """
    member, text = _OTHERS[call.operation]
    return ServiceError("EntityAlreadyExists", text.format(call.params[member]), 409)


# OpenID Connect providers that IAM does not make.
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html

MOST_CLIENTS = 100
_MAKING = "CreateOpenIDConnectProvider"


def check_identity_provider(call: ApiCall) -> None:
    """Raise InvalidInput for a URL without `https://`, LimitExceeded for too many client ids.

    Both measured by cdk-preflight (pf-iam-oidc-provider-*); the text of the first is inferred.
    """
    if call.operation != _MAKING:
        return
    if not str(call.params["Url"]).startswith("https://"):
        raise ServiceError("InvalidInput", "The URL of an OpenID Connect provider must begin with https://")
    if len(call.params.get("ClientIDList") or ()) > MOST_CLIENTS:
        raise too_many_clients()


def too_many_clients() -> ServiceError:
    """Where a provider would have more client ids than there may be."""
    text = f"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {MOST_CLIENTS}"
    return ServiceError("LimitExceeded", text, 409)


MOST_TAGS = 50
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""


def check_number_of_tags(call: ApiCall, tags: Mapping[str, str]) -> None:
    """Raise LimitExceeded where something would have more tags than there may be.

    The text is that of versity/versitygw#2316.
    """
    keys = {key.lower() for key in (*tags, *(tag["Key"] for tag in call.params["Tags"]))}
    if len(keys) > MOST_TAGS:
        raise ServiceError("LimitExceeded", "The number of tags has reached the maximum limit.", 409)
