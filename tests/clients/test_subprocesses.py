"""The AWS CLI and the AWS SDK for JavaScript with the environment that a lab gives to a process."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_kmslab import DynamoDBTable, IamUser, Lab, allowed, denied

SCAN = """
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
try {
  const client = new DynamoDBClient({ maxAttempts: 1 });
  console.log((await client.send(new ScanCommand({ TableName: process.argv[2] }))).Count);
} catch (error) {
  console.log(error.name, error.message, error.address ?? "", error.hostname ?? "");
}
"""
NOWHERE = "see-kmslab-subprocess-environ.localhost"


class Program:
    """Scans a table, and answers what it says."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._command = command
        self._folder = folder

    def __call__(self, table: DynamoDBTable, environment: Mapping[str, str]) -> str:
        done = subprocess.run(
            [*self._command, table.name],
            cwd=self._folder,
            env={**environment, "AWS_MAX_ATTEMPTS": "1"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.stdout + done.stderr


@pytest.fixture(params=["aws", "node"])
def program(request: pytest.FixtureRequest, tmp_path: Path) -> Program:
    if request.param == "aws":
        command = [request.getfixturevalue("aws_cli"), "dynamodb", "scan", "--query", "Count", "--table-name"]
        return Program(command, tmp_path)
    folder: Path = request.getfixturevalue("javascript")
    (folder / "scan.mjs").write_text(SCAN)
    return Program([request.getfixturevalue("node"), "--no-warnings", "scan.mjs"], folder)


def test_a_program_is_decided_as_the_user_that_it_is_started_as(
    program: Program, kmslab: Lab, encrypted_table: DynamoDBTable, outsider: IamUser, key_user: IamUser
) -> None:
    with denied("kms:Decrypt", by=outsider):
        assert "kms:Decrypt" in program(encrypted_table, kmslab.subprocess_environ(outsider))
    with allowed("kms:Decrypt", by=key_user):
        assert program(encrypted_table, kmslab.subprocess_environ(key_user)).strip() == "0"


def test_a_program_that_inherits_the_environment_reaches_nobody(
    program: Program, kmslab: Lab, encrypted_table: DynamoDBTable, key_user: IamUser
) -> None:
    with kmslab.environ(key_user):
        assert NOWHERE in program(encrypted_table, os.environ)
