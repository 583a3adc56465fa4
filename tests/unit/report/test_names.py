from __future__ import annotations

import pytest
from helpers.factories import ACCOUNT, KEY, USER, allow, named, to

from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.policy import Policies
from pytest_kmslab.authz.request import Request
from pytest_kmslab.privilege.use import Use, policy_owner
from pytest_kmslab.report.names import StableNames
from pytest_kmslab.report.policy_names import file_names

TABLES = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table"
KEYS = KEY.rpartition("/")[0]
ROLES = f"arn:aws:iam::{ACCOUNT}:role"
ID = "1234abcd-12ab-34cd-56ef-1234567890a"


def of_key(number: int, alias: str = "") -> Use:
    context = {"kms:ResourceAliases": [f"alias/{alias}"]} if alias else {}
    return Use(Request(USER, "kms:Decrypt", f"{KEYS}/{ID}{number}", Context(context)), Policies())


def test_the_suffix_of_a_run_goes() -> None:
    names = StableNames().of_test([], {})
    assert names.text(f"{TABLES}/my_table-1a2b3c4d-gw0-12/index/x") == f"{TABLES}/my_table/index/x"
    assert names.text("alias/MY-kms-key-1a2b3c4d-main-2") == "alias/MY-kms-key"
    assert names.text("orders-2026") == "orders-2026"


@pytest.mark.parametrize(
    ("resource", "owner", "file"),
    [
        (f"{TABLES}/index/index/x", f"{TABLES}/index", "table-policy-index.json"),
        (f"{TABLES}/stream/index/x", f"{TABLES}/stream", "table-policy-stream.json"),
        (f"{TABLES}/stream/stream/2026", f"{TABLES}/stream/stream/2026", "stream-policy-stream.json"),
        (f"{ROLES}/x/index/app", f"{ROLES}/x/index/app", "trust-policy-x-index-app.json"),
    ],
)
def test_the_policy_of_a_resource_whatever_its_name(resource: str, owner: str, file: str) -> None:
    assert policy_owner(resource) == owner
    assert file_names(owner)[0] == file


def test_what_dynamodb_names_by_the_time_is_a_wildcard() -> None:
    names = StableNames().of_test([], {})
    table = f"{TABLES}/books-1a2b3c4d-gw0-12"
    made = ("stream/2026-11-30T02:26:24.209", "backup/0179600-da17", "export/0179-a1b2", "import/0179-a1b2")
    assert [names.text(f"{table}/{name}") for name in made] == [
        f"{TABLES}/books/{name.partition('/')[0]}/*" for name in made
    ]
    assert names.text(f"{table}/stream/*") == f"{TABLES}/books/stream/*"
    assert names.text(f"{TABLES}/books/index/stream/2026") == f"{TABLES}/books/index/stream/2026"


def test_two_of_one_test_never_share_a_name() -> None:
    names = StableNames().of_test([], {})
    given = [f"a-1a2b3c4d-main-{number}" for number in (3, 4, 3, 5)]
    assert [names.text(one) for one in given] == ["a", "a-2", "a", "a-3"]


def test_each_test_begins_anew_and_what_outlives_it_keeps_its_name() -> None:
    all_names = StableNames()
    assert all_names.of_test([], {}).text("a-1a2b3c4d-main-3 a-1a2b3c4d-main-4") == "a a-2"
    assert all_names.of_test([], {}).text("a-1a2b3c4d-main-9") == "a"
    assert all_names.of_test([], {}).text("a-1a2b3c4d-main-4") == "a-2"


def test_a_key_is_called_by_its_alias() -> None:
    uses = [of_key(1, "orders-1a2b3c4d-main-2"), of_key(2), of_key(3)]
    names = StableNames().of_test(uses, {})
    assert [names.text(use.request.resource).rpartition("/")[2] for use in uses] == ["orders", "key", "key-2"]


def test_two_of_one_name_that_are_of_different_kinds_share_it() -> None:
    name = "orders-1a2b3c4d-main"
    role = f"{ROLES}/{name}-1"
    uses = [
        Use(Request(role, "dynamodb:GetItem", f"{TABLES}/{name}-3/index/by", Context({})), Policies()),
        of_key(1, f"{name}-2"),
    ]
    renamed = StableNames().of_test(uses, {})
    assert renamed.text(f"{role} {TABLES}/{name}-3") == f"{ROLES}/orders {TABLES}/orders"
    assert renamed.text(f"{name}-3") == "orders"
    assert renamed.text(f"{KEYS}/{ID}1 alias/{name}-2") == f"{KEYS}/orders alias/orders"


def test_what_a_stack_made_is_called_by_its_template() -> None:
    ids = {
        "stack-1a2b3c4d-main-2-Orders-X1": "Orders",
        f"{ID}1": "Key",
        "orders.old": "Old",
        f"{ROLES}/r": "Role",
    }
    names = StableNames().of_test([of_key(1)], ids)
    assert names.text(f"{TABLES}/stack-1a2b3c4d-main-2-Orders-X1/index/by") == f"{TABLES}/Orders/index/by"
    assert names.text(f"{KEYS}/{ID}1") == f"{KEYS}/Key"
    # Names that are no one word, and names that only begin like one of them.
    assert names.text(f"{TABLES}/orders.old {ROLES}/r") == f"{TABLES}/Old Role"
    assert names.text(f"{TABLES}/orders.older {TABLES}/stack-1a2b3c4d-main-2-Orders-X1-2").count("Old") == 0


def test_every_name_of_a_request_and_of_what_limits_it_is_replaced() -> None:
    suffix = "-1a2b3c4d-main-3"
    user = f"{USER}{suffix}"
    context = Context({"kms:EncryptionContext:aws:dynamodb:tableName": f"books{suffix}"})
    policies = Policies(
        identity=(named(allow("*")),),
        resource=named(to(user, "kms:*")),
        permissions_boundary=named(allow("*", f"{TABLES}/books{suffix}")),
        session=(named(allow("*")),),
    )
    names = StableNames().of_test([], {})
    use = names.use(Use(Request(user, "kms:Decrypt", f"{TABLES}/books{suffix}", context), policies), "t")
    assert suffix not in repr(use)
    assert (use.policies.identity, use.test) == ((), "t")
    assert use.request.context["kms:EncryptionContext:aws:dynamodb:tableName"] == ("books",)
