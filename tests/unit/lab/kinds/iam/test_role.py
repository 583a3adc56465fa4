"""Roles of the lab: who assumes them, and what their trust policy lacks where nobody may."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pytest_kmslab.errors import PolicyError, ResourceError
from pytest_kmslab.lab.kinds.iam.role import ROLE
from pytest_kmslab.lab.lab import Lab
from pytest_kmslab.lab.resource_kind import ResourceRef, manual_commands

LIST_KEYS = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": ["kms:ListKeys", "kms:ListAliases"], "Resource": "*"},
}
LIST_KEYS_ONLY = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*"},
}


def trust(principal: Any, **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_the_administrator_assumes_a_role_without_a_trust_policy_of_its_own(lab: Lab) -> None:
    role = lab.create_role("reader", inline=LIST_KEYS)
    session = lab.as_(role)
    assert session.client("sts").get_caller_identity()["Arn"].endswith(f":assumed-role/{role.name}/kmslab")
    assert session.client("kms").list_keys()["Keys"] == []
    assert lab.as_(role) is session


def test_a_session_has_a_name_a_policy_tags_and_a_duration(lab: Lab) -> None:
    role = lab.create_role(policies="AdministratorAccess", max_session=7200)
    session = role.session("ana", policy=LIST_KEYS_ONLY, tags={"team": "red"}, duration=7200)
    assert (session.arn.rpartition("/")[2], session.name) == ("ana", "ana")
    lab.as_(session).client("kms").list_keys()
    with pytest.raises(ClientError, match="no session policy allows"):
        lab.as_(session).client("kms").list_aliases()


def test_a_plain_client_acts_as_a_role(lab: Lab) -> None:
    import boto3

    role = lab.create_role(inline=LIST_KEYS)
    with lab.environ(role):
        assert boto3.client("sts").get_caller_identity()["Arn"].endswith(f"/{role.name}/kmslab")
    assert boto3.client("sts").get_caller_identity()["Arn"] == lab.admin.arn


def test_credentials_of_boto3_and_answers_of_sts_are_acted_as(lab: Lab) -> None:
    import boto3

    role = lab.create_role()
    answer = lab.as_(lab.admin).client("sts").assume_role(RoleArn=role.arn, RoleSessionName="ana")
    keys = answer["Credentials"]
    session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    for given in (answer, keys, session, session.get_credentials()):
        assert lab.as_(given).client("sts").get_caller_identity()["Arn"] == answer["AssumedRoleUser"]["Arn"]


def test_a_profile_is_acted_as(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user = lab.create_user()
    keys = user.credentials
    file = tmp_path / "credentials"
    file.write_text(
        f"[ana]\naws_access_key_id={keys.access_key_id}\naws_secret_access_key={keys.secret_access_key}\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    assert lab.as_("ana").client("sts").get_caller_identity()["Arn"] == user.arn
    with pytest.raises(ResourceError, match="nobody"):
        lab.as_("nobody")


@pytest.mark.parametrize("given", [3, {"AccessKeyId": "AKIA"}, None])
def test_what_is_nobody_is_an_error(lab: Lab, given: Any) -> None:
    with pytest.raises(TypeError):
        lab.as_(given)


def test_somebody_else_assumes_it_where_the_trust_policy_names_them(lab: Lab) -> None:
    user, other = lab.create_user("ana"), lab.create_user("ben")
    role = lab.create_role(trust=trust({"AWS": user.arn}), inline=LIST_KEYS)
    lab.as_(role, via=user).client("kms").list_keys()
    with pytest.raises(ResourceError, match=r"cannot be assumed as .*ben"):
        lab.as_(role, via=other)
    with pytest.raises(ResourceError, match=r"cannot be assumed as the lab's administrator: .*via="):
        lab.as_(role)


def test_who_assumes_it_may_lack_the_permission_where_the_trust_policy_lets_them(lab: Lab) -> None:
    user, role = lab.create_user("ana"), lab.create_role()
    with pytest.raises(ResourceError, match=rf"as `{user.arn}`: .* by their own identity-based policy too$"):
        lab.as_(role, via=user)


@pytest.mark.parametrize("given", [{"trust": "{"}, {"trust": "AdministratorAccess"}, {"policies": "Nobodys"}])
def test_nothing_is_made_where_a_policy_is_wrong(lab: Lab, given: Any) -> None:
    before = lab.inventory()
    with pytest.raises((PolicyError, ResourceError), match=f"`{next(iter(given))}`"):
        lab.create_role(**given)
    assert lab.inventory() == before


def test_two_documents_are_no_session_policy(lab: Lab) -> None:
    with pytest.raises(PolicyError, match="two documents"):
        lab.create_role().session(policy=[LIST_KEYS, LIST_KEYS_ONLY])


def test_a_role_is_found_by_its_tags_and_removed_with_all_it_has(lab: Lab) -> None:
    before = lab.inventory()
    with lab.nested() as inner:
        role = inner.create_role(
            policies=["AWSLambdaBasicExecutionRole"], inline=LIST_KEYS, boundary=LIST_KEYS, tags={"a": "b"}
        )
        assert {one.split(":")[-1].split("/")[0] for one in set(inner.inventory()) - set(before)} == {
            "role",
            "policy",
        }
        ref = ResourceRef(ROLE, role.name, lab.region)
        found = ROLE.find(lab.as_(lab.admin).client, ref)
        assert found is not None
        assert found.tags["a"] == "b"
    assert lab.inventory() == before
    assert ROLE.find(lab.as_(lab.admin).client, ref) is None
    role.delete()
    assert manual_commands(ref)[-1].startswith(f"aws iam delete-role --role-name {role.name}")
