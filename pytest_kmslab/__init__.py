"""pytest fixtures that prove who can read a DynamoDB table encrypted with a KMS key.

    with denied("kms:Decrypt"):
        table.get_item(Key={"id": "1"})

Importing this imports neither boto3 nor moto.
"""

from pytest_kmslab.assertions.access import access_matrix
from pytest_kmslab.assertions.answers import ExpectationError
from pytest_kmslab.assertions.eventually import eventually
from pytest_kmslab.assertions.expectations import allowed, denied
from pytest_kmslab.errors import BackendError, KmslabError, OutsideLabError, ResourceError, TeardownError

__all__ = [
    "BackendError",
    "ExpectationError",
    "KmslabError",
    "OutsideLabError",
    "ResourceError",
    "TeardownError",
    "access_matrix",
    "allowed",
    "denied",
    "eventually",
]
