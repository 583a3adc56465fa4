"""Login profiles on moto.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateLoginProfile.html
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import Account


def reset(iam: Any) -> bool:
    return bool(iam.get_login_profile(UserName="ana")["LoginProfile"]["PasswordResetRequired"])


def test_a_login_profile_stays_where_its_password_is_not_changed(account: Account) -> None:
    iam = account.root.client("iam")
    iam.create_user(UserName="ana")
    iam.create_login_profile(UserName="ana", Password="Str0ng-enough!")
    iam.update_login_profile(UserName="ana")
    assert not reset(iam)
    iam.update_login_profile(UserName="ana", PasswordResetRequired=True)
    assert reset(iam)
    iam.update_login_profile(UserName="ana")
    assert reset(iam)
    iam.update_login_profile(UserName="ana", PasswordResetRequired=False)
    assert not reset(iam)
    iam.update_login_profile(UserName="ana", Password="Str0ng-enough?")
    iam.delete_login_profile(UserName="ana")


@pytest.mark.parametrize("name", ["ana", "bob"])
def test_none_is_made_by_changing_it(account: Account, name: str) -> None:
    iam = account.root.client("iam")
    iam.create_user(UserName="ana")
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.update_login_profile(UserName=name, PasswordResetRequired=True)
