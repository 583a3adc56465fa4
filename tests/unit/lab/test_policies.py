"""What a policy may be wherever the lab takes one, and what an error says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_kmslab.errors import PolicyError, ResourceError
from pytest_kmslab.lab.lab import Lab
from pytest_kmslab.lab.policies import ManagedPolicy, PolicyDocument, read_inline, read_policies

READ: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*"}],
}
TEXT = json.dumps(READ)
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


def inline_of(lab: Lab, name: str) -> dict[str, Any]:
    iam = lab.as_(lab.admin).client("iam")
    return {
        policy: iam.get_user_policy(UserName=name, PolicyName=policy)["PolicyDocument"]
        for policy in iam.list_user_policies(UserName=name)["PolicyNames"]
    }


@pytest.mark.parametrize("given", ["AdministratorAccess", BASIC, "service-role/AWSLambdaBasicExecutionRole"])
def test_a_name_or_an_arn_is_a_managed_policy_also_alone(given: str) -> None:
    assert read_policies("policies", given) == (ManagedPolicy(given, "policies"),)


def test_documents_are_dicts_texts_and_files(tmp_path: Path) -> None:
    file = tmp_path / "read keys.json"
    file.write_text(TEXT)
    assert read_policies("policies", [READ, TEXT, file]) == (
        PolicyDocument(TEXT, ""),
        PolicyDocument(TEXT, ""),
        PolicyDocument(TEXT, "read-keys"),
    )


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (READ, ["policy-1"]),
        (TEXT, ["policy-1"]),
        ([READ, TEXT], ["policy-1", "policy-2"]),
        ({"one": READ, "two": TEXT}, ["one", "two"]),
    ],
)
def test_inline_policies_have_a_name_each(given: Any, names: list[str]) -> None:
    assert [document.name for document in read_inline("inline", given)] == names


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ('{"Version": "2012-10-17",\n "Statement": x}', 2, "not JSON"),
        (TEXT[:-2] + ',\n\n{"Effect": "Alow", "Action": "a:b", "Resource": "*"}]}', 3, "Alow"),
    ],
)
def test_an_error_names_argument_file_and_line(tmp_path: Path, text: str, line: int, why: str) -> None:
    file = tmp_path / "policy.json"
    file.write_text(text)
    with pytest.raises(PolicyError, match=rf"`policies\[1\]`, file `.*policy.json`, line {line}: .*{why}"):
        read_policies("policies", ["AdministratorAccess", file])


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("policies/read.json and more", "neither a policy's name, an ARN nor JSON"),
        (Path("nowhere.json"), "cannot be read"),
        (3, "is no policy but a `int`"),
        ([None], r"`policies\[0\]` is no policy but a `NoneType`"),
        ({"Version": "2012-10-17"}, "Statement"),
    ],
)
def test_what_is_no_policy_is_an_error(given: Any, why: str) -> None:
    with pytest.raises(PolicyError, match=why):
        read_policies("policies", given)


def test_a_managed_policy_is_not_put_inline() -> None:
    with pytest.raises(PolicyError, match="`inline` must be a policy document"):
        read_inline("inline", "AdministratorAccess")


@pytest.mark.parametrize(
    "given", [{"policies": "NoSuchPolicy"}, {"inline": "{"}, {"boundary": "arn:aws:iam::aws:policy/Nobodys"}]
)
def test_nothing_is_made_where_a_policy_is_wrong(lab: Lab, given: Any) -> None:
    before = lab.inventory()
    with pytest.raises((PolicyError, ResourceError), match=f"`{next(iter(given))}`"):
        lab.create_user(**given)
    assert lab.inventory() == before


def test_a_user_has_what_it_was_given(lab: Lab) -> None:
    user = lab.create_user(
        policies=["AWSLambdaBasicExecutionRole", READ], inline={"mine": TEXT}, tags={"team": "red"}
    )
    iam = lab.as_(lab.admin).client("iam")
    assert user.policies == (BASIC,)
    assert inline_of(lab, user.name) == {"mine": READ, "policy-2": READ}
    assert {"Key": "team", "Value": "red"} in iam.get_user(UserName=user.name)["User"]["Tags"]
    assert lab.as_(user).client("kms").list_keys()["Keys"] == []


def test_a_boundary_given_as_a_document_is_made_bounds_and_is_removed(lab: Lab) -> None:
    before = lab.inventory()
    with lab.nested() as inner:
        user = inner.create_user(policies="AdministratorAccess", boundary=READ)
        assert len(inner.inventory()) == len(before) + 2
        inner.as_(user).client("kms").list_keys()
        with pytest.raises(Exception, match="no permissions boundary allows"):
            inner.as_(user).client("kms").list_aliases()
    assert lab.inventory() == before
