"""What each operation of STS asks for.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
"""

from __future__ import annotations

from collections.abc import Mapping

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.authz.arn import NO_ARN, parts_of, root_arn
from pytest_kmslab.calls.api_call import (
    ApiCall,
    Authorization,
    AuthorizationPlan,
    Authorizations,
    ServiceError,
)
from pytest_kmslab.calls.context_keys import Keys, caller_context, request_tags, resource_tags
from pytest_kmslab.calls.rules.attachments import check_passed_policies
from pytest_kmslab.calls.rules.identity_documents import check_identity_document
from pytest_kmslab.calls.sts.mfa import authenticated
from pytest_kmslab.calls.sts.sessions import check_role_session, check_session_tags

_MEMBERS: Mapping[str, str] = {
    "ExternalId": "sts:ExternalId",
    "RoleSessionName": "sts:RoleSessionName",
    "SourceIdentity": "sts:SourceIdentity",
    "TransitiveTagKeys": "sts:TransitiveTagKeys",
    "DurationSeconds": "sts:DurationSeconds",
    "SigningAlgorithm": "sts:SigningAlgorithm",
    "Audience": "sts:IdentityTokenAudience",
}
_ROLE_KEYS = ("ExternalId", "RoleSessionName", "SourceIdentity", "TransitiveTagKeys")
_TOKEN_KEYS = ("DurationSeconds", "SigningAlgorithm", "Audience")


def _nothing(call: ApiCall, view: AccountView) -> Authorizations:
    # No permission is needed, or none can be judged: no policy controls GetCallerIdentity and
    # GetSessionToken, and who calls with a SAML assertion or a web identity token signs nothing.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getsessiontoken.html
    yield from ()


def _assume_role(call: ApiCall, view: AccountView) -> Authorizations:
    """sts:AssumeRole on the role, and what tags, source identity and contexts take besides.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
    """
    role: str = call.params["RoleArn"]
    if call.caller.kind == "FederatedUser":
        raise ServiceError("AccessDenied", "Cannot call AssumeRole with federated credentials", 403)
    if call.caller.kind == "Account":
        raise ServiceError("AccessDenied", "Roles may not be assumed by root accounts.", 403)
    account = _role_account(call, view, role)
    tags = view.iam_tags(role)
    keys = {**resource_tags(tags), **{f"iam:ResourceTag/{name}": value for name, value in tags.items()}}
    keys.update(_request_keys(call, _ROLE_KEYS))
    keys.update(authenticated(call, view))
    # With session tags or a source identity, given now or inherited in a chain, and with contexts that a
    # provider asserts, a permission more for each.
    actions = ["sts:AssumeRole"]
    if call.params.get("Tags") or call.caller.transitive:
        actions.append("sts:TagSession")
    if "SourceIdentity" in call.params or call.caller.source_identity:
        actions.append("sts:SetSourceIdentity")
    if call.params.get("ProvidedContexts"):
        actions.append("sts:SetContext")
        # What the providers assert only AWS can read (`sts:RequestContext/…`).
        keys["sts:RequestContextProviders"] = tuple(
            entry["ProviderArn"] for entry in call.params["ProvidedContexts"] if "ProviderArn" in entry
        )
    for action in actions:
        yield _authorization(call, action, role, keys, account)
    check_role_session(call, view)
    _check_session_policy(call)


def _check_session_policy(call: ApiCall) -> None:
    # AWS looks at them once the call is allowed: who may not learns nothing.
    if call.params.get("Policy"):
        check_identity_document(call.params["Policy"], call.partition)
    check_passed_policies(call)


def _role_account(call: ApiCall, view: AccountView, role: str) -> str:
    arn = parts_of(role)
    is_role = arn.service == "iam" and arn.resource.startswith("role/")
    if is_role and view.iam_arn("role", arn.name, arn.account, call.partition) == role:
        return arn.account
    # Nobody is told that a role does not exist.
    text = f"User: {call.caller.arn} is not authorized to perform: sts:AssumeRole on resource: {role}"
    raise ServiceError("AccessDenied", text, 403)


