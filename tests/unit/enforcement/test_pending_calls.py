"""A call between its decision and its doing: decided again where the account changed, and told as one.

Without threads; tests/unit/enforcement/test_turns.py has them.
"""

from __future__ import annotations

from typing import Any

import pytest
from helpers.account import TABLE, Account, allow

from pytest_kmslab.account.model import Caller
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.calls.api_call import ApiCall, ServiceError


def by(account: Account, name: str, *documents: Any) -> Caller:
    """A user who has these policies, as the pipeline knows them."""
    held = account.user(name, *documents).get_credentials()
    return account.run.pipeline.caller(Credentials(held.access_key, held.secret_key), "kms")


def listing(caller: Caller, region: str = "us-east-1") -> ApiCall:
    return ApiCall("kms", "ListKeys", {}, region, caller)


def test_what_was_allowed_is_asked_again_once_the_account_changed(account: Account) -> None:
    pipeline, trail = account.run.pipeline, account.run.trail
    pending = pipeline.prepare(listing(by(account, "ana", allow("kms:ListKeys"))))
    (allowed,) = pending.verdict.entries
    told: list[tuple[Any, ...]] = []
    trail.listeners.append(lambda *what: told.append(what))
    account.root.client("iam").delete_user_policy(UserName="ana", PolicyName="p0")
    told.clear()
    with pytest.raises(ServiceError) as refused:
        pipeline.confirm(pending)
    assert refused.value.code == "AccessDeniedException"
    ((call, entries, refusal),) = told
    assert (call, refusal) == (pending.call, refused.value)
    (denied,) = entries
    assert (denied.decision.allowed, denied.request.action) == (False, "kms:ListKeys")
    assert list(trail)[-1] == denied
    assert trail.was_in_vain(allowed)
    assert denied.policies is not None


def test_a_change_that_takes_nothing_away_is_not_told(account: Account) -> None:
    pipeline, trail = account.run.pipeline, account.run.trail
    pending = pipeline.prepare(listing(by(account, "ana", allow("kms:ListKeys"))))
    pipeline.confirm(pending)
    account.root.client("iam").create_user(UserName="eve")
    number = len(list(trail))
    pipeline.confirm(pending)
    assert len(list(trail)) == number
    assert not trail.was_in_vain(pending.verdict.entries[0])


def test_what_is_told_of_a_call_is_all_that_was_decided(account: Account) -> None:
    key = account.key()
    sse = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    account.root.client("dynamodb").create_table(**TABLE, SSESpecification=sse)
    told: list[tuple[Any, ...]] = []
    account.run.trail.listeners.append(lambda *what: told.append(what))
    ana = by(account, "ana", allow("dynamodb:*"))
    told.clear()
    call = ApiCall(
        "dynamodb", "GetItem", {"TableName": "orders", "Key": {"id": {"S": "1"}}}, "us-east-1", ana
    )
    with pytest.raises(ServiceError) as refused:
        account.run.pipeline.authorize_call(call)
    ((_, entries, refusal),) = told
    assert [(entry.request.action, entry.decision.allowed) for entry in entries] == [
        ("dynamodb:GetItem", True),
        ("kms:Decrypt", False),
    ]
    assert refusal is refused.value


@pytest.mark.parametrize(("name", "is_new"), [("orders", False), ("other", True)])
def test_what_an_import_makes_is_new_where_no_table_is(account: Account, name: str, is_new: bool) -> None:
    """A second request with the same token is answered as the first was."""
    account.root.client("dynamodb").create_table(**TABLE)
    params = {
        "S3BucketSource": {"S3Bucket": "b"},
        "InputFormat": "DYNAMODB_JSON",
        "TableCreationParameters": {**TABLE, "TableName": name},
        "ClientToken": "a",
    }
    root = account.run.pipeline.caller(account.run.backend.root, "dynamodb")
    call = ApiCall("dynamodb", "ImportTable", params, "us-east-1", root)
    assert account.run.pipeline._is_new(call) is is_new
