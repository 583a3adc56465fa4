from __future__ import annotations

import subprocess
import sys
from importlib import metadata

import pytest_kmslab


def test_what_the_package_offers_is_exactly_this() -> None:
    assert pytest_kmslab.__all__ == [
        "AccessMatrix",
        "AwsResource",
        "BackendError",
        "Clock",
        "ConsoleAccess",
        "Credentials",
        "Decision",
        "Denial",
        "DynamoDBTable",
        "ExpectationError",
        "Grant",
        "IamGroup",
        "IamRole",
        "IamUser",
        "KmsKey",
        "KmslabError",
        "Lab",
        "LeastPrivilege",
        "MatrixError",
        "Origin",
        "Outcome",
        "OutsideLabError",
        "PolicyError",
        "PrincipalSession",
        "Proof",
        "Reason",
        "ResourceError",
        "RoleSession",
        "Settings",
        "Stack",
        "TeardownError",
        "TemplateError",
        "Trail",
        "TrailEntry",
        "access_matrix",
        "allowed",
        "changed_statements",
        "console_policy",
        "denied",
        "eventually",
        "lab_scope",
        "same_meaning",
        "service_host",
        "sse_specification",
    ]


def test_everything_offered_is_there_and_documented() -> None:
    for name in pytest_kmslab.__all__:
        assert getattr(pytest_kmslab, name).__doc__


def test_the_version_is_that_of_what_is_installed() -> None:
    assert pytest_kmslab.__version__ == metadata.version("pytest-kmslab")


def test_importing_the_package_imports_the_standard_library_only() -> None:
    code = (
        "import sys, pytest_kmslab\n"
        "print({name.split('.')[0] for name in sys.modules} & "
        "{'boto3', 'botocore', 'moto', 'pytest', 'tenacity'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
