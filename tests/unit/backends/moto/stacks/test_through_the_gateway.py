"""CloudFormation for other processes: what it makes is decided behind the gateway too."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, EVERYTHING, Account, allow
from helpers.gateway import client

from pytest_kmslab.backends.protocol import Credentials

from .conftest import one

KEY = json.dumps(one("AWS::KMS::Key", {}))


def key_of(account: Account, *documents: Any) -> Credentials:
    credentials = account.user("ana", *documents).get_credentials()
    return Credentials(credentials.access_key, credentials.secret_key)


def test_a_stack_acts_as_its_caller(account: Account) -> None:
    with account.run.gateway() as url:
        cloudformation = client(url, "cloudformation", key_of(account, allow("kms:DescribeKey")))
        cloudformation.create_stack(StackName="s", TemplateBody=KEY)
        events = cloudformation.describe_stack_events(StackName="s")["StackEvents"]
        reasons = [event.get("ResourceStatusReason", "") for event in events]
        assert any("user/ana is not authorized to perform: kms:CreateKey" in reason for reason in reasons)
        root = client(url, "cloudformation", account.run.backend.root)
        root.create_stack(StackName="t", TemplateBody=KEY)
        assert root.describe_stacks(StackName="t")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
        # An operation that moto has not.
        assert root.update_termination_protection(StackName="t", EnableTerminationProtection=True)["StackId"]


def test_what_is_made_counts(account: Account) -> None:
    """A boundary of a template, for a user who comes through the gateway."""
    properties = {
        "UserName": "bob",
        "PermissionsBoundary": "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "Policies": [{"PolicyName": "p", "PolicyDocument": EVERYTHING}],
    }
    template = one("AWS::IAM::User", properties)
    with account.run.gateway() as url:
        root = account.run.backend.root
        client(url, "cloudformation", root).create_stack(StackName="s", TemplateBody=json.dumps(template))
        key = client(url, "iam", root).create_access_key(UserName="bob")["AccessKey"]
        kms = client(url, "kms", Credentials(key["AccessKeyId"], key["SecretAccessKey"]))
        with pytest.raises(ClientError, match="no permissions boundary allows the kms:CreateKey"):
            kms.create_key()


@pytest.mark.parametrize("credentials", [Credentials("AKIAAAAAAAAAAAAAAAAA", "x"), None])
def test_nobody_makes_nothing(account: Account, credentials: Credentials | None) -> None:
    given = credentials or Credentials(account.run.backend.root.access_key_id, "wrong")
    with account.run.gateway() as url:
        with pytest.raises(ClientError, match=r"InvalidClientTokenId|SignatureDoesNotMatch"):
            client(url, "cloudformation", given).create_stack(StackName="s", TemplateBody=KEY)
        assert not account.root.client("kms").list_keys()["Keys"]


def test_the_account_is_the_callers(account: Account) -> None:
    """`AWS::AccountId` in a template is the account in which the key is made."""
    template = one("AWS::KMS::Key", {})
    template["Outputs"]["Account"] = {"Value": {"Ref": "AWS::AccountId"}}
    with account.run.gateway() as url:
        root = client(url, "cloudformation", account.run.backend.root)
        root.create_stack(StackName="s", TemplateBody=json.dumps(template))
        outputs = root.describe_stacks(StackName="s")["Stacks"][0]["Outputs"]
    assert ACCOUNT in [output["OutputValue"] for output in outputs]
