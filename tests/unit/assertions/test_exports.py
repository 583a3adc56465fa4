from __future__ import annotations

import subprocess
import sys

import pytest_kmslab


def test_what_the_package_offers_is_exactly_this() -> None:
    assert pytest_kmslab.__all__ == [
        "BackendError",
        "Decision",
        "DynamoDBTable",
        "ExpectationError",
        "Grant",
        "IamRole",
        "IamUser",
        "KmsKey",
        "KmslabError",
        "Lab",
        "OutsideLabError",
        "PolicyError",
        "ResourceError",
        "RoleSession",
        "TeardownError",
        "Trail",
        "access_matrix",
        "allowed",
        "denied",
        "eventually",
    ]


def test_everything_offered_is_there_and_documented() -> None:
    for name in pytest_kmslab.__all__:
        assert getattr(pytest_kmslab, name).__doc__


def test_importing_the_package_imports_the_standard_library_only() -> None:
    code = (
        "import sys, pytest_kmslab\n"
        "print({name.split('.')[0] for name in sys.modules} & "
        "{'boto3', 'botocore', 'moto', 'pytest', 'tenacity'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
