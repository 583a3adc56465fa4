"""All that a call requires, whole: every action, resource, owner, flag and condition key, in order.

A line of requirements.jsonl is one call, and what it requires as it was read against AWS's documentation (the
tests of each operation name their page). Condition keys that every request of the caller has are left out;
test_context_keys.py is about those.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.authorizations import required_authorizations
from helpers.fake_account import KEY_ID, FakeAccount, call, key_arn, role_session, root, table_arn, user

from pytest_kmslab.account.model import Credential, GlobalTable
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.policy import NamedPolicy, Policies
from pytest_kmslab.calls.api_call import ApiCall, Authorization
from pytest_kmslab.calls.context_keys import caller_context

LINES = Path(__file__).with_name("requirements.jsonl").read_text(encoding="utf-8").splitlines()
OTHER = "210987654321"
SIGNING, MAC, IMPORTED, AGREEING, SECOND, KEM = (f"{number}{KEY_ID[1:]}" for number in (2, 3, 4, 5, 6, 7))
ROLE = "arn:aws:iam::123456789012:role/svc/app"
BOB = "arn:aws:iam::123456789012:user/team/bob"
STREAM = f"{table_arn()}/stream/2026-01-01T00:00:00.000"
CALLERS = {
    "ana": user(),
    "app": role_session(
        tags={"Team": "blue"},
        transitive=("Team",),
        token_issued="2026-11-30T08:00:00Z",
        context={"aws:SourceIdentity": "ana"},
    ),
    "eve": user("eve", OTHER),
    "root": root(),
}


@pytest.fixture(scope="module")
def view() -> FakeAccount:
    view = FakeAccount()
    of_keys(view)
    of_tables(view)
    view.iam_arns |= {("role", "app"): ROLE, ("user", "bob"): BOB}
    view.tags_by_arn |= {ROLE: {"Stage": "prod"}, BOB: {"Team": "blue"}}
    view.policies_by_resource[BOB] = Policies(permissions_boundary=NamedPolicy("arn:bound", None))
    view.credentials["AKIABOB"] = Credential("AKIABOB", "secret", replace(user("bob"), arn=BOB))
    view.credentials["AKIAEVE"] = Credential("AKIAEVE", "secret", user("eve", OTHER))
    return view


def of_keys(view: FakeAccount) -> None:
    """Keys of every use, a primary key with its replica, and a key of another account."""
    key = view.add_key(aliases=("alias/app",), tags={"Team": "blue"})
    view.ciphertexts[b"sealed"] = key.arn
    view.add_key(SECOND, multi_region=True, multi_region_type="PRIMARY")
    view.add_key(SECOND, "eu-west-1", multi_region=True, multi_region_type="REPLICA")
    view.add_key(SIGNING, spec="RSA_2048", usage="SIGN_VERIFY")
    view.add_key(MAC, spec="HMAC_256", usage="GENERATE_VERIFY_MAC")
    view.add_key(IMPORTED, origin="EXTERNAL", state="PendingImport")
    view.add_key(AGREEING, spec="ECC_NIST_P256", usage="KEY_AGREEMENT")
    view.add_key(KEM, spec="ML_KEM_768", usage="ENCAPSULATE_DECAPSULATE")
    view.add_key(account=OTHER)
    constrained = {"encryption_context_equals": {"a": "b"}, "token": "t1"}
    view.grants_by_key[key_arn()] = (Grant(user("ben").arn, frozenset({"Decrypt"}), "g1", **constrained),)


def of_tables(view: FakeAccount) -> None:
    """Tables under customers' keys and one under none, one with a replica, and one of another account."""
    keys = {"hash_key": "id", "range_key": "r", "index_keys": {"by-day": "day"}, "tags": {"Team": "blue"}}
    orders = view.add_table(
        "orders",
        key_arn(),
        stream_arn=STREAM,
        stream_enabled=True,
        stream_tags=((STREAM, (("Kind", "log"),)),),
        **keys,
    )
    view.tables_by_backup[f"{orders.arn}/backup/01-ab"] = orders
    view.add_table("plain", hash_key="id")
    view.add_table("world", key_arn(SECOND), hash_key="id", global_table=GlobalTable(("eu-west-1",)))
    view.add_table("world", key_arn(SECOND, "eu-west-1"), "eu-west-1", hash_key="id", tags={"Stage": "prod"})
    view.add_table("theirs", key_arn(account=OTHER), account=OTHER, hash_key="id")


def shown(authorizations: Iterator[Authorization], asking: ApiCall) -> list[dict[str, Any]]:
    """What is required; of those that follow each other the context stands once where it is the same."""
    told, before = [], None
    for authorization in authorizations:
        told.append(one(authorization, asking))
        if told[-1]["context"] == before:
            del told[-1]["context"]
        before = told[-1].get("context", before)
    return told


def one(authorization: Authorization, asking: ApiCall) -> dict[str, Any]:
    request = authorization.request
    own = {"aws:RequestedRegion", "aws:ViaAWSService"}
    common = {name.lower() for name in caller_context(asking.caller, asking.region)} - set(
        map(str.lower, own)
    )
    told = {
        "of": request.resource_account,
        "via": authorization.via,
        "grant": request.grant_id,
        "from_ciphertext": authorization.from_ciphertext,
        "other_policy": authorization.resource_policy is not None,
        "instead": str(authorization.instead or ""),
        "as": "" if request.principal == asking.caller.arn else request.principal,
    }
    context = {name: list(values) for name, values in request.context.items() if name.lower() not in common}
    return {
        request.action: request.resource,
        **{name: value for name, value in told.items() if value},
        "context": dict(sorted(context.items())),
    }


@pytest.mark.parametrize("line", LINES, ids=lambda line: json.loads(line)["call"])
def test_a_call_requires_this_and_nothing_else(line: str, view: FakeAccount) -> None:
    case = json.loads(line)
    service, _, operation = case["call"].partition(":")
    caller = CALLERS[case.get("caller", "ana")]
    params = {
        name: value.encode() if name == "CiphertextBlob" else value for name, value in case["params"].items()
    }
    asking = call(service, operation, params, caller, case.get("region", "us-east-1"))
    assert shown(required_authorizations(asking, view), asking) == case["requires"]
