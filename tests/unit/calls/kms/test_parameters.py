"""Parameters of KMS operations that do not go together, whatever the key."""

from __future__ import annotations

import pytest
from helpers.authorizations import required_authorizations
from helpers.fake_account import KEY_ID, FakeAccount, call

from pytest_kmslab.calls.api_call import ServiceError


def test_random_bytes_are_asked_for_by_their_number() -> None:
    asked = required_authorizations(call("kms", "GenerateRandom", {}), FakeAccount())
    request = next(asked).request
    assert (request.action, request.resource) == ("kms:GenerateRandom", "*")
    assert "kms:CallerAccount" not in request.context
    with pytest.raises(ServiceError, match="ValidationException: NumberOfBytes is required"):
        next(asked)


@pytest.mark.parametrize("number", [1, 1024])
def test_random_bytes(number: int) -> None:
    asked = required_authorizations(call("kms", "GenerateRandom", {"NumberOfBytes": number}), FakeAccount())
    assert len(list(asked)) == 1


@pytest.mark.parametrize(
    ("model", "until", "fits"),
    [
        (None, None, False),
        ("KEY_MATERIAL_EXPIRES", None, False),
        ("KEY_MATERIAL_EXPIRES", 1.0, True),
        (None, 1.0, True),
        ("KEY_MATERIAL_DOES_NOT_EXPIRE", None, True),
        ("KEY_MATERIAL_DOES_NOT_EXPIRE", 1.0, False),
    ],
)
def test_imported_material_says_when_it_expires(model: str | None, until: float | None, fits: bool) -> None:
    view = FakeAccount()
    view.add_key(origin="EXTERNAL", state="PendingImport")
    given = {"ExpirationModel": model, "ValidTo": until}
    params = {name: value for name, value in given.items() if value is not None}
    asked = required_authorizations(call("kms", "ImportKeyMaterial", {"KeyId": KEY_ID, **params}), view)
    next(asked)
    if fits:
        assert list(asked) == []
    else:
        with pytest.raises(ServiceError, match="ValidationException: A validTo date must"):
            next(asked)
