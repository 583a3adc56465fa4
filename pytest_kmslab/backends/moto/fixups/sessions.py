"""Temporary credentials: what moto drops of a role session, and the two calls that it answers with a
fixed example credential that nobody owns.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from pytest_kmslab.account.model import Caller
from pytest_kmslab.authz.arn import account_of, partition_of
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
    entity_of,
    owner_id,
    unique_id,
)
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.sts.sessions import (
    expiration,
    federated_user,
    issued_at,
    lasting_context,
    role_session_tags,
    transitive_keys,
)

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader


def keep_role_session(_reader: MotoAccountReader, call: ApiCall, response: dict[str, Any]) -> None:
    """Keep on moto's session what it drops."""
    account = account_of(str(call.params["RoleArn"]))
    # moto keeps the inline session policy only: no managed ones, no session tags, no source identity.
    sessions = sts_backends[account][partition_of(call.region).name]
    session = sessions.get_assumed_role_from_access_key(response["Credentials"]["AccessKeyId"])
    setattr(
        session, SESSION_POLICY_ARNS, tuple(policy["arn"] for policy in call.params.get("PolicyArns") or ())
    )
    setattr(session, SESSION_TAGS, role_session_tags(call))
    setattr(session, SESSION_TRANSITIVE, transitive_keys(call))
    setattr(session, SESSION_SOURCE, call.params.get("SourceIdentity") or call.caller.source_identity)
    setattr(session, SESSION_ISSUED, issued_at(call))
    if session is not None:
        session.expiration = _end(call, response).replace(tzinfo=None)
    setattr(session, SESSION_CONTEXT, _authenticated(call))
    # A role that is made again under the name is another role, by which this session is over.
    role = entity_of(str(call.params["RoleArn"]))
    if role is not None:
        setattr(session, SESSION_ROLE, unique_id(role))


def _authenticated(call: ApiCall) -> dict[str, str]:
    # The one-time password was right: the call was let through.
    return {"aws:MultiFactorAuthPresent": "true"} if "SerialNumber" in call.params else {}


def issue_session_token(_reader: MotoAccountReader, call: ApiCall, response: dict[str, Any]) -> None:
    """GetSessionToken: the same principal, with temporary credentials.
    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
    """
    context = {**lasting_context(call.caller), **_authenticated(call)}
    # A session of a user has none of the user's tags of its own: they are read when it is used.
    _issue(call, response, replace(call.caller, tags={}, context=context))


def decode_message(_call: ApiCall) -> dict[str, Any]:
    """DecodeAuthorizationMessage, which moto lacks. No denial here carries a message, so none is a real one.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
    """
    # The text is inferred.
    raise ServiceError("InvalidAuthorizationMessageException", "Message is not valid")


def issue_federation_token(_reader: MotoAccountReader, call: ApiCall, response: dict[str, Any]) -> None:
    """GetFederationToken."""
    backend = iam_backends[call.account][partition_of(call.region).name]
    _issue(call, response, federated_user(call, response, partial(document_of, backend)))


def _issue(call: ApiCall, response: dict[str, Any], caller: Caller) -> None:
    key = iam_backends[call.account][partition_of(call.region).name].create_temp_access_key()
    token = secrets.token_urlsafe(64)
    issued = replace(caller, token_issued=issued_at(call))
    setattr(key, ISSUED, (issued, token, _end(call, response), owner_id(caller)))
    response["Credentials"].update(
        AccessKeyId=key.access_key_id, SecretAccessKey=key.secret_access_key, SessionToken=token
    )


def show_caller(_reader: MotoAccountReader, call: ApiCall, response: dict[str, Any]) -> None:
    """GetCallerIdentity as the credential was read."""
    # moto knows users and role sessions only.
    response.update(UserId=call.caller.user_id, Account=call.caller.account, Arn=call.caller.arn)


def _end(call: ApiCall, response: dict[str, Any]) -> datetime:
    """When a session ends, which the response is made to tell."""
    made = response["Credentials"]
    made["Expiration"] = ends = expiration(call, made["Expiration"])
    return ends
