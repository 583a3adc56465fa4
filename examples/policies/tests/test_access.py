"""Who may do what under the policy files of this repository, without an account and without a call."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_kmslab import AccessMatrix, access_matrix

HERE = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def matrix() -> AccessMatrix:
    return access_matrix(policies=HERE / "policies")


ORDERS = "arn:aws:dynamodb:eu-central-1:111122223333:table/orders"
API = "arn:aws:iam::111122223333:role/orders-api"
ANA = "arn:aws:iam::111122223333:user/team/ana"


def test_everybody_may_do_what_access_csv_says_and_no_more(matrix: AccessMatrix) -> None:
    matrix.assert_equals(HERE / "access.csv")


def test_the_platform_team_has_all_of_dynamodb_and_reads_no_order(matrix: AccessMatrix) -> None:
    cell = matrix[ANA, "dynamodb:GetItem", ORDERS]
    assert [decision.allowed for decision in cell.decisions] == [True, False]  # the table, not its key
    assert "denied: kms:Decrypt" in cell.explain()


def test_the_service_reads_orders_through_dynamodb_and_decrypts_nothing_itself(matrix: AccessMatrix) -> None:
    assert matrix[API, "dynamodb:GetItem", ORDERS].allowed
    assert not access_matrix([API], ["kms:Decrypt"], policies=HERE / "policies")[
        API, "kms:Decrypt", "arn:aws:kms:eu-central-1:111122223333:key/orders"
    ].allowed


def test_nobody_deletes_the_key(matrix: AccessMatrix) -> None:
    deleting = [cell for cell in matrix if cell[1] == "kms:ScheduleKeyDeletion"]
    assert deleting
    assert not any(allowed for *_, allowed in deleting)
