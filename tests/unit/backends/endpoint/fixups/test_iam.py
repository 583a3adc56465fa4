"""What IAM and STS refuse, at an endpoint: a moto server stands for LocalStack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from helpers.account import allow
from helpers.asserts import code
from helpers.endpoint import moto_server
from unit.backends.endpoint.test_backend import Elsewhere, run_at

from pytest_kmslab.account.model import Caller
from pytest_kmslab.backends.endpoint.fixups.iam import first_of_its_name
from pytest_kmslab.backends.endpoint.principals import shown_arn
from pytest_kmslab.calls.api_call import ApiCall, ServiceError


@pytest.fixture
def account() -> Iterator[Elsewhere]:
    from moto.moto_api._internal.models import moto_api_backend

    with moto_server() as url:
        moto_api_backend.reset()
        run = run_at(url)
        run.backend.start()
        run.install()
        yield Elsewhere(run)
        run.close()
        run.backend.stop()


def test_iam_refuses_what_aws_does(account: Elsewhere) -> None:
    iam, other = account.root.client("iam"), account.user("theirs", allow("kms:*"))
    key = other.get_credentials().access_key
    assert code(account.user("me", allow("iam:*")).client("iam").delete_access_key, AccessKeyId=key) == (
        "NoSuchEntity"
    )
    assert code(iam.delete_access_key, AccessKeyId=key) == "NoSuchEntity"
    assert iam.get_user()["User"]["Arn"].endswith(":root")
    until = allow("kms:ListKeys", Condition={"DateLessThan": {"aws:CurrentTime": 4102444800}})
    account.user("dated", until).client("kms").list_keys()
    none = "arn:aws:iam::123456789012:policy/none"
    assert code(iam.create_user, UserName="u", PermissionsBoundary=none) == "NoSuchEntity"
    big = json.dumps({**allow("kms:*"), "Id": "x" * 2048})
    assert code(iam.put_user_policy, UserName="me", PolicyName="p1", PolicyDocument=big) == "LimitExceeded"
    iam.create_group(GroupName="g")
    iam.add_user_to_group(GroupName="g", UserName="me")
    assert code(iam.delete_group, GroupName="g") == "DeleteConflict"
    assert code(iam.create_role, RoleName="r", AssumeRolePolicyDocument="{bad") == "MalformedPolicyDocument"


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("CreateOpenIDConnectProvider", {"Url": "https://id.example.com"}),
        ("CreateSAMLProvider", {"Name": "idp"}),
        ("UploadServerCertificate", {"ServerCertificateName": "tls"}),
    ],
)
def test_what_is_there_is_not_made_anew(operation: str, params: dict[str, str]) -> None:
    root = "arn:aws:iam::111122223333:root"
    iam = SimpleNamespace(
        list_open_id_connect_providers=lambda: {
            "OpenIDConnectProviderList": [{"Arn": root.replace("root", "oidc-provider/id.example.com")}]
        },
        list_saml_providers=lambda: {
            "SAMLProviderList": [{"Arn": root.replace("root", "saml-provider/idp")}]
        },
        get_paginator=lambda _name: SimpleNamespace(
            paginate=lambda: [{"ServerCertificateMetadataList": [{"ServerCertificateName": "tls"}]}]
        ),
    )
    view: Any = SimpleNamespace(clients=SimpleNamespace(of=lambda _service: iam))
    caller = Caller(root, "111122223333", root, "", "Account")
    with pytest.raises(ServiceError, match=r"EntityAlreadyExists: .* already exists\."):
        first_of_its_name(view, ApiCall("iam", operation, params, "us-east-1", caller))
    other = {name: f"{value}2" for name, value in params.items()}
    assert first_of_its_name(view, ApiCall("iam", operation, other, "us-east-1", caller)) == {}


def test_a_session_at_an_endpoint_lasts_as_long_as_its_role_allows(account: Elsewhere) -> None:
    iam = account.root.client("iam")
    root = iam.get_user()["User"]["Arn"]
    trust = {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": trust})
    made = iam.create_role(RoleName="r", AssumeRolePolicyDocument=document, MaxSessionDuration=7200)
    sts = account.user("u", allow("sts:*")).client("sts")
    given = {"RoleArn": made["Role"]["Arn"], "RoleSessionName": "s1"}
    assert code(sts.assume_role, **given, DurationSeconds=7201) == "ValidationError"
    none = [{"arn": "arn:aws:iam::123456789012:policy/none"}]
    assert code(sts.assume_role, **given, PolicyArns=none) == "MalformedPolicyDocument"
    sts.assume_role(**given, DurationSeconds=7200)


def test_what_the_accounts_details_leave_out_is_asked_for_by_name() -> None:
    path = "arn:aws:iam::111122223333:server-certificate/prod/tls"

    def get(**named: str) -> Any:
        if named == {"ServerCertificateName": "tls"}:
            return {"ServerCertificate": {"ServerCertificateMetadata": {"Arn": path}}}
        response = {"Error": {"Code": "NoSuchEntity"}, "ResponseMetadata": {"HTTPStatusCode": 404}}
        raise ClientError(cast(Any, response), "GetServerCertificate")

    iam = SimpleNamespace(get_server_certificate=get)
    assert shown_arn(iam, "server-certificate", "tls") == path
    assert shown_arn(iam, "server-certificate", "none") is None
