"""pytest fixtures that prove who can read a DynamoDB table encrypted with a KMS key.

    with denied("kms:Decrypt"):
        table.get_item(Key={"id": "1"})

Everything in `__all__` is public and stable; every module below this one may change at any time.

Importing this imports neither boto3 nor moto, and nothing of the package before it is used: every pytest
run in an environment with the plugin pays for what is imported here.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_kmslab.assertions.access import access_matrix
    from pytest_kmslab.assertions.answers import ExpectationError
    from pytest_kmslab.assertions.eventually import eventually
    from pytest_kmslab.assertions.expectations import Denial, allowed, denied
    from pytest_kmslab.authz.arn import service_host
    from pytest_kmslab.authz.decision import Decision, Outcome, Reason
    from pytest_kmslab.backends.protocol import Credentials
    from pytest_kmslab.config.options import Settings
    from pytest_kmslab.enforcement.clock import Clock
    from pytest_kmslab.enforcement.entry import Origin, TrailEntry
    from pytest_kmslab.enforcement.trail import Trail
    from pytest_kmslab.errors import (
        BackendError,
        KmslabError,
        OutsideLabError,
        PolicyError,
        ResourceError,
        TeardownError,
        TemplateError,
    )
    from pytest_kmslab.fixtures import lab_scope
    from pytest_kmslab.lab.kinds.iam.credentials_file import ConsoleAccess
    from pytest_kmslab.lab.kinds.iam.group import IamGroup
    from pytest_kmslab.lab.kinds.iam.role import IamRole, RoleSession
    from pytest_kmslab.lab.kinds.iam.user import IamUser
    from pytest_kmslab.lab.kinds.kms.grant import Grant
    from pytest_kmslab.lab.kinds.kms.key import KmsKey
    from pytest_kmslab.lab.kinds.kms.key_policy import changed_statements, console_policy, same_meaning
    from pytest_kmslab.lab.kinds.stacks.stack import Stack
    from pytest_kmslab.lab.kinds.table import DynamoDBTable, sse_specification
    from pytest_kmslab.lab.lab import Lab
    from pytest_kmslab.lab.objects import AwsResource
    from pytest_kmslab.lab.sessions import PrincipalSession
    from pytest_kmslab.matrix.access_matrix import AccessMatrix
    from pytest_kmslab.matrix.subjects import MatrixError
    from pytest_kmslab.privilege.least import LeastPrivilege
    from pytest_kmslab.privilege.proof import Proof

    __version__: str

__all__ = [
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

_HOMES = {
    "AccessMatrix": "matrix.access_matrix",
    "Clock": "enforcement.clock",
    "ConsoleAccess": "lab.kinds.iam.credentials_file",
    "Credentials": "backends.protocol",
    "AwsResource": "lab.objects",
    "Decision": "authz.decision",
    "Denial": "assertions.expectations",
    "DynamoDBTable": "lab.kinds.table",
    "ExpectationError": "assertions.answers",
    "Grant": "lab.kinds.kms.grant",
    "IamGroup": "lab.kinds.iam.group",
    "IamRole": "lab.kinds.iam.role",
    "IamUser": "lab.kinds.iam.user",
    "KmsKey": "lab.kinds.kms.key",
    "Lab": "lab.lab",
    "LeastPrivilege": "privilege.least",
    "MatrixError": "matrix.subjects",
    "Origin": "enforcement.entry",
    "Outcome": "authz.decision",
    "PrincipalSession": "lab.sessions",
    "Proof": "privilege.proof",
    "Reason": "authz.decision",
    "RoleSession": "lab.kinds.iam.role",
    "Settings": "config.options",
    "Stack": "lab.kinds.stacks.stack",
    "Trail": "enforcement.trail",
    "TrailEntry": "enforcement.entry",
    "access_matrix": "assertions.access",
    "allowed": "assertions.expectations",
    "changed_statements": "lab.kinds.kms.key_policy",
    "console_policy": "lab.kinds.kms.key_policy",
    "denied": "assertions.expectations",
    "eventually": "assertions.eventually",
    "lab_scope": "fixtures",
    "same_meaning": "lab.kinds.kms.key_policy",
    "service_host": "authz.arn",
    "sse_specification": "lab.kinds.table",
}
"""Where each name is, but for the errors."""


def __getattr__(name: str) -> Any:
    if name == "__version__":
        # It is written once, in pyproject.toml, and installed with the package.
        return import_module("importlib.metadata").version("pytest-kmslab")
    if name not in __all__:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    # The import system looks for submodules this way too; those are never in `__all__`.
    value = getattr(import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
