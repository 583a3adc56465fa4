"""Access keys and sessions: what the seam sees once and must keep, because no API tells it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_kmslab.account.model import Caller
from pytest_kmslab.authz.arn import account_of
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.calls.sts.sessions import (
    NOTHING,
    expiration,
    given_tags,
    issued_at,
    role_session_tags,
    transitive_keys,
)

if TYPE_CHECKING:
    from pytest_kmslab.backends.endpoint.account import KeepsRecords


def keep_access_key(view: KeepsRecords, _call: ApiCall, response: dict[str, Any]) -> None:
    """A user's new access key."""
    made = response["AccessKey"]
    view.identities.keep(made["AccessKeyId"], {"user": made["UserName"], "secret": made["SecretAccessKey"]})


def keep_role_session(view: KeepsRecords, call: ApiCall, response: dict[str, Any]) -> None:
    """AssumeRole: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html."""
    role = str(call.params["RoleArn"])
    source = str(call.params.get("SourceIdentity") or call.caller.source_identity)
    caller = Caller(
        arn=response["AssumedRoleUser"]["Arn"],
        account=account_of(role),
        principal_arn=role,
        user_id=response["AssumedRoleUser"]["AssumedRoleId"],
        kind="AssumedRole",
        tags=role_session_tags(call),
        session_policies=_session_policies(view, call.params),
        token_issued=issued_at(call),
        context={"aws:SourceIdentity": source} if source else {},
        transitive=transitive_keys(call),
    )
    _keep(view, call, response, caller)


def keep_session_token(view: KeepsRecords, call: ApiCall, response: dict[str, Any]) -> None:
    """GetSessionToken: the same principal, with temporary credentials.
    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
    """
    _keep(view, call, response, replace(call.caller, tags={}, token_issued=issued_at(call)))


def keep_federation_token(view: KeepsRecords, call: ApiCall, response: dict[str, Any]) -> None:
    """GetFederationToken: a session of the calling user, limited by the policies passed.

    Without one such a session may do nothing by the user's identity-based policies, so one that
    allows nothing is kept.
    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
    """
    made = response["FederatedUser"]
    caller = replace(
        call.caller,
        arn=made["Arn"],
        principal_arn=made["Arn"],
        identity_arn=call.caller.arn,
        user_id=made["FederatedUserId"],
        kind="FederatedUser",
        username="",
        tags=given_tags(call.params),
        token_issued=issued_at(call),
        # Without a policy such a session may do nothing: one that allows nothing stands for none.
        session_policies=_session_policies(view, call.params) or (NOTHING,),
    )
    _keep(view, call, response, caller)


def show_caller(_reader: KeepsRecords, call: ApiCall, response: dict[str, Any]) -> None:
    """GetCallerIdentity as the credential was read."""
    # LocalStack takes a session token's holder for the root user.
    response.update(Arn=call.caller.arn, Account=call.caller.account, UserId=call.caller.user_id)


def _keep(view: KeepsRecords, call: ApiCall, response: Mapping[str, Any], caller: Caller) -> None:
    made = response["Credentials"]
    made["Expiration"] = expiration(call, made["Expiration"])
    view.identities.keep(made["AccessKeyId"], view.identities.session_record(made, caller))


def _session_policies(view: KeepsRecords, params: Mapping[str, Any]) -> tuple[str, ...]:
    inline = (str(params["Policy"]),) if params.get("Policy") else ()
    managed = tuple(view.identities.document(policy["arn"]) for policy in params.get("PolicyArns") or ())
    return (*inline, *managed)
