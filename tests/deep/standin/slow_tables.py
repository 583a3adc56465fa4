"""Tables that take their time: made, encrypted and deleted over seconds, as DynamoDB was seen to.

Encryption: the old key is shown for 8 to 9 seconds and it is done after 21 to 23; such a table is not deleted
(aws-controllers-k8s, dynamodb-controller, DDB-TABLE-069, 371). DeleteTable was gone in 8 seconds
(DDB-TABLE-333). That DescribeTable may not find a table that was made a moment ago is documented:
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTable.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Any

from deep.standin.times import CREATION, DELETION, NEW_KEY_SHOWN, REENCRYPTION

from pytest_kmslab.calls.api_call import ApiCall, ServiceError

CREATING, DELETING, UPDATING = "CREATING", "DELETING", "UPDATING"


@dataclass
class Change:
    """What a table is in the middle of, until when, and from when on its new key is shown."""

    state: str
    until: float
    shown_from: float = 0.0
    before: Mapping[str, Any] = field(default_factory=dict)


class SlowTables:
    """The changes that are under way, by table name."""

    def __init__(self, random: Random, now: Callable[[], float], pace: float) -> None:
        self._random = random
        self._now = now
        self._pace = pace
        self._changes: dict[str, Change] = {}

    def check(self, call: ApiCall) -> None:
        """Raise what DynamoDB answers to a call that a table under change cannot have."""
        for name in _tables(call):
            change = self._under_way(name)
            if change is not None:
                _refuse(call.operation, name, change.state)

    def answer(self, call: ApiCall) -> dict[str, Any] | None:
        """The answer about a table that is going, which moto has forgotten."""
        change = self._under_way(str(call.params.get("TableName", "")))
        if change is None:
            return None
        if call.operation == "DescribeTable" and change.state == DELETING:
            return {"Table": deepcopy(change.before)}
        if call.operation == "DeleteTable" and change.state == DELETING:
            return {"TableDescription": deepcopy(change.before)}
        if call.operation == "DescribeTable" and change.state == CREATING and self._random.random() < 0.3:
            raise _not_found(f"Requested resource not found: Table: {call.params['TableName']} not found")
        return None

    def after_call(self, call: ApiCall, response: Any) -> None:
        """Note a change that begins, and show in a description what is under way."""
        name = str(call.params.get("TableName", ""))
        if call.operation == "CreateTable":
            self._begin(name, CREATING, CREATION)
            response["TableDescription"]["TableStatus"] = CREATING
        elif call.operation == "DeleteTable" and self._under_way(name) is None:
            response["TableDescription"]["TableStatus"] = DELETING
            self._begin(name, DELETING, DELETION, response["TableDescription"])
        elif call.operation == "UpdateTable" and call.params.get("SSESpecification"):
            shown = response["TableDescription"].get("SSEDescription", {})
            change = self._begin(name, UPDATING, REENCRYPTION, shown)
            change.shown_from = self._now() + self._random.uniform(*NEW_KEY_SHOWN) * self._pace
        elif call.operation == "DescribeTable":
            self._show(name, response["Table"])

    def _begin(
        self, name: str, state: str, span: tuple[float, float], before: Mapping[str, Any] | None = None
    ) -> Change:
        until = self._now() + self._random.uniform(*span) * self._pace
        change = self._changes[name] = Change(state, until, before=deepcopy(dict(before or {})))
        return change

    def _under_way(self, name: str) -> Change | None:
        change = self._changes.get(name)
        return change if change is not None and self._now() < change.until else None

    def _show(self, name: str, table: dict[str, Any]) -> None:
        change = self._under_way(name)
        if change is None or change.state == DELETING:
            return
        if change.state == CREATING:
            table["TableStatus"] = CREATING
        elif self._now() < change.shown_from or "SSEDescription" not in table:
            table["SSEDescription"] = dict(change.before)
        else:
            table["SSEDescription"] = {**table["SSEDescription"], "Status": UPDATING}


def _tables(call: ApiCall) -> Iterator[str]:
    """The tables that a call names, but for those within a PartiQL statement."""
    if "TableName" in call.params:
        yield str(call.params["TableName"])
    yield from call.params.get("RequestItems", {})
    for item in call.params.get("TransactItems", []):
        yield from (str(action["TableName"]) for action in item.values())


def _refuse(operation: str, name: str, state: str) -> None:
    in_use = "Attempt to change a resource which is still in use: Table"
    if state == UPDATING:
        if operation in ("DeleteTable", "UpdateTable"):
            raise ServiceError(
                "ResourceInUseException", f"{in_use}: {name} is in the process of being updated."
            )
    elif operation == "CreateTable":
        raise ServiceError("ResourceInUseException", f"Table already exists: {name}")
    elif operation == "UpdateTable" or (operation == "DeleteTable" and state == CREATING):
        doing = "created" if state == CREATING else "deleted"
        raise ServiceError("ResourceInUseException", f"{in_use} is being {doing}: {name}")
    elif operation.endswith(("Item", "Items", "Query", "Scan")):
        raise _not_found("Requested resource not found")


def _not_found(message: str) -> ServiceError:
    return ServiceError("ResourceNotFoundException", message)
