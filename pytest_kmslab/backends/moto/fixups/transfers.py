"""Imports and exports of tables where moto lacks an operation on them or fails at one.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListImports.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListExports.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from moto.dynamodb.models import dynamodb_backends

from pytest_kmslab.authz.arn import parts_of
from pytest_kmslab.backends.moto.fixups.page_tokens import refuse_token
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.dynamodb.names import kind_of

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader

Response = dict[str, Any]


def list_imports(call: ApiCall) -> Response:
    """ListImports: of one table, or of all of the Region."""
    refuse_token(call)
    wanted = call.params.get("TableArn")
    return {
        "ImportSummaryList": [
            {"ImportArn": made.arn, "ImportStatus": made.status, "TableArn": made.table_arn}
            for made in _backend(call).table_imports.values()
            if wanted in (None, made.table_arn)
        ]
    }


def list_exports(call: ApiCall) -> Response:
    """ListExports: of one table, or of all of the Region."""
    refuse_token(call)
    # Those of a table that is gone are listed with no table of its name (DDB-EXPORT-020).
    wanted, tables = call.params.get("TableArn"), list(_backend(call).tables.values())
    return {
        "ExportSummaries": [
            {"ExportArn": made.arn, "ExportStatus": made.status, "ExportType": made.export_type}
            for made in _backend(call).table_exports.values()
            if wanted is None or (wanted == made.table.table_arn and made.table in tables)
        ]
    }


def check_import(call: ApiCall) -> None:
    """DescribeImport of one that is there is moto's."""
    if call.params["ImportArn"] not in _backend(call).table_imports:
        raise ServiceError("ImportNotFoundException", f"Import not found: {call.params['ImportArn']}")


def check_export(call: ApiCall) -> None:
    """DescribeExport of one that is there is moto's."""
    arn = str(call.params["ExportArn"])
    if arn not in _backend(call).table_exports:
        # Measured: DDB-EXPORT-006 of aws-controllers-k8s/dynamodb-controller.
        here = parts_of(arn).region == call.region
        text = f"Export not found: {arn}" if here else "Invalid export arn"
        raise ServiceError("ExportNotFoundException", f"Export not found: {text}")


def name_export(_reader: MotoAccountReader, call: ApiCall, response: Response) -> None:
    """ExportTableToPointInTime: the export's ARN hangs on the table's."""
    # moto's holds the table's ARN within another, and says that it is an import.
    exports, description = _backend(call).table_exports, response["ExportDescription"]
    # One that was asked for again has its name.
    if kind_of(description["ExportArn"]) == "export":
        return
    made = exports.pop(description["ExportArn"])
    made.arn = f"{made.table.table_arn}/export/{int(time.time() * 1000):014}-{token_hex(4)}"
    exports[made.arn] = made
    description["ExportArn"] = made.arn


def _backend(call: ApiCall) -> Any:
    return dynamodb_backends[call.account][call.region]


TRANSFERS: Mapping[str, Callable[[ApiCall], Response | None]] = {
    "dynamodb:DescribeExport": check_export,
    "dynamodb:DescribeImport": check_import,
    "dynamodb:ListExports": list_exports,
    "dynamodb:ListImports": list_imports,
}
