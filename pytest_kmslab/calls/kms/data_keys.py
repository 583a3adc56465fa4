"""Data keys: how long they are, and of which kind a pair can be.

https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKey.html
"""

from __future__ import annotations

from collections.abc import Mapping

from pytest_kmslab.account.model import Key
from pytest_kmslab.calls.authorization import Params, ServiceError
from pytest_kmslab.calls.kms.specs import refuse_foreign_spec

BYTES: Mapping[str, int] = {"AES_128": 16, "AES_256": 32}
"""The length of a data key by its KeySpec."""


def check_length(params: Params, _key: Key) -> None:
    """Raise ValidationException unless the length is said, in one way; the text is as pasted from AWS."""
    if (params.get("KeySpec") is None) is (params.get("NumberOfBytes") is None):
        raise ServiceError("ValidationException", "Please specify either number of bytes or key spec.")


def check_pair(params: Params, key: Key) -> None:
    """Raise UnsupportedOperationException for a pair that the Region does not make."""
    refuse_foreign_spec("KeyPairSpec", params["KeyPairSpec"], key.region)
