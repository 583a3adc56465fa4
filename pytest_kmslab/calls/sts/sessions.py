"""Sessions: what STS refuses of one that is asked for, whoever may ask, and what one has from its call.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from pytest_kmslab.account.model import AccountView, Caller
from pytest_kmslab.authz.arn import parts_of
from pytest_kmslab.authz.values import timestamp
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.context_keys import tags_by_key

CHAINED = 3_600
"""Seconds that the session of a role lasts at most which was assumed by the session of another."""
LASTING = 3_600
"""Seconds for which a session is asked where nothing else is said, and that every role allows."""

_DUPLICATE = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
_NOT_PASSED = "The specified transitive tag key must be included in the requested tags."
_INHERITED = (
    "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key "
    "from the calling session."
)
_RESERVED = "Tag keys and values that begin with aws: are reserved for system use."
_IDENTITY_SET = "The source identity is already set for this assume role session"
_TOO_LONG = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
_TOO_LONG_IN_A_CHAIN = (
    "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
)


def check_role_session(call: ApiCall, view: AccountView) -> None:
    """Raise ServiceError for a session of a role that STS does not make."""
    check_session_tags(call)
    # A tag that a chain of roles hands on is not passed again, and none is handed on that is not passed.
    passed = _folded([tag["Key"] for tag in call.params.get("Tags") or ()])
    if passed & _folded(call.caller.transitive):
        raise ServiceError("InvalidParameterValue", _INHERITED)
    if _folded(call.params.get("TransitiveTagKeys") or ()) - passed:
        raise ServiceError("InvalidParameterValue", _NOT_PASSED)
    # Once set it stays, whatever role is assumed next.
    source_identity, kept_identity = call.params.get("SourceIdentity"), call.caller.source_identity
    if source_identity and kept_identity and source_identity != kept_identity:
        raise ServiceError("ValidationError", _IDENTITY_SET)
    _check_duration(call, view)


def check_session_tags(call: ApiCall) -> None:
    """Raise ServiceError for tags that no session can have.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules_creating
    """
    # What is said of reserved ones is inferred.
    tags: Sequence[dict[str, str]] = call.params.get("Tags") or ()
    for tag in tags:
        if any(text.lower().startswith("aws:") for text in (tag["Key"], tag["Value"])):
            raise ServiceError("InvalidParameterValue", _RESERVED)
    if len(_folded([tag["Key"] for tag in tags])) < len(tags):
        raise ServiceError("InvalidParameterValue", _DUPLICATE)


def _check_duration(call: ApiCall, view: AccountView) -> None:
    seconds: int = call.params.get("DurationSeconds", LASTING)
    # No longer than the role allows, and an hour where one role assumes another.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-settings.html
    if call.caller.kind == "AssumedRole" and seconds > CHAINED:
        raise ServiceError("ValidationError", _TOO_LONG_IN_A_CHAIN)
    if seconds > LASTING and seconds > view.max_session_duration(call.params["RoleArn"]):
        raise ServiceError("ValidationError", _TOO_LONG)


def _folded(keys: Sequence[str]) -> set[str]:
    """Keys of tags, which have no case."""
    return {key.lower() for key in keys}


# What a session has from the call that asked for it: its tags, when it was issued, when it ends.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html

NOTHING = '{"Version":"2012-10-17","Statement":[]}'
"""The session policy of a federated user who was given none: they may do nothing by the policies of the
user who made them.
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html"""

_ORGANIZATION = ("aws:PrincipalOrgID", "aws:PrincipalOrgPaths")
_AGREES = timedelta(minutes=1)


def given_tags(params: Mapping[str, Any]) -> dict[str, str]:
    """The tags that a call passes."""
    return tags_by_key(params.get("Tags"))


def merged_tags(own: Mapping[str, str], session: Mapping[str, str]) -> dict[str, str]:
    """The tags of a role or user with those of a session, which win."""
    # Tag keys are the same in any case.
    passed = {name.lower() for name in session}
    return {**{name: own[name] for name in own if name.lower() not in passed}, **session}


def role_session_tags(call: ApiCall) -> dict[str, str]:
    """The tags passed to AssumeRole, and those that a chain of roles hands on, which nobody changes."""
    handed_on = {name.lower() for name in call.caller.transitive}
    inherited = {name: value for name, value in call.caller.tags.items() if name.lower() in handed_on}
    return merged_tags(given_tags(call.params), inherited)


def transitive_keys(call: ApiCall) -> tuple[str, ...]:
    """The keys of the tags that the next session in the chain has too."""
    # Once transitive a tag stays so:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_role-chaining
    return tuple(dict.fromkeys((*(call.params.get("TransitiveTagKeys") or ()), *call.caller.transitive)))


def lasting_context(caller: Caller) -> dict[str, Any]:
    """What a session keeps of its maker's condition keys."""
    # The organization is read anew at each use: an account may leave it.
    return {name: value for name, value in caller.context.items() if name not in _ORGANIZATION}


def passed_policies(params: Mapping[str, Any], document_of: Callable[[str], str]) -> tuple[str, ...]:
    """The texts of the session policies that a call passes; `document_of` reads a managed one by its ARN."""
    inline = (str(params["Policy"]),) if params.get("Policy") else ()
    return (*inline, *(document_of(policy["arn"]) for policy in params.get("PolicyArns") or ()))


def federated_user(call: ApiCall, response: Mapping[str, Any], document_of: Callable[[str], str]) -> Caller:
    """As whom the session of GetFederationToken acts: as the calling user, limited by the policies passed.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
    """
    made = response["FederatedUser"]
    return replace(
        call.caller,
        arn=made["Arn"],
        principal_arn=made["Arn"],
        identity_arn=call.caller.arn,
        user_id=made["FederatedUserId"],
        kind="FederatedUser",
        username="",
        tags=given_tags(call.params),
        token_issued=issued_at(call),
        context=lasting_context(call.caller),
        # Without a policy such a session may do nothing: one that allows nothing stands for none.
        session_policies=passed_policies(call.params, document_of) or (NOTHING,),
    )


def of_renamed(caller: Caller, user_arn: str) -> Caller:
    """The caller of a session whose user has another name or path by now: it is the same user.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
    """
    if caller.identity_arn:  # of GetFederationToken, whose session has an ARN of its own
        return replace(caller, identity_arn=user_arn)
    return replace(caller, arn=user_arn, principal_arn=user_arn, username=parts_of(user_arn).name)


def issued_at(call: ApiCall) -> str:
    """`aws:TokenIssueTime` of the session that a call makes."""
    return timestamp(call.time or datetime.now(timezone.utc))


def expiration(call: ApiCall, end: datetime) -> datetime:
    """When a session ends."""
    # As the backend says, moved on by as much as a test has moved the clock.
    ends = end if end.tzinfo else end.replace(tzinfo=timezone.utc)
    return ends + moved_on(call)


def moved_on(call: ApiCall) -> timedelta:
    """By how much the clock that a call goes by is ahead of the backend's own."""
    # Less than a minute is the time that the call took.
    moved = (call.time or datetime.now(timezone.utc)) - datetime.now(timezone.utc)
    return timedelta() if abs(moved) < _AGREES else moved
