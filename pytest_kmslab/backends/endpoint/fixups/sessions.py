"""Access keys and sessions: what is answered once and has to be kept, because no API tells it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_kmslab.account.model import Caller
from pytest_kmslab.authz.arn import account_of
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.calls.sts.sessions import (
    expiration,
    federated_user,
    issued_at,
    passed_policies,
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
        session_policies=passed_policies(call.params, view.identities.document),
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
    """GetFederationToken."""
    _keep(view, call, response, federated_user(call, response, view.identities.document))


def show_caller(_reader: KeepsRecords, call: ApiCall, response: dict[str, Any]) -> None:
    """GetCallerIdentity as the credential was read."""
    # LocalStack takes a session token's holder for the root user.
    response.update(Arn=call.caller.arn, Account=call.caller.account, UserId=call.caller.user_id)


def _keep(view: KeepsRecords, call: ApiCall, response: Mapping[str, Any], caller: Caller) -> None:
    made = response["Credentials"]
    made["Expiration"] = expiration(call, made["Expiration"])
    view.identities.keep(made["AccessKeyId"], view.identities.session_record(made, caller))
