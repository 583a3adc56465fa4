"""DynamoDB Streams: on the stream, and for its records on the key of the table.

Stream records are encrypted with the table's key.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.howitworks.html
"""

from __future__ import annotations

from collections.abc import Mapping

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.authz.arn import parts_of, table_arn_of
from pytest_kmslab.calls.api_call import ApiCall, AuthorizationPlan, Authorizations, ServiceError
from pytest_kmslab.calls.dynamodb.context import authorization
from pytest_kmslab.calls.dynamodb.names import invalid, required_text, sub_arn
from pytest_kmslab.calls.dynamodb.sse.key_use import use_keys


def _on_stream(call: ApiCall, view: AccountView) -> Authorizations:
    arn = sub_arn(required_text(call.params, "StreamArn"), "stream")
    table = view.table(table_arn_of(arn), call.region, call.account)
    yield authorization(call, call.operation, arn, None, table)
    # The stream that is decided about is the one that is read: a backend that looks for its table only would
    # read it by any label, Region or partition. Of a table's streams only the latest is known.
    if table is None or arn != table.stream_arn or parts_of(arn).region != call.region:
        text = f"Requested resource not found: Stream: {arn} not found"
        raise ServiceError("ResourceNotFoundException", text)


def _get_records(call: ApiCall, view: AccountView) -> Authorizations:
    iterator = required_text(call.params, "ShardIterator")
    stream, bar, _ = iterator.partition("|")
    if not bar:
        raise invalid("Invalid ShardIterator")
    # A shard iterator begins with the ARN of its stream: `<stream ARN>|<version>|<opaque>`.
    # Its records are under the key of the table that wrote them, which may be gone by now, or have left its
    # name to another.
    arn = sub_arn(stream, "stream")
    table = view.streamed_table(iterator)
    yield authorization(call, call.operation, arn, None, table)
    if table is None or parts_of(arn).region != call.region:
        raise invalid("Invalid ShardIterator")
    yield from use_keys(call, view, (table,))


def _list_streams(call: ApiCall, view: AccountView) -> Authorizations:
    # Which table's streams are wanted makes no difference: AWS knows no resource for it.
    yield authorization(call, call.operation, "*")


STREAMS: Mapping[str, AuthorizationPlan] = {
    "DescribeStream": _on_stream,
    "GetShardIterator": _on_stream,
    "GetRecords": _get_records,
    "ListStreams": _list_streams,
}
"""The operations of botocore's `dynamodbstreams` model."""
