"""One authorization request of DynamoDB's own, with the context keys that every one of them carries."""

from __future__ import annotations

from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.request import Request
from pytest_kmslab.calls.base import ApiCall, Ask
from pytest_kmslab.calls.context_keys import Keys, caller_context, resource_tags
from pytest_kmslab.facts import Table


def ask(
    call: ApiCall, action: str, resource: str, keys: Keys | None = None, table: Table | None = None
) -> Ask:
    """Ask for `dynamodb:<action>` on a resource; `table` is the one it belongs to, where it exists.

    DynamoDB carries `aws:ResourceTag` of the table for the table, its indexes and its streams.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/attribute-based-access-control.html
    """
    context = caller_context(call.caller, call.region, call.time)
    account = resource.split(":", 5)[4] if resource.startswith("arn:") else ""
    context["aws:ResourceAccount"] = account or call.account
    if table is not None and table.tags:
        context.update(resource_tags(table.tags))
    if keys:
        context.update(keys)
    return Ask(Request(call.caller.arn, f"dynamodb:{action}", resource, Context(context), account))
