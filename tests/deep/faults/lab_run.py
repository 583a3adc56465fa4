"""The run that is struck: a whole lab. Not collected with the other tests: the harness names it."""

from __future__ import annotations

from pytest_kmslab.lab.lab import Lab

KEY = {"Type": "AWS::KMS::Key", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
TABLE = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
    "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": {"Ref": "Key"}},
}
TEMPLATE = {
    "Resources": {
        "Key": KEY,
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": TABLE, "DeletionPolicy": "Retain"},
        "Clerk": {"Type": "AWS::IAM::User"},
    }
}


def test_a_whole_lab(kmslab: Lab) -> None:
    stack = kmslab.deploy(TEMPLATE)
    assert stack.resources["Clerk"].credentials
    key = kmslab.create_key()
    table = kmslab.create_table()
    table.encrypt(key)
    kmslab.create_alarm(table)
    user = kmslab.create_user(policies=["AmazonDynamoDBFullAccess"], console=True)
    key.add_user(user)
