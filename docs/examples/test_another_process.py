import os
import subprocess
import sys

from pytest_kmslab import denied

PROGRAM = """
import boto3, sys
boto3.client("dynamodb").scan(TableName=sys.argv[1])
"""


def test_a_program_of_an_outsider(kmslab, kmslab_endpoint, encrypted_table, outsider):
    with kmslab.environ(outsider), denied("kms:Decrypt", by=outsider):
        environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": kmslab_endpoint,
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",  # the lab sets it: here it must not hold
        }
        command = [sys.executable, "-c", PROGRAM, encrypted_table.name]
        result = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert "is not authorized to perform: kms:Decrypt" in result.stderr
