"""Orders, synthesized by CDK: who reads and writes the table."""

import pytest

from pytest_kmslab import access_matrix, allowed, denied

ORDER = {"id": {"S": "1"}}


@pytest.fixture(scope="module")
def handler(orders):
    """The role of the Lambda function, which only Lambda may assume."""
    return orders.resources["HandlerServiceRoleFCDC14AE"]


@pytest.fixture(scope="module")
def auditor(orders):
    return orders.resources["AuditorB9A7BEA8"]


def test_the_table_is_under_the_key_of_the_template(encrypted_table, kms_key, orders):
    assert encrypted_table.encryption()["KMSMasterKeyArn"] == kms_key.arn
    assert orders.outputs["TableName"] == encrypted_table.name


def test_the_function_writes_and_reads(kmslab, handler, encrypted_table):
    dynamodb = kmslab.as_(handler).client("dynamodb")
    with allowed("kms:Decrypt", by=handler):
        dynamodb.put_item(TableName=encrypted_table.name, Item=ORDER)
        dynamodb.get_item(TableName=encrypted_table.name, Key=ORDER)


def test_an_auditor_sees_the_table_and_no_order(kmslab, auditor, encrypted_table):
    dynamodb = kmslab.as_(auditor).client("dynamodb")
    dynamodb.describe_table(TableName=encrypted_table.name)
    with denied("kms:Decrypt", by=auditor, via="dynamodb"):
        dynamodb.scan(TableName=encrypted_table.name)


def test_an_outsider_of_the_plugin_is_kept_out_too(kmslab, outsider, encrypted_table):
    with denied("kms:Decrypt", by=outsider, on=encrypted_table.encryption()["KMSMasterKeyArn"]):
        kmslab.as_(outsider).client("dynamodb").scan(TableName=encrypted_table.name)


def test_who_may_do_what(handler, auditor, encrypted_table):
    actions = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DescribeTable", "dynamodb:DeleteTable"]
    matrix = access_matrix([handler, auditor], actions, [encrypted_table])
    matrix.assert_equals(
        {
            handler.name: {
                "dynamodb:GetItem": [encrypted_table.name],
                "dynamodb:PutItem": [encrypted_table.name],
                "dynamodb:DescribeTable": [encrypted_table.name],
            },
            auditor.name: {"dynamodb:DescribeTable": [encrypted_table.name]},
        }
    )
