"""A role that a service assumes by itself, as its trust policy lets it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from helpers.account import ACCOUNT, Account, allow

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.enforcement.service_calls import assume_as_service

LAMBDA, FUNCTION = "lambda.amazonaws.com", f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"


@pytest.fixture
def role(account: Account) -> Account:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": LAMBDA},
        "Action": "sts:AssumeRole",
        "Condition": {"ArnEquals": {"aws:SourceArn": FUNCTION}},
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam = account.root.client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=json.dumps(allow("kms:ListKeys")))
    return account


def assumed(account: Account, service: str, source: str, name: str = "one") -> Any:
    backend: Any = account.run.backend
    parameters = {"RoleArn": ROLE, "RoleSessionName": name}
    return assume_as_service(
        account.run.pipeline, backend.send, service, parameters, {"aws:SourceArn": source}
    )


def test_a_service_assumes_a_role_that_trusts_it(role: Account) -> None:
    session = role.temporary(assumed(role, LAMBDA, FUNCTION))
    session.client("kms").list_keys()
    assert session.client("sts").get_caller_identity()["Arn"].endswith(":assumed-role/r/one")


@pytest.mark.parametrize(
    ("service", "source", "name", "code"),
    [
        (LAMBDA, f"{FUNCTION}2", "one", "AccessDenied"),
        ("events.amazonaws.com", FUNCTION, "one", "AccessDenied"),
        (LAMBDA, FUNCTION, "a b", "ValidationError"),
    ],
)
def test_no_other_service_and_for_nothing_else(
    role: Account, service: str, source: str, name: str, code: str
) -> None:
    with pytest.raises(ServiceError) as refused:
        assumed(role, service, source, name)
    assert refused.value.code == code
    assert refused.value.message not in ("", "None")
