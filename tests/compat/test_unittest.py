"""unittest.TestCase takes fixtures by autouse, or by `usefixtures`."""

from __future__ import annotations

import unittest

import boto3
import pytest

from pytest_kmslab import DynamoDBTable, IamUser, Lab, allowed, denied


class InjectedFixtures(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _lab(self, kmslab: Lab, encrypted_table: DynamoDBTable, key_user: IamUser, outsider: IamUser) -> None:
        self.lab, self.table, self.key_user, self.outsider = kmslab, encrypted_table, key_user, outsider

    def scan(self, user: IamUser) -> None:
        self.lab.as_(user).client("dynamodb").scan(TableName=self.table.name)

    def test_an_outsider_is_denied(self) -> None:
        with denied("kms:Decrypt", by=self.outsider):
            self.scan(self.outsider)

    def test_a_key_user_is_allowed(self) -> None:
        with allowed("kms:Decrypt", by=self.key_user):
            self.scan(self.key_user)

    def test_each_subtest_has_its_own_block(self) -> None:
        for number in range(2):
            with self.subTest(number=number), denied("kms:Decrypt"):
                self.scan(self.outsider)


@pytest.mark.usefixtures("kmslab")
class NamedFixtures(unittest.TestCase):
    def test_a_plain_client_acts_as_the_administrator(self) -> None:
        with allowed():
            arn = boto3.client("sts").get_caller_identity()["Arn"]
        assert ":user/kmslab-admin-" in arn
