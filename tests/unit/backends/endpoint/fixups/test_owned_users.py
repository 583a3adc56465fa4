"""What is deleted or changed of a user's must be seen to be theirs; otherwise it is refused."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.fake_account import call, user

from pytest_kmslab.backends.endpoint.fixups.iam import owned
from pytest_kmslab.calls.api_call import ServiceError

KEY = "AKIAIOSFODNN7EXAMPLE"


def answering(code: str, status: int) -> Any:
    """AccountView of an endpoint whose list of access keys is answered so."""

    def refuse(**_: Any) -> None:
        raise ClientError(
            {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}},
            "ListAccessKeys",
        )

    return SimpleNamespace(clients=SimpleNamespace(of=lambda _: SimpleNamespace(list_access_keys=refuse)))


@pytest.mark.parametrize(("code", "status"), [("NoSuchEntity", 404), ("InternalFailure", 501)])
@pytest.mark.parametrize("operation", ["DeleteAccessKey", "UpdateAccessKey"])
def test_a_key_of_nobody_known_is_nobodys(operation: str, code: str, status: int) -> None:
    asked = call("iam", operation, {"UserName": "ghost", "AccessKeyId": KEY}, user())
    with pytest.raises(ServiceError, match="NoSuchEntity"):
        owned(answering(code, status), asked)
