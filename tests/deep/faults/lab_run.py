"""The run that is struck: a whole lab. Not collected with the other tests: the harness names it."""

from __future__ import annotations

from pytest_kmslab.lab.lab import Lab


def test_a_whole_lab(kmslab: Lab) -> None:
    key = kmslab.create_key()
    table = kmslab.create_table()
    table.encrypt(key)
    kmslab.create_alarm(table)
    user = kmslab.create_user(policies=["AmazonDynamoDBFullAccess"], console=True)
    key.add_user(user)
