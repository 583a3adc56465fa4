"""A second account, which no AWS call opens under a given number: its first role is put into moto by hand."""

from __future__ import annotations

import json

import boto3
from moto.iam.models import iam_backends

from helpers.account import ACCOUNT, EVERYTHING, Account

OTHER = "222222222222"


DOORS = "doors"
"""The administrator role of another account."""


def administrator_role(account: str) -> str:
    """The ARN of a new role of an account that may do everything, and that this account may assume."""
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "sts:AssumeRole",
    }
    role = iam_backends[account]["aws"].create_role(
        role_name=DOORS,
        assume_role_policy_document=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        path="/",
        permissions_boundary=None,
        description="",
        tags=[],
        max_session_duration="3600",
    )
    role.put_policy("all", json.dumps(EVERYTHING))
    return str(role.arn)


def other_account(account: Account) -> boto3.Session:
    """An administrator of the other account."""
    role_arn = administrator_role(OTHER)
    starter = account.user("starter", EVERYTHING).client("sts")
    return account.temporary(starter.assume_role(RoleArn=role_arn, RoleSessionName=DOORS))
