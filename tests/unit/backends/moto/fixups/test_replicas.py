"""Replicas of a table on moto: tables of their own with the same items, each under a key of its Region."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, TABLE, Account, allow

HERE, THERE, BEYOND = "us-east-1", "us-west-2", "eu-west-1"
ITEM = {"id": {"S": "1"}}


def updates(action: str, region: str = THERE, **more: Any) -> dict[str, Any]:
    return {"TableName": "orders", "ReplicaUpdates": [{action: {"RegionName": region, **more}}]}


def refusal(call: Any, **params: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**params)
    return str(refused.value.response["Error"]["Message"])


@pytest.fixture
def here(account: Account) -> Any:
    dynamodb = account.root.client("dynamodb")
    dynamodb.create_table(**TABLE)
    dynamodb.put_item(TableName="orders", Item=ITEM)
    return dynamodb


@pytest.fixture
def there(account: Account) -> Any:
    return account.root.client("dynamodb", region_name=THERE)


def described(client: Any) -> dict[str, Any]:
    shown: dict[str, Any] = client.describe_table(TableName="orders")["Table"]
    return shown


def items(client: Any) -> list[str]:
    return sorted(item["id"]["S"] for item in client.scan(TableName="orders")["Items"])


def test_what_is_written_in_one_region_is_read_in_the_other(here: Any, there: Any) -> None:
    here.update_table(**updates("Create"))
    there.put_item(TableName="orders", Item={"id": {"S": "2"}})
    here.delete_item(TableName="orders", Key=ITEM)

    assert items(here) == items(there) == ["2"]


def test_each_stream_shows_what_is_written_anywhere(account: Account, here: Any, there: Any) -> None:
    here.update_table(**updates("Create"))
    there.put_item(TableName="orders", Item={"id": {"S": "2"}})
    here.put_item(TableName="orders", Item={"id": {"S": "3"}})
    taken_back = [
        {"Put": {"TableName": "orders", "Item": {"id": {"S": "4"}}}},
        {
            "ConditionCheck": {
                "TableName": "orders",
                "Key": {"id": {"S": "9"}},
                "ConditionExpression": "attribute_exists(id)",
            }
        },
    ]
    refusal(here.transact_write_items, TransactItems=taken_back)
    for region, client in ((HERE, here), (THERE, there)):
        arn = described(client)["LatestStreamArn"]
        assert f":{region}:" in arn
        assert seen(account.root.client("dynamodbstreams", region_name=region), arn) == ["2", "3"]


def seen(streams: Any, arn: str) -> list[str]:
    """The keys of the records of a stream."""
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    begin = {"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
    records = streams.get_records(ShardIterator=streams.get_shard_iterator(**begin)["ShardIterator"])[
        "Records"
    ]
    return [record["dynamodb"]["Keys"]["id"]["S"] for record in records]


def test_a_transaction_that_is_taken_back_is_taken_back_everywhere(here: Any, there: Any) -> None:
    here.update_table(**updates("Create"))
    put = {"Put": {"TableName": "orders", "Item": {"id": {"S": "2"}}}}
    fails = {"Key": {"id": {"S": "9"}}, "ConditionExpression": "attribute_exists(id)"}
    for client in (here, there):
        refusal(
            client.transact_write_items,
            TransactItems=[put, {"ConditionCheck": {"TableName": "orders", **fails}}],
        )
        assert items(here) == items(there) == ["1"]
    there.transact_write_items(TransactItems=[put])
    assert items(here) == items(there) == ["1", "2"]


def test_each_table_tells_of_the_others_and_of_none_when_they_are_gone(here: Any, there: Any) -> None:
    before = described(here)
    here.update_table(**updates("Create", TableClassOverride="STANDARD_INFREQUENT_ACCESS"))

    shown, replica = described(here), described(there)
    assert shown["GlobalTableVersion"] == replica["GlobalTableVersion"] == "2019.11.21"
    assert [entry["RegionName"] for entry in shown["Replicas"]] == [THERE]
    assert shown["Replicas"][0]["ReplicaTableClassSummary"] == {"TableClass": "STANDARD_INFREQUENT_ACCESS"}
    assert [entry["RegionName"] for entry in replica["Replicas"]] == [HERE]
    assert replica["TableArn"] == shown["TableArn"].replace(HERE, THERE)
    assert replica["TableId"] != shown["TableId"]
    assert shown["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"

    here.update_table(**updates("Delete"))
    kept = {"StreamSpecification", "LatestStreamArn", "LatestStreamLabel"}
    assert described(here).keys() - kept == before.keys() - kept
    assert "not found" in refusal(there.describe_table, TableName="orders")


def test_indexes_units_and_time_to_live_are_of_all_replicas(here: Any, there: Any) -> None:
    here.update_table(**updates("Create"))
    there.update_table(
        TableName="orders",
        AttributeDefinitions=[*TABLE["AttributeDefinitions"], {"AttributeName": "g", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[
            {
                "Create": {
                    "IndexName": "by-g",
                    "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            }
        ],
    )
    there.update_time_to_live(
        TableName="orders", TimeToLiveSpecification={"Enabled": True, "AttributeName": "end"}
    )

    assert described(here)["GlobalSecondaryIndexes"][0]["IndexName"] == "by-g"
    assert described(here)["Replicas"][0]["GlobalSecondaryIndexes"] == [{"IndexName": "by-g"}]
    life = here.describe_time_to_live(TableName="orders")["TimeToLiveDescription"]
    assert life["TimeToLiveStatus"] == "ENABLED"


def test_a_replica_is_read_by_who_may_use_its_own_key(account: Account, here: Any, there: Any) -> None:
    key = account.key()
    kms = account.root.client("kms", region_name=THERE)
    replica_key = kms.create_key()["KeyMetadata"]["Arn"]
    use_of_first = allow("kms:Decrypt")
    use_of_first["Statement"][0]["Resource"] = key
    ana = account.user("ana", allow("dynamodb:*"), use_of_first)
    under = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    here.update_table(TableName="orders", SSESpecification=under)
    here.update_table(**updates("Create", KMSMasterKeyId=replica_key.rpartition("/")[2]))

    assert described(here)["Replicas"][0]["KMSMasterKeyId"] == replica_key
    assert described(there)["SSEDescription"]["KMSMasterKeyArn"] == replica_key
    assert len(kms.list_grants(KeyId=replica_key)["Grants"]) == 2
    assert ana.client("dynamodb").get_item(TableName="orders", Key=ITEM)["Item"] == ITEM
    at_replica = ana.client("dynamodb", region_name=THERE)
    assert "kms:Decrypt" in refusal(at_replica.get_item, TableName="orders", Key=ITEM)
    account.root.client("iam").put_user_policy(
        UserName="ana", PolicyName="more", PolicyDocument=json.dumps(allow("kms:Decrypt"))
    )
    assert at_replica.get_item(TableName="orders", Key=ITEM)["Item"] == ITEM

    here.update_table(**updates("Delete"))
    assert kms.list_grants(KeyId=replica_key)["Grants"] == []


def test_replicas_are_under_keys_of_one_kind(here: Any, there: Any) -> None:
    here.update_table(TableName="orders", SSESpecification={"Enabled": True, "SSEType": "KMS"})
    here.update_table(**updates("Create"))
    assert f":kms:{THERE}:{ACCOUNT}:" in described(there)["SSEDescription"]["KMSMasterKeyArn"]

    there.update_table(TableName="orders", SSESpecification={"Enabled": False})
    assert "SSEDescription" not in described(here)


def test_a_key_that_is_off_makes_no_replica(account: Account, here: Any) -> None:
    kms = account.root.client("kms", region_name=THERE)
    replica_key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.disable_key(KeyId=replica_key)
    under = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": account.key()}
    here.update_table(TableName="orders", SSESpecification=under)

    off = "Operation cannot be performed while replica server-side encryption status is in UPDATING state."
    assert off in refusal(here.update_table, **updates("Create", KMSMasterKeyId=replica_key))
    elsewhere = updates("Create", KMSMasterKeyId=under["KMSMasterKeyId"])
    assert f"KMS validation error for region {THERE}: " in refusal(here.update_table, **elsewhere)
    assert "Replicas" not in described(here)


def test_the_table_that_another_was_made_from_stays(account: Account, here: Any, there: Any) -> None:
    here.update_table(**updates("Create"))
    there.update_table(**updates("Create", BEYOND))
    source = "Replica cannot be deleted because it has acted as a source region"

    assert source in refusal(here.delete_table, TableName="orders")
    assert source in refusal(here.update_table, **updates("Delete"))
    account.root.client("dynamodb", region_name=BEYOND).delete_table(TableName="orders")
    there.update_table(TableName="orders", DeletionProtectionEnabled=True)
    assert f"in region {THERE} because it has deletion protection" in refusal(
        here.update_table, **updates("Delete")
    )
    there.update_table(TableName="orders", DeletionProtectionEnabled=False)
    here.update_table(**updates("Delete"))
    here.delete_table(TableName="orders")


def test_a_table_of_that_name_is_no_replica(here: Any, there: Any) -> None:
    there.create_table(**TABLE)
    assert "already existed as tables" in refusal(here.update_table, **updates("Create"))
    assert "Region us-fake-1 is not supported." in refusal(
        here.update_table, **updates("Create", "us-fake-1")
    )


@pytest.mark.parametrize("region", ["eu-nowhere-1", "cn-north-1", "us-gov-west-1"])
def test_a_replica_is_in_a_region_of_the_partition(here: Any, region: str) -> None:
    text = f"Region {region} is not supported. The latest version of global tables are only supported in "
    assert refusal(here.update_table, **updates("Create", region)).startswith(text)


def test_provisioned_units_have_to_scale(account: Account, there: Any) -> None:
    dynamodb, scaling = account.root.client("dynamodb"), account.root.client("application-autoscaling")
    units = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    keys = {"KeySchema": TABLE["KeySchema"], "Projection": {"ProjectionType": "ALL"}}
    index = {"IndexName": "by-id", **keys, "ProvisionedThroughput": units}
    provisioned = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": units}
    dynamodb.create_table(**TABLE | provisioned, GlobalSecondaryIndexes=[index])
    bare = "Table write capacity should either be Pay-Per-Request or AutoScaled."
    assert bare in refusal(dynamodb.update_table, **updates("Create"))

    dimension = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": "table/orders",
        "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
    }
    scaling.register_scalable_target(**dimension, MinCapacity=1, MaxCapacity=10)
    assert bare in refusal(dynamodb.update_table, **updates("Create"))
    scaling.put_scaling_policy(**dimension, PolicyName="p", PolicyType="TargetTrackingScaling")
    of_index = bare.replace("Table", "GSI")
    assert of_index in refusal(dynamodb.update_table, **updates("Create"))
    dimension |= {
        "ResourceId": "table/orders/index/by-id",
        "ScalableDimension": "dynamodb:index:WriteCapacityUnits",
    }
    scaling.register_scalable_target(**dimension, MinCapacity=1, MaxCapacity=10)
    assert of_index in refusal(dynamodb.update_table, **updates("Create"))
    scaling.put_scaling_policy(**dimension, PolicyName="p", PolicyType="TargetTrackingScaling")
    dynamodb.update_table(**updates("Create"))
    assert described(there)["ProvisionedThroughput"]["WriteCapacityUnits"] == 1


def test_a_consistent_table_comes_and_goes_whole(here: Any, there: Any) -> None:
    life = {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "end"}}
    no_life = "Time To Live is not supported"
    witness = [{"Create": {"RegionName": "us-east-2"}}]
    strong = {**updates("Create"), "MultiRegionConsistency": "STRONG", "GlobalTableWitnessUpdates": witness}
    here.update_time_to_live(TableName="orders", **life)
    assert no_life in refusal(here.update_table, **strong)
    life["TimeToLiveSpecification"]["Enabled"] = False
    here.update_time_to_live(TableName="orders", **life)
    life["TimeToLiveSpecification"]["Enabled"] = True
    here.update_table(**strong)
    for client in (here, there):
        shown = described(client)
        assert shown["MultiRegionConsistency"] == "STRONG"
        assert shown["GlobalTableWitnesses"] == [{"RegionName": "us-east-2", "WitnessStatus": "ACTIVE"}]
        assert "only one table replica" in refusal(client.delete_table, TableName="orders")
    assert no_life in refusal(there.update_time_to_live, TableName="orders", **life)

    gone = [{"Delete": {"RegionName": "us-east-2"}}]
    here.update_table(**updates("Delete"), GlobalTableWitnessUpdates=gone)
    assert not {"Replicas", "MultiRegionConsistency", "GlobalTableWitnesses"} & described(here).keys()


def test_a_replica_that_is_made_again_has_no_policy_of_the_one_before(
    account: Account, here: Any, there: Any
) -> None:
    """Whom the policy of a replica lets in has nothing of another table under its name."""
    reader = account.user("ana")
    here.update_table(**updates("Create"))
    arn = described(there)["TableArn"]
    who = {"AWS": f"arn:aws:iam::{ACCOUNT}:user/ana"}
    let_in = {**allow("dynamodb:Scan")["Statement"][0], "Principal": who}
    there.put_resource_policy(ResourceArn=arn, Policy=json.dumps({**allow(), "Statement": [let_in]}))
    theirs = reader.client("dynamodb", region_name=THERE)
    assert theirs.scan(TableName="orders")["Count"] == 1
    here.update_table(**updates("Delete"))
    here.update_table(**updates("Create"))
    assert "not authorized to perform: dynamodb:Scan" in refusal(theirs.scan, TableName="orders")
    assert "Resource-based policy not found" in refusal(there.get_resource_policy, ResourceArn=arn)
