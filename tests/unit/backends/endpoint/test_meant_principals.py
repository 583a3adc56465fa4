"""At an endpoint a policy means whom it named when it was put, not who has the name later."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from helpers.account import ACCOUNT, TABLE, allow
from helpers.asserts import code
from helpers.endpoint import moto_server

from pytest_kmslab.backends.endpoint.iam_snapshot import Entity, Snapshot
from pytest_kmslab.backends.endpoint.meant_principals import MeantPrincipals

from .test_backend import Elsewhere, run_at

ANA = f"arn:aws:iam::{ACCOUNT}:user/ana"
TABLE_ARN = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/orders"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/reader"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture
def account(server: str) -> Iterator[Elsewhere]:
    from moto.moto_api._internal.models import moto_api_backend

    moto_api_backend.reset()
    run = run_at(server)
    run.install()
    run.backend.start()
    yield Elsewhere(run)
    run.backend.stop()
    run.close()


def document(action: str, **more: Any) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": ANA}, "Action": action, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def put_table_policy(account: Elsewhere) -> None:
    dynamodb = account.root.client("dynamodb")
    policy = document("dynamodb:DescribeTable", Resource=TABLE_ARN)
    dynamodb.put_resource_policy(ResourceArn=TABLE_ARN, Policy=policy, ConfirmRemoveSelfResourceAccess=True)


def may(session: boto3.Session) -> tuple[str, str]:
    described = code(session.client("dynamodb").describe_table, TableName="orders")
    assumed = code(session.client("sts").assume_role, RoleArn=ROLE_ARN, RoleSessionName="ana")
    return described, assumed


def test_who_is_made_under_a_name_has_nothing_of_who_had_it(account: Elsewhere) -> None:
    ana, iam = account.user("ana"), account.root.client("iam")
    account.root.client("dynamodb").create_table(**TABLE)
    put_table_policy(account)
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument=document("sts:AssumeRole"))
    assert may(ana) == ("allowed", "allowed")
    for made in iam.list_access_keys(UserName="ana")["AccessKeyMetadata"]:
        iam.delete_access_key(UserName="ana", AccessKeyId=made["AccessKeyId"])
    iam.delete_user(UserName="ana")
    again = account.user("ana")
    assert may(again) == ("AccessDeniedException", "AccessDenied")
    # The same documents, put again, name the new one.
    put_table_policy(account)
    iam.update_assume_role_policy(RoleName="reader", PolicyDocument=document("sts:AssumeRole"))
    assert may(again) == ("allowed", "allowed")
    iam.update_assume_role_policy(
        RoleName="reader", PolicyDocument=json.dumps({**json.loads(document("sts:AssumeRole"))})
    )
    assert may(account.user("bob", allow("s3:*"))) == ("AccessDeniedException", "AccessDenied")


def test_the_policy_of_a_table_called_stream_is_about_its_indexes(account: Elsewhere) -> None:
    root, ana = account.root.client("dynamodb"), account.user("ana", allow("dynamodb:*"))
    by_id = {"IndexName": "by_id", "KeySchema": TABLE["KeySchema"], "Projection": {"ProjectionType": "ALL"}}
    root.create_table(**TABLE | {"TableName": "stream"}, GlobalSecondaryIndexes=[by_id])
    arn = TABLE_ARN.replace("orders", "stream")
    deny = document("dynamodb:Scan", Resource="*").replace("Allow", "Deny")
    root.put_resource_policy(ResourceArn=arn, Policy=deny)
    scan = ana.client("dynamodb").scan
    assert code(scan, TableName="stream", IndexName="by_id") == "AccessDeniedException"


class Kept(dict[str, Any]):
    """A store in memory."""

    def lasting(self, name: str) -> Any:
        return self.get(name)

    def put(self, name: str, record: Any) -> None:
        self[name] = record

    def delete(self, name: str) -> None:
        self.pop(name, None)


OTHER = "222233334444"


def snapshot(**named: str) -> Snapshot:
    """An account whose users have these unique ids."""
    arns = {name: f"arn:aws:iam::{OTHER}:user/{name}" for name in named}
    return Snapshot({arns[name]: Entity("user", name, arns[name], named[name], {}, {}, ()) for name in named})


def test_whom_a_policy_means_in_another_account() -> None:
    there = {OTHER: snapshot(eve="AIDAOLD")}
    meant = MeantPrincipals(Kept(), there.get)
    eve = f"arn:aws:iam::{OTHER}:user/eve"
    meant.keep("holder", document("kms:Decrypt").replace(ANA, eve))
    text = json.dumps({"Statement": [{"Principal": {"AWS": eve}}]})
    assert meant.present("holder", text) == text
    there[OTHER] = snapshot(eve="AIDANEW")
    assert json.loads(meant.present("holder", text))["Statement"][0]["Principal"] == {"AWS": "AIDAOLD"}
    there[OTHER] = snapshot(eve="AIDANEW", mallory="AIDAOLD")
    assert "user/mallory" in meant.present("holder", text)
    assert meant.present("another", text) == text


def test_a_session_means_that_of_the_role_that_was_there() -> None:
    role, session = f"arn:aws:iam::{OTHER}:role/ops/app", f"arn:aws:sts::{OTHER}:assumed-role/app/s1"
    there = {OTHER: Snapshot({role: Entity("role", "app", role, "AROAOLD", {}, {}, ())})}
    meant = MeantPrincipals(Kept(), there.get)
    meant.keep("holder", document("kms:Decrypt").replace(ANA, session))
    text = json.dumps({"Statement": [{"Principal": {"AWS": session}}]})
    assert meant.present("holder", text) == text
    assert meant.name_of(session, "AROAOLD") == session
    there[OTHER] = Snapshot({role: Entity("role", "app", role, "AROANEW", {}, {}, ())})
    assert json.loads(meant.present("holder", text))["Statement"][0]["Principal"] == {"AWS": "AROAOLD"}
    assert meant.name_of(session, "AROAOLD") == "AROAOLD"


def test_a_policy_that_names_nobody_forgets_whom_it_named() -> None:
    kept = Kept()
    meant = MeantPrincipals(kept, {OTHER: snapshot(eve="AIDAOLD")}.get)
    service = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}}]})
    meant.keep("holder", service)
    assert "holder" not in kept
    meant.keep("holder", document("kms:Decrypt").replace(ANA, f"arn:aws:iam::{OTHER}:user/eve"))
    meant.keep("holder", service)
    assert kept["holder"] == {}
