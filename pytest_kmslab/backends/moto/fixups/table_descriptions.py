"""Tables as DynamoDB describes them, where moto says more or less.

What is there and what is not is recorded from AWS: LocalStack's snapshots of test_table_crud,
test_table_warm_throughput and test_gsi_with_billing_mode; findings DDB-TABLE-026 to 033 of
aws-controllers-k8s/dynamodb-controller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from pytest_kmslab.backends.moto.fixups import replicas
from pytest_kmslab.backends.moto.reader import table_named, table_of
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.calls.dynamodb.names import missing_table

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader

Response = dict[str, Any]
_INDEXES = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
_GONE = ("AttributeDefinitions", "CreationDateTime", "KeySchema", "WarmThroughput", *_INDEXES)
"""What DeleteTable does not say of a table."""


def show_described(_reader: MotoAccountReader, _call: ApiCall, response: Response) -> None:
    """DescribeTable."""
    # What moto says of a table, and what AWS does, is recorded for each operation by itself.
    _show(response["Table"])
    _show_billing(response["Table"])


def show_changed(_reader: MotoAccountReader, _call: ApiCall, response: Response) -> None:
    """UpdateTable, and the restores."""
    _show(response["TableDescription"])
    _show_billing(response["TableDescription"])


def show_made(_reader: MotoAccountReader, call: ApiCall, response: Response) -> None:
    """CreateTable."""
    table = response["TableDescription"]
    _show(table)
    # It says nothing of warm throughput, save where it was asked for: that is still to come.
    for described, asked in ((table, call.params), *_indexes_made(table, call.params)):
        if "WarmThroughput" not in asked:
            described.pop("WarmThroughput", None)
        elif "WarmThroughput" in described:
            described["WarmThroughput"] = {**described["WarmThroughput"], "Status": "UPDATING"}


def show_gone(_reader: MotoAccountReader, _call: ApiCall, response: Response) -> None:
    """DeleteTable."""
    _show(response["TableDescription"])
    # It says little more of a table than its name.
    for member in _GONE:
        response["TableDescription"].pop(member, None)


def _show(table: Response) -> None:
    """What every description has: the table's id, indexes where there are some, and how it is billed where
    that is by request."""
    if "CreationDateTime" in table:  # a table that is being deleted does not tell any more when it was made
        table["TableId"] = table_id(table["TableArn"], table["CreationDateTime"])
    for member in _INDEXES:
        for index in table.get(member) or ():
            _show_index(table["TableArn"], index)
        if not table.get(member):
            table.pop(member, None)
    replicas.show(table)
    # Of a table that is there nothing tells any more that it was restored (DDB-TABLE-216).
    if not table.get("RestoreSummary", {}).get("RestoreInProgress"):
        table.pop("RestoreSummary", None)
    if (table.get("BillingModeSummary") or {}).get("BillingMode") != "PAY_PER_REQUEST":
        table.pop("BillingModeSummary", None)


def moto_table(call: ApiCall) -> Any:
    """Moto's own object of the table that a call names; raises ServiceError where there is none."""
    table = table_named(str(call.params["TableName"]), call.region, call.account)
    if table is None:
        raise missing_table(str(call.params["TableName"]))
    return table_of(table.arn)


def table_id(arn: str, made: datetime) -> str:
    """The id of a table, which another table of its name does not have."""
    moment = made.replace(tzinfo=timezone.utc) if made.tzinfo is None else made.astimezone(timezone.utc)
    return str(uuid5(NAMESPACE_URL, f"{arn} {moment.isoformat(timespec='milliseconds')}"))


def _show_index(table_arn: str, index: Response) -> None:
    index.setdefault("IndexArn", f"{table_arn}/index/{index['IndexName']}")
    # DynamoDB counts about every six hours, so a table of a test shows none of what it holds:
    # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GlobalSecondaryIndexDescription.html
    index.setdefault("IndexSizeBytes", 0)
    index.setdefault("ItemCount", 0)
    if "ProvisionedThroughput" in index:
        index["ProvisionedThroughput"] = {"NumberOfDecreasesToday": 0, **index["ProvisionedThroughput"]}


def _show_billing(table: Response) -> None:
    if "BillingModeSummary" in table and "CreationDateTime" in table:
        # Since when a table is billed by request; moto does not keep it, so since it was made.
        since = {"LastUpdateToPayPerRequestDateTime": table["CreationDateTime"]}
        table["BillingModeSummary"] = {**since, **table["BillingModeSummary"]}


def _indexes_made(table: Response, asked: Mapping[str, Any]) -> list[tuple[Response, Mapping[str, Any]]]:
    wanted = {index["IndexName"]: index for index in asked.get("GlobalSecondaryIndexes") or ()}
    return [
        (index, wanted.get(index["IndexName"], {})) for index in table.get("GlobalSecondaryIndexes") or ()
    ]


SHOWN: Mapping[str, Callable[[MotoAccountReader, ApiCall, Response], None]] = {
    "dynamodb:DescribeTable": show_described,
    "dynamodb:RestoreTableFromBackup": show_changed,
    "dynamodb:RestoreTableToPointInTime": show_changed,
}
