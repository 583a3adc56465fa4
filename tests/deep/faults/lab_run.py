"""The runs that are struck: whole labs. Not collected with the other tests: the harness names one."""

from __future__ import annotations

from pytest_kmslab.lab.lab import Lab

KEY = {"Type": "AWS::KMS::Key", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
TABLE = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
    "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": {"Ref": "Key"}},
}
READ = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}],
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


def test_other_kinds(kmslab: Lab) -> None:
    # Nothing is adopted: what is made by hand is nobody's until then, and a kill before it leaves it.
    key = kmslab.create_key(multi_region=True)
    role = kmslab.create_role(policies=["AmazonDynamoDBFullAccess", READ], inline={"r": READ}, boundary=READ)
    group = kmslab.create_group(policies=[READ], inline=READ)
    kmslab.create_user(groups=[group], policies=[READ], inline=READ, boundary=READ)
    key.grant(role, ["Decrypt"])
    kmslab.create_table(key=key)
