"""Putting a call to DynamoDB or its streams, for tests: every question is allowed, and kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpers.fake_account import FakeAccount, call
from pytest_kmslab.account.model import AccountView, Caller
from pytest_kmslab.calls.api_call import ApiCall, Authorization, Authorizations
from pytest_kmslab.calls.dynamodb.operations import DYNAMODB, STREAMS
from pytest_kmslab.calls.operations import PLANS, deny_unknown


def required_authorizations(call: ApiCall, view: AccountView) -> Authorizations:
    """The questions that a call stands for, in order."""
    return PLANS.get(call.name, deny_unknown)(call, view)


def asked(
    operation: str, params: Mapping[str, Any], view: FakeAccount, caller: Caller | None = None
) -> list[Authorization]:
    """The questions of a call, each one taken as allowed."""
    service, table = ("dynamodb", DYNAMODB) if operation in DYNAMODB else ("dynamodbstreams", STREAMS)
    return list(table[operation](call(service, operation, params, caller), view))


def actions(required_authorizations: list[Authorization]) -> list[str]:
    """The actions asked for, in order."""
    return [authorization.request.action for authorization in required_authorizations]


def pairs(required_authorizations: list[Authorization]) -> list[tuple[str, str]]:
    """Actions and resources, in order."""
    return [
        (authorization.request.action, authorization.request.resource)
        for authorization in required_authorizations
    ]


def context_of(required_authorizations: list[Authorization], action: str) -> Mapping[str, tuple[str, ...]]:
    """The context of the one question for an action."""
    (found,) = [
        authorization.request.context
        for authorization in required_authorizations
        if authorization.request.action == action
    ]
    return found
