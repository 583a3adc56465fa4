"""IAM's condition keys, by the names of the rows in `actions`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pytest_kmslab.account.model import AccountView, Caller
from pytest_kmslab.authz.arn import parts_of
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.calls.context_keys import Keys, caller_context, request_tags, resource_tags, tag_keys
from pytest_kmslab.calls.iam.actions import ACTIONS

_OWN_TAGS = frozenset({"user", "role"})
TAGGED = _OWN_TAGS | {
    "instance-profile",
    "mfa",
    "oidc-provider",
    "policy",
    "saml-provider",
    "server-certificate",
}
"""Kinds of resources whose tags are condition keys of what is done to them.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html"""

RequestKeys = Callable[[ApiCall, AccountView, str], Keys]


def iam_context(call: ApiCall, view: AccountView, arn: str) -> Keys:
    """Every condition key of a call on the resource `arn`."""
    keys = caller_context(call.caller, call.region, call.time)
    keys.update(tags_of(view, arn))
    for name in ACTIONS[call.operation].keys.split():
        keys.update(_REQUEST_KEYS[name](call, view, arn))
    return keys


def tags_of(view: AccountView, arn: str) -> Keys:
    """The condition keys of the tags of something in IAM."""
    kind = parts_of(arn).kind
    tags = view.iam_tags(arn) if kind in TAGGED else {}
    # `aws:ResourceTag/…` and, as for users and roles alone, `iam:ResourceTag/…`.
    own = {f"iam:ResourceTag/{name}": value for name, value in tags.items()} if kind in _OWN_TAGS else {}
    return {**resource_tags(tags), **own}


def _tags(call: ApiCall, view: AccountView, arn: str) -> Keys:
    tags = call.params.get("Tags", ())
    names = [*(tag["Key"] for tag in tags), *call.params.get("TagKeys", ())]
    return {**request_tags(tags), **tag_keys(names)}


def _boundary(call: ApiCall, view: AccountView, arn: str) -> Keys:
    # The boundary about to be set or, where the request sets none, the one of the user or role.
    if "PermissionsBoundary" in call.params:
        return {"iam:PermissionsBoundary": call.params["PermissionsBoundary"]}
    target = Caller(arn, call.account, arn, "", "User" if parts_of(arn).kind == "user" else "AssumedRole")
    boundary = view.policies(target, arn).permissions_boundary
    return {} if boundary is None else {"iam:PermissionsBoundary": boundary.name}


def _member(name: str, member: str) -> RequestKeys:
    def keys(call: ApiCall, view: AccountView, arn: str) -> Keys:
        return {name: call.params[member]} if member in call.params else {}

    return keys


_REQUEST_KEYS: Mapping[str, RequestKeys] = {
    "tags": _tags,
    "iam:PermissionsBoundary": _boundary,
    "iam:PolicyARN": _member("iam:PolicyARN", "PolicyArn"),
    "iam:AWSServiceName": _member("iam:AWSServiceName", "AWSServiceName"),
    "iam:OrganizationsPolicyId": _member("iam:OrganizationsPolicyId", "OrganizationsPolicyId"),
    "iam:ServiceSpecificCredentialAgeDays": _member(
        "iam:ServiceSpecificCredentialAgeDays", "CredentialAgeDays"
    ),
    "iam:ServiceSpecificCredentialServiceName": _member(
        "iam:ServiceSpecificCredentialServiceName", "ServiceName"
    ),
}
