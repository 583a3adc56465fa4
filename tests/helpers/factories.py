"""Short ways to write requests and policies."""

from __future__ import annotations

import json
from typing import Any

from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.policy import NamedPolicy, parse_policy
from pytest_kmslab.authz.request import Request

ACCOUNT = "111122223333"
OTHER = "444455556666"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
USER = f"arn:aws:iam::{ACCOUNT}:user/team/ana"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app/reader"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/s1"
FEDERATED = f"arn:aws:sts::{ACCOUNT}:federated-user/fred"
STRANGER = f"arn:aws:iam::{OTHER}:user/bob"
SERVICE = "dynamodb.amazonaws.com"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/books"


def allow(action: str | list[str] = "*", resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: str | list[str] = "*", resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def to(principal: Any, action: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    """An Allow that names a principal, by its ARN or as the whole element."""
    element = {"AWS": principal} if isinstance(principal, str) and principal != "*" else principal
    return allow(action, Principal=element, **more)


def named(*statements: dict[str, Any], name: str = "p", version: str = "2012-10-17") -> NamedPolicy:
    return NamedPolicy(name, parse_policy(json.dumps({"Version": version, "Statement": statements})))


def unreadable(name: str = "broken") -> NamedPolicy:
    from pytest_kmslab.authz.policy import read_policy

    return NamedPolicy(name, read_policy("{"))


def request_of(
    principal: str = USER, action: str = "kms:Decrypt", resource: str = KEY, **context: Any
) -> Request:
    """A request; context keys are written `aws__username` for `aws:username`."""
    keys = {name.replace("__", ":"): value for name, value in context.items()}
    if principal == SESSION:
        keys.setdefault("aws:PrincipalArn", ROLE)
    return Request(principal, action, resource, Context(keys))
