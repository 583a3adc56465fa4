"""One-time passwords that were taken already: AWS takes each once.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_sync.html
"""

from __future__ import annotations

from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.sts.mfa import FAILED, STEP

SHOWN = 3 * STEP
"""Seconds for which a password is taken at most: its own, and those of the one before and the one after."""


class SpentPasswords:
    """Remembers the password with which each device was last used."""

    def __init__(self) -> None:
        self._spent: dict[tuple[str, str], float] = {}

    def check(self, call: ApiCall, now: float) -> None:
        """Raise AccessDenied where the password that a call gives was taken before."""
        used = self._spent.get(_given(call))
        if used is not None and now - used < SHOWN:
            raise ServiceError("AccessDenied", FAILED, 403)

    def spend(self, call: ApiCall, now: float) -> None:
        """After the call was let through: its password is not taken again."""
        if call.service == "sts" and call.params.get("TokenCode"):
            self._spent = {password: used for password, used in self._spent.items() if now - used < SHOWN}
            self._spent[_given(call)] = now


def _given(call: ApiCall) -> tuple[str, str]:
    if call.service != "sts":
        return "", ""
    return str(call.params.get("SerialNumber", "")), str(call.params.get("TokenCode", ""))
