"""A table's policy reads back as AWS writes it: ACK's findings DDB-TABLE-208, 351 to 355."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_kmslab.calls.dynamodb.table_policy.written import as_written

ROOT = "arn:aws:iam::111122223333:root"
ARN = "arn:aws:dynamodb:us-west-2:111122223333:table/orders"
PUT = {
    "Statement": {
        "Resource": [ARN],
        "Condition": {"StringEquals": {"aws:PrincipalTag/a": ["b"]}},
        "Action": ["dynamodb:GetItem"],
        "Principal": {"AWS": ["111122223333", ROOT]},
        "Effect": "allow",
        "Sid": "Read",
    },
    "Version": "2012-10-17",
}
READ = (
    f'{{"Version":"2012-10-17","Statement":[{{"Sid":"Read","Effect":"Allow","Principal":{{"AWS":"{ROOT}"}},'
    f'"Action":"dynamodb:GetItem","Resource":"{ARN}","Condition":{{"StringEquals":{{"aws:PrincipalTag/a":["b"]}}}}}}]}}'
)


def test_a_document_is_minified_and_put_in_order() -> None:
    assert as_written(json.dumps(PUT, indent=2), "aws") == READ


def test_what_is_written_so_stays_as_it_is() -> None:
    assert as_written(READ, "aws") == READ


@pytest.mark.parametrize(
    ("put", "read"),
    [
        (
            {"Action": ["dynamodb:GetItem", "dynamodb:Scan"]},
            {"Action": ["dynamodb:GetItem", "dynamodb:Scan"]},
        ),
        ({"NotAction": ["dynamodb:Scan"]}, {"NotAction": "dynamodb:Scan"}),
        ({"Principal": "*"}, {"Principal": "*"}),
        (
            {"Principal": {"AWS": ["111122223333", "222233334444"]}},
            {"Principal": {"AWS": [ROOT, ROOT.replace("111122223333", "222233334444")]}},
        ),
        ({"NotPrincipal": {"AWS": ["111122223333"]}}, {"NotPrincipal": {"AWS": ROOT}}),
        (
            {"Principal": {"Service": ["dynamodb.amazonaws.com"]}},
            {"Principal": {"Service": "dynamodb.amazonaws.com"}},
        ),
    ],
)
def test_lists_of_several_stay(put: dict[str, Any], read: dict[str, Any]) -> None:
    document = json.loads(as_written(json.dumps({"Statement": [put]}), "aws"))
    assert document == {"Version": "2008-10-17", "Statement": [read]}


def test_accounts_are_of_the_partition() -> None:
    document = json.loads(as_written(json.dumps({"Statement": [PUT["Statement"]]}), "aws-cn"))
    assert document["Statement"][0]["Principal"]["AWS"] == ["arn:aws-cn:iam::111122223333:root", ROOT]
