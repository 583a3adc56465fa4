"""One authorization request of DynamoDB's own, with the context keys that every one of them carries."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from pytest_kmslab.account.model import Caller, Table
from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.request import Request
from pytest_kmslab.calls.authorization import ApiCall, Authorization
from pytest_kmslab.calls.context_keys import Keys, caller_context, resource_tags


def authorization(
    call: ApiCall, action: str, resource: str, keys: Keys | None = None, table: Table | None = None
) -> Authorization:
    """Ask for `dynamodb:<action>` on a resource; `table` is the one it belongs to, where it exists.

    DynamoDB carries `aws:ResourceTag` of the table for the table, its indexes and its streams.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/attribute-based-access-control.html
    """
    account = resource.split(":", 5)[4] if resource.startswith("arn:") else ""
    make = partial(_keys, call.caller, call.region, call.time, account or call.account, table, keys or {})
    return Authorization(Request(call.caller.arn, f"dynamodb:{action}", resource, Context(make), account))


def _keys(
    caller: Caller, region: str, time: datetime | None, account: str, table: Table | None, keys: Keys
) -> Keys:
    context = caller_context(caller, region, time)
    context["aws:ResourceAccount"] = account
    if table is not None:
        context.update(resource_tags(table.tags))
    context.update(keys)
    return context
