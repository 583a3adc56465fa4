"""Putting a call to DynamoDB or its streams, for tests: every question is allowed, and kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unit.calls.fake_facts import FakeFacts, call

from pytest_kmslab.calls.base import Ask
from pytest_kmslab.calls.dynamodb.operations import DYNAMODB, STREAMS
from pytest_kmslab.facts import Caller


def asked(
    operation: str, params: Mapping[str, Any], facts: FakeFacts, caller: Caller | None = None
) -> list[Ask]:
    """The questions of a call, each one taken as allowed."""
    service, table = ("dynamodb", DYNAMODB) if operation in DYNAMODB else ("dynamodbstreams", STREAMS)
    return list(table[operation](call(service, operation, params, caller), facts))


def actions(asks: list[Ask]) -> list[str]:
    """The actions asked for, in order."""
    return [ask.request.action for ask in asks]


def pairs(asks: list[Ask]) -> list[tuple[str, str]]:
    """Actions and resources, in order."""
    return [(ask.request.action, ask.request.resource) for ask in asks]


def context_of(asks: list[Ask], action: str) -> Mapping[str, tuple[str, ...]]:
    """The context of the one question for an action."""
    (found,) = [ask.request.context for ask in asks if ask.request.action == action]
    return found
