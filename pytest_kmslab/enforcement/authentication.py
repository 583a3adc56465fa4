"""Who is calling: an access key, its secret and its session token, as the services check them.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from threading import Lock
from typing import TYPE_CHECKING, Any

from pytest_kmslab.account.model import AccountView, Caller
from pytest_kmslab.authz.arn import ACCOUNT_ID, COMMERCIAL, partition_of
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.iam.implicit_user import of_root
from pytest_kmslab.calls.resource_owner import account_of_call
from pytest_kmslab.calls.services import protocol_of
from pytest_kmslab.calls.sts.mfa import FAILED, STEP
from pytest_kmslab.enforcement.clock import Clock

if TYPE_CHECKING:
    from pytest_kmslab.backends.protocol import Backend

UNKNOWN = "The security token included in the request is invalid."
EXPIRED = "The security token included in the request is expired"
WRONG_SECRET = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
    "Access Key and signing method. Consult the service documentation for details."
)
MISSING = "Request is missing Authentication Token"


def authenticate(credentials: Credentials | None, service: str, view: AccountView, clock: Clock) -> Caller:
    """The caller that holds these credentials; raises the service's own ServiceError where nobody does.

    The clock tells whether temporary credentials have ended.
    """
    if credentials is None or not credentials.access_key_id:
        raise protocol_of(service).missing_token.error(MISSING)
    known = view.credential(credentials.access_key_id)
    if known is None or not known.active or (credentials.session_token or "") != (known.session_token or ""):
        raise protocol_of(service).unknown_token.error(UNKNOWN)
    if credentials.secret_access_key != known.secret_access_key:
        raise protocol_of(service).bad_signature.error(WRONG_SECRET)
    # An ended session of a kind that IAM takes of nobody is unknown to it, not expired.
    if service == "iam":
        check_service(known.caller, service)
    if known.expires_at is not math.inf and known.expires_at <= clock.now():
        raise protocol_of(service).expired_token.error(EXPIRED)
    return known.caller


def in_partition(caller: Caller, service: str, region: str) -> Caller:
    """The caller as a Region's partition knows them; raises ServiceError for a caller of another partition.

    Partitions share no credentials.
    https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
    """
    own, wanted = caller.arn.partition(":")[2].partition(":")[0], partition_of(region)
    if own in (wanted.name, ""):
        return caller
    if caller.kind != "Account":
        raise protocol_of(service).unknown_token.error(UNKNOWN)
    # A client that names no Region of its own (a global service's `us-east-1`) is where the backend is.
    if wanted is COMMERCIAL:
        return caller
    # The root user's access key is made up by us, so it is one of each partition that a Region names.
    arn = f"arn:{wanted.name}:iam::{caller.account}:root"
    return replace(caller, arn=arn, principal_arn=arn)


def check_service(caller: Caller, service: str) -> None:
    """Raise ServiceError for a caller whose credentials a service does not take at all.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
    """
    if service == "iam" and _shut_out_of_iam(caller):
        raise protocol_of(service).unknown_token.error(UNKNOWN)


def _shut_out_of_iam(caller: Caller) -> bool:
    if not caller.token_issued or caller.kind == "AssumedRole":
        return False
    # Of GetSessionToken IAM takes only what was asked for with multi-factor authentication; of
    # GetFederationToken nothing. https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
    with_mfa = str(caller.context.get("aws:MultiFactorAuthPresent", "")).lower() == "true"
    return caller.kind == "FederatedUser" or not with_mfa


# One-time passwords that were taken already: AWS takes each once.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_sync.html

SHOWN = 3 * STEP
"""Seconds for which a password is taken at most: its own, and those of the one before and the one after."""


class SpentPasswords:
    """Remembers the password with which each device was last used."""

    def __init__(self) -> None:
        self._spent: dict[tuple[str, str], float] = {}
        self._lock = Lock()

    def check(self, call: ApiCall, now: float) -> None:
        """Raise AccessDenied where the password that a call gives was taken before."""
        used = self._spent.get(_given(call))
        if used is not None and now - used < SHOWN:
            raise ServiceError("AccessDenied", FAILED, 403)

    def spend(self, call: ApiCall, now: float) -> None:
        """After the call was let through: its password is not taken again.

        Raises as `check` does where another thread's call was let through with it in the meantime.
        """
        if call.service != "sts" or not call.params.get("TokenCode"):
            return
        with self._lock:
            self.check(call, now)
            # What AWS would refuse by its age need not be remembered: a long run spends many.
            self._spent = {password: used for password, used in self._spent.items() if now - used < SHOWN}
            self._spent[_given(call)] = now


def _given(call: ApiCall) -> tuple[str, str]:
    if call.service != "sts":
        return "", ""
    return str(call.params.get("SerialNumber", "")), str(call.params.get("TokenCode", ""))


# What the root user is told about themselves, of whom no backend keeps anything.
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUser.html

SINCE = datetime(2020, 1, 1, tzinfo=timezone.utc)
"""When the account was made, which nobody knows here."""

_LISTS: Mapping[str, str] = {
    "ListAccessKeys": "AccessKeyMetadata",
    "ListMFADevices": "MFADevices",
    "ListSSHPublicKeys": "SSHPublicKeys",
    "ListServiceSpecificCredentials": "ServiceSpecificCredentials",
    "ListSigningCertificates": "Certificates",
}


def root_user(call: ApiCall) -> dict[str, Any] | None:
    """The response to a root user who asks about themselves; None for every other call.

    The root user has no name and no path. Their own access key is not listed.
    """
    if not of_root(call):
        return None
    if call.operation == "GetUser":
        return {"User": {"UserId": call.account, "Arn": call.caller.arn, "CreateDate": SINCE}}
    listed = _LISTS.get(call.operation)
    return None if listed is None else {listed: [], "IsTruncated": False}


# By which access key an endpoint does a call in the right account.
# LocalStack and ministack take an access key of twelve digits for the root user's of that account.
# LocalStack knows whose every other key is; to ministack all of them are of its own default account.
# Neither verifies a signature, nor need it: the call was decided.


def access_key_to_send(call: ApiCall, backend: Backend) -> str | None:
    """The access key to send a call with; None where the caller's own leads to the right account."""
    root = backend.root.access_key_id
    account = account_of_call(call, backend.view)
    if account != backend.account:
        return account
    # A root access key of twelve digits chose the account: to an endpoint every other key is of its own one.
    is_chosen = ACCOUNT_ID.fullmatch(root) is not None
    return root if is_chosen or call.account != account else None
