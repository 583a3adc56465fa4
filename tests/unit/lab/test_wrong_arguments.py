"""What can mean nothing is one clear error: it names the argument, shows what was given, says what to give;
nothing is made, changed or passed over. All public functions and methods that take anything are here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

import pytest_kmslab
from pytest_kmslab import (
    Clock,
    KmslabError,
    Lab,
    access_matrix,
    allowed,
    changed_statements,
    console_policy,
    denied,
    eventually,
    same_meaning,
    service_host,
    sse_specification,
)
from pytest_kmslab.matrix.access_matrix import access_matrix_of


class Unknown:
    def __repr__(self) -> str:
        return "<Unknown>"


def letters() -> Any:
    yield from "ab"


NO_TEXT = [5, 1.5, True, b"x", ["a"], [], {"a": "b"}, ("a",), {"a"}, Path("nope.json"), Unknown()]
TEXT = ["", "nope", "  "]
NO_NAME = [None, *NO_TEXT, *TEXT]
NO_NUMBER = [None, True, b"5", [5], {"a": 5}, Path("5"), Unknown(), *TEXT, float("nan"), -1]
NO_DICT = [5, True, b"x", ["a"], [], ("a",), {"a"}, Path("a"), Unknown(), *TEXT]
NO_TEXTS = [*NO_DICT, {"a": 5}, {5: "a"}, {"a": None}]
NO_FLAG = [None, 0, 1, "yes", "no", "", [], b"x", Unknown()]
NO_POLICY_ARN = ["arn:x", "arn:aws:iam::aws:user/x", "arn:aws:iam::1234:policy/x", "arn:aws:s3:::bucket"]
NO_POLICY = [5, True, b"{}", Unknown(), "", "no such policy", Path("nope.json"), {"a": "b"}, *NO_POLICY_ARN]
NO_DOCUMENT = [*NO_POLICY, [], ["ReadOnlyAccess"], "ReadOnlyAccess"]
NO_POLICIES = [None, *NO_POLICY, [None], [5]]
NO_PRINCIPALS = [5, True, b"x", {"a": "b"}, [None], [5], Unknown(), "nope", ["nope"]]
NOT_NAMED = [5, 1.5, True, b"x", ["a"], [], {"a": "b"}, Unknown(), "", "  "]
NO_SERVICE = [*NO_TEXT, "", "lambda", "  "]
NO_ARN = [*NO_TEXT, *TEXT, "arn:aws:kms"]
NO_ACTOR = [None, *NO_TEXT, *TEXT, "arn:aws:iam::123456789012:user/ana"]
WAYS = {"via": NO_ACTOR[1:], "service": NO_SERVICE, "source_arn": NO_ARN}
NO_ACTION = [5, b"kms:Decrypt", ["kms:Decrypt"], [], Unknown(), "", "nope", "kms:decrpyt", "kms:*"]
NO_VIA = [*NO_TEXT, "nope", "dynamo", "DynamoDB", "dynamodb.us-east-1.amazonaws.com", "  "]
A_KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
WANTED = {"by": [*NOT_NAMED, A_KEY, "arn:x", "arn:"], "on": NOT_NAMED, "via": NO_VIA}
NAME = [*NO_TEXT, ""]
IDENTITY = {"policies": NO_POLICIES, "inline": NO_POLICY}
LIMITED = {"boundary": NO_POLICY, "tags": NO_TEXTS, "path": [None, 5, b"/", "", "nope"]}

WRONG: dict[str, dict[str, list[Any]]] = {
    "lab.create_key": {
        "alias": NAME,
        "description": NO_TEXT,
        "administrators": NO_PRINCIPALS,
        "users": NO_PRINCIPALS,
        "policy": NO_DOCUMENT,
        "spec": [None, *NO_TEXT, "", "symmetric_default"],
        "usage": [*NO_TEXT, "", "encrypt"],
        "tags": NO_TEXTS,
        "multi_region": NO_FLAG,
    },
    "lab.create_table": {"name": NAME, "key": [*NO_TEXT, "nope", "alias/nope"]},
    "lab.root_of": {"account": [None, *NO_TEXT, *TEXT, "123456789012", "12345678901", "2222٣3334444"]},
    "lab.create_user": {
        "name": NAME,
        **IDENTITY,
        **LIMITED,
        "groups": [None, 5, "", "nope"],
        "console": NO_FLAG,
    },
    "lab.create_role": {
        "name": NAME,
        "trust": NO_DOCUMENT,
        **IDENTITY,
        **LIMITED,
        "max_session": [*NO_NUMBER, 5],
    },
    "lab.create_group": {"name": NAME, **IDENTITY},
    "lab.deploy": {
        "template": [None, 5, b"x", [], "nope", "", Path("nope.json"), {}],
        "parameters": [*NO_DICT, {"Nope": "a"}],
        "capabilities": [5, b"x", [5], "", "CAPABILITY_IM"],
        "name": NAME,
    },
    "lab.adopt": {"arn": [None, *NO_ARN, "arn:aws:s3:::bucket"]},
    "lab.at_end": {"function": NO_NAME},
    "lab.keep": {"seconds": NO_NUMBER},
    "lab.create_alarm": {"table": NO_NAME},
    "lab.use_key": {"arn": [*NO_NAME, "alias/mine", "arn:aws:kms:us-east-1:123456789012:alias/mine"]},
    "lab.use_table": {"name": [*NO_NAME[:-2], "  ", "two words"], "key": NO_NAME},
    "lab.as_": {"actor": NO_ACTOR, **WAYS},
    "lab.environ": {"actor": NO_ACTOR, **WAYS},
    "lab.subprocess_environ": {"actor": NO_ACTOR, **WAYS},
    "session.client": {"service": [None, *NO_TEXT]},
    "session.resource": {"service": [None, *NO_TEXT]},
    "session.new_client": {"service": [None, *NO_TEXT]},
    "role.session": {
        "name": [*NO_TEXT, "", "two words"],
        "policy": NO_POLICIES,
        "tags": NO_TEXTS,
        "duration": [*NO_NUMBER[1:], 5],
        **WAYS,
    },
    "group.add": {"user": [None, 5, b"x", Unknown(), ""]},
    "key.grant": {
        "to": NO_NAME,
        "operations": [None, 5, b"Decrypt", {"a": "b"}, [5], [], "", "decrypt", "Decript"],
        "context_equals": NO_TEXTS,
        "context_subset": NO_TEXTS,
        "retiring": NO_NAME[1:],
    },
    "grant.retire": {"kms": [5, "nope", [], Unknown()]},
    "key.put_policy": {"policy": [None, *NO_DOCUMENT]},
    "key.add_user": {"principal": NO_NAME},
    "key.remove_user": {"principal": NO_NAME},
    "key.added_user": {"principal": NO_NAME},
    "key.create_alias": {"alias": NO_NAME},
    "key.schedule_deletion": {"days": [*NO_NUMBER, 5, 31]},
    "table.encrypt": {"key": NO_NAME},
    "trail.denied": {"action": NO_ACTION, **WANTED},
    "trail.allowed": {"action": NO_ACTION, **WANTED},
    "trail.for_": {"principal": [None, *WANTED["by"]]},
    "trail.least_privilege": {"principal": [None, *WANTED["by"]]},
    "trail.since": {"mark": NO_NUMBER},
    "trail.denials": {"mark": NO_NUMBER},
    "clock.advance": {"seconds": [*NO_NUMBER, float("inf")]},
    "denied": {
        "action": [None, *NO_ACTION],
        **WANTED,
        "because": [5, True, b"x", ["a"], [], {"a": "b"}, Unknown(), "", "  "],
    },
    "allowed": {"action": NO_ACTION, **WANTED},
    "eventually": {"within": NO_NUMBER[1:], "in_a_row": [*NO_NUMBER[1:], 0, 1.5]},
    "access_matrix": {
        "principals": [None, *NO_PRINCIPALS],
        "actions": [None, 5, b"x", {"a": "b"}, [5], [None], Unknown()],
        "resources": [None, *NO_PRINCIPALS],
        "policies": [*NO_TEXT[:-2], Unknown(), "policies"],
        "account": [None, *NO_TEXT, "123456789012"],
        "region": [None, *NO_TEXT, "us-east-1"],
        "executor": [5, "process", [], Path("a"), Unknown(), ThreadPoolExecutor],
    },
    "matrix.assert_equals": {"expected": [None, 5, b"x", [], "access.csv", {"a": "b"}, Unknown()]},
    "console_policy": {
        "account": [None, *NO_TEXT, *TEXT, "12345"],
        "administrators": NO_PRINCIPALS[:-2],
        "users": NO_PRINCIPALS[:-2],
        "partition": [None, *NO_TEXT],
        "use": [None, 5, b"x", [5]],
    },
    "same_meaning": {"one": [None, 5, b"{}", [], "nope"], "other": [None, 5, b"{}", [], "nope"]},
    "changed_statements": {"before": [None, 5, b"{}", [], "nope"], "after": [None, 5, b"{}", [], "nope"]},
    "sse_specification": {"key": [None, *NO_TEXT]},
    "service_host": {"service": [None, *NO_TEXT, "", "  "], "region": [None, *NO_TEXT, "", "  "]},
}
"""What can mean nothing, by function and argument."""

ERRORS = (TypeError, ValueError, KmslabError, ClientError, BotoCoreError)


@pytest.fixture(scope="module")
def owners(shared: Lab) -> dict[str, Any]:
    user, role, group = shared.create_user(), shared.create_role(), shared.create_group()
    key, table = shared.create_key(), shared.create_table()
    view = shared._context.backend.view
    return {
        "lab": shared,
        "user": user,
        "role": role,
        "group": group,
        "key": key,
        "table": table,
        "session": shared.as_(user),
        "grant": key.grant(user, "Decrypt"),
        "trail": shared.trail,
        "clock": Clock(),
        "matrix": access_matrix_of(view, [user], ["kms:Decrypt"], [key]),
    }


def entered(make: Callable[..., Any]) -> Callable[..., None]:
    """What does nothing before its block is entered."""

    def enter(**arguments: Any) -> None:
        with make(**arguments):
            pass

    return enter


def function(name: str, owners: dict[str, Any]) -> Callable[..., Any]:
    owner, _, method = name.rpartition(".")
    called = getattr(owners[owner], method) if owner else globals()[name]
    return entered(called) if name in ("lab.environ", "key.added_user") else called


def good(name: str, owners: dict[str, Any]) -> dict[str, Any]:
    """What is given beside a wrong argument."""
    user, role, key = owners["user"], owners["role"], owners["key"]
    empty: dict[str, Any] = {"Version": "2012-10-17", "Statement": []}
    return {
        "lab.deploy": {"template": {"Resources": {"Key": {"Type": "AWS::KMS::Key"}}}},
        "lab.use_table": {"name": owners["table"].name, "key": key},
        "lab.as_": {"actor": role},
        "lab.environ": {"actor": role},
        "lab.subprocess_environ": {"actor": role},
        "key.grant": {"to": user, "operations": "Decrypt"},
        "denied": {"action": "kms:Decrypt"},
        "access_matrix": {"principals": user, "actions": "kms:Decrypt", "resources": key},
        "console_policy": {"account": "123456789012"},
        "same_meaning": {"one": empty, "other": empty},
        "changed_statements": {"before": empty, "after": empty},
        "service_host": {"service": "kms", "region": "us-east-1"},
    }.get(name, {})


def state(owners: dict[str, Any]) -> Any:
    """All that a call could have made or changed."""
    admin, key = owners["lab"].as_(owners["lab"].admin), owners["key"]
    iam, kms = admin.client("iam"), admin.client("kms")
    return (
        [user["Arn"] for user in iam.list_users()["Users"]],
        [role["Arn"] for role in iam.list_roles()["Roles"]],
        [group["Arn"] for group in iam.list_groups()["Groups"]],
        [policy["Arn"] for policy in iam.list_policies(Scope="Local")["Policies"]],
        [one["KeyId"] for one in kms.list_keys()["Keys"]],
        [grant["GrantId"] for grant in kms.list_grants(KeyId=key.arn)["Grants"]],
        admin.client("dynamodb").list_tables()["TableNames"],
        (key.policy(), key.state(), owners["table"].encryption(), owners["clock"].now() // 1000),
    )


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_argument_is_named_with_what_was_given(owners: dict[str, Any], name: str) -> None:
    call, others, before = function(name, owners), good(name, owners), state(owners)
    for argument, values in WRONG[name].items():
        for value in values:
            with pytest.raises(ERRORS) as caught:
                call(**{**others, argument: value})
            said = str(caught.value)
            assert f"`{argument}" in said, (argument, value, said)
            assert "object has no attribute" not in said, (argument, value, said)
    assert state(owners) == before


@pytest.mark.parametrize("key", [None, 5, "nope", [], ("a", "b"), ("a", "b", "c", "d"), {"a": 1}])
def test_a_cell_is_asked_for_by_three(owners: dict[str, Any], key: Any) -> None:
    with pytest.raises(TypeError, match=r"`matrix\[…\]`: give a principal, an action and a resource, not `"):
        owners["matrix"][key]


@pytest.mark.parametrize(("place", "argument"), [(0, "principal"), (1, "action"), (2, "resource")])
def test_each_of_the_three_is_named(owners: dict[str, Any], place: int, argument: str) -> None:
    key = [owners["user"], "kms:Decrypt", owners["key"]]
    key[place] = 5
    with pytest.raises(TypeError, match=f"`{argument}`: give .*, not `5`"):
        owners["matrix"][tuple(key)]


def test_a_cell_that_is_not_there_is_told(owners: dict[str, Any]) -> None:
    with pytest.raises(KeyError, match=r"no cell of the matrix is of .*kms:Encrypt"):
        owners["matrix"][owners["user"], "kms:Encrypt", owners["key"]]


def test_a_secret_that_was_meant_to_be_credentials_is_not_shown(shared: Lab) -> None:
    class Keys:
        def __repr__(self) -> str:
            return "wJalrXUtnFEMI"

    for wrong in (Keys(), {"SecretAccessKey": "wJalrXUtnFEMI"}, ["wJalrXUtnFEMI"], ("a", "wJalrXUtnFEMI")):
        with pytest.raises(TypeError) as caught:
            shared.as_(wrong)
        assert "wJalr" not in str(caught.value)


def test_the_neighbours_that_are_right_are_taken(owners: dict[str, Any]) -> None:
    lab, key, user = owners["lab"], owners["key"], owners["user"]
    with lab.nested() as inner:
        made = inner.create_key(users=(one for one in [user]), tags={}, description="")
        made.grant(user, (operation for operation in ["Decrypt", "Encrypt"])).revoke()
        made.remove_user(f"arn:aws:iam::{lab.account}:user/nobody")
        made.remove_user("AIDAXXXXXXXXXXXXXXXXX")
        inner.create_user(groups=owners["group"], tags=None, path="/team/")
        inner.create_role(policies=[], inline=None, max_session=43200)
    assert same_meaning(
        {"Version": "2012-10-17", "Statement": []}, '{"Version": "2012-10-17", "Statement": []}'
    )
    assert console_policy(lab.account, user, [user, user.arn]) == console_policy(
        lab.account, [user.arn], [user.arn, user.arn]
    )
    assert denied("KMS:decrypt", by=user.name, on=key, via="", because="explicit deny")
    assert allowed(via="dynamodb")
    assert eventually(within=0, in_a_row=1)


def test_every_public_function_and_method_is_in_the_table() -> None:
    """Of the types that a test holds: each of their methods that takes something."""
    types = {
        "lab": pytest_kmslab.Lab,
        "key": pytest_kmslab.KmsKey,
        "table": pytest_kmslab.DynamoDBTable,
        "role": pytest_kmslab.IamRole,
        "group": pytest_kmslab.IamGroup,
        "user": pytest_kmslab.IamUser,
        "grant": pytest_kmslab.Grant,
        "session": pytest_kmslab.PrincipalSession,
        "clock": pytest_kmslab.Clock,
        "matrix": pytest_kmslab.AccessMatrix,
    }
    documented = {
        f"{owner}.{name}"
        for owner, kind in types.items()
        for name, member in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_") and len(inspect.signature(member).parameters) > 1
    }
    ours = {"table.create", "session.in_region", "clock.tell", "matrix.difference"}
    assert documented - ours <= set(WRONG)


def test_policies_are_compared_as_files_and_texts_too(tmp_path: Path) -> None:
    allow = '{"Sid": "A", "Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}'
    text = f'{{"Version": "2012-10-17", "Statement": [{allow}]}}'
    file = tmp_path / "key.json"
    file.write_text(text.replace("kms:*", "KMS:*"))
    assert same_meaning(text, file)
    file.write_text(text.replace("Allow", "Deny"))
    assert not same_meaning(file, text)
    assert changed_statements(file, text) == ["A"]
    assert sse_specification(A_KEY)["KMSMasterKeyId"] == A_KEY
    assert service_host("dynamodb", "eu-west-1") == "dynamodb.eu-west-1.amazonaws.com"
    assert access_matrix is pytest_kmslab.access_matrix
