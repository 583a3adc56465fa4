"""Constraints come first in process, for whoever calls and with enforcement on or off."""

from __future__ import annotations

from typing import Any

import pytest
from support.account import Account
from unit.wire.refused_calls import CODES, EACH, raw, refused


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
