"""What calls of this run have made, as their answers told: nobody else's can be adopted by a lab.

Only calls that make something are looked at. An ARN can be used again (a table's, by the next table of its
name), so an id is kept with it that the service gives no second one of.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Any, NamedTuple

MOST_KEPT = 20_000
"""Of more, the newest are known: some five megabytes."""


class Answered(NamedTuple):
    """Where an answer tells of what was made."""

    member: str
    """The structure that holds the other two; empty for the answer itself."""
    arn: str
    unique_id: str


_KEY = Answered("KeyMetadata", "Arn", "Arn")
_TABLE = Answered("TableDescription", "TableArn", "TableId")

CREATE_CALLS: Mapping[tuple[str, str], Answered] = {
    ("cloudformation", "CreateStack"): Answered("", "StackId", "StackId"),
    ("dynamodb", "CreateTable"): _TABLE,
    ("dynamodb", "ImportTable"): Answered("ImportTableDescription", "TableArn", "TableId"),
    ("dynamodb", "RestoreTableFromBackup"): _TABLE,
    ("dynamodb", "RestoreTableToPointInTime"): _TABLE,
    ("iam", "CreateGroup"): Answered("Group", "Arn", "GroupId"),
    ("iam", "CreatePolicy"): Answered("Policy", "Arn", "PolicyId"),
    ("iam", "CreateRole"): Answered("Role", "Arn", "RoleId"),
    ("iam", "CreateUser"): Answered("User", "Arn", "UserId"),
    ("kms", "CreateKey"): _KEY,
    ("kms", "ReplicateKey"): _KEY._replace(member="ReplicaKeyMetadata"),
}
"""The calls that make something which a lab can adopt; PutMetricAlarm answers nothing, and is told of."""


class Creations:
    """What was made, by its ARN. Safe for several threads."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._unique_ids: OrderedDict[str, str] = OrderedDict()
        self._lock = Lock()

    def note_answer(self, service: str, operation: str, answer: Mapping[str, Any]) -> None:
        """Know what the answer of a call that succeeded says was made, if it makes anything."""
        told = CREATE_CALLS.get((service, operation))
        if told is None:
            return
        made = answer.get(told.member, {}) if told.member else answer
        if made.get(told.arn):
            self.note(made[told.arn], made.get(told.unique_id) or "")

    def note(self, arn: str, unique_id: str) -> None:
        """Know that this was made."""
        with self._lock:
            self._unique_ids[arn] = unique_id
            self._unique_ids.move_to_end(arn)
            if len(self._unique_ids) > self._most:
                self._unique_ids.popitem(last=False)

    def forget_all(self) -> None:
        """Know of nothing: the account was thrown away."""
        with self._lock:
            self._unique_ids.clear()

    def unique_id_of(self, arn: str) -> str | None:
        """The id of the last that was made with an ARN, empty where the service tells none; None for none."""
        return self._unique_ids.get(arn)
