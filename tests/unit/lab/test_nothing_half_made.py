"""An argument that cannot be right is named, and nothing is made of what it was given to."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from pytest_kmslab import IamRole, KmsKey, Lab, PolicyError, ResourceError

ALLOW = {"Effect": "Allow", "Action": "*", "Resource": "*"}
ANY = {"Version": "2012-10-17", "Statement": [ALLOW]}
LONG = {"Version": "2012-10-17", "Statement": [{**ALLOW, "Action": [f"kms:{'a' * 60}"] * 180}]}
NOBODY = "arn:aws:iam::123456789012:user/nobody"
TAGS: list[Any] = [
    {"": "x"},
    {"k": "v" * 257},
    {"k" * 129: "v"},
    {"aws:mine": "x"},
    {"k": 5},
    {5: "v"},
    {f"k{number}": "v" for number in range(60)},
    ["k"],
    "k",
]
NAMES: list[Any] = ["two words", "n" * 300, 5, b"name"]


def everything(lab: Lab) -> list[str]:
    admin = lab.as_(lab.admin)
    iam, kms = admin.client("iam"), admin.client("kms")
    keys = [key["KeyId"] for key in kms.list_keys()["Keys"]]
    return [
        *(user["Arn"] for user in iam.list_users()["Users"]),
        *(role["Arn"] for role in iam.list_roles()["Roles"]),
        *(group["Arn"] for group in iam.list_groups()["Groups"]),
        *(policy["Arn"] for policy in iam.list_policies(Scope="Local")["Policies"]),
        *keys,
        *(alias["AliasName"] for alias in kms.list_aliases()["Aliases"] if alias.get("TargetKeyId") in keys),
        *admin.client("dynamodb").list_tables()["TableNames"],
    ]


WRONG: dict[str, dict[str, list[Any]]] = {
    "create_user": {
        "name": [*NAMES, "n" * 50],
        "groups": ["nope", ["nope"], 3, [None], ["nope", "nope2"], [f"g{n}" for n in range(11)]],
        "tags": [*TAGS, {"team": "a", "TEAM": "b"}],
        "path": ["nope", "/nope", "/" * 600, 5, "/two words/"],
        "boundary": ["Nope", "arn:aws:iam::aws:policy/Nope", NOBODY, 3, [], ["ReadOnlyAccess"]],
        "policies": ["Nope", "arn:aws:iam::aws:policy/Nope", NOBODY, 3, [None]],
        "inline": [LONG, {"two words": ANY}, 3, {"a": "ReadOnlyAccess"}],
    },
    "create_role": {
        "name": [*NAMES, "n" * 50],
        "tags": [*TAGS, {"team": "a", "TEAM": "b"}],
        "path": ["nope", 5],
        "max_session": [5, 50000, "3600", True],
        "boundary": ["Nope", NOBODY],
        "policies": ["Nope", NOBODY],
        "inline": [LONG],
        "trust": [ANY, {}, "lambda.amazonaws.com", 3],
    },
    "create_group": {
        "name": [*NAMES, "n" * 120],
        "policies": ["Nope", NOBODY],
        "inline": [LONG],
    },
    "create_key": {
        "alias": [*NAMES, "aws/mine", "alias/aws/mine", "a b", "n" * 250],
        "description": ["d" * 8193, 5],
        "spec": ["AES_256", "symmetric_default", 5, ""],
        "usage": ["SIGN_VERIFY", "encrypt", 5],
        "tags": TAGS,
        "multi_region": ["yes", 1],
        "administrators": ["nobody", 5, NOBODY],
        "users": ["nobody", [5], NOBODY],
        "policy": [ANY, {}, "nope", 3],
    },
    "create_table": {
        "name": [*NAMES, "n" * 240],
        "key": ["nope", "alias/nope", 5, object()],
        "Tags": [[{"Key": "aws:x", "Value": "y"}], [{"Key": "k"}], {"k": "v"}, "k"],
        "KeySchema": [[], "id", [{"AttributeName": "other", "KeyType": "HASH"}]],
        "BillingMode": ["per_request", 5],
        "ResourcePolicy": [ANY, 3, "nope"],
        "Nope": [1],
    },
}
CASES = [
    pytest.param(create, argument, value, id=f"{create}-{argument}-{number}")
    for create, arguments in WRONG.items()
    for argument, values in arguments.items()
    for number, value in enumerate(values)
]


@pytest.fixture(scope="module")
def role(shared: Lab) -> IamRole:
    return shared.create_role()


@pytest.fixture(scope="module")
def key(shared: Lab) -> KmsKey:
    return shared.create_key()


@pytest.mark.parametrize(("create", "argument", "value"), CASES)
def test_nothing_is_made(shared: Lab, create: str, argument: str, value: Any) -> None:
    before = everything(shared)
    more = {"boundary": ANY} if argument != "boundary" and create in ("create_user", "create_role") else {}
    with pytest.raises((TypeError, ResourceError, PolicyError, ClientError, ParamValidationError)) as caught:
        getattr(shared, create)(**{argument: value}, **more)
    assert everything(shared) == before
    assert f"`{argument}" in str(caught.value)


SESSIONS: dict[str, list[Any]] = {
    "name": ["two words", "", "n" * 65, 5],
    "tags": [{"k": 5}, {"": "v"}, ["k"], {f"k{number}": "v" for number in range(51)}],
    "duration": [5, 50000, "3600", 7200],
    "policy": [5, [ANY, ANY], "Nope", NOBODY, {"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}]}],
}


@pytest.mark.parametrize(
    ("argument", "value"), [(name, value) for name, values in SESSIONS.items() for value in values]
)
def test_a_session_names_the_argument(shared: Lab, role: IamRole, argument: str, value: Any) -> None:
    with pytest.raises((TypeError, ResourceError, PolicyError, ClientError)) as caught:
        role.session(**{argument: value})
    assert f"`{argument}" in str(caught.value)


GRANTS: dict[str, list[Any]] = {
    "operations": ["Decript", [], ["Decrypt", "Nope"], 5, ["GenerateMac"]],
    "to": ["nope", 5, NOBODY],
    "retiring": ["nope", 5, NOBODY],
    "context_equals": [{"a": 5}, "a", {5: "a"}],
    "context_subset": [{"a": 5}, 5],
}


@pytest.mark.parametrize(
    ("argument", "value"), [(name, value) for name, values in GRANTS.items() for value in values]
)
def test_a_grant_names_the_argument(shared: Lab, key: KmsKey, argument: str, value: Any) -> None:
    given = {"to": shared.admin, "operations": "Decrypt", argument: value}
    with pytest.raises((TypeError, ResourceError, ClientError, ParamValidationError)) as caught:
        key.grant(**given)
    assert f"`{argument}" in str(caught.value)
    grants = shared.as_(shared.admin).client("kms").list_grants(KeyId=key.arn)["Grants"]
    assert not grants


def test_what_only_a_service_can_tell_is_torn_down(shared: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything(shared)
    iam = shared.as_(shared.admin).client("iam")
    refusal = ClientError({"Error": {"Code": "LimitExceeded"}}, "CreateAccessKey")

    def refuse(**_: Any) -> None:
        raise refusal

    with shared.nested() as lab:
        monkeypatch.setattr(iam, "create_access_key", refuse)
        with pytest.raises(ClientError, match="LimitExceeded"):
            lab.create_user(boundary=ANY, groups=[lab.create_group()])
        monkeypatch.undo()
    assert everything(shared) == before
