"""Temporary credentials: what moto drops of a role session, and the two calls that it answers with a
fixed example credential that nobody owns.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from pytest_kmslab.account.model import Caller
from pytest_kmslab.authz.partitions import partition_of
from pytest_kmslab.backends.moto.lookup import entity_of, unique_id
from pytest_kmslab.backends.moto.principals import (
    ISSUED,
    SESSION_CONTEXT,
    SESSION_ISSUED,
    SESSION_POLICY_ARNS,
    SESSION_ROLE,
    SESSION_SOURCE,
    SESSION_TAGS,
    SESSION_TRANSITIVE,
    document_of,
    owner_id,
)
from pytest_kmslab.calls.api_call import ApiCall

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader


def keep_role_session(_facts: MotoAccountReader, call: ApiCall, response: dict[str, Any]) -> None:
    """Moto keeps the inline session policy only: managed ones and session tags are put on its session."""
    account = str(call.params["RoleArn"]).split(":")[4]
    sessions = sts_backends[account][partition_of(call.region).name]
    session = sessions.get_assumed_role_from_access_key(response["Credentials"]["AccessKeyId"])
    setattr(session, SESSION_POLICY_ARNS, tuple(one["arn"] for one in call.params.get("PolicyArns") or ()))
    setattr(session, SESSION_TAGS, {**_tags(call.params), **_inherited(call.caller)})
    transitive = (*(call.params.get("TransitiveTagKeys") or ()), *call.caller.transitive)
    setattr(session, SESSION_TRANSITIVE, tuple(dict.fromkeys(transitive)))
    setattr(session, SESSION_SOURCE, call.params.get("SourceIdentity") or call.caller.source_identity)
    setattr(session, SESSION_ISSUED, _now())
    setattr(session, SESSION_CONTEXT, _authenticated(call))
    role = entity_of(str(call.params["RoleArn"]))
    if role is not None:
        setattr(session, SESSION_ROLE, unique_id(role))


def _authenticated(call: ApiCall) -> dict[str, str]:
    """A session that was asked for with a one-time password, which was right: the call was let through."""
    return {"aws:MultiFactorAuthPresent": "true"} if "SerialNumber" in call.params else {}


def _inherited(caller: Caller) -> dict[str, str]:
    """The tags of a session that the next one in a chain of roles has too, and cannot change.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
    """
    return {name: value for name, value in caller.tags.items() if name in caller.transitive}


def issue_session_token(_facts: MotoAccountReader, call: ApiCall, response: dict[str, Any]) -> None:
    """GetSessionToken: the same principal, with temporary credentials.
    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
    """
    _issue(call, response, replace(call.caller, context={**call.caller.context, **_authenticated(call)}))


def issue_federation_token(_facts: MotoAccountReader, call: ApiCall, response: dict[str, Any]) -> None:
    """GetFederationToken: a session of the calling user, limited by the policies passed.

    Without a session policy such a session may do nothing by the user's identity-based policies, so
    one that allows nothing is kept.
    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
    """
    backend = iam_backends[call.account][partition_of(call.region).name]
    inline = (str(call.params["Policy"]),) if call.params.get("Policy") else ()
    managed = tuple(document_of(backend, one["arn"]) for one in call.params.get("PolicyArns") or ())
    _issue(
        call,
        response,
        replace(
            call.caller,
            arn=response["FederatedUser"]["Arn"],
            principal_arn=response["FederatedUser"]["Arn"],
            identity_arn=call.caller.arn,
            user_id=response["FederatedUser"]["FederatedUserId"],
            kind="FederatedUser",
            username="",
            tags={**call.caller.tags, **_tags(call.params)},
            session_policies=(*inline, *managed) or (NOTHING,),
        ),
    )


NOTHING = '{"Version":"2012-10-17","Statement":[]}'


def _issue(call: ApiCall, response: dict[str, Any], caller: Caller) -> None:
    key = iam_backends[call.account][partition_of(call.region).name].create_temp_access_key()
    token = secrets.token_urlsafe(64)
    issued = replace(caller, token_issued=_now())
    setattr(key, ISSUED, (issued, token, response["Credentials"]["Expiration"], owner_id(caller)))
    response["Credentials"].update(
        AccessKeyId=key.access_key_id, SecretAccessKey=key.secret_access_key, SessionToken=token
    )


def show_caller(_facts: MotoAccountReader, call: ApiCall, response: dict[str, Any]) -> None:
    """GetCallerIdentity: moto knows users and role sessions only."""
    response.update(UserId=call.caller.user_id, Account=call.caller.account, Arn=call.caller.arn)


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _tags(params: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in params.get("Tags") or ()}
