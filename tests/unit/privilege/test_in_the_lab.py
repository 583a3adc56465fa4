"""What users of the lab need at least, for every kind of call; the lab decides again under it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from pytest_kmslab import DynamoDBTable, IamUser, KmsKey, Lab, Trail, denied
from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.policy import NamedPolicy, Policies, parse_policy
from pytest_kmslab.lab.kinds.kms.key_policy import ATTACHMENT_SID, USE_SID
from pytest_kmslab.privilege.least import LeastPrivilege

ITEM = {"id": {"S": "1"}}
KEY = {"id": {"S": "1"}}


def actions(document: dict[str, Any] | None) -> set[str]:
    """All actions of a policy."""
    listed: set[str] = set()
    for statement in (document or {"Statement": []})["Statement"]:
        named = statement["Action"]
        listed |= {named} if isinstance(named, str) else set(named)
    return listed


def proven(found: LeastPrivilege) -> LeastPrivilege:
    assert found.proof.holds, found.proof
    return found


def test_the_outsider_made_key_user_needs_no_more_than_step_5_grants(
    kmslab: Lab, kms_key: KmsKey, encrypted_table: DynamoDBTable, outsider: IamUser, kmslab_trail: Trail
) -> None:
    dynamodb = kmslab.as_(outsider).client("dynamodb")
    with denied("kms:Decrypt"):
        dynamodb.put_item(TableName=encrypted_table.name, Item=ITEM)
    before = kmslab_trail.least_privilege(outsider)
    assert (before.identity_policy, before.resource_policies) == (None, {})  # what was denied is not granted
    assert not before.proof.holds
    with kms_key.added_user(outsider):
        granted = {one["Sid"]: one for one in kms_key.policy()["Statement"]}
        dynamodb.put_item(TableName=encrypted_table.name, Item=ITEM)
        dynamodb.scan(TableName=encrypted_table.name)
    found = proven(kmslab_trail.least_privilege(outsider))
    assert found.identity_policy == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["dynamodb:PutItem", "dynamodb:Scan"],
                "Resource": encrypted_table.arn,
            }
        ],
    }
    (statement,) = found.resource_policies[kms_key.arn]["Statement"]
    assert (statement["Action"], statement["Principal"]) == ("kms:Decrypt", {"AWS": outsider.arn})
    assert statement["Condition"]["StringEquals"] == {
        "kms:ViaService": f"dynamodb.{kmslab.region}.amazonaws.com",
        "kms:EncryptionContext:aws:dynamodb:tableName": encrypted_table.name,
        "kms:EncryptionContext:aws:dynamodb:subscriberId": kmslab.account,
    }
    step5 = {"Version": "2012-10-17", "Statement": [granted[USE_SID], granted[ATTACHMENT_SID]]}
    allowing = Policies(resource=NamedPolicy(kms_key.arn, parse_policy(json_text(step5))))
    of_key = [use for use in found.uses if use.request.action.startswith("kms:")]
    assert all(authorize(use.request, allowing).allowed for use in of_key)


def json_text(document: dict[str, Any]) -> str:
    import json

    return json.dumps(document)


USES: dict[str, Callable[[Any, str, str], Any]] = {
    "Encrypt": lambda kms, key, blob: kms.encrypt(KeyId=key, Plaintext=b"x"),
    "Decrypt": lambda kms, key, blob: kms.decrypt(KeyId=key, CiphertextBlob=blob),
    "ReEncrypt": lambda kms, key, blob: kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key),
    "GenerateDataKey": lambda kms, key, blob: kms.generate_data_key(KeyId=key, KeySpec="AES_256"),
    "GenerateDataKeyWithoutPlaintext": lambda kms, key, blob: kms.generate_data_key_without_plaintext(
        KeyId=key, KeySpec="AES_256"
    ),
    "DescribeKey": lambda kms, key, blob: kms.describe_key(KeyId=key),
}
"""A call for each action that step 5 lets a key user do directly with a symmetric key."""


def test_who_uses_all_that_step_5_grants_needs_just_that(
    kmslab: Lab, kms_key: KmsKey, outsider: IamUser, kmslab_trail: Trail
) -> None:
    kms_key.add_user(outsider)
    kms = kmslab.as_(outsider).client("kms")
    blob = kms.encrypt(KeyId=kms_key.arn, Plaintext=b"x")["CiphertextBlob"]
    for call in USES.values():
        call(kms, kms_key.arn, blob)
    (statement,) = proven(kmslab_trail.least_privilege(outsider)).resource_policies[kms_key.arn]["Statement"]
    assert set(statement["Action"]) == {
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
        "kms:GenerateDataKey",
        "kms:GenerateDataKeyWithoutPlaintext",
        "kms:DescribeKey",
    }
    assert "Condition" not in statement


def test_a_table_that_is_made_under_a_key_needs_what_dynamodb_asks_for(
    kmslab: Lab, kms_key: KmsKey, key_user: IamUser, kmslab_trail: Trail
) -> None:
    dynamodb = kmslab.as_(key_user).client("dynamodb")
    dynamodb.create_table(
        TableName="own",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": kms_key.arn},
    )
    found = proven(kmslab_trail.least_privilege(key_user))
    statements = found.resource_policies[kms_key.arn]["Statement"]
    assert actions(found.resource_policies[kms_key.arn]) >= {
        "kms:CreateGrant",
        "kms:DescribeKey",
        "kms:Decrypt",
    }
    assert all("kms:ViaService" in one["Condition"]["StringEquals"] for one in statements)
    granting = next(one for one in statements if "kms:CreateGrant" in one["Action"])
    assert granting["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}
    assert "*" not in str(found.identity_policy)


def calls(table: str) -> dict[str, Callable[[Any], Any]]:
    """One call of each kind: batches, transactions, PartiQL, a table that is asked for again."""
    keys = {table: {"Keys": [KEY]}}
    write = {"Put": {"TableName": table, "Item": ITEM}}
    return {
        "PutItem": lambda dynamodb: dynamodb.put_item(TableName=table, Item=ITEM),
        "BatchGetItem": lambda dynamodb: dynamodb.batch_get_item(RequestItems=keys),
        "BatchWriteItem": lambda dynamodb: dynamodb.batch_write_item(
            RequestItems={table: [{"PutRequest": {"Item": ITEM}}]}
        ),
        "TransactGetItems": lambda dynamodb: dynamodb.transact_get_items(
            TransactItems=[{"Get": {"TableName": table, "Key": KEY}}]
        ),
        "TransactWriteItems": lambda dynamodb: dynamodb.transact_write_items(TransactItems=[write]),
        "ExecuteStatement": lambda dynamodb: dynamodb.execute_statement(
            Statement=f"SELECT * FROM \"{table}\" WHERE id = '1'"
        ),
        "BatchExecuteStatement": lambda dynamodb: dynamodb.batch_execute_statement(
            Statements=[{"Statement": f"UPDATE \"{table}\" SET v = 1 WHERE id = '1'"}]
        ),
        "ExecuteTransaction": lambda dynamodb: dynamodb.execute_transaction(
            TransactStatements=[{"Statement": f"UPDATE \"{table}\" SET v = 2 WHERE id = '1'"}]
        ),
        "DescribeTable": lambda dynamodb: dynamodb.describe_table(TableName=table),
        "ListTables": lambda dynamodb: dynamodb.list_tables(),
    }


def test_every_kind_of_call_is_allowed_again_under_what_it_needs(
    kmslab: Lab, kms_key: KmsKey, encrypted_table: DynamoDBTable, key_user: IamUser, kmslab_trail: Trail
) -> None:
    """The answer is put to the lab: a user with nothing else does the same, and is denied all the rest."""
    made = calls(encrypted_table.name)
    for call in made.values():
        call(kmslab.as_(key_user).client("dynamodb"))
    found = proven(kmslab_trail.least_privilege(key_user))
    statements = found.identity_policy["Statement"] if found.identity_policy else []
    resources = {str(one["Resource"]): one["Action"] for one in statements}
    every_table = encrypted_table.arn.rpartition("/")[0] + "/*"
    assert set(resources) == {encrypted_table.arn, every_table}
    assert resources[every_table] == "dynamodb:ListTables"
    again = kmslab.create_user("again", inline=found.identity_policy)
    policy = kms_key.policy()
    for statement in found.resource_policies[kms_key.arn]["Statement"]:
        policy["Statement"].append({**statement, "Principal": {"AWS": again.arn}})
    kms_key.put_policy(policy)
    for call in made.values():
        call(kmslab.as_(again).client("dynamodb"))
    with denied("dynamodb:DeleteItem"):
        kmslab.as_(again).client("dynamodb").delete_item(TableName=encrypted_table.name, Key=KEY)
    with denied("kms:Decrypt"):
        blob = (
            kmslab.as_(kmslab.admin)
            .client("kms")
            .encrypt(KeyId=kms_key.arn, Plaintext=b"x")["CiphertextBlob"]
        )
        kmslab.as_(again).client("kms").decrypt(CiphertextBlob=blob)


def test_indexes_and_streams_are_named_by_their_own_arns(
    kmslab: Lab, kms_key: KmsKey, key_user: IamUser, kmslab_trail: Trail
) -> None:
    table = kmslab.create_table(
        key=kms_key,
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "by", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-name",
                "KeySchema": [{"AttributeName": "by", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    dynamodb, streams = (kmslab.as_(key_user).client(name) for name in ("dynamodb", "dynamodbstreams"))
    dynamodb.query(
        TableName=table.name,
        IndexName="by-name",
        KeyConditionExpression="#by = :x",
        ExpressionAttributeNames={"#by": "by"},
        ExpressionAttributeValues={":x": {"S": "x"}},
    )
    stream = dynamodb.describe_table(TableName=table.name)["Table"]["LatestStreamArn"]
    shards = streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(
        StreamArn=stream, ShardId=shards[0]["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    streams.get_records(ShardIterator=iterator)
    found = proven(kmslab_trail.least_privilege(key_user))
    statements = found.identity_policy["Statement"] if found.identity_policy else []
    by_resource = {one["Resource"]: one["Action"] for one in statements}
    assert by_resource[f"{table.arn}/index/by-name"] == "dynamodb:Query"
    assert {"dynamodb:DescribeStream", "dynamodb:GetRecords"} <= set(by_resource[stream])


def test_a_role_stands_for_its_sessions(kmslab: Lab, kmslab_trail: Trail) -> None:
    role = kmslab.create_role("orders", policies=["AmazonDynamoDBFullAccess"])
    for name in ("one", "other"):
        kmslab.as_(role.session(name=name)).client("dynamodb").list_tables()
    found = proven(kmslab_trail.least_privilege(role))
    assert (found.principal, actions(found.identity_policy)) == (role.arn, {"dynamodb:ListTables"})
    assert found.proof.decisions == 2


def test_what_the_lab_does_for_itself_is_nobodys(kmslab: Lab, kmslab_trail: Trail) -> None:
    kmslab.create_key()
    with pytest.raises(ValueError, match="nobody did, as what the lab does for itself does not count"):
        kmslab_trail.least_privilege(kmslab.admin)
    kmslab.as_(kmslab.admin).client("kms").list_keys()
    assert actions(kmslab_trail.least_privilege(kmslab.admin).identity_policy) == {"kms:ListKeys"}


def test_who_was_only_denied_needs_nothing_and_nothing_is_proven(kmslab: Lab, kmslab_trail: Trail) -> None:
    ana = kmslab.create_user("ana")
    for _ in range(2):
        with denied("dynamodb:ListTables"):
            kmslab.as_(ana).client("dynamodb").list_tables()
    found = kmslab_trail.least_privilege(ana)
    assert (found.proof.decisions, found.proof.holds, found.denials) == (0, False, 2)
    said = f"`{ana.arn}` was allowed nothing, as all 2 requests were denied: there is no policy to be proven"
    assert (found.note, found.as_json()["note"]) == (said, said)


def test_a_name_of_nobody_is_a_mistake(kmslab: Lab, kmslab_trail: Trail) -> None:
    ana = kmslab.create_user("ana", policies=["AmazonDynamoDBFullAccess"])
    role = kmslab.create_role("orders-api", policies=["AmazonDynamoDBFullAccess"])
    for who in (ana, role.session(name="one")):
        kmslab.as_(who).client("dynamodb").list_tables()
    idle = kmslab.create_user("idle")
    for wrong, said in (
        (ana.name.replace("ana", "anna"), f"did you mean `{ana.name}`"),
        (ana.arn.replace("/ana", "/anna"), f"did you mean `{ana.arn}`"),
        (role.arn.replace("orders", "order"), f"did you mean `{role.arn}`"),
        ("somebody-else", f"who did is `{ana.name}`, `{role.name}`"),
        (idle, "asked for nothing in this test"),
    ):
        with pytest.raises(ValueError, match=re.escape(said)):
            kmslab_trail.least_privilege(wrong)


def test_a_name_of_several_is_a_mistake(kmslab: Lab, kmslab_trail: Trail) -> None:
    for name in ("eva", "ida"):
        user = kmslab.create_user(name, policies=["AmazonDynamoDBFullAccess"], path="/team/")
        kmslab.as_(user).client("dynamodb").list_tables()
    with pytest.raises(ValueError, match="give the ARN of one"):
        kmslab_trail.least_privilege("team")


def test_what_names_nobody_is_a_mistake(kmslab_trail: Trail) -> None:
    for ask in (kmslab_trail.least_privilege, kmslab_trail.for_):
        with pytest.raises(TypeError, match=r"`principal`: give .*, not `None`"):
            ask(None)  # type: ignore[arg-type]


def test_a_table_of_a_stack_is_known_by_its_logical_id(kmslab: Lab, kmslab_trail: Trail) -> None:
    properties = {
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    orders = {"Type": "AWS::DynamoDB::Table", "Properties": properties}
    stack = kmslab.deploy({"Resources": {"Orders": orders}})
    assert kmslab_trail.logical_ids[stack.resources["Orders"].name] == "Orders"
