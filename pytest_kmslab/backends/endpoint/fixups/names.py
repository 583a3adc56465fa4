"""Names that a call gives in another form than an endpoint knows.

An old DynamoDB Local knows no table by its ARN.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_kmslab.authz.arn import parts_of
from pytest_kmslab.calls.api_call import ApiCall

NAMING = ("TableName", "RequestItems", "TransactItems")
ANSWERED = ("Responses", "UnprocessedKeys", "UnprocessedItems")
"""What a batch answers by table, under the name by which the call gave it."""


def plain_names(call: ApiCall, account: str) -> Mapping[str, Any]:
    """The parameters that name tables of the call's account by ARN, with names instead."""
    if call.service != "dynamodb":
        return {}
    # An ARN of another account or Region stays one: its name would be that of a table nobody was asked about.
    own = f":dynamodb:{call.region}:{account}:table/"
    plain = {member: _plain(call.params[member], own) for member in NAMING if member in call.params}
    return {member: value for member, value in plain.items() if value != call.params[member]}


def show_given_names(call: ApiCall, response: dict[str, Any]) -> None:
    """A batch's answer under the ARNs that the call gave."""
    items = call.params.get("RequestItems") if call.service == "dynamodb" else None
    arns = {parts_of(key).name: key for key in items or () if key.startswith("arn:")}
    for member in ANSWERED if arns else ():
        if response.get(member):
            response[member] = {arns.get(name, name): value for name, value in response[member].items()}


def _plain(value: Any, own: str) -> Any:
    """A name, the keys of a batch, or the items of a transaction."""
    if isinstance(value, str):
        return value.rpartition(own)[2]
    if isinstance(value, Mapping):
        return {key.rpartition(own)[2]: asked for key, asked in value.items()}
    return [
        {
            kind: {**action, "TableName": str(action.get("TableName", "")).rpartition(own)[2]}
            for kind, action in item.items()
        }
        for item in value
    ]
