"""Access keys and sessions: what the seam sees once and must keep, because no API tells it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from pytest_kmslab.account.model import Caller
from pytest_kmslab.calls.api_call import ApiCall

if TYPE_CHECKING:
    from pytest_kmslab.backends.endpoint.reader import EndpointAccountReader

NOTHING = '{"Version":"2012-10-17","Statement":[]}'


def keep_access_key(view: EndpointAccountReader, _call: ApiCall, response: dict[str, Any]) -> None:
    """A user's new access key."""
    made = response["AccessKey"]
    view.identities.keep(made["AccessKeyId"], {"user": made["UserName"], "secret": made["SecretAccessKey"]})


def keep_role_session(view: EndpointAccountReader, call: ApiCall, response: dict[str, Any]) -> None:
    """AssumeRole: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html."""
    role = str(call.params["RoleArn"])
    source = str(call.params.get("SourceIdentity") or call.caller.source_identity)
    transitive = (*(call.params.get("TransitiveTagKeys") or ()), *call.caller.transitive)
    caller = Caller(
        arn=response["AssumedRoleUser"]["Arn"],
        account=role.split(":")[4],
        principal_arn=role,
        user_id=response["AssumedRoleUser"]["AssumedRoleId"],
        kind="AssumedRole",
        tags={**_tags(call.params), **_inherited(call.caller)},
        session_policies=_session_policies(view, call.params),
        token_issued=_now(),
        context={"aws:SourceIdentity": source} if source else {},
        transitive=tuple(dict.fromkeys(transitive)),
    )
    _keep(view, response, caller)


def keep_session_token(view: EndpointAccountReader, call: ApiCall, response: dict[str, Any]) -> None:
    """GetSessionToken: the same principal, with temporary credentials.
    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
    """
    _keep(view, response, replace(call.caller, token_issued=_now()))


def keep_federation_token(view: EndpointAccountReader, call: ApiCall, response: dict[str, Any]) -> None:
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
        tags={**call.caller.tags, **_tags(call.params)},
        token_issued=_now(),
        session_policies=_session_policies(view, call.params) or (NOTHING,),
    )
    _keep(view, response, caller)


def show_caller(_facts: EndpointAccountReader, call: ApiCall, response: dict[str, Any]) -> None:
    """GetCallerIdentity: LocalStack takes a session token's holder for the root user."""
    response.update(Arn=call.caller.arn, Account=call.caller.account, UserId=call.caller.user_id)


def _keep(view: EndpointAccountReader, response: Mapping[str, Any], caller: Caller) -> None:
    made = response["Credentials"]
    view.identities.keep(made["AccessKeyId"], view.identities.session_record(made, caller))


def _session_policies(view: EndpointAccountReader, params: Mapping[str, Any]) -> tuple[str, ...]:
    inline = (str(params["Policy"]),) if params.get("Policy") else ()
    managed = tuple(view.identities.document(one["arn"]) for one in params.get("PolicyArns") or ())
    return (*inline, *managed)


def _inherited(caller: Caller) -> dict[str, str]:
    """The tags that a chain of roles hands on, and nobody on the way changes.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
    """
    return {name: value for name, value in caller.tags.items() if name in caller.transitive}


def _now() -> str:
    """As `aws:TokenIssueTime` has it."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _tags(params: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in params.get("Tags") or ()}
