"""Other accounts than the home account, whose root users go by their numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from helpers.gateway import REGION, GatewayUnderTest, call_of, error_code, signed

from pytest_kmslab.backends.moto.backend import MotoBackend
from pytest_kmslab.backends.protocol import Credentials

OTHER = Credentials("444455556666", "test")


def test_a_root_user_goes_by_the_number_of_its_account(gateway: GatewayUnderTest) -> None:
    shown = gateway.call("sts", "GetCallerIdentity", OTHER)
    assert "<Arn>arn:aws:iam::444455556666:root</Arn>" in shown.get_data(as_text=True)


def test_what_it_makes_is_its_accounts(gateway: GatewayUnderTest) -> None:
    made = json.loads(gateway.call("kms", "CreateKey", OTHER).data)["KeyMetadata"]
    assert made["Arn"].startswith(f"arn:aws:kms:{REGION}:444455556666:key/")
    assert json.loads(gateway.call("kms", "ListKeys", OTHER).data)["Keys"] != []
    assert json.loads(gateway.call("kms", "ListKeys").data)["Keys"] == []


@pytest.mark.parametrize("access_key", ["444455556666", "44445555666", "4444555566667", "44445555666x"])
def test_neither_another_secret_nor_another_number_is_root(
    gateway: GatewayUnderTest, access_key: str
) -> None:
    secret = "guess" if len(access_key) == 12 and access_key.isdigit() else "test"
    answer = gateway.call("kms", "ListKeys", Credentials(access_key, secret))
    assert error_code(answer) in ("InvalidSignatureException", "UnrecognizedClientException")


def test_in_a_lab_of_a_test_a_number_is_a_root_user_by_the_labs_own_secret_alone() -> None:
    lab, other = MotoBackend(REGION), MotoBackend(REGION)
    lab.start()
    try:
        found = lab.view.credential("444455556666")
    finally:
        lab.stop()
    assert found is not None
    assert found.secret_access_key == lab.root.secret_access_key != other.root.secret_access_key


def test_a_request_comes_from_where_its_connection_does(gateway: GatewayUnderTest) -> None:
    user = _user(gateway, {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})
    for address, status in (("203.0.113.7", 200), ("198.51.100.7", 400), ("", 400)):
        assert _status(gateway, user, address) == status


def _user(gateway: GatewayUnderTest, condition: dict[str, Any]) -> Credentials:
    statement = {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Condition": condition}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    gateway.call("iam", "CreateUser", UserName="ana")
    gateway.call("iam", "PutUserPolicy", UserName="ana", PolicyName="p", PolicyDocument=policy)
    made = gateway.call("iam", "CreateAccessKey", UserName="ana").get_data(as_text=True)
    return Credentials(*(made.partition(f"<{name}>")[2].partition("<")[0] for name in _ACCESS_KEY))


_ACCESS_KEY = ("AccessKeyId", "SecretAccessKey")


def _status(gateway: GatewayUnderTest, user: Credentials, address: str) -> int:
    body, headers = call_of("kms", "ListKeys", {})
    return gateway.send(
        body, signed("kms", body, headers, user), environ_base={"REMOTE_ADDR": address}
    ).status_code
