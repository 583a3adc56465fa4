"""What a policy may be wherever the lab takes one, and what an error says."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from pytest_kmslab.errors import PolicyError, ResourceError
from pytest_kmslab.lab.lab import Lab
from pytest_kmslab.lab.policies.sources import ManagedPolicy, PolicyDocument, read_inline, read_policies

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
        (3, "`policies`: give the name of .*, not `3`"),
        ([None], r"`policies\[0\]`: give the name of .*, not `None`"),
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


def everybody(lab: Lab) -> list[str]:
    iam = lab.as_(lab.admin).client("iam")
    listed: Any = (*iam.list_users()["Users"], *iam.list_roles()["Roles"], *iam.list_groups()["Groups"])
    return [one["Arn"] for one in listed] + [
        policy["Arn"] for policy in iam.list_policies(Scope="Local")["Policies"]
    ]


NO_ACTION = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*"}]})
OLD = json.dumps({**READ, "Version": "2008-10-17"})


@pytest.mark.parametrize(
    ("kind", "argument"),
    [
        ("group", "policies"),
        ("group", "inline"),
        *product(("user", "role"), ("policies", "inline", "boundary")),
    ],
)
def test_nobody_is_made_where_iam_would_refuse_a_policy(
    lab: Lab, argument: str, kind: str, tmp_path: Path
) -> None:
    file, before = tmp_path / "nothing.json", everybody(lab)
    file.write_text(OLD if argument == "boundary" else NO_ACTION)
    text = "must be version 2012-10-17" if argument == "boundary" else "must contain actions"
    with pytest.raises(PolicyError, match=f"`{argument}`, file `.*nothing.json`: Policy .*{text}"):
        getattr(lab, f"create_{kind}")(**{argument: file})
    assert everybody(lab) == before


@pytest.mark.parametrize("name", ["two words", "", "a" * 129, "ü"])
def test_nobody_is_made_where_an_inline_policy_has_no_name(lab: Lab, name: str) -> None:
    before = everybody(lab)
    with pytest.raises(PolicyError, match=r"`inline\[.*is no name of a policy"):
        lab.create_user(inline={name: READ})
    assert everybody(lab) == before


def test_an_inline_policy_of_an_old_version_is_taken(lab: Lab) -> None:
    user = lab.create_user(inline={"a,b=c@d.e+f_g-h": OLD})
    assert list(inline_of(lab, user.name)) == ["a,b=c@d.e+f_g-h"]


@pytest.mark.parametrize("longest", ["read", "r" * 128])
def test_no_inline_policy_takes_the_name_of_another(longest: str, tmp_path: Path) -> None:
    names = ["policy-3", f"{longest[:120]}-4", longest, longest, longest]
    files = [tmp_path / str(number) / f"{name}.json" for number, name in enumerate(names)]
    for file in files:
        file.parent.mkdir()
        file.write_text(TEXT)
    documents = read_inline("inline", [*files, READ])
    assert len({document.name for document in documents}) == len(documents)


@pytest.mark.parametrize("trust", ["", {}, "lambda.amazonaws.com"])
def test_a_trust_policy_that_is_empty_is_not_the_default_one(lab: Lab, trust: Any) -> None:
    before = everybody(lab)
    with pytest.raises(PolicyError, match="`trust`"):
        lab.create_role(trust=trust)
    assert everybody(lab) == before


def test_bytes_are_no_policy() -> None:
    with pytest.raises(PolicyError, match=r"`policies`: give the name of .*, not `b'"):
        read_policies("policies", TEXT.encode())  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["dict", "text", "file"])
def test_the_policy_of_a_table_is_given_like_any_other(lab: Lab, form: str, tmp_path: Path) -> None:
    statement = {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:Scan", "Resource": "*"}
    policy: Any = {"Version": "2012-10-17", "Statement": [statement]}
    file = tmp_path / "table.json"
    file.write_text(json.dumps(policy))
    given = {"dict": policy, "text": json.dumps(policy), "file": file}[form]
    table = lab.create_table(ResourcePolicy=given)
    answer = lab.as_(lab.admin).client("dynamodb").get_resource_policy(ResourceArn=table.arn)
    assert json.loads(answer["Policy"]) == policy


def test_no_table_is_made_where_its_policy_cannot_be_read(lab: Lab, tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"`ResourcePolicy`, file `.*none.json`: cannot be read"):
        lab.create_table(ResourcePolicy=tmp_path / "none.json")
    assert lab.as_(lab.admin).client("dynamodb").list_tables()["TableNames"] == []
