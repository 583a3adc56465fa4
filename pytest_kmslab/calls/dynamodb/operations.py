"""What each operation of DynamoDB asks for."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_kmslab.calls.api_call import AuthorizationPlan
from pytest_kmslab.calls.dynamodb.encrypted_tables import (
    create_table,
    import_table,
    restore_from_backup,
    restore_to_point_in_time,
    update_table,
)
from pytest_kmslab.calls.dynamodb.items import (
    batch_get,
    batch_write,
    item,
    search,
    search_vectors,
    transaction,
)
from pytest_kmslab.calls.dynamodb.statements import statements
from pytest_kmslab.calls.dynamodb.streams import STREAMS as STREAMS
from pytest_kmslab.calls.dynamodb.tables import CONTROL

DYNAMODB: Mapping[str, AuthorizationPlan] = {
    **CONTROL,
    "BatchExecuteStatement": statements,
    "BatchGetItem": batch_get,
    "BatchWriteItem": batch_write,
    "CreateTable": create_table,
    "DeleteItem": item,
    "ExecuteStatement": statements,
    "ExecuteTransaction": statements,
    "GetItem": item,
    "ImportTable": import_table,
    "PutItem": item,
    "Query": search,
    "RestoreTableFromBackup": restore_from_backup,
    "RestoreTableToPointInTime": restore_to_point_in_time,
    "Scan": search,
    "SearchVectors": search_vectors,
    "TransactGetItems": transaction,
    "TransactWriteItems": transaction,
    "UpdateItem": item,
    "UpdateTable": update_table,
}
"""The operations of botocore's `dynamodb` model."""
