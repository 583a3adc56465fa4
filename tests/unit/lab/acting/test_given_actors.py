"""Whom `as_` and `environ` take, and what they say of everything else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import botocore.credentials
import pytest
from botocore.exceptions import ClientError

from pytest_kmslab import Clock, IamUser, Lab, ResourceError

GIVEN = "give a user, a role, a session or credentials of the lab"


@pytest.fixture
def ana(kmslab: Lab) -> IamUser:
    return kmslab.create_user("ana")


def keys(user: IamUser) -> tuple[str, str]:
    return user.credentials.access_key_id, user.credentials.secret_access_key


def answer(user: IamUser) -> dict[str, str]:
    access_key, secret = keys(user)
    return {"AccessKeyId": access_key, "SecretAccessKey": secret}


FORMS: dict[str, Callable[[IamUser], Any]] = {
    "user": lambda user: user,
    "credentials of the lab": lambda user: user.credentials,
    "credentials": lambda user: botocore.credentials.Credentials(*keys(user)),
    "frozen credentials": lambda user: botocore.credentials.ReadOnlyCredentials(*keys(user), None),
    "renewed credentials": lambda user: botocore.credentials.RefreshableCredentials.create_from_metadata(
        {
            "access_key": keys(user)[0],
            "secret_key": keys(user)[1],
            "token": None,
            "expiry_time": "2999-01-01T00:00:00Z",
        },
        refresh_using=dict,
        method="custom",
    ),
    "session": lambda user: boto3.Session(*keys(user)),
    "answer of CreateAccessKey": lambda user: {"AccessKey": answer(user)},
    "part of an answer": answer,
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_whoever_has_credentials_is_acted_as(
    kmslab: Lab, ana: IamUser, form: Callable[[IamUser], Any]
) -> None:
    actor = form(ana)
    assert kmslab.as_(actor).client("sts").get_caller_identity()["Arn"] == ana.arn
    with kmslab.environ(actor):
        assert boto3.client("sts").get_caller_identity()["Arn"] == ana.arn


@pytest.mark.parametrize("whole", [True, False])
def test_what_assume_role_answers_is_acted_as(kmslab: Lab, whole: bool) -> None:
    role = kmslab.create_role("reader")
    made = boto3.client("sts").assume_role(RoleArn=role.arn, RoleSessionName="mine")
    actor = made if whole else made["Credentials"]
    assert kmslab.as_(actor).client("sts").get_caller_identity()["Arn"] == made["AssumedRoleUser"]["Arn"]


def test_a_profile_is_acted_as(
    kmslab: Lab, ana: IamUser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "credentials"
    file.write_text("[ana]\naws_access_key_id={}\naws_secret_access_key={}\n".format(*keys(ana)))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    with kmslab.environ("ana"):
        assert boto3.client("sts").get_caller_identity()["Arn"] == ana.arn


@pytest.mark.parametrize("actor", [7, None, object(), ["ana"], {"AccessKeyId": "AKIA"}, {}])
def test_what_is_nobody_is_an_error_that_says_who_is_taken(kmslab: Lab, actor: Any) -> None:
    for act in (kmslab.as_, kmslab.environ, kmslab.subprocess_environ):
        with pytest.raises(TypeError, match=GIVEN):
            act(actor)


@pytest.mark.parametrize("actor", ["nobody", "arn:aws:iam::123456789012:user/ana"])
def test_a_name_that_is_no_profile_says_who_is_taken(kmslab: Lab, actor: str) -> None:
    with pytest.raises(ResourceError, match=GIVEN):
        kmslab.as_(actor)


def test_a_session_without_credentials_is_told(kmslab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(ResourceError, match="the session has no credentials"):
        kmslab.as_(boto3.Session())


def test_a_role_that_was_made_again_under_its_name_is_assumed_anew(kmslab: Lab) -> None:
    iam = kmslab.as_(kmslab.admin).client("iam")
    statement = {"Effect": "Allow", "Principal": {"AWS": kmslab.admin.arn}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    for _ in range(2):
        arn = iam.create_role(RoleName="app", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        acting = kmslab.as_(kmslab.adopt(arn))
        assert "/app/" in acting.client("sts").get_caller_identity()["Arn"]
        assert kmslab.as_(kmslab.adopt(arn)) is acting
        iam.delete_role(RoleName="app")


def test_a_session_of_a_role_is_renewed_when_the_labs_clock_has_passed_its_end(
    kmslab: Lab, kmslab_clock: Clock
) -> None:
    role = kmslab.create_role("reader")
    first = kmslab.as_(role)
    kmslab_clock.advance(3500)
    assert kmslab.as_(role) is first
    kmslab_clock.advance(200)
    with pytest.raises(ClientError, match="ExpiredToken"):
        first.client("sts").get_caller_identity()
    assert f"/{role.name}/" in kmslab.as_(role).client("sts").get_caller_identity()["Arn"]
    with kmslab.environ(role):
        assert f"/{role.name}/" in boto3.client("sts").get_caller_identity()["Arn"]


def test_an_object_of_ones_own_that_has_credentials_assumes_a_role(kmslab: Lab, ana: IamUser) -> None:
    class Somebody:  # it may be changed, and is no key of a dict for that
        credentials = ana.credentials
        __hash__ = None  # type: ignore[assignment]

    statement = {"Effect": "Allow", "Principal": {"AWS": ana.arn}, "Action": "sts:AssumeRole"}
    role = kmslab.create_role("reader", trust={"Version": "2012-10-17", "Statement": [statement]})
    acting = kmslab.as_(role, via=Somebody())
    assert f"/{role.name}/" in acting.client("sts").get_caller_identity()["Arn"]
    assert kmslab.as_(role, via=ana) is acting


@pytest.mark.parametrize("way", [{"via": "x"}, {"service": "lambda.amazonaws.com"}, {"source_arn": "arn:x"}])
def test_a_way_to_assume_a_role_is_refused_with_who_is_none(kmslab: Lab, way: dict[str, Any]) -> None:
    for act in (kmslab.as_, kmslab.environ, kmslab.subprocess_environ):
        with pytest.raises(TypeError, match=f"`{next(iter(way))}=` says how a role is assumed"):
            act(kmslab.admin, **way)


def test_a_service_is_named_by_a_text(kmslab: Lab) -> None:
    with pytest.raises(TypeError, match=r"`service`: give the principal of a service, .*, not `5`"):
        kmslab.as_(kmslab.create_role(), service=5)
