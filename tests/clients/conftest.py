"""A gateway in a process of its own for real clients, and the tools that they are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def gateway() -> Iterator[Mapping[str, str]]:
    """A `kmslab serve`; the environment that it says to copy, in place of any other of AWS's."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest_kmslab.cli.main", "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=plain,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("kmslab serve: ready"), "the gateway did not start"
    lines = [process.stdout.readline().strip().removeprefix("export ") for _ in range(4)]
    yield {
        **plain,
        **dict(line.split("=", 1) for line in lines),
        "AWS_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }
    process.terminate()
    assert process.wait(30) == 0


def tool(name: str) -> str:
    """Where a tool is; these tests are of real clients, so a missing one is an error and no skip."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise RuntimeError(f"`{name}` is not here, and these tests are of nothing else: install it")
    return found


@pytest.fixture(scope="session")
def aws_cli() -> str:
    """The AWS CLI, as `awscli` from PyPI installs it."""
    return tool("aws")


@pytest.fixture(scope="session")
def javascript(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the walk and the AWS SDK for JavaScript, exactly as locked."""
    folder = tmp_path_factory.mktemp("javascript") / "walk"
    shutil.copytree(Path(__file__).parent / "javascript", folder)
    command = [tool("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=folder, check=True, timeout=300)
    return folder


@pytest.fixture(scope="session")
def node() -> str:
    return tool("node")
