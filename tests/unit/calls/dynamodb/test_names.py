"""How tables are named: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html"""

from __future__ import annotations

from typing import Any

import pytest
from helpers.authorizations import asked, pairs
from helpers.fake_account import FakeAccount, table_arn

from pytest_kmslab.calls.api_call import ServiceError

CONSTRAINT = (
    "ValidationException: 1 validation error detected: Value {} at '{}' failed to satisfy constraint: "
)
PATTERN = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
LONG = "n" * 256


def said(operation: str, params: dict[str, Any]) -> str:
    with pytest.raises(ServiceError) as refused:
        asked(operation, params, FakeAccount())
    return str(refused.value)


@pytest.mark.parametrize("operation", ["DescribeTable", "GetItem", "Scan"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        (None, f"{CONSTRAINT.format('null', 'tableName')}Member must not be null"),
        ("", f"{CONSTRAINT.format(repr(''), 'tableName')}Member must have length greater than or equal to 1"),
        (
            LONG,
            f"{CONSTRAINT.format(repr(LONG), 'tableName')}Member must have length less than or equal to 255",
        ),
        ("a b", f"{CONSTRAINT.format(repr('a b'), 'tableName')}{PATTERN}"),
        (
            "arn:aws:s3:::orders",
            "ValidationException: Invalid TableArn: Invalid ResourceArn provided as input "
            "arn:aws:s3:::orders",
        ),
        (
            table_arn(region="eu-west-1"),
            "ValidationException: 1 validation error detected: Invalid AWS region in "
            f"'{table_arn(region='eu-west-1')}'",
        ),
        (
            "arn:aws-cn:dynamodb:us-east-1:123456789012:table/orders",
            "ValidationException: 1 validation error detected: Invalid AWS partition in "
            "'arn:aws-cn:dynamodb:us-east-1:123456789012:table/orders'",
        ),
    ],
)
def test_what_names_no_table(operation: str, name: str | None, text: str) -> None:
    assert said(operation, {} if name is None else {"TableName": name}) == text


@pytest.mark.parametrize("name", ["n" * 255, "a-b_c.D9", table_arn("n"), table_arn(account="210987654321")])
def test_what_names_one(name: str) -> None:
    ((_, resource),) = pairs(asked("GetItem", {"TableName": name, "Key": {}}, FakeAccount()))
    assert resource == (name if name.startswith("arn:") else table_arn(name))


def test_an_index_is_held_to_the_same() -> None:
    text = said("Scan", {"TableName": "orders", "IndexName": "a b"})
    assert text == f"{CONSTRAINT.format(repr('a b'), 'indexName')}{PATTERN}"


def test_a_name_is_a_text() -> None:
    assert said("DescribeTable", {"TableName": 7}).startswith("SerializationException: `TableName` must be")


@pytest.mark.parametrize(
    ("operation", "member", "kind"),
    [
        ("DescribeBackup", "BackupArn", "Backup"),
        ("DescribeExport", "ExportArn", "Export"),
        ("DescribeImport", "ImportArn", "Import"),
        ("DescribeStream", "StreamArn", "Stream"),
    ],
)
@pytest.mark.parametrize("arn", [table_arn(), f"{table_arn()}/other/1", "arn:aws:s3:::b"])
def test_what_hangs_on_a_table_is_of_its_kind(operation: str, member: str, kind: str, arn: str) -> None:
    assert said(operation, {member: arn}) == f"ValidationException: Invalid {kind} ARN"


def test_a_table_that_is_restored_is_given_by_its_name() -> None:
    backup = f"{table_arn()}/backup/01489173575360-b308cd7d"
    text = said("RestoreTableFromBackup", {"BackupArn": backup, "TargetTableName": table_arn()})
    assert text == f"{CONSTRAINT.format(repr(table_arn()), 'targetTableName')}{PATTERN}"


def test_a_table_is_made_at_home() -> None:
    arn = table_arn(account="210987654321")
    assert said("CreateTable", {"TableName": arn}) == (
        f"ValidationException: Invalid TableArn: Invalid ResourceArn provided as input {arn}"
    )
