"""A second account, which no AWS call opens under a given number: its first role is put into moto by hand."""

from __future__ import annotations

import json

import boto3
from moto.iam.models import iam_backends

from helpers.account import ACCOUNT, EVERYTHING, Account

OTHER = "222222222222"


def other_account(account: Account) -> boto3.Session:
    """An administrator of the other account."""
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "sts:AssumeRole",
    }
    role = iam_backends[OTHER]["aws"].create_role(
        role_name="doors",
        assume_role_policy_document=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        path="/",
        permissions_boundary=None,
        description="",
        tags=[],
        max_session_duration="3600",
    )
    role.put_policy("all", json.dumps(EVERYTHING))
    starter = account.user("starter", EVERYTHING).client("sts")
    return account.temporary(starter.assume_role(RoleArn=role.arn, RoleSessionName="doors"))
