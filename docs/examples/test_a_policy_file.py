from pathlib import Path

from pytest_kmslab import allowed, denied

POLICIES = Path(__file__).parent  # key-policy.json delegates to IAM policies, reading.json is one


def test_reading_the_table_needs_the_key_too(kmslab):
    key_policy = (POLICIES / "key-policy.json").read_text().replace("111122223333", kmslab.account)
    key = kmslab.create_key(policy=key_policy)
    table = kmslab.create_table(key=key)
    visitor = kmslab.create_user("visitor", policies="AmazonDynamoDBReadOnlyAccess")
    reader = kmslab.create_user(
        "reader", policies="AmazonDynamoDBReadOnlyAccess", inline=POLICIES / "reading.json"
    )

    with denied("kms:Decrypt", by=visitor, on=key):
        kmslab.as_(visitor).client("dynamodb").scan(TableName=table.name)
    with allowed("kms:Decrypt", by=reader, on=key):
        kmslab.as_(reader).client("dynamodb").scan(TableName=table.name)
