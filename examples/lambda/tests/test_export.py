"""The job, which is a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_kmslab import allowed, denied

pytestmark = pytest.mark.usefixtures("mara")
PROJECT = Path(__file__).parent.parent


def export(environment):
    command = [sys.executable, "-m", "customers.export"]
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)


def test_the_job_exports_as_the_reader_and_not_as_the_writer(kmslab, reader, writer):
    with allowed("kms:Decrypt", by=reader):
        done = export(kmslab.subprocess_environ(reader))
    assert json.loads(done.stdout) == ["Mara"]
    with denied("dynamodb:Scan", by=writer):
        refused = export(kmslab.subprocess_environ(writer))
    assert "dynamodb:Scan" in refused.stderr
