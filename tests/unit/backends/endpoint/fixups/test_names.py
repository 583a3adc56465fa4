from __future__ import annotations

from typing import Any

import pytest

from pytest_kmslab.account.model import Caller
from pytest_kmslab.backends.endpoint.fixups.names import plain_names, show_given_names
from pytest_kmslab.calls.api_call import ApiCall

HOME, OTHER = "111122223333", "444455556666"
OWN = f"arn:aws:dynamodb:us-east-1:{HOME}:table/orders"
FOREIGN = f"arn:aws:dynamodb:us-east-1:{OTHER}:table/orders"
ELSEWHERE = f"arn:aws:dynamodb:eu-west-1:{HOME}:table/orders"
ANA = Caller(f"arn:aws:iam::{HOME}:user/ana", HOME, f"arn:aws:iam::{HOME}:user/ana", "AIDA1", "User")


def call(operation: str, **params: Any) -> ApiCall:
    return ApiCall("dynamodb", operation, params, "us-east-1", ANA)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"TableName": OWN}, {"TableName": "orders"}),
        ({"TableName": "orders"}, {}),
        ({"RequestItems": {OWN: 1, "users": 2}}, {"RequestItems": {"orders": 1, "users": 2}}),
        (
            {"TransactItems": [{"Get": {"TableName": OWN, "Key": 1}}, {"Put": {"TableName": "users"}}]},
            {"TransactItems": [{"Get": {"TableName": "orders", "Key": 1}}, {"Put": {"TableName": "users"}}]},
        ),
    ],
)
def test_tables_go_by_their_names(given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert plain_names(call("Any", **given), HOME) == expected


@pytest.mark.parametrize("arn", [FOREIGN, ELSEWHERE])
def test_no_table_is_taken_for_one_of_the_same_name_elsewhere(arn: str) -> None:
    assert plain_names(call("GetItem", TableName=arn), HOME) == {}
    assert plain_names(call("BatchGetItem", RequestItems={arn: 1}), HOME) == {}
    assert plain_names(call("TransactGetItems", TransactItems=[{"Get": {"TableName": arn}}]), HOME) == {}


def test_a_call_that_is_done_in_another_account_names_its_tables() -> None:
    assert plain_names(call("GetItem", TableName=FOREIGN), OTHER) == {"TableName": "orders"}


def test_a_batch_answers_by_what_it_was_given() -> None:
    response: dict[str, Any] = {"Responses": {"orders": [1], "users": [2]}, "UnprocessedKeys": {}}

    show_given_names(call("BatchGetItem", RequestItems={OWN: 1, "users": 2}), response)

    assert response == {"Responses": {OWN: [1], "users": [2]}, "UnprocessedKeys": {}}
