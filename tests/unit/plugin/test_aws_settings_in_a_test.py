"""AWS settings that a test puts into the environment are for its own clients, and not for the lab's."""

from __future__ import annotations

import pytest

WORKS = """
    import pytest
    from pytest_kmslab import allowed, denied

    SETTINGS = [
        {"AWS_PROFILE": "nope"},
        {"AWS_DEFAULT_PROFILE": "nope"},
        {"AWS_PROFILE": "other", "AWS_CONFIG_FILE": "config"},
        {"AWS_CONFIG_FILE": "broken", "AWS_SHARED_CREDENTIALS_FILE": "broken"},
        {"AWS_USE_FIPS_ENDPOINT": "true"},
        {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
        {"AWS_RETRY_MODE": "nope", "AWS_MAX_ATTEMPTS": "nope"},
        {"AWS_DEFAULTS_MODE": "nope"},
        {"AWS_CA_BUNDLE": "/nope"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
        {"AWS_ENDPOINT_URL_KMS": "http://127.0.0.1:9", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"},
        {"AWS_REGION": "nope", "AWS_DEFAULT_REGION": "nope"},
        {"AWS_ACCESS_KEY_ID": "AKIANOBODYS000000000", "AWS_SECRET_ACCESS_KEY": "x"},
    ]

    @pytest.fixture(autouse=True)
    def files(tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "config").write_text("[profile other]\\nregion = eu-west-1\\nuse_fips_endpoint = true\\n")
        (tmp_path / "broken").write_text("[")

    @pytest.mark.parametrize("settings", SETTINGS)
    def test_the_lab_works(kmslab, monkeypatch, settings):
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        group = kmslab.create_group(policies="AmazonDynamoDBFullAccess")
        user = kmslab.create_user(groups=group)
        key = kmslab.create_key(users=user)
        table = kmslab.create_table(key=key)
        with allowed("kms:Decrypt", by=user):
            kmslab.as_(user).resource("dynamodb").Table(table.name).get_item(Key={"id": "1"})
        role = kmslab.create_role(policies="AmazonDynamoDBFullAccess")
        with denied("kms:Decrypt", by=role):
            kmslab.as_(role).client("dynamodb").get_item(TableName=table.name, Key={"id": {"S": "1"}})
        with kmslab.environ(user):
            assert kmslab.as_(user).client("sts").get_caller_identity()["Arn"] == user.arn
"""


def test_the_lab_s_own_clients_do_not_read_it(project: pytest.Pytester) -> None:
    project.makepyfile(WORKS)
    project.runpytest_inprocess("-p", "no:randomly").assert_outcomes(passed=13)
