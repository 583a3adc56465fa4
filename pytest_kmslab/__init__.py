"""pytest fixtures that prove who can read a DynamoDB table encrypted with a KMS key.

    with denied("kms:Decrypt"):
        table.get_item(Key={"id": "1"})

Importing this imports neither boto3 nor moto, and nothing of the package before it is used: every pytest
run in an environment with the plugin pays for what is imported here.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_kmslab.assertions.access import access_matrix
    from pytest_kmslab.assertions.answers import ExpectationError
    from pytest_kmslab.assertions.eventually import eventually
    from pytest_kmslab.assertions.expectations import allowed, denied
    from pytest_kmslab.authz.decision import Decision
    from pytest_kmslab.enforcement.trail import Trail
    from pytest_kmslab.errors import (
        BackendError,
        KmslabError,
        OutsideLabError,
        PolicyError,
        ResourceError,
        TeardownError,
    )
    from pytest_kmslab.lab.kinds.grant import Grant
    from pytest_kmslab.lab.kinds.key import KmsKey
    from pytest_kmslab.lab.kinds.role import IamRole
    from pytest_kmslab.lab.kinds.table import DynamoDBTable
    from pytest_kmslab.lab.kinds.user import IamUser
    from pytest_kmslab.lab.lab import Lab
    from pytest_kmslab.lab.role_session import RoleSession

__all__ = [
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

_HOMES = {
    "Decision": "authz.decision",
    "DynamoDBTable": "lab.kinds.table",
    "ExpectationError": "assertions.answers",
    "Grant": "lab.kinds.grant",
    "IamRole": "lab.kinds.role",
    "IamUser": "lab.kinds.user",
    "KmsKey": "lab.kinds.key",
    "Lab": "lab.lab",
    "RoleSession": "lab.role_session",
    "Trail": "enforcement.trail",
    "access_matrix": "assertions.access",
    "allowed": "assertions.expectations",
    "denied": "assertions.expectations",
    "eventually": "assertions.eventually",
}
"""Where each name is, but for the errors."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    # The import system looks for submodules this way too; those are never in `__all__`.
    value = getattr(import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
