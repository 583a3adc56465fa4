"""Which addresses are a gateway's, whose calls are left to it."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.account import Account, allow

from pytest_kmslab.interception.hooks import BotocoreHooks

GATEWAY = "http://127.0.0.1:4566"


class Asked:
    """Notes whether it is asked."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    def before_call(self, model: Any, params: Any, signer: Any, context: Any) -> None:
        self.urls.append(params["url"])

    def request_created(self, request: Any) -> None: ...

    def after_call(self, http_response: Any, parsed: Any, context: Any) -> None: ...

    def after_call_error(self, context: Any) -> None: ...


@pytest.mark.parametrize(
    ("url", "left"),
    [
        ("http://127.0.0.1:4566/", True),
        ("http://localhost:4566/", True),
        ("http://LOCALHOST:4566", True),
        ("http://[::1]:4566/", True),
        ("http://kms.localhost:4566/", True),
        ("http://127.0.0.1:4567/", False),
        ("http://localhost/", False),
        ("http://example.com:4566/", False),
        ("https://kms.us-east-1.amazonaws.com/", False),
    ],
)
def test_a_gateway_is_known_by_every_name_of_this_machine(url: str, left: bool) -> None:
    hooks, asked = BotocoreHooks(), Asked()
    hooks.attach(asked)
    with hooks.leaving_to(GATEWAY):
        hooks.before_call(None, {"url": url}, None, {})  # type: ignore[arg-type]
    assert asked.urls == ([] if left else [url])


def test_a_gateway_reached_as_localhost_is_not_told_of_as_undecided(account: Account) -> None:
    bob = account.user("bob", allow("kms:*"))
    with account.run.gateway() as url:
        bob.client("kms", endpoint_url=url.replace("127.0.0.1", "localhost")).list_keys()
    assert not account.run.trail.elsewhere
