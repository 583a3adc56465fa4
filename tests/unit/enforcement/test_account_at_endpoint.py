"""A call at an endpoint is done in the account that its resource is in, whoever makes it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pytest_kmslab.account.model import Caller
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.enforcement.authentication import access_key_to_send

HOME, OTHER, CHOSEN = "000000000000", "222233334444", "333344445555"


def sent_with(caller: str, table: str, home: str = HOME, root: str = "test") -> str | None:
    """The access key by which GetItem on a table of one account is sent for a user of another."""
    user = f"arn:aws:iam::{caller}:user/ana"
    params = {"TableName": f"arn:aws:dynamodb:us-east-1:{table}:table/t", "Key": {"id": {"S": "1"}}}
    call = ApiCall("dynamodb", "GetItem", params, "us-east-1", Caller(user, caller, user, "AIDA", "User"))
    backend: Any = SimpleNamespace(root=Credentials(root, "test"), account=home, view=None)
    return access_key_to_send(call, backend)


@pytest.mark.parametrize(
    ("caller", "table", "key"),
    [(HOME, HOME, None), (HOME, OTHER, OTHER), (OTHER, HOME, "test"), (OTHER, OTHER, OTHER)],
)
def test_a_call_goes_to_the_account_of_its_resource(caller: str, table: str, key: str | None) -> None:
    assert sent_with(caller, table) == key


def test_in_an_account_that_was_chosen_every_call_says_so() -> None:
    """To ministack an access key of a user is one of its default account."""
    assert sent_with(CHOSEN, CHOSEN, home=CHOSEN, root=CHOSEN) == CHOSEN
    assert sent_with(CHOSEN, OTHER, home=CHOSEN, root=CHOSEN) == OTHER
