from __future__ import annotations

import os
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from pytest_kmslab.config.options import Settings
from pytest_kmslab.errors import TeardownError
from pytest_kmslab.lab.context import LabContext
from pytest_kmslab.lab.lab import Lab
from pytest_kmslab.lab.naming import Naming
from pytest_kmslab.lab.opening import open_lab
from pytest_kmslab.session.run import Run


def admins_client(lab: Lab, service: str) -> Any:
    return lab.as_(lab.admin).client(service)


def test_names_are_the_documents_made_unique(lab: Lab) -> None:
    assert lab.admin.name == "kmslab-admin-1a2b3c4d-gw0-1"
    assert lab.create_key().alias == "alias/MY-kms-key-1a2b3c4d-gw0-2"
    assert lab.create_table().name == "my_table_kms-1a2b3c4d-gw0-3"
    assert lab.create_user().name == "mounika-1a2b3c4d-gw0-4"
    assert lab.create_key("orders").alias == "alias/orders-1a2b3c4d-gw0-5"


def test_everything_is_tagged(lab: Lab) -> None:
    key, table, user = lab.create_key(), lab.create_table(), lab.create_user()
    alarm = lab.create_alarm(table)
    kms_tags = admins_client(lab, "kms").list_resource_tags(KeyId=key.arn)["Tags"]
    alarm_arn = f"arn:aws:cloudwatch:{lab.region}:{lab.account}:alarm:{alarm}"
    others = [
        admins_client(lab, "dynamodb").list_tags_of_resource(ResourceArn=table.arn)["Tags"],
        admins_client(lab, "iam").list_user_tags(UserName=user.name)["Tags"],
        admins_client(lab, "cloudwatch").list_tags_for_resource(ResourceARN=alarm_arn)["Tags"],
    ]
    tagged = [{tag["TagKey"]: tag["TagValue"] for tag in kms_tags}]
    tagged += [{tag["Key"]: tag["Value"] for tag in tags} for tags in others]
    for tags in tagged:
        assert tags["kmslab:run"] == "1a2b3c4d"
        assert tags["kmslab:worker"] == "gw0"
        assert tags["kmslab:expires"].endswith("Z")


def test_the_administrator_may_do_everything_and_is_no_root(lab: Lab) -> None:
    attached = admins_client(lab, "iam").list_attached_user_policies(UserName=lab.admin.name)
    assert [one["PolicyName"] for one in attached["AttachedPolicies"]] == ["AdministratorAccess"]
    assert admins_client(lab, "sts").get_caller_identity()["Arn"] == lab.admin.arn


def test_a_key_policy_of_ones_own_is_taken_as_it_is(lab: Lab) -> None:
    own = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": lab.admin.arn}, "Action": "kms:*", "Resource": "*"}
        ],
    }
    assert lab.create_key(policy=own).policy() == own


def test_nobody_need_be_administrator_or_user(lab: Lab) -> None:
    assert len(lab.create_key(administrators=[], users=[]).policy()["Statement"]) == 1


def test_clients_are_made_once(lab: Lab) -> None:
    user = lab.create_user()
    assert lab.as_(user).client("dynamodb") is lab.as_(user).client("dynamodb")
    assert lab.as_(user).client("dynamodb") is not lab.as_(lab.admin).client("dynamodb")


def test_two_users_are_two_principals(lab: Lab) -> None:
    users = [lab.create_user(), lab.create_user()]
    arns = [lab.as_(user).client("sts").get_caller_identity()["Arn"] for user in users]
    assert arns == [user.arn for user in users]


def test_what_a_lab_made_is_gone_after_it(site: LabContext) -> None:
    with open_lab(site) as first:
        table = first.create_table(key=first.create_key())
        user = first.create_user(console=True)
    with open_lab(site) as second:
        assert second.inventory() == [second.admin.arn]
        assert not table.exists()
        with pytest.raises(ClientError, match="UnrecognizedClientException"):
            second.as_(user).client("dynamodb").list_tables()


def test_an_account_that_is_thrown_away_is_not_emptied_first(site: LabContext) -> None:
    before = dict(os.environ)
    with open_lab(site, discards_account=True) as lab:
        user = lab.create_user(console=True)
        assert user.console is not None
    assert user.name in all_users(site)
    assert not user.console.csv_path.exists()
    assert dict(os.environ) == before


def test_an_account_of_somebodys_own_is_not_thrown_away(site: LabContext) -> None:
    assert site.backend.discards_account
    inner = Run(Settings()).backend
    inner.start()
    assert not inner.discards_account
    inner.stop()


def all_users(site: LabContext) -> list[str]:
    users = site.sessions.lasting("root", site.backend.root).client("iam").list_users()["Users"]
    return [user["UserName"] for user in users]


def test_a_lab_that_cannot_be_opened_leaves_nothing(
    site: LabContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dict(os.environ)
    root = site.sessions.lasting("root", site.backend.root).client("iam")

    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "LimitExceeded", "Message": ""}}, "CreateAccessKey")

    monkeypatch.setattr(root, "create_access_key", refuse)
    with pytest.raises(ClientError, match="LimitExceeded"), open_lab(site):
        pytest.fail("it was opened")
    assert root.list_users()["Users"] == []
    assert dict(os.environ) == before


def test_a_persons_own_settings_are_out_of_the_way(site: LabContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "of-no-such-name")
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "theirs")
    with open_lab(site) as lab:
        assert boto3.client("kms").describe_key(KeyId=lab.create_key().arn)
    assert os.environ["AWS_PROFILE"] == "of-no-such-name"
    assert os.environ["AWS_SESSION_TOKEN"] == "theirs"


def test_what_cannot_be_removed_is_told_and_the_environment_is_put_back(site: LabContext) -> None:
    before = dict(os.environ)
    with pytest.raises(TeardownError, match="table `my_table_kms-"), open_lab(site) as lab:
        protect(lab)
    assert dict(os.environ) == before


def protect(lab: Lab) -> None:
    table = lab.create_table()
    admins_client(lab, "dynamodb").update_table(TableName=table.name, DeletionProtectionEnabled=True)


def test_a_user_who_was_given_more_goes_too(site: LabContext) -> None:
    with open_lab(site) as lab:
        user = lab.create_user()
        admins_client(lab, "iam").create_access_key(UserName=user.name)
        admins_client(lab, "iam").attach_user_policy(
            UserName=user.name, PolicyArn="arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"
        )
    with open_lab(site) as lab:
        assert lab.inventory() == [lab.admin.arn]


def test_the_inventory_is_of_this_worker_only(lab: Lab, site: LabContext) -> None:
    other = LabContext.of(
        site.backend, site.settings, site.trail, Naming("1a2b3c4d", "gw1"), site.credentials_directory
    )
    with open_lab(other) as neighbour:
        theirs = [neighbour.admin.arn, neighbour.create_key().arn, neighbour.create_table().arn]
        assert lab.inventory() == [lab.admin.arn]
        assert neighbour.inventory() == sorted(theirs)


def test_a_key_that_is_scheduled_for_deletion_counts_as_gone(lab: Lab) -> None:
    key = lab.create_key()
    assert key.arn in lab.inventory()
    key.schedule_deletion()
    assert key.arn not in lab.inventory()


def test_secrets_are_in_no_representation(lab: Lab) -> None:
    user = lab.create_user(console=True)
    assert user.console is not None
    shown = f"{user!r} {user} {lab.as_(user)!r} {lab!r} {lab.trail.since()!r}"
    for secret in (user.credentials.secret_access_key, user.console.password):
        assert secret not in shown
