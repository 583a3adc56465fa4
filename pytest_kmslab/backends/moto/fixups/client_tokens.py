"""Requests that are told apart by a token: one that comes again does nothing again. moto looks at no token.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ImportTable.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExportTableToPointInTime.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.dynamodb.models import dynamodb_backends

from pytest_kmslab.backends.moto.fixups.partiql import answer as answer_partiql
from pytest_kmslab.calls.api_call import ApiCall, ServiceError

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader

Response = dict[str, Any]
TEN_MINUTES = 600
EIGHT_HOURS = 28_800
_TOKENS = "kmslab_client_tokens"
"""The attribute of moto's backend of a Region that holds what came with a token."""
_CONFLICT = "Duplicate request detected with conflicting parameters"
_MISMATCH = (
    "DynamoDB rejected the request because you retried a request with a different payload but with an "
    "idempotent token that was already used."
)
"""The sentence of AWS's model; the text on the wire is not known."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A request that came with a token and was done."""

    at: float
    """When, in seconds since the epoch."""
    payload: Mapping[str, Any]
    """What a request with the same token must have alike."""
    made: str = ""
    """The ARN of what it made, where that is answered again."""


def repeated_transaction(call: ApiCall) -> Response | None:
    """TransactWriteItems that was done already; None for one that is new."""
    payload = _without(call.params, "ClientRequestToken")
    earlier = _earlier(call, "ClientRequestToken", TEN_MINUTES)
    if earlier is None:
        return None
    if earlier.payload != payload:
        raise ServiceError("IdempotentParameterMismatchException", _MISMATCH)
    return {}


def execute_transaction(call: ApiCall) -> Response | None:
    """ExecuteTransaction, unless it was done already."""
    repeated = repeated_transaction(call)
    return answer_partiql(call) if repeated is None else {"Responses": [], **repeated}


def repeated_import(call: ApiCall) -> Response | None:
    """ImportTable that was begun already, as it is now; None for one that is new.

    One into a table that is there is refused, and one with the token of an import into another table. Nothing
    else of a request is looked at: DDB-IMPORT-017 of aws-controllers-k8s/dynamodb-controller.
    """
    name, backend = str(call.params["TableCreationParameters"]["TableName"]), _backend(call)
    # Measured by scylladb's tests of Alternator too, which run against AWS.
    if name in backend.tables:
        raise ServiceError("ResourceInUseException", f"Table already exists: {name}")
    earlier = _earlier(call, "ClientToken", EIGHT_HOURS)
    if earlier is None:
        return None
    if earlier.payload != _imported(call):
        raise ServiceError("ImportConflictException", f"Import conflict: {_CONFLICT}")
    return {"ImportTableDescription": backend.table_imports[earlier.made].response()}


def repeated_export(call: ApiCall) -> Response | None:
    """ExportTableToPointInTime that was begun already, as it is now; None for one that is new."""
    earlier = _earlier(call, "ClientToken", EIGHT_HOURS)
    if earlier is None:
        return None
    # Measured: DDB-EXPORT-009 and 010 of aws-controllers-k8s/dynamodb-controller.
    if earlier.payload != _without(call.params, "ClientToken"):
        raise ServiceError("ExportConflictException", f"Export conflict: {_CONFLICT}")
    return {"ExportDescription": _backend(call).table_exports[earlier.made].response()}


def keep_transaction(_reader: MotoAccountReader, call: ApiCall, _response: Response) -> None:
    """The token of a transaction that was done."""
    _keep(call, "ClientRequestToken", _without(call.params, "ClientRequestToken"))


def keep_import(_reader: MotoAccountReader, call: ApiCall, response: Response) -> None:
    """The token of an import that was begun."""
    made = str(response["ImportTableDescription"]["ImportArn"])
    _keep(call, "ClientToken", _imported(call), made)


def keep_export(_reader: MotoAccountReader, call: ApiCall, response: Response) -> None:
    """The token of an export that was begun."""
    made = str(response["ExportDescription"]["ExportArn"])
    _keep(call, "ClientToken", _without(call.params, "ClientToken"), made)


def _imported(call: ApiCall) -> Mapping[str, Any]:
    return {"TableName": call.params["TableCreationParameters"]["TableName"]}


def _without(params: Mapping[str, Any], token: str) -> Mapping[str, Any]:
    return {name: value for name, value in params.items() if name != token}


def _earlier(call: ApiCall, member: str, lasts: float) -> Earlier | None:
    kept = _tokens(call).get((call.operation, call.params.get(member)))
    return None if kept is None or _now(call) - kept.at > lasts else kept


def _keep(call: ApiCall, member: str, payload: Mapping[str, Any], made: str = "") -> None:
    token, tokens = call.params.get(member), _tokens(call)
    now = _now(call)
    # boto3 makes a token for every request: those that count no more are let go, oldest first.
    while tokens and now - next(iter(tokens.values())).at > EIGHT_HOURS:
        del tokens[next(iter(tokens))]
    known = tokens.get((call.operation, token))
    if token and (known is None or now - known.at > TEN_MINUTES):
        tokens[call.operation, token] = Earlier(now, payload, made)


def _tokens(call: ApiCall) -> dict[tuple[str, str | None], Earlier]:
    tokens: dict[tuple[str, str | None], Earlier] = _backend(call).__dict__.setdefault(_TOKENS, {})
    return tokens


def _backend(call: ApiCall) -> Any:
    return dynamodb_backends[call.account][call.region]


def _now(call: ApiCall) -> float:
    return time.time() if call.time is None else call.time.timestamp()


REPEATED: Mapping[str, Callable[[ApiCall], Response | None]] = {
    "dynamodb:ExecuteTransaction": execute_transaction,
    "dynamodb:ExportTableToPointInTime": repeated_export,
    "dynamodb:ImportTable": repeated_import,
    "dynamodb:TransactWriteItems": repeated_transaction,
}
"""What is looked at before moto does it."""

KEPT: Mapping[str, Callable[[MotoAccountReader, ApiCall, Response], None]] = {
    "dynamodb:ExecuteTransaction": keep_transaction,
    "dynamodb:ExportTableToPointInTime": keep_export,
    "dynamodb:ImportTable": keep_import,
    "dynamodb:TransactWriteItems": keep_transaction,
}
