"""What the code under test makes by itself can be adopted; what others made cannot."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from pytest_kmslab.enforcement.creations import Creations
from pytest_kmslab.errors import ArnError, ResourceError, TeardownError
from pytest_kmslab.lab.context import LabContext
from pytest_kmslab.lab.lab import Lab
from pytest_kmslab.lab.naming import RUN_TAG, WORKER_TAG
from pytest_kmslab.lab.opening import open_lab

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}
TABLE: dict[str, Any] = {
    "TableName": "orders",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
ALARM: dict[str, Any] = {
    "AlarmName": "orders are slow",
    "Namespace": "AWS/DynamoDB",
    "MetricName": "Latency",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold",
}


def client(service: str) -> Any:
    return boto3.client(service, "us-east-1")


def make_key() -> str:
    return str(client("kms").create_key()["KeyMetadata"]["Arn"])


def make_table() -> str:
    return str(client("dynamodb").create_table(**TABLE)["TableDescription"]["TableArn"])


def make_user() -> str:
    return str(client("iam").create_user(UserName="ana", Path="/people/")["User"]["Arn"])


def make_role() -> str:
    iam = client("iam")
    made = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps(TRUST))
    return str(made["Role"]["Arn"])


def make_group() -> str:
    return str(client("iam").create_group(GroupName="readers")["Group"]["Arn"])


def make_policy() -> str:
    made = client("iam").create_policy(PolicyName="no-buckets", PolicyDocument=json.dumps(DENY))
    return str(made["Policy"]["Arn"])


def make_alarm() -> str:
    client("cloudwatch").put_metric_alarm(**ALARM)
    return str(client("cloudwatch").describe_alarms()["MetricAlarms"][0]["AlarmArn"])


MADE: dict[str, Callable[[], str]] = {
    "key": make_key,
    "table": make_table,
    "user": make_user,
    "role": make_role,
    "group": make_group,
    "policy": make_policy,
    "alarm": make_alarm,
}


def enabled_keys() -> list[str]:
    kms = client("kms")
    keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    return [key["KeyId"] for key in keys if key["KeyState"] == "Enabled"]


LEFT: dict[str, Callable[[], list[Any]]] = {
    "key": enabled_keys,
    "table": lambda: client("dynamodb").list_tables()["TableNames"],
    "user": lambda: [one for one in client("iam").list_users()["Users"] if one["UserName"] == "ana"],
    "role": lambda: client("iam").list_roles()["Roles"],
    "group": lambda: client("iam").list_groups()["Groups"],
    "policy": lambda: client("iam").list_policies(Scope="Local")["Policies"],
    "alarm": lambda: client("cloudwatch").describe_alarms()["MetricAlarms"],
}
"""What `MADE` makes and is in the account, and not on its way out."""


@pytest.mark.parametrize("kind", MADE)
def test_what_code_makes_goes_with_the_lab_once_it_is_adopted(lab: Lab, kind: str) -> None:
    arn = MADE[kind]()
    with lab.nested() as inner:
        assert inner.adopt(arn).arn == arn
        assert inner.adopt(arn).arn == arn
        assert len(LEFT[kind]()) == 1
    assert LEFT[kind]() == []


def test_a_key_policy_of_an_adopted_key_that_names_nobody_says_whom(lab: Lab) -> None:
    key, nobody = lab.adopt(make_key()), "arn:aws:iam::123456789012:user/nobody"
    policy = key.policy()
    policy["Statement"][0]["Principal"]["AWS"] = nobody
    with pytest.raises(ClientError, match=f"the account has no `{nobody}`; make users and roles first"):
        key.put_policy(policy)


@pytest.mark.parametrize("kind", MADE)
def test_what_is_not_adopted_stays(lab: Lab, kind: str) -> None:
    with lab.nested():
        MADE[kind]()
    assert len(LEFT[kind]()) == 1


def test_what_is_adopted_is_the_labs_own_object_and_tagged(lab: Lab) -> None:
    key = lab.adopt(make_key())
    tags = client("kms").list_resource_tags(KeyId=key.arn)["Tags"]
    assert RUN_TAG in {tag["TagKey"] for tag in tags}
    table = lab.adopt(make_table())
    table.encrypt(key)
    user = lab.adopt(make_user())
    assert lab.as_(user).client("sts").get_caller_identity()["Arn"] == user.arn
    role = lab.adopt(make_role())
    assert role.trust()["Statement"][0]["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_a_policy_that_is_attached_goes_too(lab: Lab) -> None:
    with lab.nested() as inner:
        role, policy = inner.adopt(make_role()), inner.adopt(make_policy())
        client("iam").attach_role_policy(RoleName=role.name, PolicyArn=policy.arn)
    assert (LEFT["policy"](), LEFT["role"]()) == ([], [])


def test_a_replica_goes_in_its_own_region(lab: Lab) -> None:
    kms = client("kms")
    primary = kms.create_key(MultiRegion=True)["KeyMetadata"]
    replica = kms.replicate_key(KeyId=primary["KeyId"], ReplicaRegion="eu-central-1")["ReplicaKeyMetadata"]
    with lab.nested() as inner:
        assert inner.adopt(replica["Arn"]).describe()["Arn"] == replica["Arn"]
    there = boto3.client("kms", "eu-central-1").describe_key(KeyId=replica["KeyId"])["KeyMetadata"]
    assert there["KeyState"] == "PendingDeletion"
    assert enabled_keys() == [primary["KeyId"]]


def test_what_this_run_was_not_seen_to_make_cannot_be_adopted(site: LabContext, lab: Lab) -> None:
    arn = make_key()
    site.creations.forget_all()
    with pytest.raises(ResourceError, match="this run was not seen to make it"):
        lab.adopt(arn)
    assert len(enabled_keys()) == 1


def test_a_later_one_of_the_same_name_is_not_the_one_that_was_made(site: LabContext, lab: Lab) -> None:
    arn = make_table()
    site.creations.forget_all()
    site.creations.note(arn, "1a2b3c4d-0000-0000-0000-000000000000")
    with pytest.raises(ResourceError, match="this run made another one"):
        lab.adopt(arn)
    assert LEFT["table"]() == ["orders"]


def test_a_later_one_of_the_same_name_is_not_removed(lab: Lab) -> None:
    with lab.nested() as inner:
        inner.adopt(make_table())
        client("dynamodb").delete_table(TableName="orders")
        make_table()
    assert LEFT["table"]() == ["orders"]


def test_what_is_gone_cannot_be_adopted(lab: Lab) -> None:
    arn = make_user()
    client("iam").delete_user(UserName="ana")
    with pytest.raises(ResourceError, match="it is gone"):
        lab.adopt(arn)


ALIAS = "arn:aws:kms:us-east-1:123456789012:alias/a"


@pytest.mark.parametrize("arn", ["orders", "arn:aws:s3:::bucket", ALIAS])
def test_what_is_no_arn_of_such_a_thing_is_an_error(lab: Lab, arn: str) -> None:
    with pytest.raises(ArnError, match=arn):
        lab.adopt(arn)


def test_what_the_lab_made_is_adopted_already(lab: Lab) -> None:
    key = lab.create_key()
    assert lab.adopt(key.arn).arn == key.arn


def test_functions_are_called_at_the_end_in_reverse_and_past_errors(site: LabContext) -> None:
    called: list[str] = []

    def fails() -> None:
        called.append("fails")
        raise RuntimeError("no")

    def lab_with_functions() -> None:
        with open_lab(site) as lab:
            lab.at_end(lambda: called.append("first"))
            key = lab.create_key()
            lab.at_end(fails)
            lab.at_end(lambda: called.append(key.state()))

    with pytest.raises(TeardownError, match=r"at_end `.*fails`: RuntimeError: no"):
        lab_with_functions()
    assert called == ["Enabled", "fails", "first"]


def test_the_newest_creations_are_known_and_older_ones_forgotten() -> None:
    creations = Creations(most=2)
    for number in range(3):
        creations.note(f"arn:{number}", "")
    assert [creations.unique_ids_of(f"arn:{number}") for number in range(3)] == [frozenset(), {""}, {""}]


@pytest.mark.parametrize("given", [None, 5, object()])
def test_what_is_no_text_and_no_function_is_told_at_once(lab: Lab, given: Any) -> None:
    with pytest.raises(TypeError, match="`arn`: give the ARN of what"):
        lab.adopt(given)
    with pytest.raises(TypeError, match="`function`: give a function without arguments, not"):
        lab.at_end(given)


def test_what_is_adopted_in_another_region_is_in_the_inventory_until_it_goes(lab: Lab) -> None:
    kms = boto3.client("kms", "eu-west-1")
    key = str(kms.create_key()["KeyMetadata"]["Arn"])
    dynamodb = boto3.client("dynamodb", "eu-west-1")
    table = str(dynamodb.create_table(**TABLE)["TableDescription"]["TableArn"])
    with lab.nested() as inner:
        inner.adopt(key)
        inner.adopt(table)
        assert {key, table} <= set(lab.inventory())
    assert not {key, table} & set(lab.inventory())
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert dynamodb.list_tables()["TableNames"] == []


def test_a_table_that_was_there_before_its_import_is_not_the_runs(site: LabContext, lab: Lab) -> None:
    """An import into a table that is there is refused, its token or not: rec ACK DDB-IMPORT-017."""
    arn = make_table()
    site.creations.forget_all()
    names = ("TableName", "KeySchema", "AttributeDefinitions", "BillingMode")
    with pytest.raises(ClientError, match="Table already exists"):
        client("dynamodb").import_table(
            ClientToken="theirs",
            S3BucketSource={"S3Bucket": "theirs"},
            InputFormat="DYNAMODB_JSON",
            TableCreationParameters={name: TABLE[name] for name in names},
        )
    with pytest.raises(ResourceError, match="this run was not seen to make it"):
        lab.adopt(arn)


def test_what_a_lab_of_another_worker_removes_is_left_to_it(site: LabContext, lab: Lab) -> None:
    arn = make_key()
    tags = [{"TagKey": RUN_TAG, "TagValue": site.naming.run}, {"TagKey": WORKER_TAG, "TagValue": "gw7"}]
    client("kms").tag_resource(KeyId=arn, Tags=tags)
    with lab.nested() as inner:
        assert inner.adopt(arn).arn == arn
    assert len(enabled_keys()) == 1
