"""Key policies about to be put, on the key of a `FakeAccount`."""

from __future__ import annotations

import json
from typing import Any

from helpers.fake_account import ACCOUNT, KEY_ID, FakeAccount, call, key_arn, policy

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
INVALID_PRINCIPALS = "Policy contains a statement with one or more invalid principals."


def document(*principals: Any, **statement: Any) -> str:
    """A key policy of one statement, which lets these principals do everything unless it says otherwise."""
    named = {"Principal": {"AWS": list(principals)}, "Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [named | statement]})


def put(text: str, **params: Any) -> Any:
    """The call that puts a policy on the key."""
    return call("kms", "PutKeyPolicy", {"KeyId": KEY_ID, "Policy": text, **params})


def delegated(user: str, *actions: str) -> FakeAccount:
    """An account whose key trusts its IAM policies, one of which allows a user these actions."""
    view = FakeAccount()
    view.add_key()
    view.key_policies[key_arn()] = policy({"Principal": {"AWS": ROOT}, "Action": "kms:*"})
    view.allow(user, {"Action": list(actions)})
    return view
