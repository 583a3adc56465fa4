"""Condition keys that every request carries, whatever the service.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pytest_kmslab.account.model import Caller
from pytest_kmslab.authz.context import Value
from pytest_kmslab.authz.values import parse_time, timestamp

SERVICE = "Service"
"""The kind of a Caller that is a service, acting by itself."""

Keys = dict[str, Value | Sequence[Value]]
"""Condition keys of one request, for `Context`."""


def caller_context(caller: Caller, region: str, now: datetime | None = None) -> Keys:
    """The condition keys that say who asks, in which Region and, if `now` is given, when.

    `aws:SourceIp` is there for a request that came over a network, to the gateway; other keys of the network
    are absent: nothing here knows them. `aws:MultiFactorAuthPresent` is absent with long-term credentials,
    with temporary ones false or, where they were asked for with a one-time password, true.
    """
    if caller.kind == SERVICE:
        return {**_service_context(caller, region), **_times(now)}
    keys: Keys = {
        "aws:PrincipalArn": caller.principal_arn,
        "aws:PrincipalAccount": caller.account,
        "aws:PrincipalType": caller.kind,
        "aws:userid": caller.user_id,
        "aws:RequestedRegion": region,
        "aws:SecureTransport": caller.secure_transport,
        "aws:ViaAWSService": False,
        "aws:PrincipalIsAWSService": False,
    }
    if caller.kind == "User":
        keys["aws:username"] = caller.username
    if caller.token_issued:
        keys["aws:TokenIssueTime"] = caller.token_issued
        # Long-term credentials do not have this key at all; temporary ones without a device have it as false.
        keys["aws:MultiFactorAuthPresent"] = False
    # Of the network nothing else is known here: other keys of it are absent.
    if caller.address:
        keys["aws:SourceIp"] = caller.address
    for name, value in caller.tags.items():
        keys[f"aws:PrincipalTag/{name}"] = value
    keys.update(caller.context)
    if now is not None and "aws:MultiFactorAuthPresent" in caller.context:
        keys["aws:MultiFactorAuthAge"] = int((now - parse_time(caller.token_issued)).total_seconds())
    return {**keys, **_times(now)}


def _times(now: datetime | None) -> Keys:
    if now is None:
        return {}
    return {"aws:CurrentTime": timestamp(now), "aws:EpochTime": int(now.timestamp())}


def _service_context(caller: Caller, region: str) -> Keys:
    """Of a service that acts by itself: it has neither account nor tags, and says in whose name it acts.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalservicename
    """
    return {
        "aws:PrincipalIsAWSService": True,
        "aws:PrincipalServiceName": caller.arn,
        "aws:PrincipalServiceNamesList": (caller.arn,),
        "aws:RequestedRegion": region,
        "aws:SecureTransport": True,
        "aws:ViaAWSService": False,
        **caller.context,
    }


def through_service(caller: Caller, service: str) -> Keys:
    """What says that a service asks on the caller's behalf, which may itself have been asked by one.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html
    """
    called_via = (*caller.context.get("aws:CalledVia", ()), service)
    return {
        "aws:ViaAWSService": True,
        "aws:CalledVia": called_via,
        "aws:CalledViaFirst": called_via[0],
        "aws:CalledViaLast": service,
    }


def resource_tags(tags: Mapping[str, str]) -> Keys:
    """`aws:ResourceTag/…` for the tags of what is used."""
    return {f"aws:ResourceTag/{name}": value for name, value in tags.items()}


def tags_by_key(tags: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """A list of tags as IAM, DynamoDB and CloudFormation have it, as a mapping; an empty one for none."""
    return {tag["Key"]: tag["Value"] for tag in tags or ()}


def request_tags(tags: Iterable[Mapping[str, Any]], key: str = "Key", value: str = "Value") -> Keys:
    """`aws:RequestTag/…` and `aws:TagKeys` for the tags of a request; nothing where it has none.

    `key` and `value` are the members that hold a tag's name and value (KMS says `TagKey`, `TagValue`).
    """
    pairs = [(tag[key], tag.get(value, "")) for tag in tags]
    return {**{f"aws:RequestTag/{name}": text for name, text in pairs}, **tag_keys(name for name, _ in pairs)}


def tag_keys(names: Iterable[str]) -> Keys:
    """`aws:TagKeys` for the tags that a request names."""
    # Absent where it names none: `Null` tests for that.
    listed = tuple(names)
    return {"aws:TagKeys": listed} if listed else {}
