"""The one-time password of a call: https://www.rfc-editor.org/rfc/rfc6238"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime, timezone

import pytest
from helpers.fake_account import ACCOUNT, FakeAccount, call, role_session, user

from pytest_kmslab.account.model import Caller
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.sts.mfa import authenticated, one_time_password

SEED = base64.b32encode(b"12345678901234567890").decode()
SERIAL = f"arn:aws:iam::{ACCOUNT}:mfa/ana"
SHOWN = "081804"
"""At 1111111109, the last second but one of its half minute: appendix B."""


@dataclass
class WithDevice(FakeAccount):
    """An account in which ana has a device."""

    seed: str = SEED

    def mfa_seed(self, user_arn: str, serial: str) -> str | None:
        return self.seed if (user_arn, serial) == (user().arn, SERIAL) else None


@pytest.mark.parametrize(
    ("now", "shown"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_vectors_of_the_standard(now: int, shown: str) -> None:
    assert one_time_password(SEED, now) == shown


def proven(
    now: int | None = 1111111109, caller: Caller | None = None, seed: str = SEED, **params: str
) -> dict[str, object] | str:
    """The condition keys of a call, or the error that it meets."""
    given = {"SerialNumber": SERIAL, "TokenCode": SHOWN} | params
    at = None if now is None else datetime.fromtimestamp(now, timezone.utc)
    asked = call("sts", "GetSessionToken", {name: text for name, text in given.items() if text}, caller)
    try:
        return dict(authenticated(asked._replace(time=at), WithDevice(seed=seed)))
    except ServiceError as error:
        return f"{error.code} {error.status} {error.message}"


FAILED = "AccessDenied 403 MultiFactorAuthentication failed with invalid MFA one time pass code."
PROVEN = {"aws:MultiFactorAuthPresent": True, "aws:MultiFactorAuthAge": 0}


@pytest.mark.parametrize("now", [1111111080 - 30, 1111111109, 1111111109 + 30])
def test_the_password_of_the_half_minute_and_of_those_beside_it(now: int) -> None:
    assert proven(now) == PROVEN


@pytest.mark.parametrize("now", [1111111080 - 31, 1111111110 + 30, None])
def test_no_password_of_another_time(now: int | None) -> None:
    assert proven(now) == FAILED


@pytest.mark.parametrize(
    "given",
    [
        {"TokenCode": "081805"},
        {"TokenCode": ""},
        {"SerialNumber": ""},
        {"SerialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/bob"},
        {"seed": "not base32!"},
    ],
)
def test_no_other_password_and_no_other_device(given: dict[str, str]) -> None:
    assert proven(**given) == FAILED


def test_only_a_user_has_a_device() -> None:
    assert proven(caller=role_session()) == FAILED


def test_who_names_no_device_proves_nothing() -> None:
    assert proven(SerialNumber="", TokenCode="") == {}
