"""What of IAM is AWS's own: its managed policies, the roles of its services, and the paths and names of both.

https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html#aws-managed-policies
"""

from __future__ import annotations

from collections.abc import Mapping

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.authz.arn import account_of, parts_of
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.rules.principals import is_service_principal

CHANGING_POLICIES = frozenset(
    {
        "CreatePolicyVersion",
        "DeletePolicy",
        "DeletePolicyVersion",
        "SetDefaultPolicyVersion",
        "TagPolicy",
        "UntagPolicy",
    }
)
OF_AWS = "aws"
"""The account in the ARN of a managed policy of AWS's."""

_CHANGING_ROLES = frozenset(
    {
        "AddRoleToInstanceProfile",
        "AttachRolePolicy",
        "DeleteRole",
        "DeleteRolePermissionsBoundary",
        "DeleteRolePolicy",
        "DetachRolePolicy",
        "PutRolePermissionsBoundary",
        "PutRolePolicy",
        "RemoveRoleFromInstanceProfile",
        "UpdateAssumeRolePolicy",
        "UpdateRole",
        "UpdateRoleDescription",
    }
)
"""The operations that answer UnmodifiableEntity."""
_TAGGING_ROLES = frozenset({"TagRole", "UntagRole"})
_DESCRIBING = frozenset({"UpdateRole", "UpdateRoleDescription"})
_DELETING_LINKED = "DeleteServiceLinkedRole"
_LINKED, _RESERVED = "role/aws-service-role/", "role/aws-reserved/"

_PATHS: Mapping[str, str] = {
    "/aws-service-role": "Paths beginning with '/aws-service-role' are reserved for AWS Service Linked Roles",
    "/aws-reserved": "Paths beginning with '/aws-reserved' are reserved for AWS",
}
"""What is said of the first was measured (cdk-preflight, pf-iam-path-service-role-reserved), of the second
it is inferred."""
_NAMES = ("awsservicerolefor", "awsreservedsso_")
"""In lower case: names have none."""
_SUFFIXED = frozenset(
    f"{name}.amazonaws.com"
    for name in (
        *("autoscaling", "connect", "lexv2"),
        *("channels.lexv2", "profile", "s3.data-source.lustre.fsx", "scraper.aps"),
    )
)
"""The services known to take a suffix: recorded in LocalStack's tests of service-linked roles; of the second
line AWS's managed policies and pages name the role with what follows it (`AWSServiceRoleForProfile_*`)."""


def check_managed_policy(call: ApiCall) -> None:
    """Raise AccessDenied for a change of a managed policy of AWS's."""
    arn = str(call.params.get("PolicyArn", ""))
    if call.operation in CHANGING_POLICIES and account_of(arn) == OF_AWS:
        # Whatever the caller is allowed: the policy is not theirs.
        denied = f"User: {call.caller.arn} is not authorized to perform: iam:{call.operation}"
        raise ServiceError("AccessDenied", f"{denied} on resource: policy {arn}", 403)


def check_reserved(call: ApiCall) -> None:
    """Raise InvalidInput for a path, or the name of a role, that only AWS gives."""
    path = str(call.params.get("NewPath") or call.params.get("Path") or "")
    for start, text in _PATHS.items():
        if path.startswith(start):
            raise ServiceError("InvalidInput", text)
    # What is said of a name is inferred.
    name = str(call.params.get("RoleName", ""))
    if call.operation == "CreateRole" and name.lower().startswith(_NAMES):
        raise ServiceError("InvalidInput", f"The role name {name} is reserved for AWS")


def check_protected_role(call: ApiCall, view: AccountView) -> None:
    """Raise UnmodifiableEntity for a change of a role that belongs to a service or to IAM Identity
    Center, and NoSuchEntity where another role is to be deleted as one of a service.

    Of the role of a service its description can be changed and its tags. DeleteServiceLinkedRole finds no
    other role: the code is the one that its page has, the text is inferred.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-service-linked-role.html
    """
    if call.operation not in _CHANGING_ROLES | _TAGGING_ROLES | {_DELETING_LINKED}:
        return
    name = str(call.params.get("RoleName", ""))
    role = parts_of(view.iam_arn("role", name, call.account, call.partition) or "").resource
    is_linked = role.startswith(_LINKED)
    if call.operation == _DELETING_LINKED and role and not is_linked:
        raise ServiceError("NoSuchEntity", f"The role with name {name} cannot be found.", 404)
    described = call.operation in _DESCRIBING and "MaxSessionDuration" not in call.params
    changed = is_linked and call.operation in _CHANGING_ROLES and not described
    if changed or role.startswith(_RESERVED):
        refused = f"Cannot perform the operation on the protected role '{name}'"
        raise ServiceError("UnmodifiableEntity", f"{refused} - this role is only modifiable by AWS")


def check_service_linked_role(call: ApiCall) -> None:
    """Raise ServiceError for a service-linked role of no service, or with a suffix that its service has
    not.

    Measured by cdk-preflight (pf-iam-slr-service-name-format); the second is recorded by LocalStack.
    """
    if call.operation != "CreateServiceLinkedRole":
        return
    service = str(call.params["AWSServiceName"])
    if not is_service_principal(service, call.partition):
        text = f"{service} is not a valid AWS service name (Service Principal)"
        raise ServiceError("AccessDenied", text, 403)
    if call.params.get("CustomSuffix") and service not in _SUFFIXED:
        raise ServiceError("InvalidInput", f"Custom suffix is not allowed for {service}")
