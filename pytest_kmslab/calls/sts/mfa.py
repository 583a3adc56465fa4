"""Multi-factor authentication: the one-time password of a virtual device, as STS checks it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.context_keys import Keys

STEP = 30
"""Seconds for which a password is shown; the one before and the one after are taken too."""
DIGITS = 6
FAILED = "MultiFactorAuthentication failed with invalid MFA one time pass code."


def authenticated(call: ApiCall, view: AccountView) -> Keys:
    """The condition keys of a call that names a device; none where it does not.

    Raises ServiceError AccessDenied for a password that is not the device's, or a device not the caller's.
    """
    serial, code = call.params.get("SerialNumber"), call.params.get("TokenCode")
    if serial is None and code is None:
        return {}
    seed = view.mfa_seed(call.caller.arn, str(serial)) if call.caller.kind == "User" else None
    if seed is None or call.time is None or not _shown(seed, str(code), int(call.time.timestamp())):
        raise ServiceError("AccessDenied", FAILED, 403)
    return {"aws:MultiFactorAuthPresent": True, "aws:MultiFactorAuthAge": 0}


def one_time_password(seed: str, now: int) -> str:
    """What a device with this base32 seed shows at a time in epoch seconds.

    https://www.rfc-editor.org/rfc/rfc6238
    """
    digest = hmac.digest(base64.b32decode(seed), (now // STEP).to_bytes(8, "big"), hashlib.sha1)
    at = digest[-1] & 0xF
    number = int.from_bytes(digest[at : at + 4], "big") & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def _shown(seed: str, code: str, now: int) -> bool:
    try:
        # The password before and the one after are taken too: clocks differ.
        shown = [one_time_password(seed, now + off) for off in (-STEP, 0, STEP)]
    except binascii.Error:
        return False
    return any(hmac.compare_digest(candidate.encode(), code.encode()) for candidate in shown)
