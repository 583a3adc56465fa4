"""What calls of this run have made, as their answers told: nobody else's can be adopted by a lab.

Only calls that make something are looked at. An ARN can be used again (a table's, by the next table of its
name), so an id is kept with it that the service gives no second one of. Some calls succeed where they make
nothing: the answer to a call that is repeated with its token tells of what the first one made, whoever made
it. Before such a call it is looked whether what it names is there.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Protocol

MOST_KEPT = 20_000
"""Of more, the newest are known: some five megabytes."""

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CreateCall:
    """A call that makes something which a lab can adopt."""

    member: str
    """The structure of the answer that holds the other two; empty for the answer itself."""
    arn: str
    unique_id: str
    may_find: Callable[[Params], str] = lambda params: ""
    """The name of what the call may find there and answer as if it had made it; empty where it would fail."""
    makes: Callable[[Params], bool] = lambda params: True
    """Whether a call with these parameters makes something at all."""


def _imported_table(params: Params) -> str:
    creation = params.get("TableCreationParameters")
    return str(creation.get("TableName") or "") if isinstance(creation, Mapping) else ""


def _stack_of_token(params: Params) -> str:
    return str(params.get("StackName") or "") if params.get("ClientRequestToken") else ""


def _reviewed_stack(params: Params) -> str:
    return str(params.get("StackName") or "")


_KEY = CreateCall("KeyMetadata", "Arn", "Arn")
_TABLE = CreateCall("TableDescription", "TableArn", "TableId")

CREATE_CALLS: Mapping[tuple[str, str], CreateCall] = {
    ("cloudformation", "CreateChangeSet"): CreateCall(
        "", "StackId", "StackId", _reviewed_stack, lambda params: params.get("ChangeSetType") == "CREATE"
    ),
    ("cloudformation", "CreateStack"): CreateCall("", "StackId", "StackId", _stack_of_token),
    ("dynamodb", "CreateTable"): _TABLE,
    ("dynamodb", "ImportTable"): CreateCall("ImportTableDescription", "TableArn", "TableId", _imported_table),
    ("dynamodb", "RestoreTableFromBackup"): _TABLE,
    ("dynamodb", "RestoreTableToPointInTime"): _TABLE,
    ("iam", "CreateGroup"): CreateCall("Group", "Arn", "GroupId"),
    ("iam", "CreatePolicy"): CreateCall("Policy", "Arn", "PolicyId"),
    ("iam", "CreateRole"): CreateCall("Role", "Arn", "RoleId"),
    ("iam", "CreateUser"): CreateCall("User", "Arn", "UserId"),
    ("kms", "CreateKey"): _KEY,
    ("kms", "ReplicateKey"): CreateCall("ReplicaKeyMetadata", "Arn", "Arn"),
}
"""PutMetricAlarm answers nothing, and is told of. Tokens:
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ImportTable.html
A first change set makes its stack, a second one is put beside it:
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html"""


def looked_for(service: str, operation: str, params: Params) -> str:
    """The name of a table or stack that has to be looked for before this call; empty for none."""
    call = CREATE_CALLS.get((service, operation))
    return call.may_find(params) if call is not None and call.makes(params) else ""


def made_by(
    service: str, operation: str, params: Params, answer: Mapping[str, Any]
) -> tuple[str, str] | None:
    """The ARN and the id of what a call that succeeded says it made; None where it made nothing."""
    call = CREATE_CALLS.get((service, operation))
    if call is None or not call.makes(params):
        return None
    made = answer.get(call.member, {}) if call.member else answer
    return (made[call.arn], made.get(call.unique_id) or "") if made.get(call.arn) else None


class SharedCreations(Protocol):
    """What all workers of a run have made, where they work in one account."""

    def add(self, arn: str, unique_id: str) -> None:
        """Let the others know of one."""

    def unique_ids_of(self, arn: str) -> frozenset[str]:
        """The ids of all that were made with an ARN."""


class Creations:
    """What was made, by its ARN. Safe for several threads."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._made: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._lock = Lock()
        self._shared: SharedCreations | None = None

    def share(self, shared: SharedCreations) -> None:
        """Tell the other workers of the run from now on, and know what they tell."""
        self._shared = shared

    def note_answer(self, service: str, operation: str, params: Params, answer: Mapping[str, Any]) -> None:
        """Know what the answer of a call that succeeded says was made, if it makes anything."""
        made = made_by(service, operation, params, answer)
        if made is not None:
            self.note(*made)

    def note(self, arn: str, unique_id: str) -> None:
        """Know that this was made."""
        with self._lock:
            self._made[arn, unique_id] = None
            self._made.move_to_end((arn, unique_id))
            if len(self._made) > self._most:
                self._made.popitem(last=False)
        if self._shared is not None:
            self._shared.add(arn, unique_id)

    def forget_all(self) -> None:
        """Know of nothing: the account was thrown away."""
        with self._lock:
            self._made.clear()

    def unique_ids_of(self, arn: str) -> frozenset[str]:
        """The ids of all that were made with an ARN, an empty one where the service tells none; none at all
        where this run was not seen to make it."""
        with self._lock:
            own = frozenset(unique_id for made, unique_id in self._made if made == arn)
        return own if self._shared is None else own | self._shared.unique_ids_of(arn)
