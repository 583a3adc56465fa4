"""Groups of the lab."""

from __future__ import annotations

import boto3

from pytest_kmslab.lab.lab import Lab

LIST = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*"},
}


def test_a_member_may_do_what_the_group_may(lab: Lab) -> None:
    before = lab.inventory()
    with lab.nested() as inner:
        group = inner.create_group(policies="AWSLambdaBasicExecutionRole", inline=LIST)
        user = inner.create_user(groups=[group])
        assert inner.as_(user).client("kms").list_keys()["Keys"] == []
        assert group.arn in inner.inventory()
    assert lab.inventory() == before
    group.delete()


def test_a_group_of_somebody_else_is_never_taken_for_the_labs(lab: Lab) -> None:
    before = lab.inventory()
    boto3.client("iam").create_group(GroupName="theirs-1a2b3c4d-gw0-9")
    assert lab.inventory() == before
