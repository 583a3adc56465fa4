"""Multi-factor authentication: sessions that were asked for with a one-time password."""

from __future__ import annotations

import json
import time

import boto3
import pytest
from helpers.account import ACCOUNT, Account, allow
from helpers.asserts import code

from pytest_kmslab.account.model import Caller
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.sts.mfa import one_time_password
from pytest_kmslab.enforcement.authentication import SHOWN, SpentPasswords

WITH = allow("kms:ListKeys", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})
FRESH = allow("kms:ListKeys", Condition={"NumericLessThan": {"aws:MultiFactorAuthAge": "60"}})
ROLE = f"arn:aws:iam::{ACCOUNT}:role/guarded"


class Device:
    """A virtual device that is enabled for a user."""

    def __init__(self, account: Account, user: str) -> None:
        iam = account.root.client("iam")
        made = iam.create_virtual_mfa_device(VirtualMFADeviceName=user)["VirtualMFADevice"]
        self.serial = made["SerialNumber"]
        self.seed = made["Base32StringSeed"].decode()
        codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
        iam.enable_mfa_device(UserName=user, SerialNumber=self.serial, **codes)

    @property
    def shown(self) -> dict[str, str]:
        return {"SerialNumber": self.serial, "TokenCode": one_time_password(self.seed, int(time.time()))}


@pytest.fixture
def ana(account: Account) -> boto3.Session:
    return account.user("ana", allow("sts:*"), WITH)


def test_a_session_with_a_password_has_what_needs_one(account: Account, ana: boto3.Session) -> None:
    device, sts = Device(account, "ana"), ana.client("sts")
    assert code(ana.client("kms").list_keys) == "AccessDeniedException"
    plain = account.temporary(sts.get_session_token())
    assert code(plain.client("kms").list_keys) == "AccessDeniedException"
    proven = account.temporary(sts.get_session_token(**device.shown))
    assert code(proven.client("kms").list_keys) == "allowed"


def test_the_age_of_a_password_counts(account: Account) -> None:
    ana = account.user("ana", allow("sts:*"), FRESH)
    device = Device(account, "ana")
    proven = account.temporary(ana.client("sts").get_session_token(**device.shown))
    assert code(proven.client("kms").list_keys) == "allowed"


def test_a_wrong_password_and_anothers_device_are_refused(account: Account, ana: boto3.Session) -> None:
    account.user("bob")
    mine, bobs, sts = Device(account, "ana"), Device(account, "bob"), ana.client("sts")
    wrong = {**mine.shown, "TokenCode": one_time_password(mine.seed, 0)}
    for given in (wrong, bobs.shown, {"SerialNumber": mine.serial}, {"TokenCode": "123456"}):
        assert code(sts.get_session_token, **given) == "AccessDenied"


def test_a_role_can_ask_for_a_password(account: Account, ana: boto3.Session) -> None:
    device, iam, sts = Device(account, "ana"), account.root.client("iam"), ana.client("sts")
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.create_role(RoleName="guarded", AssumeRolePolicyDocument=document)
    iam.put_role_policy(RoleName="guarded", PolicyName="p", PolicyDocument=json.dumps(WITH))
    named = {"RoleArn": ROLE, "RoleSessionName": "session"}
    assert code(sts.assume_role, **named) == "AccessDenied"
    session = account.temporary(sts.assume_role(**named, **device.shown))
    assert code(session.client("kms").list_keys) == "allowed"


def test_a_session_with_a_one_time_password_may_call_iam(account: Account) -> None:
    user = account.user("guarded", allow("iam:GetUser", "sts:*"))
    sts, device = user.client("sts"), Device(account, "guarded")
    assert code(account.temporary(sts.get_session_token()).client("iam").get_user) == "InvalidClientTokenId"
    proven = account.temporary(sts.get_session_token(**device.shown))
    assert code(proven.client("iam").get_user) == "allowed"


def test_of_two_calls_at_once_with_one_password_one_is_let_through() -> None:
    caller = Caller(ROLE, ACCOUNT, ROLE, "", "User")
    params = {"SerialNumber": "arn:aws:iam::123456789012:mfa/ana", "TokenCode": "123456"}
    call, passwords = ApiCall("sts", "GetSessionToken", params, "us-east-1", caller), SpentPasswords()
    for _ in range(2):
        passwords.check(call, 0.0)
    passwords.spend(call, 0.0)
    with pytest.raises(ServiceError, match="MultiFactorAuthentication failed"):
        passwords.spend(call, 0.0)
    passwords.spend(call, SHOWN)
