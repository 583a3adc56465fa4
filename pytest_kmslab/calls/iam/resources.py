"""The ARN that an IAM operation is authorized on.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.authz.arn import account_of, parts_of
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.iam.actions import ACTIONS

Finder = Callable[[ApiCall, AccountView], str]
ANY = "*"
LOOKED_UP = frozenset({"user", "role", "group", "instance-profile", "server-certificate"})
"""Kinds whose path only the account knows; others are named by ARN, or taken to have no path."""
_NOT_A_USER = "Must specify userName when calling with non-User credentials"


def resource_of(call: ApiCall, view: AccountView) -> str:
    """The ARN of what the call is about, `*` where the action has no resource.

    What does not exist has its ARN without a path. Raises ServiceError ValidationError where a user
    is left out by a caller who is none.
    """
    finder = _OWN_FINDERS.get(call.operation) or _FINDERS.get(ACTIONS[call.operation].kinds)
    return ANY if finder is None else finder(call, view)


def iam_arn(call: ApiCall, resource: str) -> str:
    """An ARN of the caller's account."""
    return f"arn:{call.partition}:iam::{call.account}:{resource}"


def owner_of(call: ApiCall, arn: str) -> str:
    """The account of an ARN that a call gives."""
    # AWS's own managed policies have no account, and are everybody's.
    owner = account_of(arn)
    return owner if owner.isdigit() else call.account


def arn_by_name(call: ApiCall, view: AccountView, kind: str, name: str) -> str:
    """The ARN of an existing user, role, group, …; of one that does not exist, without a path."""
    # Only the account knows the path; what does not exist is taken to have none.
    arn = view.iam_arn(kind, name, call.account, call.partition) if kind in LOOKED_UP else None
    return arn or iam_arn(call, f"{kind}/{name}")


def renamed(call: ApiCall, old: str, name: str) -> str:
    """The ARN that an update of name or path leads to; the same where it changes neither.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateUser.html
    """
    kind, _, path = parts_of(old).resource.partition("/")
    before, _, last = f"/{path}".rpartition("/")
    return iam_arn(call, kind + call.params.get("NewPath", f"{before}/") + call.params.get(name, last))


def _user(call: ApiCall, view: AccountView) -> str:
    name = call.params.get("UserName")
    return _self(call, view) if name is None else arn_by_name(call, view, "user", name)


def _self(call: ApiCall, view: AccountView) -> str:
    # Who names nobody means themselves; a role session has no user to mean.
    if call.caller.kind not in ("User", "Account"):
        raise ServiceError("ValidationError", _NOT_A_USER)
    return call.caller.arn


def _named(kind: str, member: str) -> Finder:
    return lambda call, view: arn_by_name(call, view, kind, call.params[member])


def _made(kind: str, member: str) -> Finder:
    return lambda call, view: iam_arn(call, kind + call.params.get("Path", "/") + call.params[member])


def _given(member: str) -> Finder:
    return lambda call, view: str(call.params[member])


def _device(call: ApiCall, view: AccountView) -> str:
    serial: str = call.params["SerialNumber"]
    return serial if serial.startswith("arn:") else iam_arn(call, f"mfa/{serial}")


def oidc_provider_arn(call: ApiCall) -> str:
    """The ARN of the OpenID Connect provider that a call makes."""
    url: str = call.params["Url"]
    return iam_arn(call, "oidc-provider/" + url.partition("://")[2].rstrip("/"))


def foreign_key(call: ApiCall, view: AccountView) -> bool:
    """Whether the access key that a call names is one of another account."""
    credential = view.credential(call.params["AccessKeyId"])
    return credential is not None and credential.caller.account != call.account


def _key_holder(call: ApiCall, view: AccountView) -> str:
    credential = view.credential(call.params["AccessKeyId"])
    # Of another account's key the caller is told no more than of one that nobody has.
    known = credential is not None and credential.caller.account == call.account
    return credential.caller.arn if credential is not None and known else iam_arn(call, "user/*")


def _service_linked_role(call: ApiCall, view: AccountView) -> str:
    # The service chooses the role's name, which is known only once the role is there.
    return iam_arn(call, f"role/aws-service-role/{call.params['AWSServiceName']}/AWSServiceRoleFor*")


def _deleted_service_linked_role(call: ApiCall, view: AccountView) -> str:
    task: str = call.params["DeletionTaskId"]  # task/aws-service-role/<service>/<role>/<uuid>
    return iam_arn(call, "role/" + task.removeprefix("task/").rpartition("/")[0])


def _service_credentials_holder(call: ApiCall, view: AccountView) -> str:
    return iam_arn(call, "user/*") if call.params.get("AllUsers") else _user(call, view)


def _delegation_request(call: ApiCall, view: AccountView) -> str:
    return iam_arn(call, f"delegation-request/{call.params.get('DelegationRequestId', '*')}")


_FINDERS: Mapping[str, Finder] = {
    "user": _user,
    "group": _named("group", "GroupName"),
    "role": _named("role", "RoleName"),
    "instance-profile": _named("instance-profile", "InstanceProfileName"),
    "server-certificate": _named("server-certificate", "ServerCertificateName"),
    "policy": _given("PolicyArn"),
    "oidc-provider": _given("OpenIDConnectProviderArn"),
    "saml-provider": _given("SAMLProviderArn"),
    "mfa": _device,
    "mfa sms-mfa": _device,
    "delegation-request": _delegation_request,
    "role-template": _given("TemplateArn"),
    "access-report": lambda call, view: iam_arn(call, f"access-report/{call.params['EntityPath']}"),
}
"""How each resource type is named in a request."""

_OWN_FINDERS: Mapping[str, Finder] = {
    "ChangePassword": _self,
    "CreateUser": _made("user", "UserName"),
    "CreateGroup": _made("group", "GroupName"),
    "CreateRole": _made("role", "RoleName"),
    "CreateInstanceProfile": _made("instance-profile", "InstanceProfileName"),
    "CreatePolicy": _made("policy", "PolicyName"),
    "CreateVirtualMFADevice": _made("mfa", "VirtualMFADeviceName"),
    "UploadServerCertificate": _made("server-certificate", "ServerCertificateName"),
    "CreateSAMLProvider": _made("saml-provider", "Name"),
    "CreateOpenIDConnectProvider": lambda call, view: oidc_provider_arn(call),
    "CreateServiceLinkedRole": _service_linked_role,
    "GetServiceLinkedRoleDeletionStatus": _deleted_service_linked_role,
    "GetAccessKeyLastUsed": _key_holder,
    "ListServiceSpecificCredentials": _service_credentials_holder,
    "GenerateServiceLastAccessedDetails": _given("Arn"),
    "ListPoliciesGrantingServiceAccess": _given("Arn"),
    "GetContextKeysForPrincipalPolicy": _given("PolicySourceArn"),
    "SimulatePrincipalPolicy": _given("PolicySourceArn"),
    "GetHumanReadableSummary": _given("EntityArn"),
    "UpdateDelegationRequest": _delegation_request,
}
"""Operations that name their resource in a way of their own."""