def _assume_root(call: ApiCall, view: AccountView) -> Authorizations:
    """sts:AssumeRoot on the root user of a member account."""
    _refuse_sessions_of_users(call)
    target: str = call.params["TargetPrincipal"]
    # The account is named by its number, or by the ARN of its root user.
    account = parts_of(target).account if parts_of(target) is not NO_ARN else target
    arn = root_arn(call.partition, account)
    keys: Keys = {"sts:TaskPolicyArn": call.params["TaskPolicyArn"].get("arn", "")}
    yield _authorization(call, "sts:AssumeRoot", arn, keys, account)


def _get_session_token(call: ApiCall, view: AccountView) -> Authorizations:
    # No permission is needed, but lasting credentials are.
    _refuse_temporary(call)
    authenticated(call, view)
    yield from ()


def _refuse_temporary(call: ApiCall) -> None:
    # Temporary credentials get no further ones by these calls.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
    if call.caller.token_issued or call.caller.kind in ("AssumedRole", "FederatedUser"):
        raise ServiceError("AccessDenied", f"Cannot call {call.operation} with session credentials", 403)


def _refuse_sessions_of_users(call: ApiCall) -> None:
    # Of STS a session of GetSessionToken may call AssumeRole and GetCallerIdentity, one of GetFederationToken
    # the latter: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
    if call.caller.kind != "AssumedRole":
        _refuse_temporary(call)


def _get_federation_token(call: ApiCall, view: AccountView) -> Authorizations:
    """sts:GetFederationToken on the federated user about to be made; with tags, sts:TagSession too."""
    _refuse_temporary(call)
    arn = f"arn:{call.partition}:sts::{call.account}:federated-user/{call.params['Name']}"
    keys = _request_keys(call, ())
    yield _authorization(call, "sts:GetFederationToken", arn, keys, call.account)
    if call.params.get("Tags"):
        yield _authorization(call, "sts:TagSession", arn, keys, call.account)
    check_session_tags(call)
    _check_session_policy(call)


def _get_web_identity_token(call: ApiCall, view: AccountView) -> Authorizations:
    """sts:GetWebIdentityToken; with tags, sts:TagGetWebIdentityToken too."""
    _refuse_sessions_of_users(call)
    keys = _request_keys(call, _TOKEN_KEYS)
    yield _authorization(call, "sts:GetWebIdentityToken", "*", keys, call.account)
    if call.params.get("Tags"):
        yield _authorization(call, "sts:TagGetWebIdentityToken", "*", keys, call.account)


def _on_anything(call: ApiCall, view: AccountView) -> Authorizations:
    """`sts:<Operation>` on `*`."""
    _refuse_sessions_of_users(call)
    yield _authorization(call, f"sts:{call.operation}", "*", {}, call.account)


def _request_keys(call: ApiCall, members: tuple[str, ...]) -> Keys:
    keys = {_MEMBERS[member]: call.params[member] for member in members if member in call.params}
    return {**keys, **request_tags(call.params.get("Tags", ()))}


def _authorization(call: ApiCall, action: str, resource: str, keys: Keys, account: str) -> Authorization:
    own: Keys = {"aws:ResourceAccount": account}
    every = {**caller_context(call.caller, call.region, call.time), **own, **keys}
    return call.requires(action, resource, every, account)


STS: Mapping[str, AuthorizationPlan] = {
    "AssumeRole": _assume_role,
    "AssumeRoleWithSAML": _nothing,
    "AssumeRoleWithWebIdentity": _nothing,
    "AssumeRoot": _assume_root,
    "DecodeAuthorizationMessage": _on_anything,
    "GetAccessKeyInfo": _on_anything,
    "GetCallerIdentity": _nothing,
    "GetDelegatedAccessToken": _on_anything,
    "GetFederationToken": _get_federation_token,
    "GetSessionToken": _get_session_token,
    "GetWebIdentityToken": _get_web_identity_token,
}
"""Every operation of STS by its name."""
