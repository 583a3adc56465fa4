"""Global tables in stacks: a table in each Region, with what it has of its own, and what AWS refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from helpers.account import ACCOUNT
from helpers.asserts import code

from .conftest import Stacks

HERE, THERE = "us-east-1", "us-west-2"
STREAM = {"StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"}}
WRITE = {
    "WriteProvisionedThroughputSettings": {
        "WriteCapacityAutoScalingSettings": {
            "MinCapacity": 1,
            "MaxCapacity": 10,
            "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70},
        }
    }
}
INDEX = {
    "IndexName": "by-id",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}
KEY = f"arn:aws:kms:{HERE}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SCALING = {"MinCapacity": 1, "MaxCapacity": 2}


def of(*replicas: dict[str, Any], **more: Any) -> dict[str, Any]:
    properties = {
        "TableName": "orders",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
        "Replicas": list(replicas) or [{"Region": HERE}],
        **more,
    }
    return {"Resources": {"Table": {"Type": "AWS::DynamoDB::GlobalTable", "Properties": properties}}}


def in_both(here: dict[str, Any], there: dict[str, Any], **more: Any) -> dict[str, Any]:
    return of({"Region": HERE, **here}, {"Region": THERE, **there}, **STREAM, **more)


def test_each_replica_has_what_the_template_gives_it(stacks: Stacks) -> None:
    arn = f"arn:aws:dynamodb:{THERE}:{ACCOUNT}:table/orders"
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "dynamodb:GetItem",
        "Resource": arn,
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    own = {
        "Tags": [{"Key": "team", "Value": "blue"}],
        "ResourcePolicy": {"PolicyDocument": policy},
        "DeletionProtectionEnabled": True,
    }
    assert stacks.deploy(in_both({}, own)).status == "CREATE_COMPLETE"

    here, there = (stacks.account.root.client("dynamodb", region_name=region) for region in (HERE, THERE))
    assert here.list_tags_of_resource(ResourceArn=arn.replace(THERE, HERE))["Tags"] == []
    assert there.list_tags_of_resource(ResourceArn=arn)["Tags"] == own["Tags"]
    assert json.loads(there.get_resource_policy(ResourceArn=arn)["Policy"])["Statement"][0]["Action"]
    assert there.describe_table(TableName="orders")["Table"]["DeletionProtectionEnabled"] is True
    assert not here.describe_table(TableName="orders")["Table"]["DeletionProtectionEnabled"]


def test_a_stack_takes_its_replicas_with_it(stacks: Stacks) -> None:
    strong = of(
        {"Region": HERE},
        {"Region": THERE},
        MultiRegionConsistency="STRONG",
        GlobalTableWitnesses=[{"Region": "us-east-2"}],
    )
    there = stacks.account.root.client("dynamodb", region_name=THERE)
    for template in (in_both({}, {}), strong):
        assert stacks.deploy(template).status == "CREATE_COMPLETE"
        assert there.list_tables()["TableNames"] == ["orders"]
        assert stacks.delete().status == "DELETE_COMPLETE"
        assert there.list_tables()["TableNames"] == []


def test_a_strong_table_is_changed_where_it_is(stacks: Stacks) -> None:
    tagged = [{"Region": HERE, "Tags": [{"Key": "team", "Value": "blue"}]}, {"Region": THERE}]
    strong = {"MultiRegionConsistency": "STRONG", "GlobalTableWitnesses": [{"Region": "us-east-2"}]}
    assert stacks.deploy(of({"Region": HERE}, {"Region": THERE}, **strong)).status == "CREATE_COMPLETE"
    assert stacks.update(of(*tagged, **strong)).status == "UPDATE_COMPLETE"
    refused = (
        of(*tagged, MultiRegionConsistency="STRONG"),
        of(*tagged, **strong, TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}),
        of({"Region": THERE}, **strong),
    )
    for template in refused:
        assert stacks.update(template).status == "UPDATE_ROLLBACK_COMPLETE"


def test_provisioned_tables_scale_by_their_stack(stacks: Stacks) -> None:
    template = in_both({}, {}, BillingMode="PROVISIONED", GlobalSecondaryIndexes=[INDEX | WRITE], **WRITE)
    assert stacks.deploy(template).failures == {}


REFUSED = {
    "the stack's Region": (of({"Region": THERE}), "must contain an entry for the current region"),
    "a key for one": (
        in_both({"SSESpecification": {"KMSMasterKeyId": KEY}}, {}),
        "Either all replicas have a KMS key id specified, or no one of them.",
    ),
    "no stream": (
        of({"Region": HERE}, {"Region": THERE}),
        "You must specify StreamSpecification for a global table.",
    ),
    "an index that is none": (
        of({"Region": HERE, "GlobalSecondaryIndexes": [{"IndexName": "nope"}]}),
        "IndexNames [nope] in ReplicaSpecification must refer to an existing index name",
    ),
    "units and on demand": (
        of(**WRITE),
        "Read or Write ProvisionedThroughputSettings cannot be used with PAY_PER_REQUEST BillingMode.",
    ),
    "no units": (of(BillingMode="PROVISIONED"), "You must specify write AutoScale settings for the global"),
    "no units of an index": (
        of(BillingMode="PROVISIONED", GlobalSecondaryIndexes=[INDEX], **WRITE),
        "You must specify write AutoScale settings for the global table and each of its GSIs",
    ),
    "limits on demand": (
        of(
            BillingMode="PROVISIONED",
            WriteOnDemandThroughputSettings={"MaxWriteRequestUnits": 5},
            **WRITE,
        ),
        "WriteOnDemandThroughputSettings cannot be specified for table when BillingMode is PROVISIONED",
    ),
    "units twice": (
        of(
            {
                "Region": HERE,
                "ReadProvisionedThroughputSettings": {
                    "ReadCapacityUnits": 1,
                    "ReadCapacityAutoScalingSettings": SCALING,
                },
            },
            BillingMode="PROVISIONED",
            **WRITE,
        ),
        "You cannot specify both ReadCapacityUnits and ReadCapacityAutoScalingSettings at the same time",
    ),
    "units of neither kind": (
        of(
            {"Region": HERE, "ReadProvisionedThroughputSettings": {}},
            BillingMode="PROVISIONED",
            **WRITE,
        ),
        "You must specify either ReadCapacityUnits or ReadCapacityAutoScalingSettings",
    ),
    "a witness of a table that is not strong": (
        in_both({}, {}, GlobalTableWitnesses=[{"Region": "us-east-2"}]),
        "Witnesses are not supported for global tables with MultiRegionConsistency set to EVENTUAL",
    ),
    "a strong table of one Region": (
        of(MultiRegionConsistency="STRONG"),
        "Unsupported replica count for global tables with MultiRegionConsistency set to STRONG",
    ),
    "an attribute that is none": (
        of(AttributeDefinitions=[{"AttributeName": "other", "AttributeType": "S"}]),
        "An attribute referenced in a KeySchema element is not defined in AttributeDefinitions",
    ),
    "a class of a replica": (
        of({"Region": HERE, "TableClass": "COLD"}),
        "The only valid values for TableClass are STANDARD and STANDARD_INFREQUENT_ACCESS",
    ),
    "reads of all": (
        of(ReadOnDemandThroughputSettings={"MaxReadRequestUnits": 5}),
        "Table level ReadOnDemandThroughput settings cannot be set when Global Table Settings Replication is",
    ),
    "a stream elsewhere": (
        of(
            {
                "Region": HERE,
                "KinesisStreamSpecification": {"StreamArn": f"arn:aws:kinesis:{THERE}:{ACCOUNT}:stream/s"},
            }
        ),
        "both the stream and table must be in the same region.",
    ),
}


@pytest.mark.parametrize(("template", "text"), REFUSED.values(), ids=REFUSED)
def test_what_the_handler_refuses(template: dict[str, Any], text: str, stacks: Stacks) -> None:
    made = stacks.deploy(template)
    assert made.status == "ROLLBACK_COMPLETE"
    assert text in made.failures["Table"]
    assert stacks.account.root.client("dynamodb").list_tables()["TableNames"] == []


@pytest.mark.parametrize("region", [HERE, THERE])
def test_the_stream_of_each_replica_has_its_own_policy(stacks: Stacks, region: str) -> None:
    statement = {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:DescribeStream", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    own = {"ReplicaStreamSpecification": {"ResourcePolicy": {"PolicyDocument": policy}}}
    stack = stacks.deploy(in_both(*([own, {}] if region == HERE else [{}, own])))
    assert stack.status == "CREATE_COMPLETE", stack.failures
    root = stacks.account.root
    for place in (HERE, THERE):
        table = root.client("dynamodb", region_name=place).describe_table(TableName="orders")["Table"]
        streams = root.client("dynamodbstreams", region_name=place)
        described = code(streams.describe_stream, StreamArn=table["LatestStreamArn"])
        assert described == ("AccessDeniedException" if place == region else "allowed")


def test_a_replica_is_changed_where_it_is(stacks: Stacks) -> None:
    """Its tags, its key and the policy of its stream; where the update fails it is changed back."""
    kms = stacks.account.root.client("kms", region_name=THERE)
    keys = [kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2)]
    home = {"SSESpecification": {"KMSMasterKeyId": stacks.account.key()}}
    encrypted = {"SSESpecification": {"SSEEnabled": True, "SSEType": "KMS"}}
    denied = {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:DescribeStream", "Resource": "*"}

    def template(key: str, team: str, action: str, **more: Any) -> dict[str, Any]:
        policy = {"Version": "2012-10-17", "Statement": [{**denied, "Action": action}]}
        own = {
            "ReplicaStreamSpecification": {"ResourcePolicy": {"PolicyDocument": policy}},
            "SSESpecification": {"KMSMasterKeyId": key},
            "Tags": [{"Key": "team", "Value": team}],
        }
        made = in_both(home, own, **encrypted)
        return {"Resources": {**made["Resources"], **more}}

    def found() -> tuple[str, str, str]:
        root = stacks.account.root
        dynamodb = root.client("dynamodb", region_name=THERE)
        table = dynamodb.describe_table(TableName="orders")["Table"]
        (tag,) = dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
        streams = root.client("dynamodbstreams", region_name=THERE)
        described = code(streams.describe_stream, StreamArn=table["LatestStreamArn"])
        return table["SSEDescription"]["KMSMasterKeyArn"], tag["Value"], described

    first = stacks.deploy(template(keys[0], "blue", "dynamodb:DescribeStream"))
    assert first.status == "CREATE_COMPLETE", first.failures
    before = (keys[0], "blue", "AccessDeniedException")
    assert found() == before
    second = template(keys[1], "red", "dynamodb:GetRecords")
    bad = {"Bad": {"Type": "AWS::IAM::Sesame", "DependsOn": "Table"}}
    assert stacks.update(template(keys[1], "red", "dynamodb:GetRecords", **bad)).status == (
        "UPDATE_ROLLBACK_COMPLETE"
    )
    assert found() == before
    assert stacks.update(second).status == "UPDATE_COMPLETE"
    assert found() == (keys[1], "red", "allowed")
