"""What is refused says what may have been meant: who is not there, which policy, which form."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pytest_kmslab import Lab, PolicyError, ResourceError


def key_policy(lab: Lab, *principals: str) -> dict[str, Any]:
    named = [lab.admin.arn, *principals]
    statement = {"Effect": "Allow", "Principal": {"AWS": named}, "Action": "kms:*", "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_a_key_policy_names_who_is_not_there(lab: Lab) -> None:
    nobody = f"arn:aws:iam::{lab.account}:role/payments"
    with pytest.raises(ClientError) as caught:
        lab.create_key(policy=key_policy(lab, nobody))
    assert str(caught.value).startswith("An error occurred (MalformedPolicyDocumentException) when calling ")
    assert f"(pytest-kmslab: the account has no `{nobody}`; make users and roles first" in str(caught.value)
    assert lab.admin.arn not in str(caught.value)


def test_so_does_a_policy_that_is_put_in_place_of_another(lab: Lab) -> None:
    nobody = f"arn:aws:iam::{lab.account}:user/nobody"
    with pytest.raises(ClientError, match=f"the account has no `{nobody}`"):
        lab.create_key().put_policy(json.dumps(key_policy(lab, nobody)))


def test_another_refusal_of_kms_is_left_as_it_is(lab: Lab) -> None:
    document = key_policy(lab)
    document["Statement"][0]["Action"] = "kms:Decrypt"
    with pytest.raises(ClientError) as caught:
        lab.create_key(policy=document)
    # But for the argument that it is about.
    assert str(caught.value).endswith(" in the future. (pytest-kmslab: `policy`)")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("AmazonDynamoDBFulAccess", ": did you mean `AmazonDynamoDBFullAccess`?"),
        ("policies/reader.json", ": give the file of a policy as a `pathlib.Path`"),
        ("nothing-like-it-at-all-0", ""),
    ],
)
def test_a_policy_that_is_not_there(lab: Lab, name: str, hint: str) -> None:
    with pytest.raises(ResourceError) as caught:
        lab.create_user(policies=name)
    assert str(caught.value) == f"`policies`: there is no AWS managed policy of the name `{name}`{hint}"


@pytest.mark.parametrize(
    ("trust", "hint"),
    [
        (
            "lambda.amazonaws.com",
            'name the service in one, `"Principal": {"Service": "lambda.amazonaws.com"}`',
        ),
        ("trust.json", "give the file as a `pathlib.Path`"),
    ],
)
def test_a_trust_policy_that_is_none(lab: Lab, trust: str, hint: str) -> None:
    with pytest.raises(PolicyError) as caught:
        lab.create_role(trust=trust)
    assert str(caught.value).endswith(hint)


STATEMENTS = """{
  "Version": "2012-10-17",
  "Statement": [
    %s,
    {
      "Effect": "Allow",
      %s
      "Resource": "*"
    }
  ]
}
"""
OF_KEY = '{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "kms:*", "Resource": "*"}'
OF_ROLE = '{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}'
OF_TABLE = '{"Effect": "Deny", "Principal": "*", "Action": "dynamodb:Scan", "Resource": "*"}'
OF_IDENTITY = '{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}'


def refused(lab: Lab, kind: str, file: Path) -> str:
    """What is said of a policy file that cannot be taken."""
    key, role = lab.create_key(), lab.create_role()
    give = {
        "key": lambda: lab.create_key(policy=file),
        "put": lambda: key.put_policy(file),
        "role": lambda: lab.create_role(trust=file),
        "table": lambda: lab.create_table(ResourcePolicy=file),
        "session": lambda: role.session(policy=[file]),
    }[kind]
    with pytest.raises((ClientError, PolicyError)) as caught:
        give()
    return str(caught.value)


@pytest.mark.parametrize(
    ("kind", "first", "wrong", "argument"),
    [
        ("key", OF_KEY, '"Action": "kms:Decrypt",', "policy"),
        (
            "key",
            OF_KEY,
            '"Principal": {"AWS": "arn:aws:iam::123456789012:user/no"}, "Action": "*",',
            "policy",
        ),
        ("put", OF_KEY, '"Action": "kms:Decrypt",', "policy"),
        ("role", OF_ROLE, '"Principal": "*", "Action": "sts:AssumeRole",', "trust"),
        ("role", OF_ROLE, '"Principal": {"Service": "nope"}, "Action": "sts:AssumeRole",', "trust"),
        ("table", OF_TABLE, '"Action": "dynamodb:Scan",', "ResourcePolicy"),
        ("session", OF_IDENTITY, '"Principal": "*", "Action": "kms:*",', r"policy\[0\]"),
        ("session", OF_IDENTITY, "", r"policy\[0\]"),
    ],
)
def test_a_policy_that_is_refused_is_named_with_file_and_line(
    lab: Lab, tmp_path: Path, kind: str, first: str, wrong: str, argument: str
) -> None:
    file = tmp_path / "wrong.json"
    file.write_text(STATEMENTS % (first, wrong))
    said = refused(lab, kind, file)
    assert re.search(rf"`{argument}`, file `.*wrong.json`", said), said
    assert "line 5, Statement[1]" in said, said
