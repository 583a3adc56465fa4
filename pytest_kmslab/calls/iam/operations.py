"""What each operation of IAM asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.calls.api_call import (
    ApiCall,
    Authorization,
    AuthorizationPlan,
    Authorizations,
    ServiceError,
)
from pytest_kmslab.calls.context_keys import Keys
from pytest_kmslab.calls.iam.actions import ACTIONS
from pytest_kmslab.calls.iam.context import iam_context
from pytest_kmslab.calls.iam.implicit_user import check_roots_own
from pytest_kmslab.calls.iam.resources import arn_by_name, foreign_key, owner_of, renamed, resource_of
from pytest_kmslab.calls.rules.attachments import check_policy_arns
from pytest_kmslab.calls.rules.iam_documents import INLINE, check_identity_policy, check_trust_policy
from pytest_kmslab.calls.rules.iam_names import (
    check_identity_provider,
    check_name_is_free,
    check_number_of_tags,
)
from pytest_kmslab.calls.rules.protected_entities import (
    check_managed_policy,
    check_protected_role,
    check_reserved,
    check_service_linked_role,
)

TAGGING: Mapping[str, str] = {
    "CreateUser": "iam:TagUser",
    "CreateRole": "iam:TagRole",
    "CreatePolicy": "iam:TagPolicy",
    "CreateInstanceProfile": "iam:TagInstanceProfile",
    "CreateVirtualMFADevice": "iam:TagMFADevice",
    "CreateSAMLProvider": "iam:TagSAMLProvider",
    "CreateOpenIDConnectProvider": "iam:TagOpenIDConnectProvider",
    "UploadServerCertificate": "iam:TagServerCertificate",
}
"""What a call that makes something needs besides, where it tags it."""

RENAMING: Mapping[str, str] = {
    "UpdateUser": "NewUserName",
    "UpdateGroup": "NewGroupName",
    "UpdateServerCertificate": "NewServerCertificateName",
}
"""Calls that need permission on the old and on the new name, and the member that holds the new one."""


def _one(call: ApiCall, view: AccountView) -> Authorizations:
    """`iam:<Operation>` on what the call is about: all that most operations ask for."""
    arn = resource_of(call, view)
    yield _authorization(call, f"iam:{call.operation}", arn, iam_context(call, view, arn))
    check_roots_own(call)


def _recorded_create(call: ApiCall, view: AccountView) -> Authorizations:
    """Making something; with tags, tagging it too."""
    arn = resource_of(call, view)
    keys = iam_context(call, view, arn)
    yield _authorization(call, f"iam:{call.operation}", arn, keys)
    if call.params.get("Tags"):
        yield _authorization(call, TAGGING[call.operation], arn, keys)


def _renaming(call: ApiCall, view: AccountView) -> Authorizations:
    old = resource_of(call, view)
    new = renamed(call, old, RENAMING[call.operation])
    # Changing a name or path: on the old ARN and, where it differs, on the new one.
    for arn in dict.fromkeys((old, new)):
        yield _authorization(call, f"iam:{call.operation}", arn, iam_context(call, view, arn))


def _trusting(call: ApiCall, view: AccountView) -> Authorizations:
    yield from (_recorded_create if call.operation in TAGGING else _one)(call, view)
    # Making a role or changing whom it trusts: those who are named must be there.
    member = "AssumeRolePolicyDocument" if call.operation == "CreateRole" else "PolicyDocument"
    check_trust_policy(call, str(call.params[member]), view)


def _putting(call: ApiCall, view: AccountView) -> Authorizations:
    """A policy of a user, group or role, or one that can be attached to them."""
    yield from (_recorded_create if call.operation in TAGGING else _one)(call, view)
    check_identity_policy(call)


def _adding_role(call: ApiCall, view: AccountView) -> Authorizations:
    yield from _one(call, view)
    # A role put into an instance profile is passed to EC2.
    # https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddRoleToInstanceProfile.html
    role = arn_by_name(call, view, "role", call.params["RoleName"])
    # AWS's own policies name both: `AWSBatchServiceRolePolicy`, `AWSBackupServiceRolePolicyForRestores`.
    service = "ec2.amazonaws.com.cn" if call.partition == "aws-cn" else "ec2.amazonaws.com"
    keys = {**iam_context(call, view, role), "iam:PassedToService": service}
    yield _authorization(call, "iam:PassRole", role, keys)


def _last_used(call: ApiCall, view: AccountView) -> Authorizations:
    yield from _one(call, view)
    if foreign_key(call, view):
        # A key of another account is as unknown as one that nobody has.
        text = f"The Access Key with id {call.params['AccessKeyId']} cannot be found."
        raise ServiceError("NoSuchEntity", text, 404)


def _authorization(call: ApiCall, action: str, arn: str, keys: Keys) -> Authorization:
    owner = owner_of(call, arn)
    return call.requires(action, arn, {**keys, "aws:ResourceAccount": owner}, owner)


_OWN: Mapping[str, Callable[[ApiCall, AccountView], Authorizations]] = {
    **dict.fromkeys((*TAGGING, "CreateGroup"), _recorded_create),
    **dict.fromkeys(RENAMING, _renaming),
    **dict.fromkeys(("CreateRole", "UpdateAssumeRolePolicy"), _trusting),
    **dict.fromkeys((*INLINE, "CreatePolicy", "CreatePolicyVersion"), _putting),
    "AddRoleToInstanceProfile": _adding_role,
    "GetAccessKeyLastUsed": _last_used,
}


def _checked(plan: AuthorizationPlan) -> AuthorizationPlan:
    """The plan of an operation between what IAM refuses whoever asks, and what it tells those who may."""

    def checked(call: ApiCall, view: AccountView) -> Authorizations:
        check_policy_arns(call)
        check_managed_policy(call)
        yield from plan(call, view)
        check_reserved(call)
        check_service_linked_role(call)
        check_identity_provider(call)
        check_protected_role(call, view)
        check_name_is_free(call, view)
        if call.operation.startswith("Tag"):
            check_number_of_tags(call, view.iam_tags(resource_of(call, view)))

    return checked


IAM: Mapping[str, AuthorizationPlan] = {name: _checked(_OWN.get(name, _one)) for name in ACTIONS}
"""Every operation of IAM by its name."""
