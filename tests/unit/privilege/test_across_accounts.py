"""The smallest policies of a role of another account, put in place of all others: what it did is allowed,
and denied with any part of them taken out."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pytest_kmslab import DynamoDBTable, KmsKey, Lab, Trail

OTHER = "222233334444"
Document = dict[str, Any]


def document(*statements: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in statements]}


def parts(whole: Document) -> Iterator[Document]:
    """The policy with one statement, action or resource less."""
    for index, statement in enumerate(whole["Statement"]):
        smaller = copy.deepcopy(whole)
        del smaller["Statement"][index]
        yield smaller
        for element in ("Action", "Resource"):
            values = statement.get(element)
            for value in values if isinstance(values, list) else ():
                smaller = copy.deepcopy(whole)
                smaller["Statement"][index][element] = [one for one in values if one != value]
                yield smaller


class Payments:
    """A role of another account, and the key and table that it uses in the lab's."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.admin = lab, lab.as_(lab.admin)
        self.iam = lab.as_(lab.root_of(OTHER)).client("iam")
        trust = document({"Principal": {"AWS": lab.admin.arn}, "Action": "sts:AssumeRole"})
        made = self.iam.create_role(RoleName="payments", AssumeRolePolicyDocument=json.dumps(trust))
        self.role = made["Role"]["Arn"]
        to_admin = {"Effect": "Allow", "Principal": {"AWS": lab.admin.arn}}
        self.own = {**to_admin, "Action": "kms:*", "Resource": "*"}
        self.key: KmsKey = lab.create_key(policy=document(self.own))
        attributes = [{"AttributeName": name, "AttributeType": "S"} for name in ("id", "day")]
        index = {
            "IndexName": "by-day",
            "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
        self.table: DynamoDBTable = lab.create_table(
            key=self.key, AttributeDefinitions=attributes, GlobalSecondaryIndexes=[index]
        )
        answer = self.admin.client("sts").assume_role(RoleArn=self.role, RoleSessionName="payments")
        self.acting = lab.as_(answer)

    def put(self, identity: Document, of_key: Document, of_table: Document) -> None:
        self.iam.put_role_policy(
            RoleName="payments", PolicyName="payments", PolicyDocument=json.dumps(identity)
        )
        self.key.put_policy({**of_key, "Statement": [*of_key["Statement"], self.own]})
        self.admin.client("dynamodb").put_resource_policy(
            ResourceArn=self.table.arn, Policy=json.dumps(of_table)
        )

    def work(self) -> None:
        dynamodb, kms = self.acting.client("dynamodb"), self.acting.client("kms")
        context = {"of": "card"}
        blob = kms.encrypt(KeyId=self.key.arn, Plaintext=b"4111", EncryptionContext=context)["CiphertextBlob"]
        dynamodb.put_item(TableName=self.table.arn, Item={"id": {"S": "1"}, "day": {"S": "mon"}})
        dynamodb.get_item(TableName=self.table.arn, Key={"id": {"S": "1"}})
        dynamodb.query(
            TableName=self.table.arn,
            IndexName="by-day",
            KeyConditionExpression="#day = :day",
            ExpressionAttributeNames={"#day": "day"},
            ExpressionAttributeValues={":day": {"S": "mon"}},
        )
        kms.decrypt(KeyId=self.key.arn, CiphertextBlob=blob, EncryptionContext=context)


def test_the_policies_of_both_accounts_are_the_smallest(kmslab: Lab, kmslab_trail: Trail) -> None:
    payments = Payments(kmslab)
    key, table, role = payments.key.arn, payments.table.arn, {"Principal": {"AWS": payments.role}}
    everything = document({"Action": ["kms:*", "dynamodb:*"], "Resource": "*"})
    to_role = document({**role, "Action": ["kms:Encrypt", "kms:Decrypt"], "Resource": "*"})
    payments.put(everything, to_role, document({**role, "Action": "dynamodb:*", "Resource": f"{table}*"}))
    payments.work()
    least = kmslab_trail.least_privilege(payments.role)
    assert least.proof.holds
    assert set(least.resource_policies) == {key, table}
    assert least.identity_policy is not None
    # A table's policy is about its indexes too, and names each by its own ARN.
    named = [one["Resource"] for one in least.resource_policies[table]["Statement"]]
    assert named == [table, f"{table}/index/by-day"]

    whole = (least.identity_policy, least.resource_policies[key], least.resource_policies[table])
    payments.put(*whole)
    payments.work()
    for place, policy in enumerate(whole):
        for smaller in parts(policy):
            if smaller["Statement"]:
                payments.put(*(smaller if index == place else one for index, one in enumerate(whole)))
                with pytest.raises(ClientError, match=r"AccessDenied|NotAuthorized"):
                    payments.work()
