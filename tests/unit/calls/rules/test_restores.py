"""What DynamoDB refuses of restores and exports before it looks at what is restored or exported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from helpers.fake_account import FakeAccount, table_arn

from pytest_kmslab.account.model import Table
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.rules.exports import check_export, check_table_arn
from pytest_kmslab.calls.rules.restores import check_moment, check_overrides, check_source
from pytest_kmslab.calls.validation_messages import PREFIX as P

REQUEST = "Invalid Request: "
TWICE = (
    f"{REQUEST}Both RestoreDateTime and UseLatestRestorableTime cannot be set for point-in-time restore "
    "request. Please specify either RestoreDateTime time or UseLatestRestorableTime"
)
NEVER = f"{REQUEST}Either one of RestoreDateTime or UseLatestRestorableTime must be specified, but not both"
NAMED_TWICE = "Must provide exactly one of: sourceTableArn, sourceTableName"
UNITS = {"ReadCapacityUnits": 2, "WriteCapacityUnits": 2}
PROVISIONED = {"BillingModeOverride": "PROVISIONED", "ProvisionedThroughputOverride": UNITS}
BY_REQUEST = {"BillingModeOverride": "PAY_PER_REQUEST"}
INDEX = {"IndexName": "one"}
INDEX_UNITS = {**INDEX, "ProvisionedThroughput": UNITS}
NO_UNITS = f"{P}Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED"
LIMIT = f"{P}Requested MaxReadRequestUnits for OnDemandThroughput is outside of valid range"
TABLE = FakeAccount().add_table("orders")
ON_DEMAND = FakeAccount().add_table("orders", on_demand=True)


def refusal(check: Callable[..., None], *args: Any) -> str:
    """What DynamoDB says, empty where it takes the request."""
    try:
        check(*args)
    except ServiceError as error:
        return str(error).removeprefix("ValidationException: ")
    return ""


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"SourceTableName": "orders"}, ""),
        ({"SourceTableArn": table_arn()}, ""),
        ({"SourceTableArn": "", "SourceTableName": "orders"}, ""),
        ({"SourceTableArn": table_arn(), "SourceTableName": "orders"}, NAMED_TWICE),
        ({}, "The parameter 'TableName' is required"),
        ({"SourceTableArn": "orders"}, "sourceTableArn is not a valid ARN"),
    ],
)
def test_the_source_of_a_restore(params: dict[str, Any], told: str) -> None:
    assert refusal(check_source, params) == told


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"RestoreDateTime": 1.0}, ""),
        ({"UseLatestRestorableTime": True}, ""),
        ({"RestoreDateTime": 1.0, "UseLatestRestorableTime": False}, ""),
        ({"RestoreDateTime": 1.0, "UseLatestRestorableTime": True}, TWICE),
        ({}, NEVER),
        ({"UseLatestRestorableTime": False}, NEVER),
    ],
)
def test_the_moment_of_a_restore(params: dict[str, Any], told: str) -> None:
    assert refusal(check_moment, params) == told


@pytest.mark.parametrize(
    ("source", "params", "told"),
    [
        (TABLE, {}, ""),
        (None, {}, ""),
        (TABLE, PROVISIONED, ""),
        (ON_DEMAND, PROVISIONED, ""),
        (TABLE, {"ProvisionedThroughputOverride": UNITS}, ""),
        (None, {"ProvisionedThroughputOverride": UNITS}, ""),
        (TABLE, BY_REQUEST, ""),
        (
            ON_DEMAND,
            {"BillingModeOverride": "PROVISIONED"},
            f"{P}Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED",
        ),
        (ON_DEMAND, {"ProvisionedThroughputOverride": UNITS}, NO_UNITS),
        (TABLE, {**BY_REQUEST, "ProvisionedThroughputOverride": UNITS}, NO_UNITS),
        (ON_DEMAND, {"OnDemandThroughputOverride": {"MaxReadRequestUnits": 1}}, ""),
        (TABLE, {**BY_REQUEST, "OnDemandThroughputOverride": {"MaxReadRequestUnits": 1}}, ""),
        *(
            (ON_DEMAND, {"OnDemandThroughputOverride": {"MaxReadRequestUnits": number}}, LIMIT)
            for number in (0, -1)
        ),
        (
            TABLE,
            {"OnDemandThroughputOverride": {"MaxWriteRequestUnits": 5}},
            f"{P}Cannot override MaxWriteRequestUnits for OnDemandThroughput unless BillingModeOverride is "
            "PAY_PER_REQUEST",
        ),
        (ON_DEMAND, {"GlobalSecondaryIndexOverride": [INDEX]}, ""),
        (TABLE, {"GlobalSecondaryIndexOverride": [INDEX_UNITS]}, ""),
        (
            ON_DEMAND,
            {"GlobalSecondaryIndexOverride": [INDEX, {**INDEX_UNITS, "IndexName": "two"}]},
            f"{P}Cannot override ProvisionedThroughput if BillingMode is overridden to PAY_PER_REQUEST for "
            "index two",
        ),
        (
            TABLE,
            {"GlobalSecondaryIndexOverride": [INDEX_UNITS, {"IndexName": "two"}]},
            f"{P}Must specify provisioned throughput for index two",
        ),
    ],
)
def test_the_overrides_of_a_restore(source: Table | None, params: dict[str, Any], told: str) -> None:
    assert refusal(check_overrides, params, source) == told


INCREMENTAL = {"ExportType": "INCREMENTAL_EXPORT"}
FROM = {"IncrementalExportSpecification": {"ExportFromTime": 1.0}}
EMPTY: dict[str, Any] = {"IncrementalExportSpecification": {}}


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({}, ""),
        ({"ExportType": "FULL_EXPORT"}, ""),
        ({**INCREMENTAL, **FROM}, ""),
        ({"S3SseAlgorithm": "KMS", "S3SseKmsKeyId": "k"}, ""),
        ({"S3SseAlgorithm": "KMS"}, ""),
        *(
            (
                {**algorithm, "S3SseKmsKeyId": "k"},
                f"{REQUEST}KMS Key Id is not supported for this encryption type",
            )
            for algorithm in ({}, {"S3SseAlgorithm": "AES256"})
        ),
        (
            INCREMENTAL,
            f"{REQUEST}Incremental Export Specification expected when export type is set as Incremental "
            "Export",
        ),
        (
            FROM,
            f"{REQUEST}Export Type expected to be Incremental Export when incremental export specification "
            "is provided",
        ),
        (
            {"ExportType": "FULL_EXPORT", **FROM},
            f"{REQUEST}When Export Type is Full Export , Incremental Export Specification should not be "
            "provided",
        ),
        (
            {**INCREMENTAL, **EMPTY},
            f"{REQUEST}ExportFromTime must be provided in IncrementalExportSpecification",
        ),
    ],
)
def test_an_export(params: dict[str, Any], told: str) -> None:
    assert refusal(check_export, params) == told


def test_a_table_by_its_arn_alone() -> None:
    assert refusal(check_table_arn, {}) == ""
    assert refusal(check_table_arn, {"TableArn": table_arn()}) == ""
    assert refusal(check_table_arn, {"TableArn": "orders"}) == f"{P}tableArn is not a valid ARN"
