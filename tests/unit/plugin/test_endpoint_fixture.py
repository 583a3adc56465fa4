"""`kmslab_endpoint`: the run's own lab for a client in another process, in the run's own mode."""

from __future__ import annotations

import pytest

CODE = '''
import subprocess
import sys

import boto3
import pytest

ASK = """
import sys, boto3
from botocore.exceptions import ClientError
url, table, key, secret = sys.argv[1:]
dynamodb = boto3.client("dynamodb", endpoint_url=url, region_name="us-east-1",
                        aws_access_key_id=key, aws_secret_access_key=secret)
try:
    print(dynamodb.scan(TableName=table)["Count"])
except ClientError as error:
    print(error.response["Error"]["Code"])
"""


def asked_elsewhere(url, table, user):
    command = [sys.executable, "-c", ASK, url, table.name, *user_key(user)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def user_key(user):
    return user.credentials.access_key_id, user.credentials.secret_access_key


@pytest.mark.parametrize("turn", [1, 2])
def test_another_process(kmslab_endpoint, kmslab_trail, encrypted_table, key_user, outsider, turn):
    mark = kmslab_trail.mark()
    assert asked_elsewhere(kmslab_endpoint, encrypted_table, key_user) == "0"
    assert asked_elsewhere(kmslab_endpoint, encrypted_table, outsider) == "{denied}"
    actions = [entry.request.action for entry in kmslab_trail.since(mark)]
    assert actions == ["dynamodb:Scan", "kms:Decrypt"] * {times}


def test_a_client_of_this_process_is_decided_once(kmslab_endpoint, kmslab_trail, encrypted_table, key_user):
    key, secret = user_key(key_user)
    dynamodb = boto3.client("dynamodb", endpoint_url=kmslab_endpoint, region_name="us-east-1",
                            aws_access_key_id=key, aws_secret_access_key=secret)
    mark = kmslab_trail.mark()
    dynamodb.scan(TableName=encrypted_table.name)
    assert len(kmslab_trail.since(mark)) == {once}
'''


def test_the_endpoint_enforces(project: pytest.Pytester) -> None:
    code = CODE.replace("{denied}", "AccessDeniedException").replace("{times}", "2").replace("{once}", "2")
    project.makepyfile(code)
    project.runpytest_subprocess().assert_outcomes(passed=3)


def test_the_endpoint_enforces_nothing_where_the_run_does_not(project: pytest.Pytester) -> None:
    code = CODE.replace("{denied}", "0").replace("{times}", "0").replace("{once}", "0")
    project.makepyfile(code)
    project.runpytest_subprocess("--kmslab-enforcement=off").assert_outcomes(passed=3)
