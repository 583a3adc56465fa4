"""Acting on an endpoint: requests are signed anew, and processes are decided."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from helpers.served import Served, served

TESTS = """
    import os
    import subprocess
    import sys

    import boto3

    from pytest_kmslab import allowed, denied

    AT_IMPORT = boto3.client("dynamodb", region_name="us-east-1")
    SCAN = "import boto3, sys; boto3.client('dynamodb').scan(TableName=sys.argv[1])"

    def test_a_client_of_an_import_is_signed_anew(kmslab, encrypted_table, outsider, key_user):
        signed = []
        AT_IMPORT.meta.events.register(
            "before-send", lambda request, **_: signed.append(str(request.headers["Authorization"]))
        )
        with kmslab.environ(outsider), denied("kms:Decrypt", by=outsider):
            AT_IMPORT.scan(TableName=encrypted_table.name)
        with kmslab.environ(key_user), allowed("kms:Decrypt", by=key_user):
            AT_IMPORT.scan(TableName=encrypted_table.name)
        assert key_user.credentials.access_key_id in signed[-1]

    def test_a_process_is_decided(kmslab, encrypted_table, outsider):
        variables = kmslab.subprocess_environ(outsider)
        assert variables["AWS_ENDPOINT_URL"] != os.environ["AWS_ENDPOINT_URL"]
        command = [sys.executable, "-c", SCAN, encrypted_table.name]
        with denied("kms:Decrypt", by=outsider):
            subprocess.run(command, env=variables, capture_output=True, check=False)
"""


@pytest.fixture(scope="module")
def account() -> Iterator[Served]:
    """An endpoint that decides nothing by itself."""
    with served("--enforcement", "off") as account:
        yield account


def test_acting_on_an_endpoint(project: pytest.Pytester, account: Served) -> None:
    project.makepyfile(TESTS)
    here = ("--kmslab-backend=localstack", f"--kmslab-endpoint={account.url}")
    project.runpytest_subprocess(*here).assert_outcomes(passed=2)
