"""Policies of files, told what AWS would say of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_kmslab.calls.written_policies import PolicyKind, refusal

ROOT = {"AWS": "arn:aws:iam::123456789012:root"}
KEY = {"Effect": "Allow", "Principal": ROOT, "Action": "kms:*", "Resource": "*"}
OWN = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}
TRUST = {"Effect": "Allow", "Principal": ROOT, "Action": "sts:AssumeRole"}
TABLE = {
    "Effect": "Allow",
    "Principal": ROOT,
    "Action": "dynamodb:GetItem",
    "Resource": "arn:aws:dynamodb:us-east-1:123456789012:table/any",
}


def document(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.mark.parametrize(
    ("kind", "statement"), [("identity", OWN), ("key", KEY), ("trust", TRUST), ("table", TABLE)]
)
def test_what_aws_takes(kind: PolicyKind, statement: dict[str, Any]) -> None:
    assert refusal(kind, document(statement)) == ""
    assert refusal(kind, json.dumps({"Version": "2012-10-17", "Statement": statement})) == ""


@pytest.mark.parametrize(
    ("kind", "good", "wrong"),
    [
        ("identity", OWN, OWN | {"Principal": "*"}),
        ("key", KEY, {name: KEY[name] for name in KEY if name != "Principal"}),
        ("trust", TRUST, TRUST | {"Resource": "*"}),
        ("table", TABLE, TABLE | {"Action": "dynamodb:ListTables"}),
    ],
)
def test_the_statement_that_is_wrong_is_named(
    kind: PolicyKind, good: dict[str, Any], wrong: dict[str, Any]
) -> None:
    said = refusal(kind, document(good, wrong))
    assert said.startswith("AWS refuses Statement[1]: ")
    alone = refusal(kind, json.dumps({"Version": "2012-10-17", "Statement": wrong}))
    assert alone == said.replace("[1]", "[0]")


def test_where_no_statement_alone_is_wrong_the_whole_is() -> None:
    twice = OWN | {"Sid": "Same"}
    assert refusal("identity", document(twice, twice)).startswith("AWS refuses it: ")


def test_a_key_policy_is_of_the_partition_that_it_names() -> None:
    china = {"AWS": "arn:aws-cn:iam::123456789012:root"}
    assert refusal("key", document(KEY | {"Principal": china})) == ""
    assert refusal("key", document(KEY, KEY | {"Principal": china})).startswith("AWS refuses Statement[1]: ")
    assert refusal("key", document(KEY | {"Principal": {"AWS": "*"}})) == ""
