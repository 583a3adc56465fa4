import subprocess
import sys

from pytest_kmslab import denied

PROGRAM = """
import boto3, sys
boto3.client("dynamodb").scan(TableName=sys.argv[1])
"""


def test_a_program_of_an_outsider(kmslab, encrypted_table, outsider):
    command = [sys.executable, "-c", PROGRAM, encrypted_table.name]
    with denied("kms:Decrypt", by=outsider):
        result = subprocess.run(
            command,
            env=kmslab.subprocess_environ(outsider),
            check=False,
            capture_output=True,
            text=True,
        )
        assert "is not authorized to perform: kms:Decrypt" in result.stderr
