"""What moto answers to operations on items, and of streams, besides the items.

Recorded from AWS: LocalStack's snapshots of test_batch_write_items, test_transaction_write_items and
test_dynamodb_stream_stream_view_type.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from moto.dynamodb.models import dynamodb_backends

from pytest_kmslab.authz.arn import parts_of
from pytest_kmslab.backends.moto.fixups.partiql import do_on_items
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.calls.dynamodb.names import arn_of_table

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader

Response = dict[str, Any]

COUNTED = tuple(
    f"dynamodb:{operation}"
    for operation in (
        "BatchGetItem",
        "BatchWriteItem",
        "DeleteItem",
        "PutItem",
        "TransactWriteItems",
        "UpdateItem",
    )
)
"""Operations of which moto tells what they consumed though nobody asked."""
MEASURED = tuple(f"dynamodb:{operation}" for operation in ("DeleteItem", "PutItem", "UpdateItem"))
"""Operations on one item of a collection, which moto does not measure."""
EVENT_VERSION = "1.1"
_MOST_TABLES = 100


def count_only_if_asked(_reader: MotoAccountReader, call: ApiCall, response: Response) -> None:
    """Leave out what a call consumed where nobody asked for it."""
    # moto tells it to everybody.
    if call.params.get("ReturnConsumedCapacity") in (None, "NONE"):
        response.pop("ConsumedCapacity", None)
    if call.params.get("ReturnItemCollectionMetrics") in (None, "NONE"):
        response.pop("ItemCollectionMetrics", None)


def measure_collection(reader: MotoAccountReader, call: ApiCall, response: Response) -> None:
    """Tell how large the collection of an item is, where it was asked for and the table has local indexes.

    paritysuite/dynamodb-conformance, itemCollectionMetrics; the range is that of less than a gigabyte.
    """
    count_only_if_asked(reader, call, response)
    if call.params.get("ReturnItemCollectionMetrics") != "SIZE":
        return
    arn = arn_of_table(call.params["TableName"], call.partition, call.region, call.account)
    table = reader.table(arn, call.region, call.account)
    if table is None or not table.local_indexes:
        return
    item = call.params.get("Item") or call.params["Key"]
    response["ItemCollectionMetrics"] = {
        "ItemCollectionKey": {table.hash_key: item[table.hash_key]},
        "SizeEstimateRangeGB": [0.0, 1.0],
    }


def list_tables(call: ApiCall) -> Response:
    """ListTables: in the order of their names, after the one that is named, be it there or not."""
    backend: Any = dynamodb_backends[call.account][call.region]
    after = call.params.get("ExclusiveStartTableName") or ""
    names = [name for name in sorted(backend.tables) if name > after]
    shown = names[: call.params.get("Limit") or _MOST_TABLES]
    more = {"LastEvaluatedTableName": shown[-1]} if len(shown) < len(names) else {}
    return {"TableNames": shown, **more}


def with_some_update(_reader: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """UpdateItem of nothing makes the item, or leaves it."""
    if "UpdateExpression" in call.params or "AttributeUpdates" in call.params:
        return {}
    # moto fails at it, but not at an empty list of updates.
    return {"AttributeUpdates": {}}


def write_in_order(call: ApiCall) -> Response | None:
    """BatchWriteItem that puts and deletes; None where moto's own does."""
    writes = [(table, write) for table, several in call.params["RequestItems"].items() for write in several]
    # A stream shows the writes one after another, and moto deletes last.
    if len({kind for _, write in writes for kind in write}) < 2:
        return None
    for table, write in writes:
        account, region = call.account, call.region
        if table.startswith("arn:"):
            region, account = parts_of(table).region, parts_of(table).account
        do_on_items(account, region, "BatchWriteItem", {"RequestItems": {table: [write]}})
    counted = [
        {"TableName": table, "CapacityUnits": float(len(several))}
        for table, several in call.params["RequestItems"].items()
    ]
    return {"UnprocessedItems": {}, "ItemCollectionMetrics": {}, "ConsumedCapacity": counted}


def place_records(_reader: MotoAccountReader, call: ApiCall, response: Response) -> None:
    """GetRecords."""
    for record in response["Records"]:
        # moto says us-east-1 of every record, and another version.
        record.update(eventVersion=EVENT_VERSION, awsRegion=call.region)


def leave_out_shards(_reader: MotoAccountReader, call: ApiCall, response: Response) -> None:
    """DescribeStream begins after ExclusiveStartShardId."""
    start = call.params.get("ExclusiveStartShardId")
    stream = response["StreamDescription"]
    names = [shard["ShardId"] for shard in stream["Shards"]]
    # moto takes no notice of it, and a client that reads on would never end.
    if start in names:
        stream["Shards"] = stream["Shards"][names.index(start) + 1 :]
