"""Constraints come first in process, for whoever calls and with enforcement on or off."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from helpers.account import Account
from helpers.refused_calls import CODES, EACH, raw, refused


@pytest.mark.parametrize("fixture", ["account", "lax_account"], ids=["enforced", "off"])
@EACH
def test_in_process(
    request: pytest.FixtureRequest,
    fixture: str,
    service: str,
    operation: str,
    params: dict[str, Any],
    said: str,
) -> None:
    account: Account = request.getfixturevalue(fixture)
    nobody = account.user("nobody")
    told = refused(raw(nobody, service), operation, params)
    assert told[0] == CODES.get(service, "ValidationException")
    assert said in told[1]


def test_what_aws_takes_of_nobody_is_held_to_its_model_too(account: Account) -> None:
    nobody = boto3.client("sts", "us-east-1", config=Config(signature_version=UNSIGNED))

    def code(session: str) -> str:
        role = "arn:aws:iam::123456789012:role/r"
        with pytest.raises(ClientError) as raised:
            nobody.assume_role_with_web_identity(
                RoleArn=role, RoleSessionName=session, WebIdentityToken="abcd"
            )
        return str(raised.value.response["Error"]["Code"])

    assert code("a/b") == "ValidationError"
    assert code("ab") == "InvalidIdentityToken"
