"""The suite that was there before: moto alone, a decorator and a class. The plugin changes nothing for it."""

import boto3
import pytest
from aiomoto import mock_aws as aio_mock_aws
from moto import mock_aws
from shop import invoices, orders


@mock_aws
def test_an_invoice_is_written_and_read():
    invoices.S3.create_bucket(Bucket="invoices")
    invoices.write("invoices", "1", "to pay: 5")
    assert invoices.read("invoices", "1") == "to pay: 5"


@mock_aws
class TestKeys:
    def test_moto_decides_nothing(self):
        kms = boto3.client("kms", "us-east-1")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        assert kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]


@pytest.fixture
def table():
    with aio_mock_aws():
        boto3.client("dynamodb", "us-east-1").create_table(
            TableName="orders",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield "orders"


async def test_an_order_is_placed(table):
    await orders.place(table, "1", "tea")
    assert await orders.article_of(table, "1") == "tea"
