"""ImportKeyMaterial: when the material expires must be said, unless it never does.

https://docs.aws.amazon.com/kms/latest/APIReference/API_ImportKeyMaterial.html
"""

from __future__ import annotations

from pytest_kmslab.account.model import Key
from pytest_kmslab.calls.authorization import Params, ServiceError

EXPIRES = "KEY_MATERIAL_EXPIRES"


def check_expiry(params: Params, _key: Key) -> None:
    """Raise ValidationException where ValidTo and ExpirationModel do not go together."""
    expires = params.get("ExpirationModel", EXPIRES) == EXPIRES
    dated = params.get("ValidTo") is not None
    if expires and not dated:
        text = f"A validTo date must be set if the ExpirationModel is {EXPIRES}"
        raise ServiceError("ValidationException", text)
    if dated and not expires:
        text = f"A validTo date must not be set if the ExpirationModel is not {EXPIRES}"
        raise ServiceError("ValidationException", text)
