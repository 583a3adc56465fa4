"""moto's `mock_aws` around a lab, in it, as decorator of a function or class; and suites without a lab."""

from __future__ import annotations

import pytest

HELPERS = """
    import unittest

    import boto3
    import pytest
    from moto import mock_aws

    from pytest_kmslab import allowed, denied

    def who():
        return boto3.client("sts", "us-east-1").get_caller_identity()["Arn"]

    def decides(kmslab, table, outsider, key_user):
        assert who() == kmslab.admin.arn
        with kmslab.environ(outsider), denied("kms:Decrypt", by=outsider):
            boto3.client("dynamodb").scan(TableName=table.name)
        with kmslab.environ(key_user), allowed("kms:Decrypt", by=key_user):
            boto3.client("dynamodb").scan(TableName=table.name)
        assert who() == kmslab.admin.arn
"""

WITH_A_LAB = """
    @mock_aws
    def test_function(kmslab, encrypted_table, outsider, key_user):
        decides(kmslab, encrypted_table, outsider, key_user)

    @mock_aws
    class TestClass:
        def setup_method(self, method):
            boto3.client("s3", "us-east-1").create_bucket(Bucket="made-before")

        def test_method(self, kmslab, encrypted_table, outsider, key_user):
            decides(kmslab, encrypted_table, outsider, key_user)

    @mock_aws
    class TestUnit(unittest.TestCase):
        @pytest.fixture(autouse=True)
        def lab(self, kmslab, encrypted_table, outsider, key_user):
            self.lab = kmslab, encrypted_table, outsider, key_user

        def setUp(self):
            boto3.client("s3", "us-east-1").create_bucket(Bucket="made-before")

        def test_method(self):
            decides(*self.lab)

    @pytest.fixture
    def mocked():
        with mock_aws():
            yield

    def test_mock_first(mocked, kmslab, encrypted_table, outsider, key_user):
        decides(kmslab, encrypted_table, outsider, key_user)

    def test_lab_first(kmslab, encrypted_table, outsider, key_user, mocked):
        decides(kmslab, encrypted_table, outsider, key_user)

    def test_within(kmslab, encrypted_table, outsider, key_user):
        with mock_aws():
            decides(kmslab, encrypted_table, outsider, key_user)
        decides(kmslab, encrypted_table, outsider, key_user)

    @pytest.fixture
    def started():
        mock = mock_aws()
        mock.start()
        yield mock

    def test_that_stops_the_mock_around_it(started, kmslab, encrypted_table, outsider, key_user):
        started.stop()
        decides(kmslab, encrypted_table, outsider, key_user)

    def test_under_a_block(kmslab, outsider):
        with kmslab.environ(outsider):
            with mock_aws():
                assert who() == outsider.arn
            assert who() == outsider.arn

    @mock_aws
    def test_what_a_suite_made_before_the_lab_is_there(request):
        boto3.client("s3", "us-east-1").create_bucket(Bucket="mine")
        kmslab = request.getfixturevalue("kmslab")
        assert who() == kmslab.admin.arn
        assert [one["Name"] for one in boto3.client("s3").list_buckets()["Buckets"]] == ["mine"]
"""

WITHOUT_A_LAB = """
    @mock_aws
    def test_function():
        assert who().endswith("user/moto")
        key = boto3.client("kms", "us-east-1").create_key()["KeyMetadata"]["KeyId"]
        nobody = boto3.client("kms", "us-east-1", aws_access_key_id="x", aws_secret_access_key="y")
        nobody.encrypt(KeyId=key, Plaintext=b"x")

    @mock_aws
    class TestClass:
        def test_method(self):
            assert who().endswith("user/moto")

    @pytest.fixture(scope="module")
    def mocked():
        with mock_aws():
            boto3.client("s3", "us-east-1").create_bucket(Bucket="mine")
            yield

    @pytest.mark.parametrize("turn", [1, 2])
    def test_module(mocked, turn):
        assert boto3.client("s3").list_buckets()["Buckets"]
"""


def test_a_mock_beside_a_lab_changes_nobody(project: pytest.Pytester) -> None:
    project.makepyfile(HELPERS + WITH_A_LAB)
    project.runpytest_subprocess("-p", "no:randomly").assert_outcomes(passed=9)


def test_a_suite_without_a_lab_is_left_alone(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    project.makepyfile(HELPERS + WITHOUT_A_LAB)
    project.runpytest_subprocess().assert_outcomes(passed=4)
